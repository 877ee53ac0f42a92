//! A source, an enricher, a mapper and a sink of a few lines each, for tests of the engine alone.

use std::collections::{BTreeSet, VecDeque};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    Completion, DetailAccount, DetailReader, DeviceUid, EncodeError, Encoded, Enricher, Enrichment,
    EnrichmentAccount, EnrichmentPass, ErrorCode, EventUid, Failure, Fingerprint, FixedClock, Form,
    Inventory, Listing, MalformedRecord, MapError, Mapper, Page, PassHint, Presence, Recovery,
    SinkName, Source, SourceCursor, SourceName, SourceRecord, TenantName, UnreadableEnrichment,
};
use stocktake_state::MemoryStore;
use tokio_util::sync::CancellationToken;

use super::sinks::FakeSink;
use crate::{Collector, Options};

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

/// The content of a device whose enrichment is uncertain starts with this.
pub(super) const UNCERTAIN: &str = "uncertain";

/// The code that panics at a device with this content.
pub(super) const PANICS: [&str; 3] =
    ["panic of the enricher", "panic of the mapper", "panic of the form"];

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
    fn last_seen(&self) -> Option<DateTime<Utc>> {
        Some(at(self.last_seen))
    }
    fn payload(&self) -> String {
        self.content.clone()
    }
}

/// One response of the fake listing.
#[derive(Debug, Clone)]
pub(super) enum Response {
    Records(Vec<Device>),
    Malformed(&'static str),
    Excluded(&'static str),
    Failure,
    /// Never ends.
    Hanging,
}

pub(super) fn unavailable() -> Failure {
    Failure::new(ErrorCode::ApiUnavailable, Recovery::Retry, "the fake is unavailable")
}

/// A failure with every field set.
pub(super) fn failure(code: ErrorCode, recovery: Recovery) -> Failure {
    Failure::new(code, recovery, "as it was")
        .with_advice("Do this.")
        .with_retry_at(Some(at(NOW + 1_800)))
}

#[derive(Debug, Default, Clone)]
pub(super) struct FakeSource {
    pub(super) responses: Arc<Mutex<Vec<Response>>>,
    pub(super) absent: Arc<Mutex<BTreeSet<String>>>,
    pub(super) looked_up: Arc<Mutex<Vec<String>>>,
    /// The results of look-ups.
    pub(super) look_ups: Arc<Mutex<LookUps>>,
    /// The cursors that each listing started from; empty for a full one.
    pub(super) listings: Arc<Mutex<Vec<Vec<String>>>>,
    /// Where the next listing ends; `None` when the source cannot resume.
    pub(super) cursor: Arc<Mutex<Option<SourceCursor>>>,
    /// Whether cursors are too old to resume from.
    pub(super) is_expired: Arc<Mutex<bool>>,
    /// How the source fails.
    pub(super) failure: Arc<Mutex<Option<(ErrorCode, Recovery)>>>,
}

impl FakeSource {
    pub(super) fn responses(&self, responses: impl Into<Vec<Response>>) {
        *self.responses.lock().unwrap() = responses.into();
    }

    pub(super) fn cursor(&self, cursor: &str) {
        *self.cursor.lock().unwrap() = Some(SourceCursor::new(cursor));
    }

    fn listing(&self, cursors: &[SourceCursor]) -> FakeListing {
        let cursors = cursors.iter().map(|cursor| cursor.as_str().to_owned());
        self.listings.lock().unwrap().push(cursors.collect());
        FakeListing {
            responses: self.responses.lock().unwrap().clone().into(),
            cursor: self.cursor.lock().unwrap().clone(),
            failure: *self.failure.lock().unwrap(),
        }
    }
}

/// The results of the fake source's look-ups.
#[derive(Debug, Default, Clone)]
pub(super) enum LookUps {
    #[default]
    Succeeding,
    Failing,
    FailingAs(ErrorCode, Recovery),
    /// Each asks for a stop first.
    Stopping(CancellationToken),
    /// Each asks for a stop and then never ends.
    Hanging(CancellationToken),
}

#[async_trait]
impl Source for FakeSource {
    type Record = Device;
    type Listing = FakeListing;
    fn list(&self) -> FakeListing {
        self.listing(&[])
    }
    fn resume(&self, cursors: &[SourceCursor]) -> Option<FakeListing> {
        (!*self.is_expired.lock().unwrap()).then(|| self.listing(cursors))
    }
    async fn look_up(&self, uid: &DeviceUid) -> Result<Presence, Failure> {
        self.looked_up.lock().unwrap().push(uid.to_string());
        let look_ups = self.look_ups.lock().unwrap().clone();
        match look_ups {
            LookUps::Succeeding => {}
            LookUps::Failing => return Err(unavailable()),
            LookUps::FailingAs(code, recovery) => return Err(failure(code, recovery)),
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
pub(super) struct FakeListing {
    responses: VecDeque<Response>,
    cursor: Option<SourceCursor>,
    failure: Option<(ErrorCode, Recovery)>,
}

#[async_trait]
impl Listing for FakeListing {
    type Record = Device;
    async fn next_page(&mut self) -> Result<Option<Page<Device>>, Failure> {
        if let Some((code, recovery)) = self.failure {
            return Err(failure(code, recovery));
        }
        let Some(response) = self.responses.pop_front() else { return Ok(None) };
        let (mut records, mut malformed, mut excluded) = (Vec::new(), Vec::new(), Vec::new());
        match response {
            Response::Records(devices) => records = devices,
            Response::Malformed(uid) => malformed.push(MalformedRecord {
                uid: DeviceUid::new(uid).ok(),
                reason: "not a machine".into(),
                payload: "{".into(),
            }),
            Response::Excluded(uid) => excluded.push(DeviceUid::new(uid).unwrap()),
            Response::Failure => return Err(unavailable()),
            Response::Hanging => std::future::pending().await,
        }
        Ok(Some(Page { records, malformed, excluded, last: self.responses.is_empty() }))
    }
    fn cursor(&self) -> Option<SourceCursor> {
        self.cursor.clone()
    }
}

/// Matches everything with its own word, or fails.
#[derive(Debug, Default, Clone)]
pub(super) struct FakeEnricher {
    pub(super) failure: Arc<Mutex<Option<(ErrorCode, Recovery)>>>,
    /// `None`: there are no details.
    pub(super) details: Option<Arc<FakeDetails>>,
}

impl Enricher for FakeEnricher {
    type Record = &'static str;
    type Pass = FakePass;
    fn start_pass(&self, _: PassHint) -> FakePass {
        FakePass { failure: *self.failure.lock().unwrap() }
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
    pub(super) failure: Mutex<Option<(ErrorCode, Recovery)>>,
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
            failure: Mutex::default(),
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
    async fn complete(&self, records: Vec<&mut &'static str>) -> Result<Completion, Failure> {
        let stop = self.stop.lock().unwrap().take();
        if let Some(stop) = stop {
            stop.cancel();
            return std::future::pending().await;
        }
        let panics = *self.panics.lock().unwrap();
        assert!(!panics, "panic of the details");
        if let Some((code, recovery)) = *self.failure.lock().unwrap() {
            return Err(failure(code, recovery));
        }
        if self.asked.lock().unwrap().len() >= *self.failing_after.lock().unwrap() {
            return Err(unavailable());
        }
        let asked = records.len();
        self.asked.lock().unwrap().push(asked);
        for record in records {
            *record = *self.word.lock().unwrap();
        }
        let account = DetailAccount { asked: asked as u64, calls: 1, gone: 0 };
        let malformed = self.malformed.lock().unwrap().iter().map(|p| (*p, "odd".into())).collect();
        Ok(Completion { account, malformed, ..Completion::default() })
    }
}

#[derive(Debug)]
pub(super) struct FakePass {
    failure: Option<(ErrorCode, Recovery)>,
}

#[async_trait]
impl EnrichmentPass for FakePass {
    type Record = &'static str;
    async fn prepare(&mut self, _: &[Option<uuid::Uuid>], _: bool) -> Result<(), Failure> {
        match self.failure {
            Some((code, recovery)) => Err(failure(code, recovery)),
            None => Ok(()),
        }
    }
    fn enrichment(
        &mut self,
        key: Option<uuid::Uuid>,
        _: Option<&str>,
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

/// A record with the word of its enrichment.
#[derive(Debug)]
pub(super) struct FakeEvent<'a> {
    record: &'a Device,
    word: &'a str,
}

/// Refuses devices whose content, or what is joined to it, is `unmappable`.
#[derive(Debug, Default)]
pub(super) struct FakeMapper {
    /// How many events it made.
    pub(super) mapped: AtomicU64,
}

impl Mapper for FakeMapper {
    type Record = Device;
    type Enrichment = &'static str;
    type Event<'a> = FakeEvent<'a>;
    fn map<'a>(
        &'a self,
        record: &'a Device,
        enrichment: &'a Enrichment<&'static str>,
        _: DateTime<Utc>,
    ) -> Result<FakeEvent<'a>, MapError> {
        if record.content == "unmappable" || enrichment.matched() == Some(&"unmappable") {
            return Err(MapError { field: "content", problem: "is unmappable".into() });
        }
        assert_ne!(record.content, PANICS[1]);
        self.mapped.fetch_add(1, Ordering::Relaxed);
        let word = enrichment.matched().copied().unwrap_or("alone");
        Ok(FakeEvent { record, word })
    }
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of([])
    }
}

/// Events whose content starts with this carry their uid after it.
pub(super) const WITH_UID: &str = "with uid";

/// Writes an event as its content and the word of its enrichment, both in a form of this name.
#[derive(Debug)]
pub(super) struct FakeForm(pub(super) &'static str);

impl Form<FakeEvent<'_>> for FakeForm {
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of([self.0.as_bytes()])
    }
    fn encode(&self, event: &FakeEvent<'_>, out: &mut Vec<u8>) -> Result<Encoded, EncodeError> {
        let FakeEvent { record, word } = event;
        let text = format!("{}{} {word}", self.0, record.content);
        if record.content.starts_with("unwritable") && self.0 == UNWRITABLE_IN {
            return Err(EncodeError("no form".into()));
        }
        assert!(!record.content.starts_with(PANICS[2]), "{}", PANICS[2]);
        out.extend(text.bytes());
        let has_uid = record.content.starts_with(WITH_UID);
        if has_uid {
            out.extend(EventUid::PLACEHOLDER.bytes());
        }
        let uid_at = has_uid.then_some(text.len());
        let fingerprint = Fingerprint::of([text.as_bytes()]);
        Ok(Encoded { fingerprint, time: at(record.last_seen), uid_at })
    }
}

/// The form that cannot write devices whose content starts with `unwritable`.
pub(super) const UNWRITABLE_IN: &str = "";

pub(super) type FakeCollector = Collector<FakeSource, FakeEnricher, FakeMapper>;

pub(super) fn sink_name(name: &str) -> SinkName {
    SinkName::new(name).unwrap()
}

/// A collector of fakes, with the store that it writes to.
#[derive(Debug)]
pub(super) struct Rig {
    pub(super) collector: FakeCollector,
    pub(super) store: Arc<MemoryStore>,
}

impl Deref for Rig {
    type Target = FakeCollector;
    fn deref(&self) -> &FakeCollector {
        &self.collector
    }
}

impl DerefMut for Rig {
    fn deref_mut(&mut self) -> &mut FakeCollector {
        &mut self.collector
    }
}

pub(super) fn inventory(source: &str) -> Inventory {
    Inventory {
        tenant: TenantName::new("contoso").unwrap(),
        source: SourceName::new(source).unwrap(),
    }
}

/// A collector of fakes that delivers to `sinks` and remembers in `store`.
pub(super) fn collector(
    store: Arc<MemoryStore>,
    sinks: impl IntoIterator<Item = (&'static str, Arc<FakeSink>)>,
) -> Rig {
    let mut collector = Collector::new(
        inventory("fake"),
        FakeSource::default(),
        FakeEnricher::default(),
        FakeMapper::default(),
        Arc::clone(&store) as _,
    );
    for (name, sink) in sinks {
        collector.add_sink(sink_name(name), Arc::new(FakeForm("")), sink);
    }
    collector.source.cursor("cursor 1");
    collector.clock = Arc::new(FixedClock(at(NOW)));
    collector.options = Options {
        removal_guard: 0.5,
        removal_look_ups: 100,
        purge_removed_after: std::time::Duration::from_secs(1_000_000),
        ..Options::default()
    };
    Rig { collector, store }
}

pub(super) fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new())
}
