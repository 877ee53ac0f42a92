//! The Enricher: the Intune record of each machine, read the cheaper way.
//!
//! | way | calls | when |
//! |---|---|---|
//! | bulk | one for 1,000 managed devices | many machines need their record |
//! | look-up | one for 20 machines | few machines in a tenant with many managed devices |
//!
//! Both ways give the same result. Once the list was read it serves all later pages.
//!
//! # What a bulk pass can miss
//! Graph walks the list by a key, a page at a time. A device whose key changes meanwhile, as by a
//! rename, may move across the current position of the walk and be passed over; its machine has no
//! match until the next pass. A look-up of each machine without a match would close the gap, but in
//! tenants where many machines are not in Intune it takes more calls than the list itself, so it is
//! not done. Look-ups have no such gap.
//!
//! # What neither is believed
//! A list that is suddenly short is for the engine to judge, by [`EnrichmentAccount::joinable`]. Look-ups
//! that find nothing at all are checked with one for a device of the list; where that finds nothing
//! either, the list decides.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use stocktake_connector_core::{
    DetailReader, Enricher, Enrichment, EnrichmentAccount, EnrichmentPass, EnrichmentStatus,
    Failure, MalformedRecord, PassHint, Recovery, Strategy, UnreadableEnrichment,
};
use stocktake_http_stack::ApiError;
use uuid::Uuid;

use crate::details::IntuneDetails;
use crate::index::pick_best;
use crate::refusal::find_refusal;
use crate::{
    GraphClient, GraphOptions, JoinIndex, JoinIndexBuilder, LookUp, ManagedDevice,
    UnreadableDevices,
};

/// Most records for which memory is reserved before they come.
const MOST_EXPECTED: u64 = 2_000_000;

/// Joins Intune's managed devices to machines of one tenant. Cheap to clone.
#[derive(Debug, Clone)]
pub struct IntuneEnricher {
    /// `None` when enrichment is switched off.
    client: Option<GraphClient>,
    details: bool,
}

impl IntuneEnricher {
    /// Reads Intune through `client`.
    pub fn new(client: GraphClient) -> Self {
        Self { client: Some(client), details: false }
    }

    /// Makes no calls: every enrichment is [`Enrichment::Unavailable`].
    pub fn off() -> Self {
        Self { client: None, details: false }
    }

    /// Also reads, device by device, what lists leave out: the Ethernet address, the memory, and the ids
    /// of SIM card and Apple device.
    #[must_use]
    pub fn with_details(self) -> Self {
        Self { details: true, ..self }
    }
}

impl Enricher for IntuneEnricher {
    type Record = ManagedDevice;
    type Pass = IntunePass;

    fn start_pass(&self, hint: PassHint) -> IntunePass {
        let mut account = EnrichmentAccount::default();
        if self.client.is_none() {
            account.status = EnrichmentStatus::Off;
        }
        IntunePass {
            client: self.client.clone(),
            known: hint.records_known,
            account,
            bulk: None,
            looked_up: Found::new(),
            unreadable: UnreadableDevices::default(),
            finds_devices: false,
            keys: 0,
            look_up_calls: 0,
        }
    }

    fn details(&self) -> Option<Arc<dyn DetailReader<ManagedDevice>>> {
        let client = self.client.clone().filter(|_| self.details)?;
        Some(Arc::new(IntuneDetails::new(client)))
    }
}

/// The look-ups of one cycle.
#[derive(Debug)]
pub struct IntunePass {
    client: Option<GraphClient>,
    known: Option<u64>,
    account: EnrichmentAccount,
    bulk: Option<JoinIndex>,
    /// The results of the look-ups for the present page.
    looked_up: Found,
    /// Devices whose records could not be read: of the list, or of the look-ups of the present page.
    unreadable: UnreadableDevices,
    /// Whether look-ups find devices that are there.
    finds_devices: bool,
    /// Keys of all pages so far.
    keys: u64,
    look_up_calls: u64,
}

#[async_trait]
impl EnrichmentPass for IntunePass {
    type Record = ManagedDevice;

    async fn prepare(&mut self, keys: &[Option<Uuid>], last: bool) -> Result<(), Failure> {
        self.looked_up.clear();
        let Some(client) = self.client.clone().filter(|_| self.is_on()) else {
            return Ok(());
        };
        let wanted: HashSet<Uuid> =
            keys.iter().flatten().filter(|key| !key.is_nil()).copied().collect();
        let found = match (&self.bulk, wanted.is_empty()) {
            (Some(_), _) => Ok(Found::new()),
            (None, true) => self.probe_once(&client, keys).await,
            (None, false) => self.fetch(&client, &wanted, last).await,
        };
        match found {
            Ok(looked_up) => {
                self.looked_up = looked_up;
                Ok(())
            }
            Err(error) => self.accept_refusal(error),
        }
    }

    fn enrichment(
        &mut self,
        key: Option<Uuid>,
        name: Option<&str>,
    ) -> Result<Enrichment<ManagedDevice>, UnreadableEnrichment> {
        if !self.is_on() {
            return Ok(Enrichment::Unavailable);
        }
        let found = key.and_then(|key| match &self.bulk {
            Some(index) => index.get(key),
            // Two machines may have one Entra id.
            None => self.looked_up.get(&key).cloned().flatten(),
        });
        match found {
            Some(device) => {
                self.account.matched += 1;
                Ok(Enrichment::Matched(device))
            }
            None => self.unreadable.without_match(key, name),
        }
    }

    fn take_unidentified(&mut self) -> Vec<MalformedRecord> {
        self.unreadable.take_unidentified()
    }

    fn account(&self) -> EnrichmentAccount {
        self.account.clone()
    }
}

type Found = HashMap<Uuid, Option<ManagedDevice>>;

impl IntunePass {
    fn is_on(&self) -> bool {
        self.account.status == EnrichmentStatus::On
    }

    /// Bytes that the join index takes; 0 before the list was read.
    pub fn index_bytes(&self) -> usize {
        self.bulk.as_ref().map_or(0, |index| index.bytes())
    }

    /// A page without any key. Its machines have no match only where Intune responds in this tenant;
    /// otherwise the content of the same machine would change from cycle to cycle.
    async fn probe_once(
        &mut self,
        client: &GraphClient,
        keys: &[Option<Uuid>],
    ) -> Result<Found, ApiError> {
        if !keys.is_empty() && !self.account.answered {
            client.probe().await?;
            self.account.answered = true;
        }
        Ok(Found::new())
    }

    async fn fetch(
        &mut self,
        client: &GraphClient,
        wanted: &HashSet<Uuid>,
        last: bool,
    ) -> Result<Found, ApiError> {
        self.keys += wanted.len() as u64;
        if self.choose(wanted.len() as u64, last, client.batch_size() as u64) == Strategy::LookUp {
            // A fixed order makes a repeated cycle send the same requests.
            let mut keys: Vec<Uuid> = wanted.iter().copied().collect();
            keys.sort_unstable();
            let mut found = LookUp::default();
            let outcome = client.look_up_into(&keys, &mut found).await;
            // Also when a later one failed: that refusal is then not a permanent absence.
            self.account.answered |= found.has_responded;
            outcome?;
            self.look_up_calls += found.calls;
            if !found.list_instead && self.is_credible(client, &found).await? {
                self.unreadable = found.unreadable;
                self.account.strategy = Some(Strategy::LookUp);
                self.account.records_read += found.records.len() as u64;
                self.account.malformed += found.malformed;
                self.account.unreadable.merge(&found.unreadable_values);
                let mut by_key: HashMap<Uuid, Vec<ManagedDevice>> = HashMap::new();
                for record in found.records {
                    if let Some(key) = record.azure_ad_device_id() {
                        by_key.entry(key).or_default().push(record);
                    }
                }
                return Ok(by_key
                    .into_iter()
                    .map(|(key, records)| (key, pick_best(records)))
                    .collect());
            }
        }
        self.load(client).await?;
        Ok(Found::new())
    }

    /// Whether look-ups can be believed. Where the first ones find nothing at all, although the list had
    /// records when it was last read, a device of the list is looked up too.
    async fn is_credible(
        &mut self,
        client: &GraphClient,
        found: &LookUp,
    ) -> Result<bool, ApiError> {
        self.finds_devices |= !found.records.is_empty() || found.malformed > 0;
        if !self.finds_devices && self.known.is_some_and(|known| known > 0) {
            let Some(known) = client.any_device().await? else { return Ok(false) };
            let control = client.look_up(&[known]).await?;
            self.look_up_calls += 1 + control.calls;
            self.finds_devices = !control.list_instead && !control.records.is_empty();
            return Ok(self.finds_devices);
        }
        Ok(true)
    }

    /// The cheaper way by count of calls, those that look-ups already took included.
    fn choose(&self, keys: u64, last: bool, batch_size: u64) -> Strategy {
        let look_ups = self.look_up_calls + keys.div_ceil(batch_size);
        // Unknown: at least as many records as machines, and as many again if more machines come.
        let records = self.known.unwrap_or(if last { self.keys } else { self.keys * 2 });
        let bulk = records.div_ceil(GraphOptions::RECORDS_IN_A_PAGE).max(1);
        let fewer_records = self.known.is_some_and(|known| self.keys < known);
        if look_ups < bulk || (look_ups == bulk && fewer_records) {
            Strategy::LookUp
        } else {
            Strategy::Bulk
        }
    }

    async fn load(&mut self, client: &GraphClient) -> Result<(), ApiError> {
        let expected = self.known.unwrap_or_default().min(MOST_EXPECTED);
        let mut builder = JoinIndexBuilder::with_capacity(expected as usize);
        let mut listing = client.list_managed_devices();
        let mut unreadable = UnreadableDevices::default();
        let (mut read, mut malformed) = (0, 0);
        while let Some(page) = listing.next_page().await? {
            self.account.answered = true;
            for device in &page.records {
                self.account.unreadable.add(&device.unreadable);
                if device.id.is_none() {
                    unreadable.add(&without_id(device), None);
                    malformed += 1;
                    continue;
                }
                builder.add(device);
                read += 1;
                if device.is_key_unreadable() {
                    unreadable.add_without_key(device, None);
                }
            }
            page.malformed.iter().for_each(|record| unreadable.add(record, None));
            malformed += page.malformed.len() as u64;
        }
        self.account.strategy = Some(Strategy::Bulk);
        self.account.records_read += read;
        self.account.malformed += malformed;
        self.account.complete_count = Some(read + malformed);
        self.account.unidentified = unreadable.unidentified();
        let index = builder.build();
        self.account.joinable = Some(index.len() as u64);
        self.bulk = Some(index);
        self.unreadable = unreadable;
        Ok(())
    }

    /// Notes that Intune refuses, or passes the failure on. After an answer in this pass a refusal is a
    /// failure: earlier pages had their records.
    fn accept_refusal(&mut self, error: ApiError) -> Result<(), Failure> {
        match find_refusal(&error) {
            Some(reason) if !self.account.answered => {
                self.account.status = EnrichmentStatus::Refused(reason);
                Ok(())
            }
            Some(_) => {
                let mut failure = Failure::from(error);
                failure.recovery = Recovery::Operator;
                failure.message.insert_str(0, "Intune responded before and refuses now: ");
                Err(failure)
            }
            None => Err(error.into()),
        }
    }
}

/// Intune never omits the id of a device: a record without it is something else, such as an error that
/// stands among the records.
fn without_id(device: &ManagedDevice) -> MalformedRecord {
    MalformedRecord {
        uid: None,
        reason: "record cannot be read: it has no id".to_owned(),
        payload: serde_json::to_string(device).unwrap_or_default(),
    }
}
