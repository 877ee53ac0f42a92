//! What a running program reports of itself, with a clock and a store at hand.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use stocktake_connector_core::{
    Checkpoint, CycleClose, CycleOutcome, CycleStore as _, ErrorCode, Failure, LeaseStore as _,
    Recovery, SinkAccount, SinkName, SourceName, StateQueries as _, TenantName, WorkerName,
};
use stocktake_state::MemoryStore;
use stocktake_telemetry::{RegistryOptions, metric};

use super::*;
use crate::config::StateConfig;
use crate::schedule::{NextCycle, Waiting};

/// A clock that the test sets.
#[derive(Debug)]
struct SetClock(std::sync::Mutex<DateTime<Utc>>);

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

struct Desk {
    clock: Arc<SetClock>,
    watch: Watch,
    store: MemoryStore,
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
}

fn contoso() -> TenantName {
    TenantName::new("contoso").unwrap()
}

fn inventory() -> Inventory {
    Inventory { tenant: contoso(), source: SourceName::new("defender").unwrap() }
}

fn soc() -> SinkName {
    SinkName::new("soc").unwrap()
}

impl Desk {
    fn new() -> Self {
        Self::at(0)
    }

    /// A process that starts at a second.
    fn at(second: i64) -> Self {
        let clock = Arc::new(SetClock(std::sync::Mutex::new(at(second))));
        let registry = Registry::new(RegistryOptions::new("1"));
        let watch = Watch::with_clock(registry, Arc::clone(&clock) as _);
        watch.metrics.register(&contoso(), &[soc()]);
        watch.status.add(inventory(), vec![soc()]);
        Self { clock, watch, store: MemoryStore::default() }
    }

    fn set_clock(&self, second: i64) {
        *self.clock.0.lock().unwrap() = at(second);
    }

    /// Notes a cycle that started at a second and took ten.
    async fn cycle(&self, start: i64, outcome: CycleOutcome) -> CycleReport {
        let account = SinkAccount {
            read: 10,
            duplicates: 1,
            unchanged: 2,
            acknowledged: 3,
            dead_lettered: 4,
            batches: 5,
            bytes: 6,
            ..SinkAccount::default()
        };
        let complete = outcome == CycleOutcome::Complete;
        let report = CycleReport {
            finished_at: at(start + 10),
            outcome,
            listing_complete: complete,
            read: 10,
            duplicates: 1,
            mapped: 7,
            sinks: BTreeMap::from([(soc(), account)]),
            ..CycleReport::empty(inventory().tenant, inventory().source, at(start))
        };
        let checkpoint = Checkpoint {
            cursor: None,
            newest_record_at: Some(at(start - 100)),
            completed_at: at(start),
        };
        let close = CycleClose {
            report: report.clone(),
            checkpoints: complete.then_some((soc(), checkpoint)).into_iter().collect(),
            facts: None,
            removed: Vec::new(),
            returned: Vec::new(),
        };
        let worker = WorkerName::new("test").unwrap();
        let lease = self.store.claim(&contoso(), &worker, Duration::from_secs(60)).await.unwrap();
        let fence = lease.unwrap().fence();
        self.store.close_cycle(&fence, close).await.unwrap();
        self.store.release(&fence).await.unwrap();
        report
    }

    async fn observe(&self, report: &CycleReport) {
        let ended = Ok(report.clone());
        self.watch.cycle_ended(&self.store, &inventory(), &Progress::default(), &ended).await;
    }

    /// The value of the metric's series whose labels are written like this.
    fn value(&self, metric: &stocktake_telemetry::metric::Metric, labels: &str) -> Option<String> {
        let text = self.watch.metrics.registry().text();
        let series = format!("{}{labels} ", metric.name);
        text.lines().find_map(|line| line.strip_prefix(&series)).map(str::to_owned)
    }
}

const AT_SOC: &str = r#"{sink="soc",tenant="contoso"}"#;

#[tokio::test]
async fn counters_grow_by_what_reports_say() {
    let desk = Desk::new();
    assert_eq!(desk.value(&metric::EVENTS_ACKNOWLEDGED, AT_SOC).as_deref(), Some("0"));
    for start in [0, 100] {
        desk.observe(&desk.cycle(start, CycleOutcome::Complete).await).await;
    }
    for (metric, labels, value) in [
        (metric::DEVICES_READ, r#"{tenant="contoso"}"#, "20"),
        (metric::DEVICES_MAPPED, r#"{tenant="contoso"}"#, "14"),
        (metric::DEVICES_UNCHANGED, AT_SOC, "4"),
        (metric::EVENTS_ACKNOWLEDGED, AT_SOC, "6"),
        (metric::DEAD_LETTERS, AT_SOC, "8"),
        (metric::SINK_BATCHES, AT_SOC, "10"),
        (metric::SINK_BYTES, AT_SOC, "12"),
        (metric::CYCLES, r#"{kind="full",outcome="complete",tenant="contoso"}"#, "2"),
        (metric::CYCLES, r#"{kind="full",outcome="failed",tenant="contoso"}"#, "0"),
    ] {
        assert_eq!(desk.value(&metric, labels).as_deref(), Some(value), "{}", metric.name);
    }
}

#[tokio::test]
async fn data_ages_from_the_start_of_the_last_complete_cycle() {
    let desk = Desk::new();
    desk.set_clock(50);
    assert_eq!(desk.value(&metric::DATA_AGE, AT_SOC).as_deref(), Some("50"), "since the start");
    assert_eq!(desk.value(&metric::CHECKPOINT_AGE, AT_SOC), None);

    desk.observe(&desk.cycle(60, CycleOutcome::Complete).await).await;
    desk.set_clock(100);
    assert_eq!(desk.value(&metric::DATA_AGE, AT_SOC).as_deref(), Some("40"));
    assert_eq!(desk.value(&metric::CHECKPOINT_AGE, AT_SOC).as_deref(), Some("140"));

    let failed = CycleOutcome::Failed { failure: no_such_file() };
    desk.observe(&desk.cycle(120, failed).await).await;
    desk.set_clock(200);
    assert_eq!(desk.value(&metric::DATA_AGE, AT_SOC).as_deref(), Some("140"), "not fresher");

    let restarted = Desk::new();
    restarted.set_clock(200);
    restarted.watch.status.read_state(&desk.store, &inventory()).await.unwrap();
    assert_eq!(restarted.value(&metric::DATA_AGE, AT_SOC).as_deref(), Some("140"));
}

#[tokio::test]
async fn a_cycle_without_a_report_counts_as_failed() {
    let desk = Desk::new();
    let progress = Progress::default();
    let in_use = StateError::InUse { place: "stocktake.db".into() };
    let failed = Err(Failure::from(in_use).record());
    desk.watch.cycle_ended(&desk.store, &inventory(), &progress, &failed).await;
    let status = serde_json::to_value(desk.watch.status.snapshot()).unwrap();
    let error = &status["tenants"]["contoso"]["last_error"];
    assert_eq!(error["message"], "state at stocktake.db is in use by another process");
    assert_eq!((&error["code"], &error["recovery"]), (&"ST0501".into(), &"operator".into()));
    let failed = r#"{kind="full",outcome="failed",tenant="contoso"}"#;
    assert_eq!(desk.value(&metric::CYCLES, failed).as_deref(), Some("1"));
}

#[tokio::test]
async fn the_status_shows_each_tenant() {
    let desk = Desk::new();
    desk.watch.status.started(&contoso(), Arc::default());
    let running = serde_json::to_value(desk.watch.status.snapshot()).unwrap();
    let running = &running["tenants"]["contoso"];
    assert_eq!(running["running"], true);
    let current = serde_json::json!({
        "cycle": null, "kind": null, "started_at": at(0), "read": 0, "settled": 0,
    });
    assert_eq!(running["current_cycle"], current);

    let report = desk.cycle(0, CycleOutcome::Complete).await;
    desk.observe(&report).await;
    desk.set_clock(30);
    let next = NextCycle { wait: Duration::from_secs(60), waiting: Waiting::Retry };
    desk.watch.status.waits(&contoso(), &next);
    let status = serde_json::to_value(desk.watch.status.snapshot()).unwrap();
    let tenant = &status["tenants"]["contoso"];
    assert_eq!(tenant["running"], false);
    assert_eq!(tenant["current_cycle"], serde_json::Value::Null);
    assert_eq!(tenant["next_cycle_at"], serde_json::to_value(at(90)).unwrap());
    assert_eq!((&tenant["waiting_for"], &tenant["source"]), (&"retry".into(), &"defender".into()));
    assert_eq!(tenant["sinks"]["soc"]["data_age_seconds"], 30.0);
    assert_eq!(tenant["last_cycle"], serde_json::to_value(&report).unwrap());
}

fn no_such_file() -> FailureRecord {
    Failure::new(ErrorCode::Configuration, Recovery::Operator, "no such file")
        .with_advice("bring it")
        .record()
}

#[tokio::test]
async fn the_status_says_why_there_is_no_report_until_there_is_one() {
    let desk = Desk::new();
    let report = desk.cycle(0, CycleOutcome::Complete).await;
    desk.observe(&report).await;
    desk.set_clock(30);
    desk.watch.status.started(&contoso(), Arc::default());
    let no_report = Err(no_such_file());
    desk.watch.cycle_ended(&desk.store, &inventory(), &Progress::default(), &no_report).await;
    desk.watch.status.built(&contoso(), BTreeMap::from([(soc(), no_such_file())]));
    let status = serde_json::to_value(desk.watch.status.snapshot()).unwrap();
    let tenant = &status["tenants"]["contoso"];
    let error = serde_json::json!({
        "at": at(30), "code": "ST0101", "recovery": "operator", "message": "no such file",
        "advice": "bring it",
    });
    assert_eq!(tenant["last_error"], error);
    assert_eq!(tenant["last_cycle"], serde_json::to_value(&report).unwrap(), "it stands");
    assert_eq!(tenant["running"], false);
    assert_eq!(tenant["sinks"]["soc"]["build_error"]["message"], "no such file");

    desk.watch.status.built(&contoso(), BTreeMap::new());
    desk.observe(&desk.cycle(60, CycleOutcome::Complete).await).await;
    let status = serde_json::to_value(desk.watch.status.snapshot()).unwrap();
    let tenant = &status["tenants"]["contoso"];
    assert_eq!(tenant["last_error"], serde_json::Value::Null);
    assert_eq!(tenant["sinks"]["soc"]["build_error"], serde_json::Value::Null);
}

#[tokio::test]
async fn data_that_never_was_complete_ages_over_restarts() {
    let first = Desk::new();
    first.watch.status.read_state(&first.store, &inventory()).await.unwrap();
    for start in [100, 200] {
        let restarted = Desk::at(start);
        restarted.watch.status.read_state(&first.store, &inventory()).await.unwrap();
        restarted.set_clock(start + 50);
        let age = restarted.value(&metric::DATA_AGE, AT_SOC);
        assert_eq!(age, Some((start + 50).to_string()), "since the first process started");
        let status = serde_json::to_value(restarted.watch.status.snapshot()).unwrap();
        let soc = &status["tenants"]["contoso"]["sinks"]["soc"];
        assert_eq!(soc["configured_since"], serde_json::to_value(at(0)).unwrap());
        assert_eq!(soc["last_complete_at"], serde_json::Value::Null);
    }
}

#[tokio::test]
async fn a_time_in_the_future_never_looks_fresh() {
    for ahead in [61, 3_600, 10 * 365 * 86_400] {
        // Everything was noted by a clock that ran ahead.
        let wrong = Desk::at(ahead);
        wrong.watch.status.read_state(&wrong.store, &inventory()).await.unwrap();
        wrong.observe(&wrong.cycle(ahead, CycleOutcome::Complete).await).await;

        // It is right, the program starts anew, and nothing is delivered.
        let right = Desk::at(0);
        right.set_clock(4);
        right.watch.status.read_state(&wrong.store, &inventory()).await.unwrap();
        let age = |metric| right.value(metric, AT_SOC).unwrap().parse::<f64>().unwrap();
        for metric in [&metric::DATA_AGE, &metric::CHECKPOINT_AGE] {
            assert!(age(metric) >= 4.0, "{}: {}, {ahead} s ahead", metric.name, age(metric));
        }
        let status = serde_json::to_value(right.watch.status.snapshot()).unwrap();
        let shown = &status["tenants"]["contoso"]["sinks"]["soc"];
        assert_eq!(shown["data_age_seconds"].as_f64().unwrap(), age(&metric::DATA_AGE));
        assert_eq!(shown["last_complete_at"].is_null(), ahead > 64, "{ahead}");

        // State is put right: what was noted at a time in the future, at once; the rest by a cycle.
        if ahead > 64 {
            let scope = inventory().at(&soc());
            let since = wrong.store.configured_since(&scope).await.unwrap();
            assert_eq!(since, Some(at(0)), "{ahead}");
        }
        let report = wrong.cycle(10, CycleOutcome::Complete).await;
        let ended = Ok(report);
        right.watch.cycle_ended(&wrong.store, &inventory(), &Progress::default(), &ended).await;
        right.set_clock(30);
        assert_eq!(right.value(&metric::DATA_AGE, AT_SOC).as_deref(), Some("20"));
        assert_eq!(right.value(&metric::CHECKPOINT_AGE, AT_SOC).as_deref(), Some("120"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_is_stuck_and_one_that_waits_or_ended_is_not() {
    let desk = Desk::new();
    let status = &desk.watch.status;
    status.heartbeat("done", async {}).await;
    let (breaking, waiting) = (Arc::clone(status), Arc::clone(status));
    let broken =
        tokio::spawn(
            async move { breaking.heartbeat("tenant a", async { panic!("a defect") }).await },
        );
    let waits = tokio::spawn(async move {
        waiting.heartbeat("tenant b", std::future::pending::<()>()).await;
    });
    assert!(broken.await.is_err());
    assert!(status.stuck_tasks().is_empty());
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    let stuck: Vec<_> = status.stuck_tasks().into_iter().map(|(task, _)| task).collect();
    assert_eq!(stuck, ["tenant a"]);
    waits.abort();
}

#[tokio::test]
async fn every_metric_of_the_process_is_observed() {
    let desk = Desk::new();
    for metric in [
        metric::PROCESS_CPU,
        metric::PROCESS_MEMORY,
        metric::PROCESS_OPEN_FILES,
        metric::PROCESS_START,
    ] {
        assert!(desk.value(&metric, "").is_some(), "{}", metric.name);
    }
    let started = desk.value(&metric::PROCESS_START, "").unwrap();
    assert_eq!(started.parse::<f64>().unwrap(), 1_790_000_000.0);
    assert!(at(0) + TimeDelta::zero() == desk.watch.status.started_at());
    let version = format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(desk.value(&metric::BUILD_INFO, &version).as_deref(), Some("1"));
}

#[tokio::test]
async fn state_and_its_disk_have_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    std::fs::write(&path, [0; 1_000]).unwrap();
    std::fs::write(folder.path().join("state.db-wal"), [0; 24]).unwrap();
    let desk = Desk::new();
    gauges::observe_state(desk.watch.metrics.registry(), &StateConfig { path });
    assert_eq!(desk.value(&metric::STATE_SIZE, "").as_deref(), Some("1024"));
    let bytes = |metric| desk.value(metric, "").unwrap().parse::<f64>().unwrap();
    let (free, size) = (bytes(&metric::STATE_DISK_FREE), bytes(&metric::STATE_DISK_SIZE));
    assert!(free > 0.0 && size >= free, "{free} of {size}");
}

#[tokio::test]
async fn the_program_is_ready_once_it_has_started() {
    let readiness = Readiness::default();
    assert!(readiness.check().await.unwrap_err().contains("starting"));
    readiness.started(Arc::new(MemoryStore::default()));
    assert_eq!(readiness.check().await, Ok(()));
}
