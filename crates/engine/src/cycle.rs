//! One cycle: starts its stages, waits for them, and closes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    Calls, Checkpoint, CycleClose, CycleId, CycleKind, CycleOutcome, CycleReport, Enricher,
    ErrorCode, Failure, FailureRecord, Fence, InventoryFacts, Mapper, PassHint, SinkAccount,
    SinkName, Source, SourceCursor, Started, StateError,
};
use stocktake_telemetry::{field, span};
use tokio::sync::mpsc;
use tokio::task::JoinError;
use tokio_util::task::AbortOnDropHandle;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::collector::Collector;
use crate::dead_letters::DeadLetterWriter;
use crate::deliver::{ListingEnd, SinkDelivery, Target};
use crate::destination::note_destinations;
use crate::details::Details;
use crate::encoder::{Encoder, FormSenders};
use crate::enrichment_guard::{self, EnrichmentGuard};
use crate::failures::{mark_failed, stage_panicked};
use crate::fenced_store::FencedStore;
use crate::join::{GuardedPass, JoinOutcome, join, read};
use crate::log::warn_unreadable;
use crate::map::{MapOutcome, MapStage};
use crate::plan::{Plan, Request};
use crate::policy::Policy;
use crate::progress::Progress;
use crate::removal::{self, Reconciliation};
use crate::stop::Stop;

/// Pages that wait between reading and joining. One is enough to keep both busy; each may hold
/// 10,000 records.
const PAGES_WAITING: usize = 1;
/// Chunks that wait between two later stages.
const CHUNKS_WAITING: usize = 4;

impl<S, E, M> Collector<S, E, M>
where
    S: Source,
    E: Enricher,
    M: Mapper<Record = S::Record, Enrichment = E::Record>,
{
    /// Runs one cycle and stores its report in state. Every write carries `fence`.
    ///
    /// Failures of source, enricher or a sink are part of the report, not errors.
    ///
    /// # Errors
    /// [`StateError`] when state cannot be read or written: then there is no report.
    /// [`StateError::LeaseLost`] as soon as a write finds that `fence` is not the tenant's current
    /// claim: the cycle then stops at once, and the new holder delivers the rest.
    ///
    /// # Cancellation
    /// Use `stop`. Dropping the future stops every stage and loses no acknowledgement.
    pub async fn run_cycle(
        &self,
        request: Request,
        fence: &Fence,
        stop: &Stop,
        progress: &Arc<Progress>,
    ) -> Result<CycleReport, StateError> {
        // A claim on another tenant does not protect this one.
        fence.check_covers(&self.inventory.tenant)?;
        let run = CycleRun::new(self, fence, stop, progress);
        let span = tracing::info_span!(
            parent: None,
            span::CYCLE,
            { field::TENANT_NAME } = %self.inventory.tenant,
            { field::SOURCE } = %self.inventory.source,
            { field::CYCLE_ID } = %run.cycle,
            { field::CYCLE_KIND } = Empty,
            { field::CYCLE_OUTCOME } = Empty,
            { field::OTEL_STATUS_CODE } = Empty,
            { field::OTEL_STATUS_DESCRIPTION } = Empty,
        );
        let report = run.run(request).instrument(span.clone()).await;
        let (outcome, code) = match &report {
            Ok(CycleReport { outcome: CycleOutcome::Failed { failure }, .. }) => {
                (CycleOutcome::FAILED, Some(failure.code))
            }
            Ok(report) => (report.outcome.name(), None),
            Err(error) => (CycleOutcome::FAILED, Some(error.code())),
        };
        span.record(field::CYCLE_OUTCOME, outcome);
        if let Some(code) = code {
            mark_failed(&span, code);
        }
        report
    }
}

/// A cycle that is about to run.
struct CycleRun<'a, S, E, M: Mapper> {
    collector: &'a Collector<S, E, M>,
    cycle: CycleId,
    started: Started,
    /// When it started, by the clock at that time.
    started_at: DateTime<Utc>,
    store: FencedStore,
    /// Stops with the caller's, and when the lease is lost.
    stop: Stop,
    progress: &'a Arc<Progress>,
}

/// The result of all stages, before the sinks finish.
struct StagesOutcome {
    join: JoinOutcome,
    map: MapOutcome,
    /// Where the next listing can resume.
    cursor: Option<SourceCursor>,
    deliveries: Vec<(SinkName, Result<SinkDelivery, JoinError>)>,
}

impl<'a, S, E, M> CycleRun<'a, S, E, M>
where
    S: Source,
    E: Enricher,
    M: Mapper<Record = S::Record, Enrichment = E::Record>,
{
    fn new(
        collector: &'a Collector<S, E, M>,
        fence: &Fence,
        stop: &Stop,
        progress: &'a Arc<Progress>,
    ) -> Self {
        let immediate = stop.immediate.child_token();
        let store = Arc::clone(&collector.store);
        Self {
            collector,
            cycle: CycleId::random(),
            started_at: collector.clock.now(),
            started: Started::now(&*collector.clock),
            store: FencedStore::new(store, fence.clone(), immediate.clone()),
            stop: Stop { graceful: stop.graceful.clone(), immediate },
            progress,
        }
    }

    async fn run(self, request: Request) -> Result<CycleReport, StateError> {
        let Collector { inventory, store, meter, clock, .. } = self.collector;
        let calls_before = meter.calls();
        let moved =
            note_destinations(self.collector, &self.store, self.cycle, self.started_at, &self.stop)
                .await?;
        let facts = store.facts(inventory).await?;
        let Plan { kind, listing, newest_record_at } =
            self.collector.plan(request, facts, self.started_at).await?;
        tracing::info!(
            { field::TENANT_NAME } = %inventory.tenant,
            { field::SOURCE } = %inventory.source,
            { field::CYCLE_ID } = %self.cycle,
            { field::CYCLE_KIND } = kind.name(),
            "cycle started"
        );
        self.progress.start(self.cycle, kind);
        Span::current().record(field::CYCLE_KIND, kind.name());

        let guard = EnrichmentGuard::new(&facts, &self.collector.options, self.started_at);
        let StagesOutcome { mut join, map, cursor, deliveries } =
            self.run_stages(kind, listing, facts, guard).await;
        let listing_complete = join.listing_complete;
        let mut failure = join.failure.take();
        let mut reconciled = None;
        if failure.is_none() && !self.stop.immediate.is_cancelled() {
            match removal::reconcile(self.collector, kind, &join, &self.stop).await {
                Ok(found) => reconciled = Some(found),
                Err(error) => failure = Some(error),
            }
        }
        let listing = Arc::new(ListingEnd { is_complete: listing_complete, reconciled });
        let mut sinks = self.finish_sinks(deliveries, &join, &map, &listing).await;
        for (sink, before) in moved {
            if let Some(account) = sinks.get_mut(&sink) {
                account.moved_from = Some(before);
            }
        }
        let mut outage = None;
        if let Some(doubt) = &join.enrichment.doubt {
            let held = sinks.values().map(|account| account.held).max().unwrap_or_default();
            enrichment_guard::log(doubt, held, inventory, self.cycle);
            outage = guard.outage(&join.enrichment, doubt);
        }
        // The next cycle has to read again what was held.
        let is_covered = listing_complete && outage.is_none();
        // The report could not be stored either.
        self.store.check_lease()?;
        let Reconciliation { account: removal, removed, returned } =
            listing.reconciled.clone().unwrap_or_default();

        let now = clock.now();
        // The clock may have been put right meanwhile.
        let started_at = self.started.at(now);
        let newest = join.newest_record_at;
        let checkpoints = sinks.iter().filter(|_| is_covered);
        let checkpoints =
            checkpoints.filter(|(_, account)| account.is_complete()).map(|(sink, _)| {
                let newest = newest.max(newest_record_at.get(sink).copied());
                // A device whose clock runs ahead must not make the checkpoint look newer than it is.
                let newest_record_at = newest.map(|newest| newest.min(started_at));
                let cursor = cursor.clone();
                (sink.clone(), Checkpoint { cursor, newest_record_at, completed_at: started_at })
            });
        let mut checkpoints: BTreeMap<_, _> = checkpoints.collect();
        let mut report = CycleReport {
            cycle: self.cycle,
            tenant: inventory.tenant.clone(),
            source: inventory.source.clone(),
            kind,
            started_at,
            finished_at: now.max(started_at),
            outcome: outcome(failure.or(outage), &sinks, map.interrupted, listing_complete),
            listing_complete,
            read: join.read,
            duplicates: join.duplicates,
            excluded: join.excluded,
            mapped: join.passed_on.saturating_sub(map.unmapped + map.abandoned),
            unreadable: std::mem::take(&mut join.unreadable),
            enrichment: std::mem::take(&mut join.enrichment),
            sinks,
            removal,
            calls: difference(meter.calls(), calls_before),
            process: meter.process(),
        };
        let (enrichment_records, enrichment) = guard.facts_after(&report.enrichment);
        let mut facts = Some(InventoryFacts {
            full_completed_at: if kind == CycleKind::Full && is_covered {
                Some(started_at)
            } else {
                facts.full_completed_at.filter(|at| *at <= now)
            },
            enrichment_records,
            enrichment,
        });
        if let Err(imbalance) = report.check_balance() {
            checkpoints.clear();
            facts = None;
            let failure = Failure::defect(ErrorCode::Imbalance, imbalance.to_string())
                .with_advice("Report this as a defect of Stocktake, with this report.");
            report.outcome = CycleOutcome::Failed { failure: failure.into() };
        }
        let close = CycleClose { report: report.clone(), checkpoints, facts, removed, returned };
        self.store.close_cycle(close).await?;
        warn_unreadable(&report);
        // A device that is back is no longer marked by now.
        let plausible = listing.reconciled.as_ref().is_some_and(|it| !it.account.guard_tripped);
        if kind == CycleKind::Full && listing_complete && plausible {
            removal::purge(self.collector, &self.store, &join, (started_at, now)).await;
        }
        self.progress.finish();
        Ok(report)
    }

    /// Reads, joins, maps and delivers, all at the same time.
    async fn run_stages(
        &self,
        kind: CycleKind,
        listing: S::Listing,
        facts: InventoryFacts,
        guard: EnrichmentGuard,
    ) -> StagesOutcome {
        let Collector { inventory, enricher, mapper, forms, store, clock, options, .. } =
            self.collector;
        let (pages, pages_read) = mpsc::channel(PAGES_WAITING);
        let (joined, chunks_joined) = mpsc::channel(CHUNKS_WAITING);
        let reading = spawn(read(listing, pages, self.stop.clone()));

        let policy = Policy {
            emit: options.emit,
            refresh_after: options.refresh_after,
            now: self.started_at,
        };
        let mut deliveries = Vec::new();
        let mut senders = Vec::new();
        for form in forms {
            let mut sinks = Vec::new();
            for (name, sink) in &form.sinks {
                let delivery = SinkDelivery::new(Target {
                    scope: inventory.at(name),
                    sink: Arc::clone(sink),
                    store: self.store.clone(),
                    clock: Arc::clone(clock),
                    cycle: self.cycle,
                    kind,
                    policy,
                    progress: Arc::clone(self.progress),
                    stop: self.stop.clone(),
                });
                let (sender, chunks) = delivery.channel(CHUNKS_WAITING);
                sinks.push(sender);
                deliveries.push((name.clone(), spawn(delivery.run(chunks))));
            }
            senders.push(FormSenders { form: form.form.as_ref(), sinks });
        }

        let dead_letters = DeadLetterWriter {
            store: self.store.clone(),
            clock: Arc::clone(clock),
            inventory: inventory.clone(),
            cycle: self.cycle,
        };
        let pass = enricher.start_pass(PassHint { records_known: facts.enrichment_records });
        let joining = spawn(join(
            pages_read,
            GuardedPass::new(pass, guard),
            joined,
            dead_letters.clone(),
            Arc::clone(self.progress),
            self.stop.immediate.clone(),
        ));
        let details = enricher
            .details()
            .map(|reader| Details::new(reader, Arc::clone(store), policy, self.stop.clone()));
        let encoder = Encoder { mapper, forms: senders, now: self.started_at };
        let stage = MapStage { encoder, dead_letters };
        let mut map = stage.run(chunks_joined, details).await;

        // A task that panicked is a defect; it must end the cycle, not the process.
        let mut join = joining.await.unwrap_or_else(|panic| JoinOutcome::panicked(&panic));
        let cursor = reading.await.unwrap_or_else(|panic| {
            join.fail(stage_panicked("read", &panic));
            None
        });
        if let Some(failure) = map.failure.take() {
            join.fail(failure);
        }
        join.listing_complete &= !map.interrupted;
        join.enrichment.details = map.details;
        join.unreadable.merge(&std::mem::take(&mut join.enrichment.unreadable));
        join.unreadable.merge(&map.unreadable);
        let mut delivered = Vec::with_capacity(deliveries.len());
        for (name, delivery) in deliveries {
            delivered.push((name, delivery.await));
        }
        StagesOutcome { join, map, cursor, deliveries: delivered }
    }

    /// Delivers removals and ends the cycle at every sink, all at the same time. Returns the account of
    /// each sink, including those that could not be built.
    async fn finish_sinks(
        &self,
        deliveries: Vec<(SinkName, Result<SinkDelivery, JoinError>)>,
        join: &JoinOutcome,
        map: &MapOutcome,
        listing: &Arc<ListingEnd>,
    ) -> BTreeMap<SinkName, SinkAccount> {
        let finishing = deliveries.into_iter().map(|(name, delivery)| {
            let listing = Arc::clone(listing);
            (name, delivery.map(|delivery| spawn(async move { delivery.finish(&listing).await })))
        });
        // Start all of them before waiting for the first one.
        let finishing: Vec<_> = finishing.collect();
        let dead_lettered = join.malformed + map.unmapped;
        let abandoned = join.abandoned() + map.abandoned;
        let took_nothing = |failure: FailureRecord| SinkAccount {
            read: join.read,
            duplicates: join.duplicates,
            dead_lettered,
            undelivered: join.read - join.duplicates - dead_lettered,
            failure: Some(failure),
            ..SinkAccount::default()
        };
        let mut sinks = BTreeMap::new();
        for (name, finishing) in finishing {
            let account = match finishing {
                Ok(finishing) => finishing.await,
                Err(panic) => Err(panic),
            };
            let account = match account {
                Ok(account) => SinkAccount {
                    read: join.read,
                    duplicates: join.duplicates,
                    dead_lettered: account.dead_lettered + dead_lettered,
                    undelivered: account.undelivered + abandoned,
                    ..account
                },
                // What the sink acknowledged is in state, but its counts are lost.
                Err(panic) => took_nothing(stage_panicked("deliver", &panic).into()),
            };
            sinks.insert(name, account);
        }
        for (name, error) in &self.collector.unbuilt {
            sinks.insert(name.clone(), took_nothing(error.failure.clone()));
        }
        sinks
    }
}

/// Runs a stage in its own task, which ends with the cycle.
fn spawn<F>(stage: F) -> AbortOnDropHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    AbortOnDropHandle::new(tokio::spawn(stage.in_current_span()))
}

/// The outcome of a cycle. A failure of the source, the enricher or state takes precedence over
/// failures of sinks.
fn outcome(
    failure: Option<Failure>,
    sinks: &BTreeMap<SinkName, SinkAccount>,
    interrupted: bool,
    listing_complete: bool,
) -> CycleOutcome {
    if let Some(failure) = failure {
        return CycleOutcome::Failed { failure: failure.into() };
    }
    let failed = sinks
        .iter()
        .find(|(_, account)| account.failure.is_some() || (!account.is_complete() && !interrupted));
    if let Some((name, account)) = failed {
        let failure = account.failure.clone().unwrap_or_else(|| {
            Failure::defect(ErrorCode::SinkFailed, "did not take every event").into()
        });
        let message = format!("sink {name}: {}", failure.message);
        return CycleOutcome::Failed { failure: FailureRecord { message, ..failure } };
    }
    if listing_complete { CycleOutcome::Complete } else { CycleOutcome::Interrupted }
}

fn difference(after: Calls, before: Calls) -> Calls {
    Calls {
        token: after.token - before.token,
        source: after.source - before.source,
        enricher: after.enricher - before.enricher,
        retries: after.retries - before.retries,
        throttled: after.throttled - before.throttled,
    }
}
