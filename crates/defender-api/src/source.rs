//! The Source: all machines, page after page.
//!
//! There are two manners, and the API mixes them badly: without `$top` a full page names the next
//! one; *with* `$top` no page ever does (MicrosoftDocs/microsoft-365-docs#8489). A client that sets
//! `$top` and stops at a missing link reads one page and believes it is complete. So links are
//! followed wherever one comes, and with a page size the listing goes on by `$skip` until a page is
//! short.

use async_trait::async_trait;
use chrono::SecondsFormat;
use stocktake_connector_core::{
    DeviceUid, Fingerprint, Listing, Page, Presence, Selection, Source, SourceError, SourceRecord,
};
use stocktake_http_stack::CursorTrail;
use url::Url;

use crate::options::API;
use crate::{DefenderClient, DefenderOptions, Machine};

#[async_trait]
impl Source for DefenderClient {
    type Record = Machine;
    type Listing = MachineListing;

    fn list(&self, selection: Selection) -> MachineListing {
        let page_size =
            self.options.page_size.map(|size| size.clamp(1, DefenderOptions::LARGEST_PAGE));
        let filter = match selection {
            Selection::All => None,
            // Cut to the second, so downwards: the filter never asks for less than what is wanted.
            Selection::SeenSince(time) => Some(format!(
                "$filter=lastSeen ge {}",
                time.to_rfc3339_opts(SecondsFormat::Secs, true)
            )),
        };
        let first = page_url(self, filter.as_deref(), page_size, 0);
        MachineListing {
            trail: CursorTrail::new(&first, API, self.options.max_pages),
            client: self.clone(),
            filter,
            page_size,
            next: Some(first),
            read: 0,
            previous: None,
        }
    }

    async fn look_up(&self, uid: &DeviceUid) -> Result<Presence, SourceError> {
        Ok(if self.knows(uid).await? { Presence::Present } else { Presence::Absent })
    }
}

impl DefenderClient {
    /// Sets aside what the filter leaves out. A machine without a usable id stays: it is a dead letter,
    /// and would else be lost without a trace.
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
    /// Records of all pages, the malformed ones too: where `$skip` goes on.
    read: u64,
    /// The ids of the page before, to notice a remote that ignores `$skip`.
    previous: Option<Fingerprint>,
}

#[async_trait]
impl Listing for MachineListing {
    type Record = Machine;

    async fn next_page(&mut self) -> Result<Option<Page<Machine>>, SourceError> {
        let Some(url) = &self.next else { return Ok(None) };
        let page = self.client.page(url).await?;
        // Nothing is awaited from here on, so a dropped future leaves the listing as it was.
        let next_link = page.next_link;
        let mut page = Page {
            records: page.records,
            malformed: page.malformed,
            excluded: Vec::new(),
            last: false,
        };
        let read = self.read + page.len() as u64;
        let next = match (next_link, self.page_size) {
            (Some(link), _) => Some(self.trail.follow(&link)?),
            (None, Some(size)) if page.len() >= size as usize => {
                let ids = ids(&page);
                if self.previous.replace(ids) == Some(ids) {
                    return Err(SourceError::RepeatedCursor {
                        api: API,
                        pages: self.trail.pages(),
                    });
                }
                let url = page_url(&self.client, self.filter.as_deref(), self.page_size, read);
                Some(self.trail.follow(url.as_str())?)
            }
            (None, _) => None,
        };
        self.client.exclude(&mut page);
        page.last = next.is_none();
        self.read = read;
        self.next = next;
        Ok(Some(page))
    }
}

/// What tells one page from another. Malformed records stand in for themselves.
fn ids(page: &Page<Machine>) -> Fingerprint {
    let read = page.records.iter().map(|machine| machine.uid().as_bytes());
    let malformed = page.malformed.iter().map(|record| record.payload.as_bytes());
    Fingerprint::of(read.chain(malformed))
}
