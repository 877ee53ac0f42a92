//! The cycle engine: one pass over a tenant.
//!
//! A cycle compares what the source has with what each sink has acknowledged and sends the
//! difference. Delivery is at least once; the source is the only buffer.
//!
//! ```text
//!          pages          joined records        events, once per rendering
//! read ───────────▶ join ───────────────▶ map ─┬──────────▶ deliver to sink A ─▶ commit
//! (parsing)        (enrich,                    └──────────▶ deliver to sink B ─▶ commit
//!                  drop duplicates)
//! ```
//!
//! Each arrow is a bounded channel and each box a task, so parsing, mapping and the network overlap
//! while memory stays that of a few pages and one join index.
//!
//! Invariants:
//! - Every record that was read ends in exactly one place of each sink's account; the equation of
//!   [`CycleReport::check_balance`] is checked at the end and a cycle that does not balance fails.
//! - State notes an acknowledgement only after the sink gave it, one batch at a time: a crash repeats
//!   at most one batch per sink.
//! - A checkpoint moves only for a sink that has everything of a listing that was read to its end.
//! - A sink that fails is drained, so the others get their events.
//! - An event is sent with all that is to be had, or not at all: what cannot be enriched or completed
//!   for now stops the cycle.
//!
//! Not here: retry and quotas (`http-stack`), when a cycle is due (the scheduler).

mod caught;
mod deliver;
mod details;
mod join;
mod plan;
mod progress;
mod removal;
mod render;
mod seen;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use stocktake_connector_core::{
    Calls, Checkpoint, Clock, CycleClose, CycleId, CycleKind, CycleOutcome, CycleReport, Encoder,
    Enricher, Mapper, PassHint, Sink, SinkAccount, SinkName, Source, StateError, StateStore,
    TenantFacts, TenantName,
};
use stocktake_telemetry::{field, span};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span};

pub use plan::{Emit, Plan, Request};
pub use progress::Progress;

use self::join::Failure;
use self::removal::Settled;
use crate::error_code::ErrorCode;
use crate::process;

/// Pages that wait between reading and joining. One is enough to keep both busy; each may hold
/// 10,000 records.
const PAGES_WAITING: usize = 1;
/// Chunks that wait between two later stages.
const CHUNKS_WAITING: usize = 4;

/// How a tenant is collected.
#[derive(Debug, Clone)]
pub struct Options {
    /// When an event is sent.
    pub emit: Emit,
    /// Sends an unchanged event again after this long; `None` never does.
    pub refresh_after: Option<Duration>,
    /// How far an incremental cycle reaches back behind the checkpoint.
    pub overlap: Duration,
    /// How long after the last complete full cycle the next one is due.
    pub full_every: Duration,
    /// The share of a tenant's devices (0 to 1) that may vanish at once and still be marked removed.
    pub removal_guard: f64,
    /// Devices looked up by id in one cycle, at most; the rest wait for the next one.
    pub removal_look_ups: usize,
    /// How long after it was marked removed a device is forgotten. One that comes back later is new.
    pub forget_removed_after: Duration,
}

/// Events in one form, and the sinks that take it.
#[derive(Debug)]
pub struct Rendering<M: Mapper> {
    /// Maps to this form.
    pub mapper: M,
    /// Writes it.
    pub encoder: Arc<dyn Encoder<M::Event>>,
    /// Who takes it.
    pub sinks: BTreeMap<SinkName, Arc<dyn Sink>>,
}

/// Why something that the configuration names could not be built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unbuilt {
    /// What is wrong.
    pub error: String,
    /// What the operator can do, as a sentence.
    pub advice: Option<String>,
}

/// Counts the calls that were made so far.
pub trait CallMeter: fmt::Debug + Send + Sync {
    /// Cumulative counts.
    fn calls(&self) -> Calls;
}

/// Everything that collects one tenant.
#[derive(Debug)]
pub struct Collector<S, E, M: Mapper> {
    /// Whose devices.
    pub tenant: TenantName,
    /// Where they come from.
    pub source: S,
    /// What is joined.
    pub enricher: E,
    /// The forms in which events are sent, each with its sinks.
    pub renderings: Vec<Rendering<M>>,
    /// Sinks that events should be sent to as well, but that could not be built. They get nothing, so
    /// no cycle is complete for them.
    pub unbuilt: BTreeMap<SinkName, Unbuilt>,
    /// What was acknowledged.
    pub store: Arc<dyn StateStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Counts calls.
    pub meter: Arc<dyn CallMeter>,
    /// How to collect.
    pub options: Options,
}

/// How a cycle is stopped.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// Stop reading; deliver what was read. Where details have yet to be read of it, it is left to the
    /// next cycle.
    pub gently: CancellationToken,
    /// Stop now; what was acknowledged is in state, the rest comes with the next cycle.
    pub now: CancellationToken,
}

impl<S, E, M> Collector<S, E, M>
where
    S: Source,
    E: Enricher,
    M: Mapper<Record = S::Record, Enrichment = E::Record>,
{
    /// Runs one cycle and notes its report in state.
    ///
    /// Failures of source, enricher or a sink are part of the report, not errors.
    ///
    /// # Errors
    /// [`StateError`] when state cannot be read or written: then there is no report to keep.
    ///
    /// # Cancellation
    /// Use `stop`. A dropped future loses nothing that was acknowledged.
    pub async fn run_cycle(
        &self,
        request: Request,
        stop: &Stop,
        progress: &Arc<Progress>,
    ) -> Result<CycleReport, StateError> {
        let cycle = CycleId::random();
        let span = tracing::info_span!(
            parent: None,
            span::CYCLE,
            { field::TENANT_NAME } = %self.tenant,
            { field::CYCLE_ID } = %cycle,
            { field::CYCLE_KIND } = Empty,
            { field::CYCLE_OUTCOME } = Empty,
            { field::OTEL_STATUS_CODE } = Empty,
            { field::OTEL_STATUS_DESCRIPTION } = Empty,
        );
        let report = self.run_within(cycle, request, stop, progress).instrument(span.clone()).await;
        let (outcome, error) = match &report {
            Ok(report) => match &report.outcome {
                CycleOutcome::Failed { error, .. } => (CycleOutcome::FAILED, Some(error.clone())),
                outcome => (outcome.name(), None),
            },
            Err(error) => (CycleOutcome::FAILED, Some(crate::chain(error))),
        };
        span.record(field::CYCLE_OUTCOME, outcome);
        if let Some(error) = error {
            mark_failed(&span, &error);
        }
        report
    }

    /// One cycle within its span.
    async fn run_within(
        &self,
        cycle: CycleId,
        request: Request,
        stop: &Stop,
        progress: &Arc<Progress>,
    ) -> Result<CycleReport, StateError> {
        let started_at = self.clock.now();
        let calls_before = self.meter.calls();
        let facts = self.store.facts(&self.tenant).await?;
        let plan = self.plan(request, facts, started_at).await?;
        tracing::info!(
            connector.tenant.name = %self.tenant, connector.cycle.id = %cycle, kind = ?plan.kind,
            "cycle started"
        );
        progress.start(cycle, plan.kind);
        Span::current().record(field::CYCLE_KIND, plan.kind.name());

        let mut passage = self.pass(cycle, &plan, facts, stop, progress).await;

        let listing_complete = passage.join.listing_complete;
        let mut failure = passage.join.failure.take();
        let mut settled = None;
        if failure.is_none() && !stop.now.is_cancelled() {
            match removal::settle(self, plan.kind, &passage.join, stop).await {
                Ok(found) => settled = Some(found),
                Err(error) => failure = Some(error),
            }
        }
        let is_settled = settled.is_some();
        let Settled { account: removal, removed, returned } = settled.unwrap_or_default();

        let outcome = outcome(failure, &passage, listing_complete);
        let checkpoint = Checkpoint {
            first_seen: passage.join.first_seen.map(|seen| seen.min(started_at)),
            // A device whose clock runs ahead must not carry the checkpoint past devices that the
            // next cycle has yet to see.
            last_seen: passage.join.last_seen.map(|seen| seen.min(started_at)),
            completed_at: started_at,
        };
        let checkpoints = passage
            .sinks
            .iter()
            .filter(|(_, account)| listing_complete && account.is_complete())
            .map(|(sink, _)| (sink.clone(), checkpoint))
            .collect();
        let mut report = CycleReport {
            cycle,
            tenant: self.tenant.clone(),
            kind: plan.kind,
            started_at,
            finished_at: self.clock.now(),
            outcome,
            listing_complete,
            read: passage.join.read,
            duplicates: passage.join.duplicates,
            excluded: passage.join.excluded,
            mapped: passage.mapped,
            enrichment: passage.join.enrichment,
            sinks: passage.sinks,
            removal,
            calls: difference(self.meter.calls(), calls_before),
            process: process::figures(),
        };
        if let Err(imbalance) = report.check_balance() {
            report.outcome = CycleOutcome::Failed {
                error: crate::chain(&imbalance),
                advice: Some("report this as a defect of stocktake, with this report".into()),
            };
        }
        let balanced = report.check_balance().is_ok();
        self.store
            .close_cycle(CycleClose {
                report: report.clone(),
                checkpoints: if balanced { checkpoints } else { BTreeMap::new() },
                facts: balanced.then(|| TenantFacts {
                    full_completed_at: if plan.kind == CycleKind::Full && listing_complete {
                        Some(started_at)
                    } else {
                        facts.full_completed_at
                    },
                    enrichment_records: report
                        .enrichment
                        .complete_count
                        .or(facts.enrichment_records),
                }),
                removed,
                returned,
            })
            .await?;
        // A device that is back has lost its mark by now.
        if plan.kind == CycleKind::Full && listing_complete && is_settled {
            removal::forget(self, started_at).await;
        }
        progress.finish();
        Ok(report)
    }

    /// Reads, joins, maps and delivers, all at the same time.
    async fn pass(
        &self,
        cycle: CycleId,
        plan: &Plan,
        facts: TenantFacts,
        stop: &Stop,
        progress: &Arc<Progress>,
    ) -> Passage {
        let (pages, pages_read) = mpsc::channel(PAGES_WAITING);
        let (joined, chunks_joined) = mpsc::channel(CHUNKS_WAITING);

        let listing = self.source.list(plan.selection);
        let reading =
            tokio::spawn(join::read(listing, pages, stop.gently.clone()).in_current_span());

        let policy = plan::Policy {
            emit: self.options.emit,
            refresh_after: self.options.refresh_after,
            now: self.clock.now(),
        };
        let mut deliveries = Vec::new();
        let mut outlets = Vec::new();
        for rendering in &self.renderings {
            let mut inlets = Vec::new();
            for (name, sink) in &rendering.sinks {
                let delivery = deliver::SinkDelivery::new(
                    deliver::Target {
                        tenant: self.tenant.clone(),
                        name: name.clone(),
                        sink: Arc::clone(sink),
                        store: Arc::clone(&self.store),
                        clock: Arc::clone(&self.clock),
                    },
                    cycle,
                    policy,
                    Arc::clone(progress),
                    stop.now.clone(),
                );
                let (inlet, chunks) = delivery.inlet(CHUNKS_WAITING);
                inlets.push(inlet);
                deliveries
                    .push((name.clone(), tokio::spawn(delivery.run(chunks).in_current_span())));
            }
            outlets.push(render::Outlet {
                mapper: &rendering.mapper,
                encoder: Arc::clone(&rendering.encoder),
                inlets,
            });
        }

        let pass = self.enricher.start_pass(PassHint { records_known: facts.enrichment_records });
        let dead_letters = join::DeadLetterShelf {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            tenant: self.tenant.clone(),
            cycle,
        };
        let joining = join::join(
            pages_read,
            pass,
            joined,
            dead_letters.clone(),
            Arc::clone(progress),
            stop.now.clone(),
        );
        let details = self.enricher.details().map(|reader| {
            details::Details::new(reader, Arc::clone(&self.store), policy, stop.clone())
        });
        let mapping =
            render::render(outlets, chunks_joined, details, dead_letters, self.clock.now());
        let joining = tokio::spawn(joining.in_current_span());
        let rendered = mapping.await;

        // A task that panicked is a defect; it must end the cycle, not the process.
        let mut join = joining.await.unwrap_or_else(|panic| join::Joined::broken(&panic));
        if let Err(panic) = reading.await {
            join.fail(Failure::of_panic("read", &panic));
        }
        if let Some(failure) = rendered.failure {
            join.fail(failure);
        }
        join.listing_complete &= !rendered.interrupted;
        join.enrichment.details = rendered.details;
        let mapped = join.passed_on.saturating_sub(rendered.unmapped + rendered.abandoned);
        let mut sinks = BTreeMap::new();
        let nothing_taken = |error: String, advice: Option<String>| SinkAccount {
            read: join.read,
            duplicates: join.duplicates,
            dead_lettered: join.malformed + rendered.unmapped,
            undelivered: join.read - join.duplicates - join.malformed - rendered.unmapped,
            error: Some(error),
            advice,
            ..SinkAccount::default()
        };
        for (name, delivery) in deliveries {
            let account = match delivery.await {
                Ok(account) => SinkAccount {
                    read: join.read,
                    duplicates: join.duplicates,
                    dead_lettered: account.dead_lettered + join.malformed + rendered.unmapped,
                    undelivered: account.undelivered + join.abandoned() + rendered.abandoned,
                    ..account
                },
                // What the sink acknowledged is in state, but its counts are gone.
                Err(panic) => {
                    let Failure { error, advice } = Failure::of_panic("deliver", &panic);
                    nothing_taken(error, advice)
                }
            };
            sinks.insert(name, account);
        }
        for (name, Unbuilt { error, advice }) in self.unbuilt.clone() {
            sinks.insert(name, nothing_taken(error, advice));
        }
        Passage { join, mapped, interrupted: rendered.interrupted, sinks }
    }
}

/// Marks a span as ended badly, with the code of an error line. The rest of the line may quote an
/// outside, so it stays in the report.
fn mark_failed(span: &Span, line: &str) {
    span.record(field::OTEL_STATUS_CODE, field::STATUS_ERROR);
    if let Some(code) = ErrorCode::at_end_of(line) {
        span.record(field::OTEL_STATUS_DESCRIPTION, code.as_str());
    }
}

/// What came of one pass through all stages.
struct Passage {
    join: join::Joined,
    /// Devices that became events.
    mapped: u64,
    /// Whether records were left to the next cycle because this one was asked to stop.
    interrupted: bool,
    sinks: BTreeMap<SinkName, SinkAccount>,
}

fn outcome(failure: Option<Failure>, passage: &Passage, listing_complete: bool) -> CycleOutcome {
    if let Some(failure) = failure {
        return CycleOutcome::Failed { error: failure.error, advice: failure.advice };
    }
    let failed = passage.sinks.iter().find(|(_, account)| {
        account.error.is_some() || (!account.is_complete() && !passage.interrupted)
    });
    if let Some((name, account)) = failed {
        let error = account.error.as_deref().unwrap_or("did not take every event");
        return CycleOutcome::Failed {
            error: format!("sink {name}: {error}"),
            advice: account.advice.clone(),
        };
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
