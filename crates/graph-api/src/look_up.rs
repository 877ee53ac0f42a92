//! Look-ups by Entra device id, which are asked in batches.
//!
//! A filter on a property that Intune does not filter by is ignored: 200 with all devices
//! (microsoftgraph/microsoft-graph-docs#19890). So each record is compared with what was asked for.
//! `or` over several ids gives only the first match
//! (microsoftgraph/msgraph-beta-sdk-dotnet#1156), hence one item for each id.

use stocktake_connector_core::{ApiError, SourceError};
use stocktake_http_stack::CursorTrail;
use stocktake_odata::parse_page;
use uuid::Uuid;

use crate::batch::{Gather, Item, ItemAnswer, Took};
use crate::client::select;
use crate::options::API;
use crate::{GraphClient, ManagedDevice, UnreadableDevices};

/// Most pages of one look-up. One device has one record, or a few.
const MOST_PAGES: u64 = 20;

/// What a look-up of several devices gave.
#[derive(Debug, Default)]
pub struct LookUp {
    /// Records of devices that were asked for, in no particular order; several for one device when
    /// it was enrolled more than once.
    pub records: Vec<ManagedDevice>,
    /// Records that could not be read.
    pub malformed: u64,
    /// Whose records these may be.
    pub unreadable: UnreadableDevices,
    /// Calls that it took.
    pub calls: u64,
    /// Whether look-ups do not work here: the remote ignores the filter and would list all its
    /// devices for each, or one broken record makes the whole batch unreadable. The records are not
    /// complete then: read the list instead, which sets broken records aside.
    pub list_instead: bool,
    /// Whether any look-up was answered, also when a later one failed.
    pub(crate) answered: bool,
}

/// The device of a look-up.
#[derive(Debug)]
pub(crate) struct Wanted {
    key: Uuid,
    trail: CursorTrail,
}

impl GraphClient {
    /// The managed devices with these Entra device ids, as many in one call as
    /// [`GraphClient::batch_size`] says.
    ///
    /// # Errors
    /// When any of the answers is missing in the end: there is no partial result.
    pub async fn look_up(&self, keys: &[Uuid]) -> Result<LookUp, SourceError> {
        let mut found = LookUp::default();
        self.look_up_into(keys, &mut found).await?;
        Ok(found)
    }

    /// Like [`GraphClient::look_up`]; what was answered before a failure is left in `found`.
    pub(crate) async fn look_up_into(
        &self,
        keys: &[Uuid],
        found: &mut LookUp,
    ) -> Result<(), SourceError> {
        for keys in keys.chunks(self.batch_size()) {
            let items = keys.iter().map(|key| self.item(*key)).collect();
            self.ask_all(items, found).await?;
            if found.list_instead {
                break;
            }
        }
        Ok(())
    }

    fn item(&self, key: Uuid) -> Item<Wanted> {
        let mut url = self.url(&["deviceManagement", "managedDevices"]);
        url.set_query(Some(&format!(
            "$filter=azureADDeviceId eq '{}'&{}",
            key.hyphenated(),
            select()
        )));
        let trail = CursorTrail::new(&url, API, MOST_PAGES);
        Item { asked: Wanted { key, trail }, url, attempts: 0 }
    }
}

impl Gather for LookUp {
    type Asked = Wanted;

    const OPERATION: &'static str = "look up managed devices";

    fn count_call(&mut self) {
        self.calls += 1;
    }

    fn note_answer(&mut self) {
        self.answered = true;
    }

    // Part of the records would be a wrong answer: that Intune has none of a machine.
    fn fail(
        &mut self,
        _: Item<Wanted>,
        failure: ApiError,
        _: Option<&ItemAnswer>,
    ) -> Result<(), SourceError> {
        Err(failure.into())
    }

    fn take(
        &mut self,
        client: &GraphClient,
        item: &mut Item<Wanted>,
        answer: &ItemAnswer,
    ) -> Result<Took, SourceError> {
        let page = parse_page::<ManagedDevice>(answer.body().as_bytes())
            .map_err(|error| client.error(Self::OPERATION, error.kind(), error.to_string()))?;
        self.malformed += page.malformed.len() as u64;
        let all = page.records.len();
        let key = item.asked.key;
        let asked_for = page.records.into_iter().filter(|d| d.azure_ad_device_id() == Some(key));
        let before = self.records.len();
        self.records.extend(asked_for);
        let others = all - (self.records.len() - before);
        for record in &page.malformed {
            // Where the filter works, a record that does not say whose it is was asked for.
            self.unreadable.add(record, (others == 0).then_some(key));
        }
        Ok(match page.next_link {
            None => Took::Last,
            // The filter is ignored: all devices of the tenant would follow, for each of the look-ups.
            Some(_) if others > 0 => Took::Useless,
            Some(link) => Took::More(item.asked.trail.follow(&link)?),
        })
    }

    fn give_up(&mut self) {
        self.list_instead = true;
    }
}
