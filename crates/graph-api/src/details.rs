//! Details: what Graph tells of a managed device only when that one is read.
//!
//! In lists and look-ups some properties hold a default, however real they are; `$select` does not
//! change that (<https://learn.microsoft.com/graph/api/intune-devices-manageddevice-list>). A read by
//! id gives them. Reads go out in batches, but Intune's quota counts each of them.

use async_trait::async_trait;
use stocktake_connector_core::{ApiErrorKind, Completion, DetailReader, EnrichError, SourceError};
use stocktake_http_stack::clean_text;

use crate::batch::{Gather, Item, ItemAnswer, Took};
use crate::{GraphClient, GraphOptions, ManagedDevice};

/// What is asked of one device: its id, to compare it, and the properties that lists leave out.
const DETAILS: &str = "$select=id,ethernetMacAddress,physicalMemoryInBytes,iccid,udid";

const NOT_FOUND: i64 = 404;

/// Reads details of managed devices through a client.
#[derive(Debug, Clone)]
pub(crate) struct IntuneDetails(pub(crate) GraphClient);

#[async_trait]
impl DetailReader<ManagedDevice> for IntuneDetails {
    async fn complete(
        &self,
        mut records: Vec<&mut ManagedDevice>,
    ) -> Result<Completion, EnrichError> {
        let Self(client) = self;
        let mut gathered = Gathered { devices: &mut records, completion: Completion::default() };
        let items: Vec<_> = gathered
            .devices
            .iter()
            .enumerate()
            .filter_map(|(place, device)| {
                let id = device.id.as_deref()?;
                let mut url = client.url(&["deviceManagement", "managedDevices", id]);
                url.set_query(Some(DETAILS));
                Some(Item { asked: place, url, attempts: 0 })
            })
            .collect();
        gathered.completion.account.asked = items.len() as u64;
        let mut items = items.into_iter();
        loop {
            let batch: Vec<_> =
                items.by_ref().take(GraphOptions::LOOK_UPS_IN_A_BATCH as usize).collect();
            if batch.is_empty() {
                return Ok(gathered.completion);
            }
            client.ask_all(batch, &mut gathered).await.map_err(|error| match error {
                SourceError::Api(error) => EnrichError::Api(error),
                error => EnrichError::Listing(error),
            })?;
        }
    }
}

/// Devices that are being completed. An item asks for the device at a place among them.
struct Gathered<'a, 'd> {
    devices: &'a mut [&'d mut ManagedDevice],
    completion: Completion,
}

impl Gather for Gathered<'_, '_> {
    type Asked = usize;

    const OPERATION: &'static str = "read details of managed devices";

    fn count_call(&mut self) {
        self.completion.account.calls += 1;
    }

    fn takes(status: i64) -> bool {
        matches!(status, 200 | NOT_FOUND)
    }

    fn take(
        &mut self,
        _: &GraphClient,
        item: &mut Item<usize>,
        answer: &ItemAnswer,
    ) -> Result<Took, SourceError> {
        let Some(device) = self.devices.get_mut(item.asked) else { return Ok(Took::Last) };
        if answer.status == Some(NOT_FOUND) {
            // It was in the list a moment ago, which stays the latest that is known of it.
            self.completion.account.gone += 1;
        } else if let Err(reason) = complete(device, answer.body()) {
            self.completion.malformed.push((item.asked, reason));
        }
        Ok(Took::Last)
    }

    fn give_up(&mut self, client: &GraphClient) -> Result<(), SourceError> {
        let message = "the batch cannot be read".to_owned();
        Err(client.error(Self::OPERATION, ApiErrorKind::Malformed, message).into())
    }
}

/// Adds the details in `body` to the device that they are of.
pub(crate) fn complete(device: &mut ManagedDevice, body: &str) -> Result<(), String> {
    let details: ManagedDevice = serde_json::from_str(body)
        .map_err(|error| clean_text(&format!("details of the managed device: {error}")))?;
    let same = match (&device.id, &details.id) {
        (Some(asked), Some(answered)) => asked.eq_ignore_ascii_case(answered),
        _ => false,
    };
    if !same {
        return Err("the details are those of another managed device".to_owned());
    }
    // What a read by id leaves out is not known better than the list knew it.
    let ManagedDevice { ethernet_mac_address, physical_memory_in_bytes, iccid, udid, .. } = details;
    device.ethernet_mac_address = ethernet_mac_address.or(device.ethernet_mac_address.take());
    device.physical_memory_in_bytes = physical_memory_in_bytes.or(device.physical_memory_in_bytes);
    device.iccid = iccid.or(device.iccid.take());
    device.udid = udid.or(device.udid.take());
    Ok(())
}
