//! What is known of each tenant now: the cycle that runs and the last one, its sinks, when it is due,
//! and whether the task that looks after it still moves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use stocktake_connector_core::{
    Checkpoint, Clock, CycleId, CycleKind, CycleReport, Scope, SinkName, StateError, StateStore,
    TenantName,
};
use tokio::time::Instant;

use super::CycleError;
use crate::cycle::{Progress, Unbuilt};

/// How often a task that moves says so.
const BEAT: Duration = Duration::from_secs(5);

/// A task that was not heard of for so long does not move any more: it is some ten beats, and no step
/// of a task takes a thread for so long.
const SILENCE: Duration = Duration::from_secs(60);

/// Everything that is known.
#[derive(Debug)]
pub(crate) struct Board {
    clock: Arc<dyn Clock>,
    started_at: DateTime<Utc>,
    tenants: Mutex<BTreeMap<TenantName, Status>>,
    /// When each task was last heard of.
    beats: Mutex<BTreeMap<String, Instant>>,
}

#[derive(Debug, Default)]
struct Status {
    sinks: BTreeMap<SinkName, SinkStatus>,
    current: Option<Current>,
    last: Option<CycleReport>,
    /// Why there is no report of what was tried after `last`.
    last_error: Option<LastError>,
    due_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Default)]
struct SinkStatus {
    checkpoint: Option<Checkpoint>,
    /// By the word of state.
    wanted_since: Option<DateTime<Utc>>,
    /// Why it cannot be built.
    unbuilt: Option<Unbuilt>,
}

/// A cycle that runs.
#[derive(Debug)]
struct Current {
    started_at: DateTime<Utc>,
    progress: Arc<Progress>,
}

/// Why there is no report of a cycle.
#[derive(Debug, Clone, Serialize)]
struct LastError {
    at: DateTime<Utc>,
    error: String,
    advice: Option<String>,
}

/// Ages at one sink, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ages {
    /// Since the start of the last complete cycle. Where there was none, since the configuration named
    /// the sink for the tenant first.
    pub(crate) data: f64,
    /// Of the newest sighting that was delivered.
    pub(crate) checkpoint: Option<f64>,
}

/// What `/status` shows.
#[derive(Debug, Serialize)]
pub(crate) struct Snapshot {
    version: &'static str,
    started_at: DateTime<Utc>,
    tenants: BTreeMap<TenantName, TenantSnapshot>,
}

#[derive(Debug, Serialize)]
struct TenantSnapshot {
    running: bool,
    current_cycle: Option<CurrentSnapshot>,
    next_cycle_at: Option<DateTime<Utc>>,
    sinks: BTreeMap<SinkName, SinkSnapshot>,
    last_cycle: Option<CycleReport>,
    last_error: Option<LastError>,
}

#[derive(Debug, Serialize)]
struct CurrentSnapshot {
    cycle: Option<CycleId>,
    kind: Option<CycleKind>,
    started_at: DateTime<Utc>,
    read: u64,
    settled: u64,
}

impl From<&Current> for CurrentSnapshot {
    fn from(Current { started_at, progress }: &Current) -> Self {
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
    wanted_since: Option<DateTime<Utc>>,
    data_age_seconds: f64,
    unbuilt: Option<Unbuilt>,
}

impl Board {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let started_at = clock.now();
        Self { clock, started_at, tenants: Mutex::default(), beats: Mutex::default() }
    }

    /// When the process started.
    pub(super) fn started_at(&self) -> DateTime<Utc> {
        self.started_at
    }

    fn tenants(&self) -> MutexGuard<'_, BTreeMap<TenantName, Status>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn beats(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, tenant: TenantName, sinks: Vec<SinkName>) {
        let sinks = sinks.into_iter().map(|sink| (sink, SinkStatus::default())).collect();
        self.tenants().insert(tenant, Status { sinks, ..Status::default() });
    }

    /// Which of the tenant's sinks cannot be built; the others can.
    pub(super) fn built(&self, tenant: &TenantName, mut unbuilt: BTreeMap<SinkName, Unbuilt>) {
        if let Some(status) = self.tenants().get_mut(tenant) {
            for (name, sink) in &mut status.sinks {
                sink.unbuilt = unbuilt.remove(name);
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
            (status.current, status.due_at) = (Some(Current { started_at, progress }), None);
        }
    }

    /// A cycle of the tenant has ended.
    pub(super) fn ended(&self, tenant: &TenantName, report: CycleReport) {
        if let Some(status) = self.tenants().get_mut(tenant) {
            (status.current, status.last, status.last_error) = (None, Some(report), None);
        }
    }

    /// There is no report of a cycle of the tenant; the last one stands beside the error.
    pub(super) fn failed(&self, tenant: &TenantName, error: &CycleError) {
        let advice = error.advice().map(str::to_owned);
        let error = LastError { at: self.clock.now(), error: error.text(), advice };
        if let Some(status) = self.tenants().get_mut(tenant) {
            (status.current, status.last_error) = (None, Some(error));
        }
    }

    /// The tenant's next cycle is due after `wait`.
    pub(crate) fn waits(&self, tenant: &TenantName, wait: Duration) {
        let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
        let due_at = self.clock.now().checked_add_signed(wait);
        if let Some(status) = self.tenants().get_mut(tenant) {
            status.due_at = due_at;
        }
    }

    /// Reads what state knows of a tenant's sinks, and has it note those that are new to it.
    pub(super) async fn read_state(
        &self,
        store: &dyn StateStore,
        tenant: &TenantName,
    ) -> Result<(), StateError> {
        let sinks: Vec<_> = match self.tenants().get(tenant) {
            Some(status) => status.sinks.keys().cloned().collect(),
            None => return Ok(()),
        };
        let mut new = Vec::new();
        for sink in sinks {
            let scope = Scope { tenant: tenant.clone(), sink };
            let checkpoint = store.checkpoint(&scope).await?;
            let wanted_since = store.wanted_since(&scope).await?;
            if let Some(status) = self.tenants().get_mut(tenant)
                && let Some(sink) = status.sinks.get_mut(&scope.sink)
            {
                (sink.checkpoint, sink.wanted_since) = (checkpoint, wanted_since);
            }
            if wanted_since.is_none() {
                new.push(scope);
            }
        }
        for scope in new {
            store.want(&scope, self.started_at).await?;
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
            .map(|(tenant, name, sink)| (tenant.clone(), name.clone(), self.ages_of(sink, now)))
            .collect()
    }

    fn ages_of(&self, sink: &SinkStatus, now: DateTime<Utc>) -> Ages {
        // A clock that was set back makes nothing younger than new.
        let age = |at| float_millis(now.signed_duration_since(at).num_milliseconds().max(0));
        let complete = sink.checkpoint.map(|checkpoint| checkpoint.completed_at);
        Ages {
            // Of what state could not note, the start of the process is known.
            data: age(complete.or(sink.wanted_since).unwrap_or(self.started_at)),
            checkpoint: sink.checkpoint.and_then(|checkpoint| checkpoint.last_seen).map(age),
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let now = self.clock.now();
        let tenants = self.tenants();
        let tenants = tenants.iter().map(|(tenant, status)| {
            let sinks = status.sinks.iter().map(|(name, sink)| {
                let snapshot = SinkSnapshot {
                    last_complete_at: sink.checkpoint.map(|checkpoint| checkpoint.completed_at),
                    wanted_since: sink.wanted_since,
                    data_age_seconds: self.ages_of(sink, now).data,
                    unbuilt: sink.unbuilt.clone(),
                };
                (name.clone(), snapshot)
            });
            let snapshot = TenantSnapshot {
                running: status.current.is_some(),
                current_cycle: status.current.as_ref().map(CurrentSnapshot::from),
                next_cycle_at: status.due_at,
                sinks: sinks.collect(),
                last_cycle: status.last.clone(),
                last_error: status.last_error.clone(),
            };
            (tenant.clone(), snapshot)
        });
        Snapshot {
            version: env!("CARGO_PKG_VERSION"),
            started_at: self.started_at,
            tenants: tenants.collect(),
        }
    }

    /// Does `work` and says all the while that the task that does it moves.
    pub(crate) async fn while_moving<T>(&self, task: &str, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let mut beats = tokio::time::interval(BEAT);
        beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = beats.tick() => {
                    self.beats().insert(task.to_owned(), Instant::now());
                }
                done = &mut work => {
                    // It has ended; a task that panics never gets here, and falls silent.
                    self.beats().remove(task);
                    return done;
                }
            }
        }
    }

    /// The tasks that do not move any more, with the time since they were last heard of.
    pub(crate) fn silent(&self) -> Vec<(String, Duration)> {
        let beats = self.beats();
        let ages = beats.iter().map(|(task, beat)| (task.clone(), beat.elapsed()));
        ages.filter(|(_, age)| *age > SILENCE).collect()
    }
}

/// Milliseconds as seconds. Times are far below 2^52 milliseconds, where `f64` is exact.
#[allow(clippy::cast_precision_loss)]
pub(super) fn float_millis(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}
