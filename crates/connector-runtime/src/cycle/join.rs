//! The first two stages: reading pages, and joining each record with its enrichment.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    Clock, CycleId, DeviceUid, EnrichError, Enrichment, EnrichmentAccount, EnrichmentPass, Listing,
    MalformedRecord, NewDeadLetter, Page, SourceError, SourceRecord, Stage, StateError, StateStore,
    TenantName,
};
use stocktake_telemetry::{field, span};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use tracing::field::Empty;

use super::caught::caught;
use super::mark_failed;
use super::progress::Progress;
use super::seen::Seen;
use crate::error_code::ErrorCode;

/// Records that travel together through the later stages: enough to make a look-up in state worth
/// its while, few enough that a chunk of events stays below a few megabytes.
const CHUNK: usize = 500;

/// A record with what was joined to it.
#[derive(Debug)]
pub(super) struct JoinedRecord<R, E> {
    pub(super) uid: DeviceUid,
    pub(super) record: R,
    pub(super) enrichment: Enrichment<E>,
}

/// Why a stage could not go on.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: String,
    pub(super) advice: Option<String>,
}

impl Failure {
    pub(super) fn stopped() -> Self {
        Self {
            error: ErrorCode::Stopped.tag("stopped before everything was delivered"),
            advice: None,
        }
    }

    pub(super) fn of_panic(stage: &str, panic: &dyn fmt::Display) -> Self {
        Self {
            error: ErrorCode::StageBroke.tag(format_args!("stage `{stage}` broke: {panic}")),
            advice: Some("report this as a defect of stocktake, with the log".into()),
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self { advice: error.advice().map(str::to_owned), error: crate::chain(&error) }
    }
}

impl From<EnrichError> for Failure {
    fn from(error: EnrichError) -> Self {
        Self { advice: error.advice().map(str::to_owned), error: crate::chain(&error) }
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self { error: crate::chain(&error), advice: None }
    }
}

/// Reads pages until the listing ends, fails, or `stop` asks to read no more.
pub(super) async fn read<L: Listing>(
    mut listing: L,
    pages: mpsc::Sender<Result<Page<L::Record>, SourceError>>,
    stop: CancellationToken,
) {
    // Room is made before a page is read, so that a finished page never waits beside another one. A
    // closed channel means that the join has failed and said why.
    while let Ok(room) = pages.reserve().await {
        let span = tracing::info_span!(
            span::PAGE,
            { field::PAGE_RECORDS } = Empty,
            { field::OTEL_STATUS_CODE } = Empty,
            { field::OTEL_STATUS_DESCRIPTION } = Empty,
        );
        let page = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            page = listing.next_page().instrument(span.clone()) => page,
        };
        match &page {
            Ok(Some(page)) => {
                span.record(field::PAGE_RECORDS, page.len());
            }
            Ok(None) => {}
            Err(error) => mark_failed(&span, &crate::chain(error)),
        }
        drop(span);
        let (message, goes_on) = match page {
            Ok(None) => return,
            Ok(Some(page)) => {
                let goes_on = !page.last;
                (Ok(page), goes_on)
            }
            Err(error) => (Err(error), false),
        };
        room.send(message);
        if !goes_on {
            return;
        }
    }
}

/// Keeps records that no sink can get.
#[derive(Debug, Clone)]
pub(super) struct DeadLetterShelf {
    pub(super) store: Arc<dyn StateStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tenant: TenantName,
    pub(super) cycle: CycleId,
}

impl DeadLetterShelf {
    pub(super) async fn keep(&self, letters: Vec<NewDeadLetter>) -> Result<(), StateError> {
        if letters.is_empty() {
            return Ok(());
        }
        warn_of(&letters, self.cycle);
        self.store.keep_dead_letters(self.cycle, self.clock.now(), letters).await
    }

    pub(super) fn letter(
        &self,
        stage: Stage,
        uid: Option<DeviceUid>,
        reason: String,
        payload: String,
    ) -> NewDeadLetter {
        NewDeadLetter {
            tenant: self.tenant.clone(),
            sink: None,
            stage,
            uid,
            fingerprint: None,
            reason,
            payload,
        }
    }
}

/// Logs dead letters: one line however many they are. Payloads and uids stay out of it, as they are
/// the tenant's data; `stocktake dead-letters` has them.
pub(super) fn warn_of(letters: &[NewDeadLetter], cycle: CycleId) {
    let Some(first) = letters.first() else { return };
    tracing::warn!(
        connector.tenant.name = %first.tenant,
        connector.cycle.id = %cycle,
        connector.sink = first.sink.as_ref().map(tracing::field::display),
        stage = ?first.stage,
        count = letters.len(),
        first_reason = %first.reason,
        "dead letters kept"
    );
}

/// What came of reading and joining.
#[derive(Debug, Default)]
pub(super) struct Joined {
    /// Records that came, malformed ones included.
    pub(super) read: u64,
    /// Records whose device had come before.
    pub(super) duplicates: u64,
    /// Records that became dead letters before they could be mapped.
    pub(super) malformed: u64,
    /// Records that went on to be mapped.
    pub(super) passed_on: u64,
    /// Whether the listing came to its end and everything of it was joined.
    pub(super) listing_complete: bool,
    pub(super) first_seen: Option<DateTime<Utc>>,
    pub(super) last_seen: Option<DateTime<Utc>>,
    /// Devices that can be delivered.
    pub(super) seen: Seen,
    /// Devices that the configuration leaves out.
    pub(super) excluded: u64,
    /// Devices that are there but go nowhere: unreadable ones, and those left out.
    pub(super) set_aside: Seen,
    /// Devices whose enrichment is uncertain.
    uncertain: u64,
    pub(super) enrichment: EnrichmentAccount,
    pub(super) failure: Option<Failure>,
}

impl Joined {
    /// Whether the listing returned the device, whatever became of it.
    pub(super) fn is_there(&self, uid: &DeviceUid) -> bool {
        self.seen.contains(uid) || self.set_aside.contains(uid)
    }

    /// Notes a failure; the first one is the cause and stays.
    pub(super) fn fail(&mut self, failure: Failure) {
        self.listing_complete = false;
        self.failure.get_or_insert(failure);
    }

    /// Records that came but went nowhere, because the join failed or was stopped.
    pub(super) fn abandoned(&self) -> u64 {
        self.read.saturating_sub(self.duplicates + self.malformed + self.passed_on)
    }

    pub(super) fn broken(panic: &tokio::task::JoinError) -> Self {
        let mut joined = Self::default();
        joined.fail(Failure::of_panic("join", panic));
        joined
    }
}

/// Joins pages with their enrichments and sends them on in chunks.
pub(super) async fn join<R: SourceRecord, P: EnrichmentPass>(
    pages: mpsc::Receiver<Result<Page<R>, SourceError>>,
    pass: P,
    chunks: mpsc::Sender<Vec<JoinedRecord<R, P::Record>>>,
    shelf: DeadLetterShelf,
    progress: Arc<Progress>,
    stop: CancellationToken,
) -> Joined {
    let mut joined = Joined::default();
    let stage = join_pages(pages, pass, chunks, shelf, progress, stop, &mut joined);
    if let Err(panic) = caught(stage).await {
        joined.fail(Failure::of_panic("join", &panic));
    }
    joined
}

async fn join_pages<R: SourceRecord, P: EnrichmentPass>(
    mut pages: mpsc::Receiver<Result<Page<R>, SourceError>>,
    mut pass: P,
    chunks: mpsc::Sender<Vec<JoinedRecord<R, P::Record>>>,
    shelf: DeadLetterShelf,
    progress: Arc<Progress>,
    stop: CancellationToken,
    joined: &mut Joined,
) {
    while let Some(page) = pages.recv().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                joined.fail(error.into());
                break;
            }
        };
        let last = page.last;
        let count = page.len() as u64;
        joined.read += count;
        progress.add_read(count);
        let passed_on = tokio::select! {
            biased;
            () = stop.cancelled() => Err(Failure::stopped()),
            passed_on = join_page(page, &mut pass, &chunks, &shelf, joined) => passed_on,
        };
        match passed_on {
            Ok(ControlFlow::Continue(())) => joined.listing_complete = last,
            // The mapping has failed, and says why.
            Ok(ControlFlow::Break(())) => {
                joined.listing_complete = false;
                break;
            }
            Err(failure) => {
                joined.fail(failure);
                break;
            }
        }
    }
    joined.enrichment = EnrichmentAccount { uncertain: joined.uncertain, ..pass.account() };
}

/// Joins one page and sends it on, as long as somebody takes it.
async fn join_page<R: SourceRecord, P: EnrichmentPass>(
    page: Page<R>,
    pass: &mut P,
    chunks: &mpsc::Sender<Vec<JoinedRecord<R, P::Record>>>,
    shelf: &DeadLetterShelf,
    joined: &mut Joined,
) -> Result<ControlFlow<()>, Failure> {
    let mut letters: Vec<NewDeadLetter> = Vec::new();
    for MalformedRecord { uid, reason, payload } in page.malformed {
        // The device is there, only unreadable: it must not be taken for removed.
        if let Some(uid) = &uid {
            joined.set_aside.insert(uid);
        }
        letters.push(shelf.letter(Stage::Read, uid, reason, payload));
    }
    for uid in &page.excluded {
        joined.excluded += u64::from(joined.set_aside.insert(uid));
    }
    let mut devices = Vec::with_capacity(page.records.len());
    for record in page.records {
        match DeviceUid::new(record.uid()) {
            Ok(uid) if joined.seen.insert(&uid) => devices.push((uid, record)),
            Ok(_) => joined.duplicates += 1,
            Err(invalid) => letters.push(shelf.letter(
                Stage::Read,
                None,
                format!("record has no usable id: {invalid}"),
                record.payload(),
            )),
        }
    }
    let malformed = letters.len() as u64;
    shelf.keep(letters).await?;
    joined.malformed += malformed;

    let keys: Vec<_> = devices.iter().map(|(_, record)| record.join_key()).collect();
    let span = tracing::info_span!(
        span::ENRICHMENT,
        { field::ENRICHMENT_DEVICES } = keys.len(),
        { field::OTEL_STATUS_CODE } = Empty,
        { field::OTEL_STATUS_DESCRIPTION } = Empty,
    );
    let prepared = pass.prepare(&keys, page.last).instrument(span.clone()).await;
    if let Err(error) = &prepared {
        mark_failed(&span, &crate::chain(error));
    }
    drop(span);
    prepared?;
    for (_, record) in &devices {
        joined.first_seen = joined.first_seen.max(record.first_seen());
        joined.last_seen = joined.last_seen.max(record.last_seen());
    }
    drop(keys);
    let mut devices = devices.into_iter();
    loop {
        let (mut chunk, mut letters) = (Vec::with_capacity(CHUNK), Vec::new());
        for (uid, record) in devices.by_ref().take(CHUNK) {
            match pass.enrichment(record.join_key()) {
                Ok(enrichment) => {
                    joined.uncertain += u64::from(matches!(enrichment, Enrichment::Uncertain));
                    chunk.push(JoinedRecord { uid, record, enrichment });
                }
                // An event without what an earlier one had would erase it at the receiver.
                Err(unreadable) => letters.push(shelf.letter(
                    Stage::Read,
                    Some(uid),
                    unreadable.to_string(),
                    record.payload(),
                )),
            }
        }
        let (length, unreadable) = (chunk.len() as u64, letters.len() as u64);
        if length + unreadable == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        shelf.keep(letters).await?;
        joined.malformed += unreadable;
        if length > 0 && chunks.send(chunk).await.is_err() {
            return Ok(ControlFlow::Break(()));
        }
        joined.passed_on += length;
    }
}
