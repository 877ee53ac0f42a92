//! Details: properties that Graph returns only when a single managed device is read.
//!
//! In lists and look-ups some properties hold a default instead of their value; `$select` does not
//! change that (<https://learn.microsoft.com/graph/api/intune-devices-manageddevice-list>). A read by
//! id returns them. Reads go out in batches, but Intune's quota counts each of them.
//!
//! # Failures of one device and failures of all
//! A device whose details cannot be read must not hold up the others, and a failure that hits every
//! device must not turn each of them into a dead letter. So a failure belongs to the device where
//! another device of its batch could be read. Where none could, as in a batch of one, a probe decides:
//! the read of a device that worked before, or else of one from the list. The same holds for devices
//! that are reported as gone: all of them at once are more likely a fault of the service. Throttling
//! never belongs to a device.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use serde::Deserialize;
use stocktake_connector_core::{Completion, DetailReader, Failure, UnreadableValue};
use stocktake_http_stack::{ApiError, ApiErrorKind, clean_text};
use stocktake_odata::{PageError, check_record, page_error, parse_record};
use url::Url;

use crate::batch::{BatchHandler, Item, ItemOutcome, ItemResponse};
use crate::{GraphClient, ManagedDevice};

/// What is read of one device: its id, to compare it, and the properties that lists leave out.
const DETAILS: &str = "$select=id,ethernetMacAddress,physicalMemoryInBytes,iccid,udid";

/// The error codes of Graph and Intune for a device that does not exist. Any other 404 comes from
/// something in between, or from a broken service.
const GONE: [&str; 2] = ["ResourceNotFound", "Request_ResourceNotFound"];

/// Reads details of managed devices through a client.
#[derive(Debug)]
pub(crate) struct IntuneDetails {
    client: GraphClient,
    /// The id of a device whose details were read.
    probe: Mutex<Option<String>>,
}

impl IntuneDetails {
    pub(crate) fn new(client: GraphClient) -> Self {
        Self { client, probe: Mutex::default() }
    }

    /// Whether the details of a device that is not among `failed` can be read. Counts its calls.
    async fn can_read_another(&self, failed: &[&str], calls: &mut u64) -> bool {
        let known = self.probe.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let probe = match known.filter(|known| !failed.contains(&known.as_str())) {
            Some(known) => known,
            None => {
                let mut url = self.client.url(&["deviceManagement", "managedDevices"]);
                url.set_query(Some(&format!("$select=id&$top={}", failed.len() + 1)));
                *calls += 1;
                let page = self.client.page(DetailCollector::OPERATION, &url).await;
                let ids = page.into_iter().flat_map(|page| page.records).filter_map(|it| it.id);
                match ids.into_iter().find(|id| !failed.contains(&id.as_str())) {
                    Some(id) => id,
                    None => return false,
                }
            }
        };
        *calls += 1;
        let url = detail_url(&self.client, &probe);
        let operation = DetailCollector::OPERATION;
        let responses = self.client.send_once(operation, std::iter::once(&url)).await;
        let is_whole = |response: &ItemResponse| {
            response.is_ok() && check_record(response.body().as_bytes()).is_ok()
        };
        let readable =
            matches!(responses, Ok(Some(responses)) if responses.get(&0).is_some_and(is_whole));
        if readable {
            self.remember_probe(probe);
        }
        readable
    }

    fn remember_probe(&self, id: String) {
        *self.probe.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
    }
}

#[async_trait]
impl DetailReader<ManagedDevice> for IntuneDetails {
    async fn complete(&self, mut records: Vec<&mut ManagedDevice>) -> Result<Completion, Failure> {
        let mut collector = DetailCollector {
            devices: &mut records,
            completion: Completion::default(),
            has_responded: false,
            readable: None,
            failed: Vec::new(),
        };
        let items: Vec<_> = collector
            .devices
            .iter()
            .enumerate()
            .filter_map(|(place, device)| {
                Some(Item::new(place, detail_url(&self.client, device.id.as_deref()?)))
            })
            .collect();
        collector.completion.account.asked = items.len() as u64;
        let mut items = items.into_iter();
        loop {
            let batch: Vec<_> = items.by_ref().take(self.client.batch_size()).collect();
            if batch.is_empty() {
                return Ok(collector.completion);
            }
            collector.has_responded = false;
            self.client.send_items(batch, &mut collector).await?;
            if let Some(id) = collector.readable.take() {
                self.remember_probe(id);
            }
            self.settle_failures(&mut collector).await?;
        }
    }
}

impl IntuneDetails {
    /// Marks the devices of a batch that failed as malformed, or fails where it is not their fault.
    async fn settle_failures(
        &self,
        collector: &mut DetailCollector<'_, '_>,
    ) -> Result<(), ApiError> {
        let failed = std::mem::take(&mut collector.failed);
        if !failed.is_empty() && !collector.has_responded {
            let devices = &collector.devices;
            let ids: Vec<&str> =
                failed.iter().filter_map(|it| devices.get(it.place)?.id.as_deref()).collect();
            let calls = &mut collector.completion.account.calls;
            if !self.can_read_another(&ids, calls).await {
                return failed.into_iter().next().map_or(Ok(()), |it| Err(it.failure));
            }
        }
        let completion = &mut collector.completion;
        completion.account.gone += failed.iter().filter(|it| it.is_gone).count() as u64;
        completion.malformed.extend(failed.iter().map(|it| (it.place, it.reason())));
        Ok(())
    }
}

fn detail_url(client: &GraphClient, id: &str) -> Url {
    let mut url = client.url(&["deviceManagement", "managedDevices", id]);
    url.set_query(Some(DETAILS));
    url
}

/// Devices that are being completed. The target of an item is the place of its device among them.
struct DetailCollector<'a, 'd> {
    devices: &'a mut [&'d mut ManagedDevice],
    completion: Completion,
    /// Whether any device of the present batch could be read.
    has_responded: bool,
    /// The id of one that could.
    readable: Option<String>,
    /// Devices that failed, through a fault of theirs or not.
    failed: Vec<FailedDevice>,
}

/// A device whose details could not be read.
struct FailedDevice {
    place: usize,
    failure: ApiError,
    /// Whether Graph reports that the device does not exist.
    is_gone: bool,
}

impl FailedDevice {
    /// Why its event is not sent: without its details it would have less than earlier ones. Of one that
    /// is gone, the next list shows the present state.
    fn reason(&self) -> String {
        if self.is_gone {
            "the managed device is gone since the list, so it has no details".to_owned()
        } else {
            clean_text(&format!("details of the managed device: {}", self.failure))
        }
    }
}

impl BatchHandler for DetailCollector<'_, '_> {
    type Target = usize;

    const OPERATION: &'static str = "read details of managed devices";

    const ONE_BY_ONE: bool = true;

    fn count_call(&mut self) {
        self.completion.account.calls += 1;
    }

    fn on_response(
        &mut self,
        client: &GraphClient,
        item: &mut Item<usize>,
        response: &ItemResponse,
    ) -> Result<ItemOutcome, ApiError> {
        let Some(device) = self.devices.get_mut(item.target) else { return Ok(ItemOutcome::Done) };
        if let Err(error @ PageError::ServerError(_)) = check_record(response.body().as_bytes()) {
            return Err(page_error(&client.stack, Self::OPERATION, &error));
        }
        self.has_responded = true;
        match merge_details(device, response.body()) {
            Ok(unreadable) => {
                self.completion.unreadable.add(&unreadable);
                self.readable = device.id.clone();
            }
            Err(reason) => self.completion.malformed.push((item.target, reason)),
        }
        Ok(ItemOutcome::Done)
    }

    fn on_failure(
        &mut self,
        item: Item<usize>,
        failure: ApiError,
        response: Option<&ItemResponse>,
    ) -> Result<(), ApiError> {
        if failure.kind == ApiErrorKind::Throttled {
            return Err(failure);
        }
        let is_gone = response.is_some_and(is_gone);
        self.failed.push(FailedDevice { place: item.target, failure, is_gone });
        Ok(())
    }
}

/// Whether Graph itself reports that the device does not exist.
fn is_gone(response: &ItemResponse) -> bool {
    #[derive(Deserialize)]
    struct Envelope {
        error: CodedError,
    }
    #[derive(Deserialize)]
    struct CodedError {
        code: String,
    }
    response.status == Some(404)
        && serde_json::from_str(response.body())
            .is_ok_and(|Envelope { error }| GONE.contains(&error.code.as_str()))
}

/// Adds the details in `body` to the device that they belong to. Returns the values that could not be
/// read.
pub(crate) fn merge_details(
    device: &mut ManagedDevice,
    body: &str,
) -> Result<Vec<UnreadableValue>, String> {
    let details: ManagedDevice = parse_record(body.as_bytes())
        .map_err(|error| clean_text(&format!("details of the managed device: {error}")))?;
    let same = match (&device.id, &details.id) {
        (Some(requested), Some(found)) => requested.eq_ignore_ascii_case(found),
        _ => false,
    };
    if !same {
        return Err("the details are those of another managed device".to_owned());
    }
    // A value that is missing here does not erase the one of the list.
    let ManagedDevice {
        ethernet_mac_address,
        physical_memory_in_bytes,
        iccid,
        udid,
        unreadable,
        ..
    } = details;
    device.ethernet_mac_address = ethernet_mac_address.or(device.ethernet_mac_address.take());
    device.physical_memory_in_bytes = physical_memory_in_bytes.or(device.physical_memory_in_bytes);
    device.iccid = iccid.or(device.iccid.take());
    device.udid = udid.or(device.udid.take());
    Ok(unreadable)
}
