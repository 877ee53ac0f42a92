//! The Source: all machines, page after page.
//!
//! # Paging
//! There are two manners, and the API mixes them badly: without `$top` a full page names the next
//! one; *with* `$top` no page ever does (MicrosoftDocs/microsoft-365-docs#8489). A client that sets
//! `$top` and stops at a missing link reads one page and believes it is complete. So links are
//! followed wherever one comes, and with a page size the listing continues by `$skip` until a page is
//! short. Machines that move from page to page meanwhile are found at the seams.
//!
//! Links may also lead in a circle: of a filtered list, the second one was seen to lose the names of its
//! parameters, so that each further page is the second one again. Where a link repeats, or two pages in
//! a row bring nothing new, the listing goes on by `$top` and `$skip` from where it is. Where that brings
//! nothing new either, it ends with an error.
//!
//! # Cursors
//! A cursor is the latest `lastSeen` of the records of a listing, but not later than the time at
//! which the listing started: the clock of a device may run ahead, and so may our own until it is put
//! right. A resumed listing asks for
//! `lastSeen` since the earliest of its cursors, less the configured overlap.

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use stocktake_connector_core::{
    DeviceUid, Failure, Listing, Page, Presence, Source, SourceCursor, SourceRecord, Started,
};
use stocktake_odata::{CursorError, CursorTrail, ListingProgress};
use url::Url;

use crate::client::LIST_MACHINES;
use crate::seam::Seam;
use crate::{DefenderClient, DefenderOptions, Machine};

/// Empty pages in a row that may have a link to another one. None is documented.
const MOST_EMPTY_PAGES: u32 = 2;

#[async_trait]
impl Source for DefenderClient {
    type Record = Machine;
    type Listing = MachineListing;

    fn list(&self) -> MachineListing {
        self.start_listing(None, None)
    }

    fn resume(&self, cursors: &[SourceCursor]) -> Option<MachineListing> {
        let now = self.options.clock.now();
        let times = cursors.iter().map(|cursor| read_cursor(cursor, now));
        let earliest = times.reduce(|a, b| Some(a?.min(b?))).flatten()?;
        let overlap = TimeDelta::from_std(self.options.overlap).ok()?;
        let since = earliest.checked_sub_signed(overlap)?;
        // Before any machine was seen: a filter would leave nothing out.
        if since < DateTime::UNIX_EPOCH {
            return None;
        }
        // Cut to the second, so downwards: the filter never leaves out a machine that is due.
        let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
        Some(self.start_listing(Some(format!("$filter=lastSeen ge {since}")), Some(earliest)))
    }

    async fn look_up(&self, uid: &DeviceUid) -> Result<Presence, Failure> {
        let known = self.has_machine(uid).await?;
        Ok(if known { Presence::Present } else { Presence::Absent })
    }
}

/// The time of a cursor; `None` when it is not a time, or one that no listing can have written by
/// `now`. Resuming at a time in the future would pass over everything until then.
fn read_cursor(cursor: &SourceCursor, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(cursor.as_str()).ok()?.to_utc();
    (DateTime::UNIX_EPOCH..=now).contains(&time).then_some(time)
}

fn write_cursor(time: DateTime<Utc>) -> SourceCursor {
    SourceCursor::new(time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

impl DefenderClient {
    fn start_listing(
        &self,
        filter: Option<String>,
        resumed_at: Option<DateTime<Utc>>,
    ) -> MachineListing {
        let page_size =
            self.options.page_size.map(|size| size.clamp(1, DefenderOptions::LARGEST_PAGE));
        let first = page_url(self, filter.as_deref(), page_size, 0);
        MachineListing {
            trail: CursorTrail::new(&first, self.options.max_pages),
            client: self.clone(),
            filter,
            page_size,
            next: Some(first),
            seam: Seam::default(),
            read: 0,
            longest: 0,
            progress: ListingProgress::new(MOST_EMPTY_PAGES),
            follows_links: true,
            resumed_at,
            started: Started::now(&*self.options.clock),
            newest: None,
        }
    }

    /// Sets aside the machines that the filter leaves out. A machine without a usable id stays: it
    /// becomes a dead letter, and would otherwise be lost without a trace.
    fn exclude(&self, page: &mut Page<Machine>) {
        let filter = &self.options.filter;
        let excluded = page.records.extract_if(.., |machine| {
            !filter.admits(machine) && DeviceUid::new(machine.uid()).is_ok()
        });
        page.excluded = excluded.filter_map(|machine| DeviceUid::new(machine.uid()).ok()).collect();
    }
}

fn page_url(
    client: &DefenderClient,
    filter: Option<&str>,
    page_size: Option<u32>,
    skip: u64,
) -> Url {
    let mut query: Vec<String> = filter.map(str::to_owned).into_iter().collect();
    query.extend(page_size.map(|size| format!("$top={size}")));
    if skip > 0 {
        query.push(format!("$skip={skip}"));
    }
    let mut url = client.url(&[]);
    url.set_query((!query.is_empty()).then(|| query.join("&")).as_deref());
    url
}

/// A listing of machines.
#[derive(Debug)]
pub struct MachineListing {
    client: DefenderClient,
    trail: CursorTrail,
    filter: Option<String>,
    page_size: Option<u32>,
    /// `None` after the last page.
    next: Option<Url>,
    seam: Seam,
    /// Records of all pages, the malformed ones included: where `$skip` continues.
    read: u64,
    /// Records of the longest page.
    longest: usize,
    progress: ListingProgress,
    /// Whether links have led anywhere so far.
    follows_links: bool,
    /// The earliest cursor that the listing resumes from.
    resumed_at: Option<DateTime<Utc>>,
    started: Started,
    /// The latest time at which a machine was seen.
    newest: Option<DateTime<Utc>>,
}

#[async_trait]
impl Listing for MachineListing {
    type Record = Machine;

    async fn next_page(&mut self) -> Result<Option<Page<Machine>>, Failure> {
        let Some(url) = &self.next else { return Ok(None) };
        let page = self.client.page(url).await?;
        let (client, filter) = (&self.client, self.filter.as_deref());
        let numbered = |size, skip| page_url(client, filter, Some(size), skip);
        let passed_over = self.seam.passed_over(client, numbered, url, &page.records).await?;
        // Nothing is awaited from here on, so a dropped future leaves the listing as it was.
        let next_link = page.next_link;
        let mut page = Page {
            records: page.records,
            malformed: page.malformed,
            excluded: Vec::new(),
            last: false,
        };
        let next = self
            .find_next(next_link.as_deref(), &page)
            .map_err(|error| error.into_api_error(&self.client.stack, LIST_MACHINES))?;
        self.seam.put_behind(&page);
        page.records.extend(passed_over);
        self.newest = self.newest.max(page.records.iter().filter_map(|it| it.last_seen).max());
        self.client.exclude(&mut page);
        page.last = next.is_none();
        self.next = next;
        Ok(Some(page))
    }

    fn cursor(&self) -> Option<SourceCursor> {
        let latest = self.started.at(self.client.options.clock.now());
        self.newest.max(self.resumed_at).map(|newest| write_cursor(newest.min(latest)))
    }
}

impl MachineListing {
    /// Where the page after `page` is; `None` when `page` is the last.
    fn find_next(
        &mut self,
        link: Option<&str>,
        page: &Page<Machine>,
    ) -> Result<Option<Url>, CursorError> {
        self.read += page.len() as u64;
        self.longest = self.longest.max(page.len());
        let has_stalled = self.progress.has_stalled(ids(page));
        if let Some(link) = link.filter(|_| self.follows_links) {
            match self.trail.follow(link) {
                Err(CursorError::Repeated { .. }) => {}
                Ok(_) if has_stalled => {}
                followed => return followed.map(Some),
            }
            self.leave_links();
            return self.next_by_number();
        }
        let is_full = self.page_size.is_some_and(|size| page.len() >= size as usize);
        // Where links are not followed any more, one still says that there is more.
        if !is_full && link.is_none() {
            return Ok(None);
        }
        if has_stalled {
            return Err(CursorError::Stalled { pages: self.trail.pages() });
        }
        self.next_by_number()
    }

    /// Goes on by number, behind the records that there were. A page is then as long as the longest so
    /// far: a server that sends less than it is asked for would seem to be at its end.
    fn leave_links(&mut self) {
        self.follows_links = false;
        let longest = u32::try_from(self.longest).unwrap_or(u32::MAX);
        let size = if longest == 0 { DefenderOptions::LARGEST_PAGE } else { longest };
        self.page_size = Some(self.page_size.unwrap_or(size).min(size));
        self.read = self.progress.fresh();
        self.progress.restart();
    }

    fn next_by_number(&mut self) -> Result<Option<Url>, CursorError> {
        let url = page_url(&self.client, self.filter.as_deref(), self.page_size, self.read);
        self.trail.follow(url.as_str()).map(Some)
    }
}

/// What distinguishes the records of a page; of a malformed one, all of it.
fn ids(page: &Page<Machine>) -> impl Iterator<Item = &[u8]> {
    let read = page.records.iter().map(|machine| machine.uid().as_bytes());
    read.chain(page.malformed.iter().map(|record| record.payload.as_bytes()))
}
