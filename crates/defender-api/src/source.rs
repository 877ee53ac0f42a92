//! The Source: all machines, page after page.
//!
//! # Paging
//! There are two manners, and the API mixes them badly: without `$top` a full page names the next
//! one; *with* `$top` no page ever does (MicrosoftDocs/microsoft-365-docs#8489). A client that sets
//! `$top` and stops at a missing link reads one page and believes it is complete. So links are
//! followed wherever one comes, and with a page size the listing continues by `$skip` until a page is
//! short. Machines that move from page to page meanwhile are found at the seams.
//!
//! # Cursors
//! A cursor is the latest `lastSeen` of the records of a listing, but not later than the time at
//! which the listing started: the clock of a device may run ahead, and so may our own until it is put
//! right. A resumed listing asks for
//! `lastSeen` since the earliest of its cursors, less the configured overlap.

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use stocktake_connector_core::{
    DeviceUid, Failure, Fingerprint, Listing, Page, Presence, Source, SourceCursor, SourceRecord,
    Started,
};
use stocktake_odata::{CursorError, CursorTrail};
use url::Url;

use crate::client::LIST_MACHINES;
use crate::seam::Seam;
use crate::{DefenderClient, DefenderOptions, Machine};

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
            previous: None,
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
    /// The ids of the previous page, to notice a remote that ignores `$skip`.
    previous: Option<Fingerprint>,
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
        self.read += page.len() as u64;
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
        match (link, self.page_size) {
            (Some(link), _) => self.trail.follow(link).map(Some),
            (None, Some(size)) if page.len() >= size as usize => {
                let ids = fingerprint_ids(page);
                if self.previous.replace(ids) == Some(ids) {
                    return Err(CursorError::Repeated { pages: self.trail.pages() });
                }
                let skip = self.read + page.len() as u64;
                let url = page_url(&self.client, self.filter.as_deref(), self.page_size, skip);
                self.trail.follow(url.as_str()).map(Some)
            }
            (None, _) => Ok(None),
        }
    }
}

/// Distinguishes one page from another. A malformed record is represented by its payload.
fn fingerprint_ids(page: &Page<Machine>) -> Fingerprint {
    let read = page.records.iter().map(|machine| machine.uid().as_bytes());
    let malformed = page.malformed.iter().map(|record| record.payload.as_bytes());
    Fingerprint::of(read.chain(malformed))
}
