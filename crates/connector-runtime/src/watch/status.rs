//! The status of each tenant now: the running cycle and the last one, its sinks, when the next one is
//! due, and whether the task that drives it still makes progress.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use stocktake_connector_core::{
    Checkpoint, Clock, CycleId, CycleKind, CycleReport, FailureRecord, Inventory, SinkName,
    SourceName, Started, StateError, StateStore, TenantName, time_since,
};
use stocktake_engine::Progress;
use tokio::time::Instant;

use crate::schedule::{NextCycle, Waiting};

/// How often a live task records a heartbeat.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// A task without a heartbeat for this long is stuck: it is some ten heartbeats, and no step of a task
/// keeps a thread busy for that long.
const STUCK_AFTER: Duration = Duration::from_secs(60);

/// The status of every tenant.
#[derive(Debug)]
pub(crate) struct StatusRegistry {
    clock: Arc<dyn Clock>,
    started: Started,
    tenants: Mutex<BTreeMap<TenantName, TenantStatus>>,
    /// The last heartbeat of each task.
    heartbeats: Mutex<BTreeMap<String, Instant>>,
}

#[derive(Debug)]
struct TenantStatus {
    source: SourceName,
    sinks: BTreeMap<SinkName, SinkStatus>,
    current: Option<RunningCycle>,
    last: Option<CycleReport>,
    /// Why the attempt after `last` has no report.
    last_error: Option<LastError>,
    due_at: Option<DateTime<Utc>>,
    waiting: Option<Waiting>,
}

#[derive(Debug, Default)]
struct SinkStatus {
    checkpoint: Option<Checkpoint>,
    /// Since when the configuration names it, by the record of state.
    configured_since: Option<DateTime<Utc>>,
    /// Why it cannot be built.
    build_error: Option<FailureRecord>,
}

/// A cycle that runs.
#[derive(Debug)]
struct RunningCycle {
    started_at: DateTime<Utc>,
    progress: Arc<Progress>,
}

/// Why a cycle has no report.
#[derive(Debug, Clone, Serialize)]
struct LastError {
    at: DateTime<Utc>,
    #[serde(flatten)]
    failure: FailureRecord,
}

/// Ages at one sink, in seconds. What lies in the future, because the clock ran ahead when it was noted,
/// is of unknown age: it never looks fresh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ages {
    /// Since the start of the last complete cycle. Where there was none, since the configuration named
    /// the sink for the tenant first.
    pub(crate) data: f64,
    /// Of the newest sighting that was delivered.
    pub(crate) checkpoint: Option<f64>,
}

/// The response of `/status`.
#[derive(Debug, Serialize)]
pub(crate) struct Snapshot {
    version: &'static str,
    started_at: DateTime<Utc>,
    tenants: BTreeMap<TenantName, TenantSnapshot>,
}

#[derive(Debug, Serialize)]
struct TenantSnapshot {
    source: SourceName,
    running: bool,
    current_cycle: Option<RunningSnapshot>,
    next_cycle_at: Option<DateTime<Utc>>,
    waiting_for: Option<Waiting>,
    sinks: BTreeMap<SinkName, SinkSnapshot>,
    last_cycle: Option<CycleReport>,
    last_error: Option<LastError>,
}

#[derive(Debug, Serialize)]
struct RunningSnapshot {
    cycle: Option<CycleId>,
    kind: Option<CycleKind>,
    started_at: DateTime<Utc>,
    read: u64,
    settled: u64,
}

impl From<&RunningCycle> for RunningSnapshot {
    fn from(RunningCycle { started_at, progress }: &RunningCycle) -> Self {
        Self {
            cycle: progress.cycle(),
            kind: progress.kind(),
            started_at: *started_at,
            read: progress.read(),
            settled: progress.settled(),
        }
    }
}

#[derive(Debug, Serialize)]
struct SinkSnapshot {
    last_complete_at: Option<DateTime<Utc>>,
    configured_since: Option<DateTime<Utc>>,
    data_age_seconds: f64,
    build_error: Option<FailureRecord>,
}

impl StatusRegistry {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let started = Started::now(&*clock);
        Self { clock, started, tenants: Mutex::default(), heartbeats: Mutex::default() }
    }

    /// When the process started.
    pub(super) fn started_at(&self) -> DateTime<Utc> {
        self.started.at(self.clock.now())
    }

    fn tenants(&self) -> MutexGuard<'_, BTreeMap<TenantName, TenantStatus>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heartbeats(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        self.heartbeats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, inventory: Inventory, sinks: Vec<SinkName>) {
        let sinks = sinks.into_iter().map(|sink| (sink, SinkStatus::default())).collect();
        let status = TenantStatus {
            source: inventory.source,
            sinks,
            current: None,
            last: None,
            last_error: None,
            due_at: None,
            waiting: None,
        };
        self.tenants().insert(inventory.tenant, status);
    }

    /// Which of the tenant's sinks cannot be built; the others can.
    pub(super) fn built(
        &self,
        tenant: &TenantName,
        mut failures: BTreeMap<SinkName, FailureRecord>,
    ) {
        if let Some(status) = self.tenants().get_mut(tenant) {
            for (name, sink) in &mut status.sinks {
                sink.build_error = failures.remove(name);
            }
        }
    }

    /// The tenant's last cycle before this process.
    pub(super) fn restore(&self, tenant: &TenantName, report: CycleReport) {
        if let Some(status) = self.tenants().get_mut(tenant) {
            status.last = Some(report);
        }
    }

    /// A cycle of the tenant has started.
    pub(super) fn started(&self, tenant: &TenantName, progress: Arc<Progress>) {
        let started_at = self.clock.now();
        if let Some(status) = self.tenants().get_mut(tenant) {
            status.current = Some(RunningCycle { started_at, progress });
            (status.due_at, status.waiting) = (None, None);
        }
    }

    /// A cycle of the tenant has ended.
    pub(super) fn ended(&self, tenant: &TenantName, report: CycleReport) {
        if let Some(status) = self.tenants().get_mut(tenant) {
            (status.current, status.last, status.last_error) = (None, Some(report), None);
        }
    }

    /// A cycle of the tenant has no report; the last one stays next to the error.
    pub(super) fn failed(&self, tenant: &TenantName, failure: &FailureRecord) {
        let error = LastError { at: self.clock.now(), failure: failure.clone() };
        if let Some(status) = self.tenants().get_mut(tenant) {
            (status.current, status.last_error) = (None, Some(error));
        }
    }

    /// The tenant waits for its next cycle.
    pub(crate) fn waits(&self, tenant: &TenantName, next: &NextCycle) {
        let wait = TimeDelta::from_std(next.wait).unwrap_or(TimeDelta::MAX);
        let due_at = self.clock.now().checked_add_signed(wait);
        if let Some(status) = self.tenants().get_mut(tenant) {
            (status.due_at, status.waiting) = (due_at, Some(next.waiting));
        }
    }

    /// Reads what state knows of an inventory's sinks, and records those that are new to it.
    pub(super) async fn read_state(
        &self,
        store: &dyn StateStore,
        inventory: &Inventory,
    ) -> Result<(), StateError> {
        let sinks: Vec<_> = match self.tenants().get(&inventory.tenant) {
            Some(status) => status.sinks.keys().cloned().collect(),
            None => return Ok(()),
        };
        let mut new = Vec::new();
        for sink in sinks {
            let scope = inventory.at(&sink);
            let checkpoint = store.checkpoint(&scope).await?;
            let configured_since = store.configured_since(&scope).await?;
            if let Some(status) = self.tenants().get_mut(&inventory.tenant)
                && let Some(sink) = status.sinks.get_mut(&scope.sink)
            {
                (sink.checkpoint, sink.configured_since) = (checkpoint, configured_since);
            }
            // A clock that ran ahead noted what lies in the future.
            if configured_since.is_none_or(|at| time_since(at, self.clock.now()).is_none()) {
                new.push(scope);
            }
        }
        for scope in new {
            store.note_configured(&scope, self.started_at()).await?;
        }
        Ok(())
    }

    /// The ages at every sink of every tenant.
    pub(super) fn ages(&self) -> Vec<(TenantName, SinkName, Ages)> {
        let now = self.clock.now();
        let tenants = self.tenants();
        let sinks = tenants.iter().flat_map(|(tenant, status)| {
            status.sinks.iter().map(move |(name, sink)| (tenant, name, sink))
        });
        sinks
            .map(|(tenant, name, sink)| (tenant.clone(), name.clone(), self.ages_at(sink, now)))
            .collect()
    }

    fn ages_at(&self, sink: &SinkStatus, now: DateTime<Utc>) -> Ages {
        let checkpoint = sink.checkpoint.as_ref();
        // Of what state could not note, the start of the process is known.
        let started_at = self.started.at(now);
        let configured = sink
            .configured_since
            .and_then(|at| time_since(at, now))
            .unwrap_or_else(|| time_since(started_at, now).unwrap_or_default());
        // How far a time is off is a bound that grows with the error.
        let age = |at: DateTime<Utc>| {
            let distance = || now.signed_duration_since(at).abs().to_std().unwrap_or_default();
            time_since(at, now).unwrap_or_else(|| distance().max(configured))
        };
        let data = checkpoint.map_or(configured, |checkpoint| age(checkpoint.completed_at));
        let newest = checkpoint.and_then(|checkpoint| checkpoint.newest_record_at);
        Ages {
            data: data.as_secs_f64(),
            checkpoint: newest.map(|newest| age(newest).as_secs_f64()),
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let now = self.clock.now();
        let tenants = self.tenants();
        let tenants = tenants.iter().map(|(tenant, status)| {
            let sinks = status.sinks.iter().map(|(name, sink)| {
                let last_complete = sink.checkpoint.as_ref().map(|at| at.completed_at);
                let snapshot = SinkSnapshot {
                    last_complete_at: last_complete.filter(|at| time_since(*at, now).is_some()),
                    configured_since: sink.configured_since,
                    data_age_seconds: self.ages_at(sink, now).data,
                    build_error: sink.build_error.clone(),
                };
                (name.clone(), snapshot)
            });
            let snapshot = TenantSnapshot {
                source: status.source.clone(),
                running: status.current.is_some(),
                current_cycle: status.current.as_ref().map(RunningSnapshot::from),
                next_cycle_at: status.due_at,
                waiting_for: status.waiting,
                sinks: sinks.collect(),
                last_cycle: status.last.clone(),
                last_error: status.last_error.clone(),
            };
            (tenant.clone(), snapshot)
        });
        Snapshot {
            version: env!("CARGO_PKG_VERSION"),
            started_at: self.started_at(),
            tenants: tenants.collect(),
        }
    }

    /// Does `work`, and records a heartbeat of its task all the while.
    pub(crate) async fn heartbeat<T>(&self, task: &str, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let mut ticks = tokio::time::interval(HEARTBEAT);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = ticks.tick() => {
                    self.heartbeats().insert(task.to_owned(), Instant::now());
                }
                done = &mut work => {
                    // A task that panics never gets here, and its heartbeat stops.
                    self.heartbeats().remove(task);
                    return done;
                }
            }
        }
    }

    /// The tasks that are stuck, with the time since their last heartbeat.
    pub(crate) fn stuck_tasks(&self) -> Vec<(String, Duration)> {
        let heartbeats = self.heartbeats();
        let ages = heartbeats.iter().map(|(task, last)| (task.clone(), last.elapsed()));
        ages.filter(|(_, age)| *age > STUCK_AFTER).collect()
    }
}
