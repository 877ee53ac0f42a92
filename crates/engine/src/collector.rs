//! What a cycle needs, and the call that runs one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stocktake_connector_core::{
    Calls, Clock, CycleOutcome, CycleReport, CycleStore, Enricher, Failure, FailureRecord, Fence,
    Form, Inventory, Mapper, ProcessFigures, Sink, SinkName, Source, StateError, SystemClock,
};
use stocktake_telemetry::{field, span};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use tracing::field::Empty;

use crate::cycle::CycleRun;
use crate::failures::mark_failed;
use crate::{Emit, Progress, Request};

/// How an inventory is collected.
#[derive(Debug, Clone)]
pub struct Options {
    /// When an event is sent. Default: [`Emit::Changed`].
    pub emit: Emit,
    /// Sends an unchanged event again after this long. Default: `None`, never.
    pub refresh_after: Option<Duration>,
    /// How long after the last complete full cycle the next one is due. Default: a day.
    pub full_every: Duration,
    /// The share of devices (0 to 1) that may vanish at once and still be marked removed. Default:
    /// 0.2.
    pub removal_guard: f64,
    /// Devices looked up by id in one cycle, at most; the rest wait for the next one. Default: 500.
    pub removal_look_ups: usize,
    /// How long after it was marked removed a device is purged from state. One that comes back later
    /// is new. Default: 90 days.
    pub purge_removed_after: Duration,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Options {
    fn default() -> Self {
        Self {
            emit: Emit::default(),
            refresh_after: None,
            full_every: DAY,
            removal_guard: 0.2,
            removal_look_ups: 500,
            purge_removed_after: 90 * DAY,
        }
    }
}

/// A form of the events of a mapper.
pub type EventForm<M> = dyn for<'a> Form<<M as Mapper>::Event<'a>>;

/// A form, and the sinks that take it. They share one encoded event.
#[derive(Debug)]
pub struct FormSinks<M: Mapper> {
    /// How events are written.
    pub form: Arc<EventForm<M>>,
    /// Which sinks get them.
    pub sinks: BTreeMap<SinkName, Arc<dyn Sink>>,
}

/// Why a sink, or something else that the configuration names, could not be built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(transparent)]
#[error("{failure}")]
pub struct BuildError {
    /// What is wrong, and what to do.
    pub failure: FailureRecord,
}

impl From<Failure> for BuildError {
    fn from(failure: Failure) -> Self {
        Self { failure: failure.into() }
    }
}

/// Counts what the process did so far, for the cycle report.
pub trait CallMeter: fmt::Debug + Send + Sync {
    /// Cumulative counts of calls.
    fn calls(&self) -> Calls;

    /// What the process used; `None` where that is not known.
    fn process(&self) -> Option<ProcessFigures> {
        None
    }
}

/// A meter that counts nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMeter;

impl CallMeter for NoMeter {
    fn calls(&self) -> Calls {
        Calls::default()
    }
}

/// Everything that collects one inventory.
#[derive(Debug)]
pub struct Collector<S, E, M: Mapper> {
    /// Whose devices, and from which source.
    pub inventory: Inventory,
    /// Where they come from.
    pub source: S,
    /// What is joined.
    pub enricher: E,
    /// Maps a record and its enrichment to one full event.
    pub mapper: M,
    /// The forms in which events are sent, each with its sinks. A sink stands in one of them.
    pub forms: Vec<FormSinks<M>>,
    /// Sinks that events should be sent to as well, but that could not be built. They get nothing, so
    /// no cycle is complete for them.
    pub unbuilt: BTreeMap<SinkName, BuildError>,
    /// What was acknowledged.
    pub store: Arc<dyn CycleStore>,
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
    /// Stop reading; deliver what was read. Records whose details have yet to be read are left to the
    /// next cycle.
    pub graceful: CancellationToken,
    /// Stop now; what was acknowledged is in state, the rest comes with the next cycle.
    pub immediate: CancellationToken,
}

impl<S, E, M: Mapper> Collector<S, E, M> {
    /// A collector without sinks, with the clock of the machine, without a meter, and with default
    /// options.
    pub fn new(
        inventory: Inventory,
        source: S,
        enricher: E,
        mapper: M,
        store: Arc<dyn CycleStore>,
    ) -> Self {
        Self {
            inventory,
            source,
            enricher,
            mapper,
            forms: Vec::new(),
            unbuilt: BTreeMap::new(),
            store,
            clock: Arc::new(SystemClock),
            meter: Arc::new(NoMeter),
            options: Options::default(),
        }
    }

    /// Adds a sink. It shares the encoded events of the sinks whose form has the same fingerprint.
    pub fn add_sink(&mut self, name: SinkName, form: Arc<EventForm<M>>, sink: Arc<dyn Sink>) {
        let fingerprint = form.fingerprint();
        match self.forms.iter_mut().find(|known| known.form.fingerprint() == fingerprint) {
            Some(known) => {
                known.sinks.insert(name, sink);
            }
            None => self.forms.push(FormSinks { form, sinks: BTreeMap::from([(name, sink)]) }),
        }
    }
}

impl<S, E, M> Collector<S, E, M>
where
    S: Source,
    E: Enricher,
    M: Mapper<Record = S::Record, Enrichment = E::Record>,
{
    /// Runs one cycle and notes its report in state. Every write carries `fence`.
    ///
    /// Failures of source, enricher or a sink are part of the report, not errors.
    ///
    /// # Errors
    /// [`StateError`] when state cannot be read or written: then there is no report to keep.
    /// [`StateError::LeaseLost`] as soon as a write finds that `fence` is not the tenant's present
    /// claim: the cycle has then stopped at once, and the new holder delivers the rest.
    ///
    /// # Cancellation
    /// Use `stop`. A dropped future stops every stage, and loses nothing that was acknowledged.
    pub async fn run_cycle(
        &self,
        request: Request,
        fence: &Fence,
        stop: &Stop,
        progress: &Arc<Progress>,
    ) -> Result<CycleReport, StateError> {
        // A claim of another tenant proves nothing.
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
