//! What is known of each tenant now: its last cycle, its checkpoints, when it is due, and whether the
//! task that looks after it still moves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use stocktake_connector_core::{
    Checkpoint, Clock, CycleReport, Scope, SinkName, StateError, StateStore, TenantId,
};
use tokio::time::Instant;

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
    tenants: Mutex<BTreeMap<TenantId, Status>>,
    /// When each task was last heard of.
    beats: Mutex<BTreeMap<String, Instant>>,
}

#[derive(Debug, Default)]
struct Status {
    sinks: BTreeMap<SinkName, Option<Checkpoint>>,
    last: Option<CycleReport>,
    running: bool,
    due_at: Option<DateTime<Utc>>,
}

/// Ages at one sink, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ages {
    /// Since the start of the last complete cycle, or of the process where there was none.
    pub(crate) data: f64,
    /// Of the newest sighting that was delivered.
    pub(crate) checkpoint: Option<f64>,
}

/// What `/status` shows.
#[derive(Debug, Serialize)]
pub(crate) struct Snapshot {
    version: &'static str,
    started_at: DateTime<Utc>,
    tenants: BTreeMap<TenantId, TenantSnapshot>,
}

#[derive(Debug, Serialize)]
struct TenantSnapshot {
    running: bool,
    next_cycle_at: Option<DateTime<Utc>>,
    sinks: BTreeMap<SinkName, SinkSnapshot>,
    last_cycle: Option<CycleReport>,
}

#[derive(Debug, Serialize)]
struct SinkSnapshot {
    last_complete_at: Option<DateTime<Utc>>,
    data_age_seconds: f64,
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

    fn tenants(&self) -> MutexGuard<'_, BTreeMap<TenantId, Status>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn beats(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, tenant: TenantId, sinks: Vec<SinkName>) {
        let sinks = sinks.into_iter().map(|sink| (sink, None)).collect();
        self.tenants().insert(tenant, Status { sinks, ..Status::default() });
    }

    /// A cycle of the tenant has started.
    pub(super) fn started(&self, tenant: &TenantId) {
        if let Some(status) = self.tenants().get_mut(tenant) {
            (status.running, status.due_at) = (true, None);
        }
    }

    /// A cycle of the tenant has ended; without a report, the last one stands.
    pub(super) fn ended(&self, tenant: &TenantId, report: Option<CycleReport>) {
        if let Some(status) = self.tenants().get_mut(tenant) {
            status.running = false;
            status.last = report.or(status.last.take());
        }
    }

    /// The tenant's next cycle is due after `wait`.
    pub(crate) fn waits(&self, tenant: &TenantId, wait: Duration) {
        let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
        let due_at = self.clock.now().checked_add_signed(wait);
        if let Some(status) = self.tenants().get_mut(tenant) {
            status.due_at = due_at;
        }
    }

    /// Reads the checkpoints of a tenant's sinks.
    pub(super) async fn read_checkpoints(
        &self,
        store: &dyn StateStore,
        tenant: &TenantId,
    ) -> Result<(), StateError> {
        let sinks: Vec<_> = match self.tenants().get(tenant) {
            Some(status) => status.sinks.keys().cloned().collect(),
            None => return Ok(()),
        };
        for sink in sinks {
            let scope = Scope { tenant: tenant.clone(), sink: sink.clone() };
            let checkpoint = store.checkpoint(&scope).await?;
            if let Some(status) = self.tenants().get_mut(tenant) {
                status.sinks.insert(sink, checkpoint);
            }
        }
        Ok(())
    }

    /// The ages at every sink of every tenant.
    pub(super) fn ages(&self) -> Vec<(TenantId, SinkName, Ages)> {
        let now = self.clock.now();
        let tenants = self.tenants();
        let sinks = tenants.iter().flat_map(|(tenant, status)| {
            status.sinks.iter().map(move |(sink, checkpoint)| (tenant, sink, checkpoint.as_ref()))
        });
        sinks
            .map(|(tenant, sink, checkpoint)| {
                (tenant.clone(), sink.clone(), self.ages_of(checkpoint, now))
            })
            .collect()
    }

    fn ages_of(&self, checkpoint: Option<&Checkpoint>, now: DateTime<Utc>) -> Ages {
        // A clock that was set back makes nothing younger than new.
        let age = |at| float_millis(now.signed_duration_since(at).num_milliseconds().max(0));
        Ages {
            data: age(checkpoint.map_or(self.started_at, |checkpoint| checkpoint.completed_at)),
            checkpoint: checkpoint.and_then(|checkpoint| checkpoint.last_seen).map(age),
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let now = self.clock.now();
        let tenants = self.tenants();
        let tenants = tenants.iter().map(|(tenant, status)| {
            let sinks = status.sinks.iter().map(|(sink, checkpoint)| {
                let data_age_seconds = self.ages_of(checkpoint.as_ref(), now).data;
                let last_complete_at = checkpoint.map(|checkpoint| checkpoint.completed_at);
                (sink.clone(), SinkSnapshot { last_complete_at, data_age_seconds })
            });
            let snapshot = TenantSnapshot {
                running: status.running,
                next_cycle_at: status.due_at,
                sinks: sinks.collect(),
                last_cycle: status.last.clone(),
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
