//! When `run` tries again: a server's wish and a missing permission, each through the real program.

use chrono::{DateTime, Utc};
use serde_json::Value;
use stocktake_connector_core::{CycleOutcome, ErrorCode, Recovery};
use stocktake_simulator::{Api, Effect, Fault, RetryAfter};

use crate::site::{APP_SECRET, Site, fleet, now};
use crate::telemetry::Program;

/// The tenant's status, once the program waits for its next cycle.
async fn waiting(program: &Program) -> Value {
    loop {
        let mut status = program.status().await;
        let tenant = status["tenants"]["contoso"].take();
        if tenant["waiting_for"].is_string() {
            return tenant;
        }
    }
}

fn next_cycle(tenant: &Value) -> DateTime<Utc> {
    tenant["next_cycle_at"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_after_of_half_an_hour_is_kept_to_also_by_the_next_start_of_the_program() {
    for api in [Api::DefenderList, Api::GraphList] {
        keeps_to_half_an_hour(api).await;
    }
}

/// An API that asks for it in the first cycle is called once.
async fn keeps_to_half_an_hour(api: Api) {
    let quick = "interval = \"1s\"\nretry_after = \"100ms\"\n";
    let site = Site::of(fleet(5, 5)).await.set("collection", quick);
    let retry_after = Some(RetryAfter::Seconds(1_800));
    let throttled = Effect::Status { code: 429, retry_after, body: None };
    site.handle().add_fault(Fault::once(api, throttled));
    let start = now();
    let mut program = Program::start(&site).await;

    let report = program.report().await;
    let CycleOutcome::Failed { failure } = report.outcome else { panic!("{report:#?}") };
    assert_eq!((failure.code, failure.recovery), (ErrorCode::ApiThrottled, Recovery::Retry));
    let retry_at = failure.retry_at.unwrap();
    assert!((retry_at - start).num_seconds() >= 1_799, "{retry_at}");
    let tenant = waiting(&program).await;
    assert_eq!(tenant["waiting_for"], "retry");
    assert!((next_cycle(&tenant) - retry_at).num_seconds().abs() <= 1, "{tenant:#}");
    assert_eq!(tenant["last_cycle"]["outcome"]["failure"]["code"], "ST0301");
    assert_eq!(site.handle().calls().of(api), 1);
    program.child.kill().await.unwrap();

    // The wish is in state, so a restart does not forget it.
    let program = Program::start(&site).await;
    let tenant = waiting(&program).await;
    assert!((next_cycle(&tenant) - retry_at).num_seconds().abs() <= 1, "{tenant:#}");
    assert_eq!(site.handle().calls().of(api), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_role_is_retried_after_minutes_and_at_once_when_a_secret_file_changes() {
    let site = Site::of(fleet(5, 5)).await.with_secret_file();
    site.handle().add_fault(Fault::always(Api::DefenderList, Effect::status(403)));
    let start = now();
    let mut program = Program::start(&site).await;

    let report = program.report().await;
    let CycleOutcome::Failed { failure } = report.outcome else { panic!("{report:#?}") };
    assert_eq!(
        (failure.code, failure.recovery),
        (ErrorCode::PermissionMissing, Recovery::Operator)
    );
    assert!(failure.advice.unwrap().contains("Machine.Read.All"));
    let tenant = waiting(&program).await;
    assert_eq!(tenant["waiting_for"], "operator");
    let wait = (next_cycle(&tenant) - start).num_seconds();
    assert!((295..=330).contains(&wait), "{wait} s");

    site.handle().clear_faults();
    std::fs::write(site.path("app.secret"), format!("{APP_SECRET}\n")).unwrap();
    let report = program.report().await;
    assert_eq!(report.outcome, CycleOutcome::Complete, "{report:#?}");
    site.assert_each_device_once();
}
