//! Look-ups by Entra device id, which go out in batches.
//!
//! A filter on a property that Intune does not filter by is ignored: 200 with all devices
//! (microsoftgraph/microsoft-graph-docs#19890). So each record is compared with the id that was
//! requested. `or` over several ids gives only the first match
//! (microsoftgraph/msgraph-beta-sdk-dotnet#1156), hence one item for each id.

use stocktake_connector_core::UnreadableValues;
use stocktake_http_stack::ApiError;
use stocktake_odata::{CursorTrail, page_error, parse_page};
use uuid::Uuid;

use crate::batch::{BatchHandler, Item, ItemOutcome, ItemResponse};
use crate::client::select_query;
use crate::{GraphClient, ManagedDevice, UnreadableDevices};

/// Most pages of one look-up. One device has one record, or a few.
const MOST_PAGES: u64 = 20;

/// The result of looking several devices up.
#[derive(Debug, Default)]
pub struct LookUp {
    /// Records of the requested devices, in no particular order; several for one device when it was
    /// enrolled more than once.
    pub records: Vec<ManagedDevice>,
    /// Records that could not be read.
    pub malformed: u64,
    /// The devices that these may belong to.
    pub unreadable: UnreadableDevices,
    /// Values of the other records that could not be read.
    pub unreadable_values: UnreadableValues,
    /// Calls that it took.
    pub calls: u64,
    /// Whether look-ups do not work here: a response has records of other devices, because the remote
    /// ignores the filter or mixes up the items of a batch, or a batch cannot be read. The records are
    /// not complete then: read the list instead, which sets broken records aside.
    pub list_instead: bool,
    /// Whether any look-up got its records, also when a later one failed.
    pub(crate) has_responded: bool,
}

/// The device of a look-up.
#[derive(Debug)]
pub(crate) struct WantedDevice {
    key: Uuid,
    trail: CursorTrail,
}

impl GraphClient {
    /// Looks up the managed devices with these Entra device ids, as many in one call as
    /// [`GraphClient::batch_size`] allows.
    ///
    /// # Errors
    /// When any of the responses is missing in the end: there is no partial result.
    pub async fn look_up(&self, keys: &[Uuid]) -> Result<LookUp, ApiError> {
        let mut found = LookUp::default();
        self.look_up_into(keys, &mut found).await?;
        Ok(found)
    }

    /// Like [`GraphClient::look_up`]; results from before a failure are left in `found`.
    pub(crate) async fn look_up_into(
        &self,
        keys: &[Uuid],
        found: &mut LookUp,
    ) -> Result<(), ApiError> {
        for keys in keys.chunks(self.batch_size()) {
            let items = keys.iter().map(|key| self.look_up_item(*key)).collect();
            self.send_items(items, found).await?;
            if found.list_instead {
                break;
            }
        }
        Ok(())
    }

    fn look_up_item(&self, key: Uuid) -> Item<WantedDevice> {
        let mut url = self.url(&["deviceManagement", "managedDevices"]);
        url.set_query(Some(&format!(
            "$filter=azureADDeviceId eq '{}'&{}",
            key.hyphenated(),
            select_query()
        )));
        let trail = CursorTrail::new(&url, MOST_PAGES);
        Item::new(WantedDevice { key, trail }, url)
    }
}

impl BatchHandler for LookUp {
    type Target = WantedDevice;

    const OPERATION: &'static str = "look up managed devices";

    fn count_call(&mut self) {
        self.calls += 1;
    }

    fn note_response(&mut self) {
        self.has_responded = true;
    }

    // Part of the records would be wrong: it would show machines as missing in Intune.
    fn on_failure(
        &mut self,
        _: Item<WantedDevice>,
        failure: ApiError,
        _: Option<&ItemResponse>,
    ) -> Result<(), ApiError> {
        Err(failure)
    }

    fn on_response(
        &mut self,
        client: &GraphClient,
        item: &mut Item<WantedDevice>,
        response: &ItemResponse,
    ) -> Result<ItemOutcome, ApiError> {
        let page = parse_page::<ManagedDevice>(response.body().as_bytes())
            .map_err(|error| page_error(&client.stack, Self::OPERATION, &error))?;
        self.malformed += page.malformed.len() as u64;
        let all = page.records.len();
        let key = item.target.key;
        let mut others = all;
        for device in page.records {
            if device.is_key_unreadable() {
                self.unreadable.add_without_key(&device, Some(key));
            } else if device.azure_ad_device_id() != Some(key) {
                continue;
            }
            others -= 1;
            self.unreadable_values.add(&device.unreadable);
            self.records.push(device);
        }
        if others > 0 {
            return Ok(ItemOutcome::GiveUp);
        }
        for record in &page.malformed {
            // Where the filter works, a record without a readable id is the requested one.
            self.unreadable.add(record, Some(key));
        }
        Ok(match page.next_link {
            None => ItemOutcome::Done,
            Some(link) => {
                let next = item.target.trail.follow(&link);
                ItemOutcome::NextPage(
                    next.map_err(|error| error.into_api_error(&client.stack, Self::OPERATION))?,
                )
            }
        })
    }

    fn give_up(&mut self) {
        self.list_instead = true;
    }
}
