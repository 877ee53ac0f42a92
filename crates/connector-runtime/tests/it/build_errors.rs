//! Parts of the configuration that cannot be built: they do not affect the others, are reported, and
//! are tried again without a restart.

use std::path::Path;

use stocktake_connector_core::{CycleOutcome, CycleReport, SinkAccount};
use stocktake_telemetry::metric::{self, label};

use crate::site::{API_KEY, Site, fleet};
use crate::telemetry::Program;

/// A site whose sink `mtls`, next to `soc`, needs a file that is not there.
async fn site_with_broken_sink() -> Site {
    let site = Site::of(fleet(20, 10))
        .await
        .set("collection", "interval = \"1s\"\nretry_after = \"100ms\"\n");
    let lines = format!(
        "type = \"sekoia\"\nbase_url = \"{}\"\napi_key = \"{API_KEY}\"\n\
         connector_uuid = \"00000000-0000-0000-0000-000000000003\"\n",
        site.simulator.url()
    );
    let trust = format!("extra_ca_file = {:?}\n", site.path("ca.pem"));
    site.set("sinks.mtls", &lines).set("sinks.mtls.tls", &trust)
}

fn account(report: &CycleReport, sink: &str) -> SinkAccount {
    report.check_balance().unwrap();
    report.sinks.iter().find(|(name, _)| name.as_str() == sink).unwrap().1.clone()
}

/// Brings the file that was missing.
fn bring_authority(place: &Path) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../auth/tests/data");
    std::fs::copy(data.join("first-certificate.pem"), place).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_cannot_be_built_is_reported_and_gets_everything_once_it_can_be() {
    let site = site_with_broken_sink().await;
    let mut program = Program::start(&site).await;
    let report = program.report_of("failed").await;
    let CycleOutcome::Failed { failure } = &report.outcome else { panic!("{report:#?}") };
    let error = &failure.message;
    assert!(error.contains("sink mtls") && error.contains("ca.pem"), "{error}");
    assert_eq!(account(&report, "soc").acknowledged, 20);
    let broken = account(&report, "mtls");
    assert_eq!((broken.read, broken.undelivered), (20, 20));
    site.assert_each_device_once();

    let at_mtls = [(label::TENANT, "contoso"), (label::SINK, "mtls")];
    let scrape = program.scrape().await;
    assert!(scrape.sum(&metric::DATA_AGE, &at_mtls).is_some(), "{scrape:#?}");
    assert!(scrape.sum(&metric::CYCLES, &[("outcome", "failed")]) >= Some(1.0), "{scrape:#?}");
    let status = program.status().await;
    let sinks = &status["tenants"]["contoso"]["sinks"];
    let why = sinks["mtls"]["build_error"]["message"].as_str().unwrap();
    assert!(why.contains("ca.pem"), "{why}");
    assert_eq!(sinks["mtls"]["build_error"]["code"], "ST0101");
    assert!(sinks["mtls"]["last_complete_at"].is_null() && sinks["soc"]["build_error"].is_null());
    assert!(sinks["soc"]["last_complete_at"].is_string(), "the other sink has everything");

    bring_authority(&site.path("ca.pem"));
    let report = program.report_of("complete").await;
    assert_eq!(account(&report, "mtls").acknowledged, 20);
    assert_eq!(account(&report, "soc").unchanged, 20);
    assert!(site.received().values().all(|times| *times == 2), "once for each sink");
    let status = program.status().await;
    let mtls = &status["tenants"]["contoso"]["sinks"]["mtls"];
    assert!(mtls["build_error"].is_null() && mtls["last_complete_at"].is_string(), "{status:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_can_build_nothing_starts_and_works_when_it_can() {
    let site = Site::of(fleet(20, 10))
        .await
        .set("collection", "interval = \"1s\"\nretry_after = \"100ms\"\n");
    let trust = format!("extra_ca_file = {:?}\n", site.path("ca.pem"));
    let site = site.set("sinks.soc.tls", &trust);
    let mut program = Program::start(&site).await;
    let tenant = loop {
        let mut status = program.status().await;
        let tenant = status["tenants"]["contoso"].take();
        if tenant["last_error"].is_object() {
            break tenant;
        }
    };
    let why = tenant["last_error"]["message"].as_str().unwrap();
    assert!(why.contains("sink soc") && why.contains("ca.pem"), "{why}");
    assert!(tenant["sinks"]["soc"]["build_error"].is_object(), "{tenant:#}");
    assert_eq!(site.handle().calls().of(stocktake_simulator::Api::DefenderList), 0);

    bring_authority(&site.path("ca.pem"));
    program.report_of("complete").await;
    site.assert_each_device_once();
    let status = program.status().await;
    assert!(status["tenants"]["contoso"]["last_error"].is_null(), "{status:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_cannot_be_built_is_reported_and_does_not_affect_the_others() {
    let site = Site::of(fleet(20, 10))
        .await
        .set("collection", "interval = \"1s\"\nretry_after = \"100ms\"\n");
    let url = site.simulator.url();
    let lines = format!(
        "tenant_id = \"00000000-0000-0000-0000-000000000009\"\ncredential = \"pod\"\n\
         base_url = \"{url}\"\nlogin_url = \"{url}\"\ngraph_url = \"{url}\"\n"
    );
    let site = site.set("tenants.fabrikam", &lines);
    let site = site.set("credentials.pod", "type = \"workload_identity\"\n");
    let mut program = Program::start(&site).await;
    program.report_of("complete").await;
    site.assert_each_device_once();

    let fabrikam = (label::TENANT, "fabrikam");
    let failed = [fabrikam, ("outcome", "failed")];
    while program.scrape().await.sum(&metric::CYCLES, &failed) < Some(2.0) {}
    assert!(program.scrape().await.sum(&metric::DATA_AGE, &[fabrikam]) > Some(0.0));
    let status = program.status().await;
    let error = status["tenants"]["fabrikam"]["last_error"]["message"].as_str().unwrap();
    assert!(error.contains("AZURE_CLIENT_ID"), "{error}");

    // Who runs once says so at the end.
    program.child.kill().await.unwrap();
    let once = site.sync().await;
    assert_eq!(once.code, Some(1), "{once:#?}");
    assert_eq!(once.report().tenant.as_str(), "contoso");
    assert!(once.stderr.contains("AZURE_CLIENT_ID"), "{once:#?}");
    let alone = site.run(&["sync", "--tenant", "fabrikam"]).await;
    assert_eq!(alone.code, Some(2), "{alone:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_never_was_complete_ages_over_restarts() {
    let site = site_with_broken_sink().await;
    let since = async || {
        let mut program = Program::start(&site).await;
        program.report_of("failed").await;
        let status = program.status().await;
        program.child.kill().await.unwrap();
        let started_at = status["started_at"].as_str().unwrap().to_owned();
        let sink = &status["tenants"]["contoso"]["sinks"]["mtls"];
        (
            started_at,
            sink["configured_since"].as_str().unwrap().to_owned(),
            sink["data_age_seconds"].as_f64().unwrap(),
        )
    };
    let (first_start, configured_since, _) = since().await;
    let (second_start, still, age) = since().await;
    assert_eq!(still, configured_since);
    let time = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let between = time(&second_start) - time(&first_start);
    assert!(age * 1_000.0 >= between.num_milliseconds() as f64, "{age} s after {between}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_no_tenant_feeds_is_not_missed() {
    let site = site_with_broken_sink().await.set("tenants.contoso", "sinks = [\"soc\"]\n");
    let ended = site.sync().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.account().acknowledged, 20);
    assert!(!ended.stderr.contains("mtls"), "{ended:#?}");
}
