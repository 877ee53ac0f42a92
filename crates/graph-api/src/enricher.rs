//! The Enricher: each machine's Intune record, got the cheaper way.
//!
//! | way | calls | when |
//! |---|---|---|
//! | bulk | one for 1,000 managed devices | many machines need their record |
//! | look-up | one for 20 machines | few machines in a tenant with many managed devices |
//!
//! Both ways give the same answer. Once the list was read it serves all later pages.
//!
//! # What a walk can miss
//! Graph walks the list by a key, a page at a time. A device whose key changes meanwhile, as by a
//! rename, may move across the place where the walk stands and be passed over; its machine is then
//! told that Intune has none, until the next pass. To look up each machine without a match would
//! close the gap, but in tenants where many machines are not in Intune it takes more calls than the
//! list itself, so it is not done. Look-ups have no such gap.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use stocktake_connector_core::{
    DetailReader, EnrichError, Enricher, Enrichment, EnrichmentAccount, EnrichmentPass,
    EnrichmentStatus, PassHint, Recovery, SourceError, Strategy, UnreadableEnrichment,
};
use uuid::Uuid;

use crate::details::IntuneDetails;
use crate::index::best;
use crate::refusal::refusal;
use crate::{
    GraphClient, GraphOptions, JoinIndex, JoinIndexBuilder, LookUp, ManagedDevice,
    UnreadableDevices,
};

/// Most records for which room is made before they come.
const MOST_EXPECTED: u64 = 2_000_000;

/// Joins Intune's managed devices to machines of one tenant. Cheap to clone.
#[derive(Debug, Clone)]
pub struct IntuneEnricher {
    /// `None` when enrichment is switched off.
    client: Option<GraphClient>,
    details: bool,
}

impl IntuneEnricher {
    /// Asks Intune through `client`.
    pub fn new(client: GraphClient) -> Self {
        Self { client: Some(client), details: false }
    }

    /// Asks nobody: every answer is [`Enrichment::Unavailable`].
    pub fn off() -> Self {
        Self { client: None, details: false }
    }

    /// Asks also, one by one, for what lists leave out: the Ethernet address, the memory, and the ids
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
            answered: false,
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
    /// What was looked up for the present page.
    looked_up: Found,
    /// Whose records could not be read: of the list, or of the present page's look-ups.
    unreadable: UnreadableDevices,
    /// Whether Intune ever answered in this pass. What it refuses afterwards is a failure: pages
    /// before had their records, and it cannot be that it has none.
    answered: bool,
    /// Keys of all pages so far.
    keys: u64,
    look_up_calls: u64,
}

#[async_trait]
impl EnrichmentPass for IntunePass {
    type Record = ManagedDevice;

    async fn prepare(&mut self, keys: &[Option<Uuid>], last: bool) -> Result<(), EnrichError> {
        self.looked_up.clear();
        let Some(client) = self.client.clone().filter(|_| self.is_on()) else {
            return Ok(());
        };
        let asked: HashSet<Uuid> =
            keys.iter().flatten().filter(|key| !key.is_nil()).copied().collect();
        let answer = match (&self.bulk, asked.is_empty()) {
            (Some(_), _) => Ok(Found::new()),
            (None, true) => self.ask_at_all(&client, keys).await,
            (None, false) => self.ask(&client, &asked, last).await,
        };
        match answer {
            Ok(looked_up) => self.looked_up = looked_up,
            Err(error) => self.take_refusal(error)?,
        }
        Ok(())
    }

    fn enrichment(
        &mut self,
        key: Option<Uuid>,
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
            None => self.unreadable.without_match(key),
        }
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

    /// A page without any key. That Intune has none of its machines may only be said if Intune
    /// answers in this tenant; else the same machine would change its content from cycle to cycle.
    async fn ask_at_all(
        &mut self,
        client: &GraphClient,
        keys: &[Option<Uuid>],
    ) -> Result<Found, SourceError> {
        if !keys.is_empty() && !self.answered {
            client.probe().await?;
            self.answered = true;
        }
        Ok(Found::new())
    }

    async fn ask(
        &mut self,
        client: &GraphClient,
        asked: &HashSet<Uuid>,
        last: bool,
    ) -> Result<Found, SourceError> {
        self.keys += asked.len() as u64;
        if self.choose(asked.len() as u64, last, client.batch_size() as u64) == Strategy::LookUp {
            // A fixed order makes a repeated cycle ask the same.
            let mut keys: Vec<Uuid> = asked.iter().copied().collect();
            keys.sort_unstable();
            let mut found = LookUp::default();
            let outcome = client.look_up_into(&keys, &mut found).await;
            // Also when a later one failed: what it refuses then is no permanent absence.
            self.answered |= found.answered;
            outcome?;
            self.look_up_calls += found.calls;
            if !found.list_instead {
                self.unreadable = found.unreadable;
                self.account.strategy = Some(Strategy::LookUp);
                self.account.records_read += found.records.len() as u64;
                self.account.malformed += found.malformed;
                let mut by_key: HashMap<Uuid, Vec<ManagedDevice>> = HashMap::new();
                for record in found.records {
                    if let Some(key) = record.azure_ad_device_id() {
                        by_key.entry(key).or_default().push(record);
                    }
                }
                return Ok(by_key.into_iter().map(|(key, records)| (key, best(records))).collect());
            }
        }
        self.load(client).await?;
        Ok(Found::new())
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

    async fn load(&mut self, client: &GraphClient) -> Result<(), SourceError> {
        let expected = self.known.unwrap_or_default().min(MOST_EXPECTED);
        let mut builder = JoinIndexBuilder::with_capacity(expected as usize);
        let mut listing = client.list_managed_devices();
        let mut unreadable = UnreadableDevices::default();
        let (mut read, mut malformed) = (0, 0);
        while let Some(page) = listing.next_page().await? {
            self.answered = true;
            page.records.iter().for_each(|device| builder.add(device));
            page.malformed.iter().for_each(|record| unreadable.add(record, None));
            read += page.records.len() as u64;
            malformed += page.malformed.len() as u64;
        }
        self.account.strategy = Some(Strategy::Bulk);
        self.account.records_read += read;
        self.account.malformed += malformed;
        self.account.complete_count = Some(read + malformed);
        self.bulk = Some(builder.build());
        self.unreadable = unreadable;
        Ok(())
    }

    /// Notes that Intune is permanently absent, or gives the error back.
    fn take_refusal(&mut self, error: SourceError) -> Result<(), EnrichError> {
        match error {
            SourceError::Api(error) => match refusal(&error) {
                Some(reason) if !self.answered => {
                    self.account.status = EnrichmentStatus::Refused(reason);
                    Ok(())
                }
                Some(reason) => Err(EnrichError::Other {
                    message: format!("Intune answered before and refuses now: {reason}"),
                    recovery: Recovery::Operator,
                    source: Some(error.into()),
                }),
                None => Err(error.into()),
            },
            error => Err(EnrichError::Listing(error)),
        }
    }
}
