//! A source, an enricher, a mapper and a sink of a few lines each, for tests of the engine alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    Acknowledgement, ApiError, ApiErrorKind, Batch, BatchLimits, Calls, Completion, CycleId,
    DetailAccount, DetailReader, DeviceUid, EncodeError, Encoded, Encoder, EnrichError, Enricher,
    Enrichment, EnrichmentAccount, EnrichmentPass, EventUid, Fingerprint, FixedClock, Listing,
    MalformedRecord, MapError, Mapper, Page, PassHint, Presence, Refusal, Selection, Sink,
    SinkError, SinkName, Source, SourceError, SourceRecord, StateStore, TenantName,
    UnreadableEnrichment,
};
use stocktake_state::MemoryStore;
use tokio_util::sync::CancellationToken;

use crate::cycle::{CallMeter, Collector, Emit, Options, Rendering};

pub(super) fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

/// When every test cycle starts.
pub(super) const NOW: i64 = 1_000_000;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Device {
    pub(super) uid: String,
    pub(super) content: String,
    pub(super) last_seen: i64,
}

/// The content of a device whose enrichment cannot be read.
pub(super) const UNREADABLE: &str = "unreadable enrichment";

/// What the content of a device whose enrichment is uncertain begins with.
pub(super) const UNCERTAIN: &str = "uncertain";

/// Whose code panics at a device with this content.
pub(super) const PANICS: [&str; 3] =
    ["panic of the enricher", "panic of the mapper", "panic of the encoder"];

pub(super) fn device(uid: &str, content: &str) -> Device {
    Device { uid: uid.into(), content: content.into(), last_seen: NOW - 100 }
}

impl SourceRecord for Device {
    fn uid(&self) -> &str {
        &self.uid
    }
    fn join_key(&self) -> Option<uuid::Uuid> {
        let key = match self.content.as_str() {
            UNREADABLE => 1,
            content if content.starts_with(UNCERTAIN) => 2,
            content if content == PANICS[0] => 3,
            _ => return None,
        };
        Some(uuid::Uuid::from_u128(key))
    }
    fn first_seen(&self) -> Option<DateTime<Utc>> {
        Some(at(1))
    }
    fn last_seen(&self) -> Option<DateTime<Utc>> {
        Some(at(self.last_seen))
    }
    fn payload(&self) -> String {
        self.content.clone()
    }
}

/// One answer of the fake listing.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Records(Vec<Device>),
    Malformed(&'static str),
    Excluded(&'static str),
    Failure,
}

pub(super) fn unavailable() -> ApiError {
    ApiError::new("fake", "list", ApiErrorKind::Unavailable)
}

#[derive(Debug, Default, Clone)]
pub(super) struct FakeSource {
    pub(super) answers: Arc<Mutex<Vec<Answer>>>,
    pub(super) absent: Arc<Mutex<BTreeSet<String>>>,
    pub(super) looked_up: Arc<Mutex<Vec<String>>>,
    /// What becomes of look-ups.
    pub(super) look_ups: Arc<Mutex<LookUps>>,
    pub(super) selections: Arc<Mutex<Vec<Selection>>>,
}

impl FakeSource {
    pub(super) fn answers(&self, answers: impl Into<Vec<Answer>>) {
        *self.answers.lock().unwrap() = answers.into();
    }
}

/// What becomes of the look-ups of the fake source.
#[derive(Debug, Default, Clone)]
pub(super) enum LookUps {
    #[default]
    Answered,
    Failing,
    /// Each asks for a stop first.
    Stopping(CancellationToken),
    /// Each asks for a stop and then never ends.
    Hanging(CancellationToken),
}

#[async_trait]
impl Source for FakeSource {
    type Record = Device;
    type Listing = FakeListing;
    fn list(&self, selection: Selection) -> FakeListing {
        self.selections.lock().unwrap().push(selection);
        FakeListing(self.answers.lock().unwrap().clone().into_iter().collect())
    }
    async fn look_up(&self, uid: &DeviceUid) -> Result<Presence, SourceError> {
        self.looked_up.lock().unwrap().push(uid.to_string());
        let look_ups = self.look_ups.lock().unwrap().clone();
        match look_ups {
            LookUps::Answered => {}
            LookUps::Failing => return Err(unavailable().into()),
            LookUps::Stopping(stop) => stop.cancel(),
            LookUps::Hanging(stop) => {
                stop.cancel();
                std::future::pending::<()>().await;
            }
        }
        let absent = self.absent.lock().unwrap().contains(uid.as_str());
        Ok(if absent { Presence::Absent } else { Presence::Present })
    }
}

#[derive(Debug)]
pub(super) struct FakeListing(std::collections::VecDeque<Answer>);

#[async_trait]
impl Listing for FakeListing {
    type Record = Device;
    async fn next_page(&mut self) -> Result<Option<Page<Device>>, SourceError> {
        let Some(answer) = self.0.pop_front() else { return Ok(None) };
        let (mut records, mut malformed, mut excluded) = (Vec::new(), Vec::new(), Vec::new());
        match answer {
            Answer::Records(devices) => records = devices,
            Answer::Malformed(uid) => malformed.push(MalformedRecord {
                uid: DeviceUid::new(uid).ok(),
                reason: "not a machine".into(),
                payload: "{".into(),
            }),
            Answer::Excluded(uid) => excluded.push(DeviceUid::new(uid).unwrap()),
            Answer::Failure => return Err(unavailable().into()),
        }
        Ok(Some(Page { records, malformed, excluded, last: self.0.is_empty() }))
    }
}

/// Matches everything with its own word, or fails.
#[derive(Debug, Default, Clone)]
pub(super) struct FakeEnricher {
    pub(super) fails: Arc<Mutex<bool>>,
    /// `None`: there are no details.
    pub(super) details: Option<Arc<FakeDetails>>,
}

impl Enricher for FakeEnricher {
    type Record = &'static str;
    type Pass = FakePass;
    fn start_pass(&self, _: PassHint) -> FakePass {
        FakePass { fails: *self.fails.lock().unwrap() }
    }
    fn details(&self) -> Option<Arc<dyn DetailReader<&'static str>>> {
        Some(Arc::clone(self.details.as_ref()?) as _)
    }
}

/// Puts another word into every record it is asked for.
#[derive(Debug)]
pub(super) struct FakeDetails {
    pub(super) word: Mutex<&'static str>,
    /// How many records each call was for.
    pub(super) asked: Mutex<Vec<usize>>,
    /// Calls that succeed before they all fail.
    pub(super) failing_after: Mutex<usize>,
    /// Places of records whose details cannot be understood, in every call.
    pub(super) malformed: Mutex<Vec<usize>>,
    pub(super) panics: Mutex<bool>,
    /// Stopped by the next call, which then never ends.
    pub(super) stop: Mutex<Option<CancellationToken>>,
}

impl Default for FakeDetails {
    fn default() -> Self {
        Self {
            word: Mutex::new("complete"),
            asked: Mutex::default(),
            failing_after: Mutex::new(usize::MAX),
            malformed: Mutex::default(),
            panics: Mutex::default(),
            stop: Mutex::default(),
        }
    }
}

impl FakeDetails {
    /// How many records were asked for, over all calls.
    pub(super) fn total(&self) -> usize {
        self.asked.lock().unwrap().iter().sum()
    }
}

#[async_trait]
impl DetailReader<&'static str> for FakeDetails {
    async fn complete(&self, records: Vec<&mut &'static str>) -> Result<Completion, EnrichError> {
        let stop = self.stop.lock().unwrap().take();
        if let Some(stop) = stop {
            stop.cancel();
            return std::future::pending().await;
        }
        let panics = *self.panics.lock().unwrap();
        assert!(!panics, "panic of the details");
        if self.asked.lock().unwrap().len() >= *self.failing_after.lock().unwrap() {
            return Err(unavailable().into());
        }
        let asked = records.len();
        self.asked.lock().unwrap().push(asked);
        for record in records {
            *record = *self.word.lock().unwrap();
        }
        let account = DetailAccount { asked: asked as u64, calls: 1, gone: 0 };
        let malformed = self.malformed.lock().unwrap().iter().map(|p| (*p, "odd".into())).collect();
        Ok(Completion { account, malformed })
    }
}

#[derive(Debug)]
pub(super) struct FakePass {
    fails: bool,
}

#[async_trait]
impl EnrichmentPass for FakePass {
    type Record = &'static str;
    async fn prepare(&mut self, _: &[Option<uuid::Uuid>], _: bool) -> Result<(), EnrichError> {
        if self.fails { Err(unavailable().into()) } else { Ok(()) }
    }
    fn enrichment(
        &mut self,
        key: Option<uuid::Uuid>,
    ) -> Result<Enrichment<&'static str>, UnreadableEnrichment> {
        match key.map(|key| key.as_u128()) {
            None => Ok(Enrichment::Matched("enriched")),
            Some(2) => Ok(Enrichment::Uncertain),
            Some(3) => panic!("{}", PANICS[0]),
            Some(_) => Err(UnreadableEnrichment("its record is broken".into())),
        }
    }
    fn account(&self) -> EnrichmentAccount {
        EnrichmentAccount::default()
    }
}

/// Refuses devices whose content, or what is joined to it, is `unmappable`.
#[derive(Debug)]
pub(super) struct FakeMapper;

impl Mapper for FakeMapper {
    type Record = Device;
    type Enrichment = &'static str;
    type Event = String;
    fn map(
        &self,
        record: &Device,
        enrichment: &Enrichment<&'static str>,
        _: DateTime<Utc>,
    ) -> Result<String, MapError> {
        if record.content == "unmappable" || enrichment.matched() == Some(&"unmappable") {
            return Err(MapError { field: "content", problem: "is unmappable".into() });
        }
        assert_ne!(record.content, PANICS[1]);
        Ok(format!("{} {}", record.content, enrichment.matched().unwrap_or(&"alone")))
    }
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of([])
    }
}

/// Events whose content begins so carry their uid behind it.
pub(super) const WITH_UID: &str = "with uid";

#[derive(Debug)]
pub(super) struct FakeEncoder;

impl Encoder<String> for FakeEncoder {
    fn encode(&self, event: String, out: &mut Vec<u8>) -> Result<Encoded, EncodeError> {
        if event.starts_with("unwritable") {
            return Err(EncodeError("no form".into()));
        }
        assert!(!event.starts_with(PANICS[2]), "{}", PANICS[2]);
        out.extend(event.bytes());
        let has_uid = event.starts_with(WITH_UID);
        if has_uid {
            out.extend(EventUid::PLACEHOLDER.bytes());
        }
        let uid_at = has_uid.then_some(event.len());
        Ok(Encoded { fingerprint: Fingerprint::of([event.as_bytes()]), uid_at })
    }
}

/// Keeps what it got; refuses batches that hold a poisoned device; may be down.
#[derive(Debug)]
pub(super) struct FakeSink {
    pub(super) received: Mutex<BTreeMap<String, Vec<String>>>,
    pub(super) batches: Mutex<Vec<usize>>,
    pub(super) poison: Mutex<BTreeSet<String>>,
    /// Whether the sink names the events at fault instead of refusing the batch.
    pub(super) names_culprits: bool,
    pub(super) down: Mutex<bool>,
    pub(super) panics: bool,
    pub(super) finished: Mutex<u32>,
    pub(super) limits: BatchLimits,
}

impl Default for FakeSink {
    fn default() -> Self {
        Self {
            received: Mutex::default(),
            batches: Mutex::default(),
            poison: Mutex::default(),
            names_culprits: false,
            down: Mutex::default(),
            panics: false,
            finished: Mutex::default(),
            limits: BatchLimits { max_events: 4, max_bytes: 1_000 },
        }
    }
}

impl FakeSink {
    pub(super) fn poison(&self, uids: impl IntoIterator<Item = String>) {
        *self.poison.lock().unwrap() = uids.into_iter().collect();
    }

    pub(super) fn devices(&self) -> Vec<String> {
        self.received.lock().unwrap().keys().cloned().collect()
    }

    /// How many events came, over all devices.
    pub(super) fn events(&self) -> usize {
        self.received.lock().unwrap().values().map(Vec::len).sum()
    }
}

#[async_trait]
impl Sink for FakeSink {
    fn batch_limits(&self) -> BatchLimits {
        self.limits
    }
    async fn write_batch(&self, batch: &Batch) -> Result<Acknowledgement, SinkError> {
        assert!(!self.panics, "panic of the sink");
        if *self.down.lock().unwrap() {
            return Err(unavailable().into());
        }
        let poison = self.poison.lock().unwrap();
        let mut refused = Vec::new();
        for (index, event) in batch.events.iter().enumerate() {
            if poison.contains(event.uid.as_str()) {
                refused.push(Refusal { index, reason: "poison".into() });
            }
        }
        if !refused.is_empty() && !self.names_culprits {
            return Err(SinkError::Refused { events: batch.events.len(), reason: "poison".into() });
        }
        self.batches.lock().unwrap().push(batch.events.len());
        for (index, event) in batch.events.iter().enumerate() {
            if refused.iter().all(|refusal| refusal.index != index) {
                self.received
                    .lock()
                    .unwrap()
                    .entry(event.uid.to_string())
                    .or_default()
                    .push(String::from_utf8(event.body.to_vec()).unwrap());
            }
        }
        Ok(Acknowledgement { refused })
    }
    async fn finish_cycle(&self, _: &TenantName, _: CycleId) -> Result<(), SinkError> {
        *self.finished.lock().unwrap() += 1;
        Ok(())
    }
}

#[derive(Debug)]
struct NoCalls;

impl CallMeter for NoCalls {
    fn calls(&self) -> Calls {
        Calls::default()
    }
}

pub(super) type FakeCollector = Collector<FakeSource, FakeEnricher, FakeMapper>;

pub(super) fn sink_name(name: &str) -> SinkName {
    SinkName::new(name).unwrap()
}

/// A collector of fakes that delivers to `sinks` and remembers in `store`.
pub(super) fn collector(
    store: Arc<dyn StateStore>,
    sinks: impl IntoIterator<Item = (&'static str, Arc<FakeSink>)>,
) -> FakeCollector {
    let sinks =
        sinks.into_iter().map(|(name, sink)| (sink_name(name), sink as Arc<dyn Sink>)).collect();
    Collector {
        tenant: TenantName::new("contoso").unwrap(),
        source: FakeSource::default(),
        enricher: FakeEnricher::default(),
        renderings: vec![Rendering { mapper: FakeMapper, encoder: Arc::new(FakeEncoder), sinks }],
        unbuilt: BTreeMap::new(),
        store,
        clock: Arc::new(FixedClock(at(NOW))),
        meter: Arc::new(NoCalls),
        options: Options {
            emit: Emit::Changed,
            refresh_after: None,
            overlap: std::time::Duration::from_secs(60),
            full_every: std::time::Duration::from_secs(86_400),
            removal_guard: 0.5,
            removal_look_ups: 100,
            forget_removed_after: std::time::Duration::from_secs(1_000_000),
        },
    }
}

pub(super) fn store() -> Arc<dyn StateStore> {
    Arc::new(MemoryStore::default())
}
