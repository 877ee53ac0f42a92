//! Details: what Graph tells of a managed device only when that one is read.
//!
//! In lists and look-ups some properties hold a default, however real they are; `$select` does not
//! change that (<https://learn.microsoft.com/graph/api/intune-devices-manageddevice-list>). A read by
//! id gives them. Reads go out in batches, but Intune's quota counts each of them.
//!
//! # Whose failure it is
//! A device whose details cannot be read must not hold up the others for ever, and a failure that
//! meets every device must not turn each of them into a dead letter. So a failure is a device's own
//! where another device of its batch was answered. Where none was, as in a batch of one, a witness is
//! asked: a device that was answered before, or else one of the list. Throttling is nobody's own.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use serde::Deserialize;
use stocktake_connector_core::{
    ApiError, ApiErrorKind, Completion, DetailReader, EnrichError, SourceError,
};
use stocktake_http_stack::clean_text;

use crate::batch::{Gather, Item, ItemAnswer, Took};
use crate::{GraphClient, ManagedDevice};

/// What is asked of one device: its id, to compare it, and the properties that lists leave out.
const DETAILS: &str = "$select=id,ethernetMacAddress,physicalMemoryInBytes,iccid,udid";

/// What Graph and Intune call a device that they do not have. Any other 404 comes from something in
/// between, or from a service that is not well.
const GONE: [&str; 2] = ["ResourceNotFound", "Request_ResourceNotFound"];

/// Reads details of managed devices through a client.
#[derive(Debug)]
pub(crate) struct IntuneDetails {
    client: GraphClient,
    /// A device whose details were read.
    witness: Mutex<Option<String>>,
}

impl IntuneDetails {
    pub(crate) fn new(client: GraphClient) -> Self {
        Self { client, witness: Mutex::default() }
    }

    /// Whether the details of a device that is not among `failed` can be read. Counts its calls.
    async fn has_witness(&self, failed: &[&str], calls: &mut u64) -> bool {
        let known = self.witness.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let witness = match known.filter(|known| !failed.contains(&known.as_str())) {
            Some(known) => known,
            None => {
                let mut url = self.client.url(&["deviceManagement", "managedDevices"]);
                url.set_query(Some(&format!("$select=id&$top={}", failed.len() + 1)));
                *calls += 1;
                let page = self.client.page(Gathered::OPERATION, &url).await;
                let ids = page.into_iter().flat_map(|page| page.records).filter_map(|it| it.id);
                match ids.into_iter().find(|id| !failed.contains(&id.as_str())) {
                    Some(id) => id,
                    None => return false,
                }
            }
        };
        *calls += 1;
        let asked = [item(&self.client, &witness, ())];
        let answer = self.client.ask(Gathered::OPERATION, &asked).await;
        let answered =
            matches!(answer, Ok(Some(answers)) if answers.get(&0).is_some_and(ItemAnswer::is_ok));
        if answered {
            self.remember(witness);
        }
        answered
    }

    fn remember(&self, witness: String) {
        *self.witness.lock().unwrap_or_else(PoisonError::into_inner) = Some(witness);
    }
}

#[async_trait]
impl DetailReader<ManagedDevice> for IntuneDetails {
    async fn complete(
        &self,
        mut records: Vec<&mut ManagedDevice>,
    ) -> Result<Completion, EnrichError> {
        let mut gathered = Gathered {
            devices: &mut records,
            completion: Completion::default(),
            answered: false,
            witness: None,
            failed: Vec::new(),
        };
        let items: Vec<_> = gathered
            .devices
            .iter()
            .enumerate()
            .filter_map(|(place, device)| Some(item(&self.client, device.id.as_deref()?, place)))
            .collect();
        gathered.completion.account.asked = items.len() as u64;
        let mut items = items.into_iter();
        loop {
            let batch: Vec<_> = items.by_ref().take(self.client.batch_size()).collect();
            if batch.is_empty() {
                return Ok(gathered.completion);
            }
            gathered.answered = false;
            self.client.ask_all(batch, &mut gathered).await.map_err(|error| match error {
                SourceError::Api(error) => EnrichError::Api(error),
                error => EnrichError::Listing(error),
            })?;
            if let Some(witness) = gathered.witness.take() {
                self.remember(witness);
            }
            self.judge(&mut gathered).await?;
        }
    }
}

impl IntuneDetails {
    /// Makes the devices of a batch that failed malformed ones, or fails where it is not their fault.
    async fn judge(&self, gathered: &mut Gathered<'_, '_>) -> Result<(), EnrichError> {
        let failed = std::mem::take(&mut gathered.failed);
        if !failed.is_empty() && !gathered.answered {
            let devices = &gathered.devices;
            let ids: Vec<&str> =
                failed.iter().filter_map(|(at, _)| devices.get(*at)?.id.as_deref()).collect();
            let calls = &mut gathered.completion.account.calls;
            if !self.has_witness(&ids, calls).await {
                return failed.into_iter().next().map_or(Ok(()), |(_, error)| Err(error.into()));
            }
        }
        let reason = |error| clean_text(&format!("details of the managed device: {error}"));
        let failed = failed.into_iter().map(|(place, error)| (place, reason(error)));
        gathered.completion.malformed.extend(failed);
        Ok(())
    }
}

fn item<A>(client: &GraphClient, id: &str, asked: A) -> Item<A> {
    let mut url = client.url(&["deviceManagement", "managedDevices", id]);
    url.set_query(Some(DETAILS));
    Item { asked, url, attempts: 0 }
}

/// Devices that are being completed. An item asks for the device at a place among them.
struct Gathered<'a, 'd> {
    devices: &'a mut [&'d mut ManagedDevice],
    completion: Completion,
    /// Whether any device of the present batch was answered.
    answered: bool,
    /// The id of a device that was.
    witness: Option<String>,
    /// Places of devices that failed, for their own sake or not.
    failed: Vec<(usize, ApiError)>,
}

impl Gather for Gathered<'_, '_> {
    type Asked = usize;

    const OPERATION: &'static str = "read details of managed devices";

    const ONE_BY_ONE: bool = true;

    fn count_call(&mut self) {
        self.completion.account.calls += 1;
    }

    fn note_answer(&mut self) {
        self.answered = true;
    }

    fn take(
        &mut self,
        _: &GraphClient,
        item: &mut Item<usize>,
        answer: &ItemAnswer,
    ) -> Result<Took, SourceError> {
        let Some(device) = self.devices.get_mut(item.asked) else { return Ok(Took::Last) };
        match complete(device, answer.body()) {
            Ok(()) => self.witness = device.id.clone(),
            Err(reason) => self.completion.malformed.push((item.asked, reason)),
        }
        Ok(Took::Last)
    }

    fn fail(
        &mut self,
        item: Item<usize>,
        failure: ApiError,
        answer: Option<&ItemAnswer>,
    ) -> Result<(), SourceError> {
        if answer.is_some_and(is_gone) {
            // Without its details the event would have less than earlier ones. What is true of the
            // device now, the next list tells.
            self.completion.account.gone += 1;
            let reason = "the managed device is gone since the list, so it has no details";
            self.completion.malformed.push((item.asked, reason.to_owned()));
            return Ok(());
        }
        if failure.kind == ApiErrorKind::Throttled {
            return Err(failure.into());
        }
        self.failed.push((item.asked, failure));
        Ok(())
    }
}

/// Whether Graph itself says, in its own words, that it does not have the device.
fn is_gone(answer: &ItemAnswer) -> bool {
    #[derive(Deserialize)]
    struct Envelope {
        error: Named,
    }
    #[derive(Deserialize)]
    struct Named {
        code: String,
    }
    answer.status == Some(404)
        && serde_json::from_str(answer.body())
            .is_ok_and(|Envelope { error }| GONE.contains(&error.code.as_str()))
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
