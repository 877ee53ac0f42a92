//! The first two stages: reading pages, and joining each record with its enrichment.

use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    DeviceUid, Doubt, DoubtCause, Enrichment, EnrichmentAccount, EnrichmentPass, Failure, JoinRule,
    Listing, MalformedRecord, NewDeadLetter, Page, SourceCursor, SourceRecord, Stage,
    UnreadableEnrichment, UnreadableValues, join_rules,
};
use stocktake_telemetry::{field, span};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

use crate::dead_letters::DeadLetterWriter;
use crate::device_set::DeviceSet;
use crate::enrichment_guard::EnrichmentGuard;
use crate::failures::{mark_failed, stage_panicked, stopped};
use crate::panics::catch_panic;
use crate::progress::Progress;
use crate::stop::Stop;

/// Records in one chunk: enough for an efficient look-up in state, few enough that a chunk of events
/// stays below a few megabytes.
const CHUNK: usize = 500;

/// A record with its enrichment.
#[derive(Debug)]
pub(crate) struct JoinedRecord<R, E> {
    pub(crate) uid: DeviceUid,
    pub(crate) record: R,
    pub(crate) enrichment: Enrichment<E>,
    /// Whether it has no enrichment, and may have one all the same: a sink keeps what it has of it.
    pub(crate) in_doubt: bool,
}

/// Reads pages until the listing ends, fails, or `stop` asks to read no more. Returns the cursor of a
/// listing that was read to its end.
pub(crate) async fn read<L: Listing>(
    mut listing: L,
    pages: mpsc::Sender<Result<Page<L::Record>, Failure>>,
    stop: Stop,
) -> Option<SourceCursor> {
    // Acquire the permit before reading a page, so that a finished page never waits next to another
    // one. A closed channel means that the join has failed; the join reports it.
    while let Ok(permit) = pages.reserve().await {
        let span = tracing::info_span!(
            span::PAGE,
            { field::PAGE_RECORDS } = Empty,
            { field::OTEL_STATUS_CODE } = Empty,
            { field::OTEL_STATUS_DESCRIPTION } = Empty,
        );
        let page = tokio::select! {
            biased;
            () = stop.immediate.cancelled() => return None,
            () = stop.graceful.cancelled() => return None,
            // The join has failed: the cycle must not wait for a page that is not needed.
            () = pages.closed() => return None,
            page = listing.next_page().instrument(span.clone()) => page,
        };
        match page {
            Ok(Some(page)) => {
                span.record(field::PAGE_RECORDS, page.len());
                let is_last = page.last;
                permit.send(Ok(page));
                if is_last {
                    return listing.cursor();
                }
            }
            Ok(None) => return None,
            Err(failure) => {
                mark_failed(&span, failure.code);
                permit.send(Err(failure));
                return None;
            }
        }
    }
    None
}

/// The result of reading and joining.
#[derive(Debug, Default)]
pub(crate) struct JoinOutcome {
    /// Records read, including malformed ones.
    pub(crate) read: u64,
    /// Records whose device had been read before.
    pub(crate) duplicates: u64,
    /// Records that became dead letters before they could be mapped.
    pub(crate) malformed: u64,
    /// Records passed on to be mapped.
    pub(crate) passed_on: u64,
    /// Whether the listing was read to its end and every record of it was joined.
    pub(crate) listing_complete: bool,
    /// The newest time at which the source saw a device that was passed on.
    pub(crate) newest_record_at: Option<DateTime<Utc>>,
    /// Devices that can be delivered.
    pub(crate) seen: DeviceSet,
    /// Devices that the configuration excludes.
    pub(crate) excluded: u64,
    /// Devices that exist but are not delivered: unreadable and excluded ones.
    pub(crate) set_aside: DeviceSet,
    /// Devices whose enrichment is uncertain.
    uncertain: u64,
    /// Values that could not be read, of records that count as read.
    pub(crate) unreadable: UnreadableValues,
    pub(crate) enrichment: EnrichmentAccount,
    pub(crate) failure: Option<Failure>,
}

impl JoinOutcome {
    /// Whether the listing returned the device, even if it was set aside.
    pub(crate) fn has_seen(&self, uid: &DeviceUid) -> bool {
        self.seen.contains(uid) || self.set_aside.contains(uid)
    }

    /// Records a failure; the first one is the cause and is kept.
    pub(crate) fn fail(&mut self, failure: Failure) {
        self.listing_complete = false;
        self.failure.get_or_insert(failure);
    }

    /// Records that were read but not passed on, because the join failed or was stopped.
    pub(crate) fn abandoned(&self) -> u64 {
        self.read.saturating_sub(self.duplicates + self.malformed + self.passed_on)
    }

    pub(crate) fn panicked(panic: &tokio::task::JoinError) -> Self {
        let mut outcome = Self::default();
        outcome.fail(stage_panicked("join", panic));
        outcome
    }
}

/// A pass whose absences are judged.
#[derive(Debug)]
pub(crate) struct GuardedPass<P> {
    pass: P,
    guard: EnrichmentGuard,
    doubt: Option<Doubt>,
}

impl<P: EnrichmentPass> GuardedPass<P> {
    pub(crate) fn new(pass: P, guard: EnrichmentGuard) -> Self {
        Self { pass, guard, doubt: None }
    }

    async fn prepare(&mut self, keys: &[Option<Uuid>], last: bool) -> Result<(), Failure> {
        self.pass.prepare(keys, last).await?;
        let account = self.pass.account();
        self.doubt = self.guard.judge(&account);
        // What is refused has no page that could be sent; a short list has what is certain.
        let refused = self.doubt.filter(|doubt| doubt.cause == DoubtCause::Refused);
        match refused.and_then(|doubt| self.guard.outage(&account, &doubt)) {
            Some(outage) => Err(outage),
            None => Ok(()),
        }
    }

    /// The enrichment of a record, and whether its absence is in doubt. Without a key there is none for
    /// certain.
    fn enrichment(
        &mut self,
        record: &impl SourceRecord,
        rule: JoinRule,
    ) -> Result<(Enrichment<P::Record>, bool), UnreadableEnrichment> {
        let key = record.join_key();
        let enrichment = rule.enrich(key, |key| self.pass.enrichment(key, record.name()))?;
        let is_accepted = self.doubt.is_some_and(|doubt| doubt.accepted);
        let young = self.doubt.filter(|_| key.is_some() && !is_accepted);
        Ok(match (enrichment, young.map(|doubt| doubt.cause)) {
            (Enrichment::NoMatch, Some(DoubtCause::Shrunk)) => (Enrichment::Uncertain, true),
            (Enrichment::NoMatch, Some(_)) => (Enrichment::NoMatch, true),
            (Enrichment::Uncertain, _) => (Enrichment::Uncertain, !is_accepted),
            (enrichment, _) => (enrichment, false),
        })
    }
}

/// Joins pages with their enrichments and sends them on in chunks.
pub(crate) async fn join<R: SourceRecord, P: EnrichmentPass>(
    pages: mpsc::Receiver<Result<Page<R>, Failure>>,
    enricher: GuardedPass<P>,
    chunks: mpsc::Sender<Vec<JoinedRecord<R, P::Record>>>,
    dead_letters: DeadLetterWriter,
    progress: Arc<Progress>,
    stop: CancellationToken,
) -> JoinOutcome {
    let mut outcome = JoinOutcome::default();
    let stage = join_pages(pages, enricher, chunks, dead_letters, progress, stop, &mut outcome);
    if let Err(panic) = catch_panic(stage).await {
        outcome.fail(stage_panicked("join", &panic));
    }
    outcome
}

async fn join_pages<R: SourceRecord, P: EnrichmentPass>(
    mut pages: mpsc::Receiver<Result<Page<R>, Failure>>,
    mut enricher: GuardedPass<P>,
    chunks: mpsc::Sender<Vec<JoinedRecord<R, P::Record>>>,
    dead_letters: DeadLetterWriter,
    progress: Arc<Progress>,
    stop: CancellationToken,
    outcome: &mut JoinOutcome,
) {
    while let Some(page) = pages.recv().await {
        let page = match page {
            Ok(page) => page,
            Err(failure) => {
                outcome.fail(failure);
                break;
            }
        };
        let is_last = page.last;
        let count = page.len() as u64;
        outcome.read += count;
        progress.add_read(count);
        let passed_on = tokio::select! {
            biased;
            () = stop.cancelled() => Err(stopped()),
            passed_on = join_page(page, &mut enricher, &chunks, &dead_letters, outcome) => passed_on,
        };
        match passed_on {
            Ok(ControlFlow::Continue(())) => outcome.listing_complete = is_last,
            // The mapping has failed; it reports its failure.
            Ok(ControlFlow::Break(())) => {
                outcome.listing_complete = false;
                break;
            }
            Err(failure) => {
                outcome.fail(failure);
                break;
            }
        }
    }
    outcome.enrichment = EnrichmentAccount {
        uncertain: outcome.uncertain,
        doubt: enricher.doubt,
        ..enricher.pass.account()
    };
}

/// Joins one page and sends it on, as long as the mapping accepts it.
async fn join_page<R: SourceRecord, P: EnrichmentPass>(
    page: Page<R>,
    enricher: &mut GuardedPass<P>,
    chunks: &mpsc::Sender<Vec<JoinedRecord<R, P::Record>>>,
    dead_letters: &DeadLetterWriter,
    outcome: &mut JoinOutcome,
) -> Result<ControlFlow<()>, Failure> {
    let mut letters: Vec<NewDeadLetter> = Vec::new();
    for MalformedRecord { uid, reason, payload } in page.malformed {
        // The device exists but is unreadable: it must not be marked removed.
        if let Some(uid) = &uid {
            outcome.set_aside.insert(uid);
        }
        letters.push(dead_letters.letter(Stage::Read, uid, reason, payload));
    }
    for uid in &page.excluded {
        outcome.excluded += u64::from(outcome.set_aside.insert(uid));
    }
    let mut devices = Vec::with_capacity(page.records.len());
    for record in page.records {
        match DeviceUid::new(record.uid()) {
            Ok(uid) if outcome.seen.insert(&uid) => {
                outcome.unreadable.add(record.unreadable());
                devices.push((uid, record));
            }
            Ok(_) => outcome.duplicates += 1,
            Err(invalid) => letters.push(dead_letters.letter(
                Stage::Read,
                None,
                format!("record has no usable id: {invalid}"),
                record.payload(),
            )),
        }
    }
    let malformed = letters.len() as u64;
    dead_letters.keep(letters).await?;
    outcome.malformed += malformed;

    let rules = join_rules(devices.iter().map(|(_, record)| record));
    let keys: Vec<_> = devices
        .iter()
        .zip(&rules)
        .map(|((_, record), rule)| record.join_key().filter(|_| *rule == JoinRule::ByKey))
        .collect();
    let span = tracing::info_span!(
        span::ENRICHMENT,
        { field::ENRICHMENT_DEVICES } = keys.len(),
        { field::OTEL_STATUS_CODE } = Empty,
        { field::OTEL_STATUS_DESCRIPTION } = Empty,
    );
    let prepared = enricher.prepare(&keys, page.last).instrument(span.clone()).await;
    if let Err(failure) = &prepared {
        mark_failed(&span, failure.code);
    }
    drop(span);
    let unidentified = enricher.pass.take_unidentified().into_iter();
    let letters = unidentified.map(|MalformedRecord { reason, payload, .. }| {
        let reason = format!("enrichment record that does not say whose it is: {reason}");
        dead_letters.letter(Stage::Read, None, reason, payload)
    });
    dead_letters.keep(letters.collect()).await?;
    prepared?;
    let newest = devices.iter().filter_map(|(_, record)| record.last_seen()).max();
    outcome.newest_record_at = outcome.newest_record_at.max(newest);
    drop(keys);
    let mut devices = devices.into_iter().zip(rules);
    loop {
        let (mut chunk, mut letters) = (Vec::with_capacity(CHUNK), Vec::new());
        for ((uid, record), rule) in devices.by_ref().take(CHUNK) {
            match enricher.enrichment(&record, rule) {
                Ok((enrichment, in_doubt)) => {
                    outcome.uncertain += u64::from(matches!(enrichment, Enrichment::Uncertain));
                    chunk.push(JoinedRecord { uid, record, enrichment, in_doubt });
                }
                // An event without the enrichment of an earlier one would erase it at the receiver.
                Err(unreadable) => letters.push(dead_letters.letter(
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
        dead_letters.keep(letters).await?;
        outcome.malformed += unreadable;
        if length > 0 && chunks.send(chunk).await.is_err() {
            return Ok(ControlFlow::Break(()));
        }
        outcome.passed_on += length;
    }
}
