//! `stocktake check`: one test for each step that can fail, on what is printed.

use chrono::{Datelike, TimeDelta};
use serde_json::Value;
use stocktake_simulator::{
    Api, Effect, Fault, Intune, RegisteredCertificate, RetryAfter, SimulatorOptions,
};
use tokio::net::TcpListener;

use crate::site::{APP_ID, APP_SECRET, Ended, Site, TENANT_ID, fleet, now};

async fn site() -> Site {
    Site::of(fleet(20, 10)).await
}

async fn site_with(adjust: impl FnOnce(&mut SimulatorOptions)) -> Site {
    Site::with(fleet(20, 10), adjust).await
}

/// The row of a step.
#[track_caller]
fn row<'a>(check: &'a Ended, what: &str, step: &str) -> &'a str {
    check
        .stdout
        .lines()
        .find(|line| line.starts_with(what) && line.contains(&format!("  {step}  ")))
        .unwrap_or_else(|| panic!("no row for {what}, {step}: {}", check.stdout))
}

/// Asserts a verdict, and that what is printed says each of `words`.
#[track_caller]
fn is(check: &Ended, what: &str, step: &str, verdict: &str, words: &[&str]) {
    let row = row(check, what, step);
    assert!(row.contains(&format!(" {verdict} ")), "{step} is not {verdict}: {row}");
    for word in words {
        assert!(check.stdout.contains(word), "`{word}` is not in: {}", check.stdout);
    }
    let code = i32::from(verdict == "FAILED");
    assert_eq!(check.code, Some(code), "{}", check.stdout);
}

const TENANT: &str = "tenant contoso";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_fine_ends_with_0_and_no_advice() {
    let check = site().await.run(&["check"]).await;
    assert_eq!(check.code, Some(0), "{}", check.stdout);
    assert!(!check.stdout.contains("FAILED") && !check.stdout.contains("WARNING"));
    for step in ["defender token", "defender permission", "defender read", "Intune licence"] {
        assert!(row(&check, TENANT, step).contains(" fine "), "{}", check.stdout);
    }
    // The last line is a row of the table: who has nothing to do reads nothing more.
    assert!(check.stdout.trim_end().lines().last().unwrap().starts_with("sink soc"));
}

#[tokio::test(flavor = "multi_thread")]
async fn json_has_every_step_with_its_verdict_advice_and_commands() {
    let site = site_with(|options| options.tenants[0].defender_roles.clear()).await;
    let check = site.run(&["check", "--output", "json"]).await;
    assert_eq!(check.code, Some(1));
    let found: Value = serde_json::from_str(&check.stdout).unwrap();
    let findings = found[1]["findings"].as_array().unwrap();
    let failed: Vec<_> = findings.iter().filter(|finding| finding["verdict"] == "failed").collect();
    assert_eq!(failed.len(), 1, "{found:#}");
    assert_eq!(failed[0]["step"], "defender permission");
    assert!(failed[0]["commands"].as_array().unwrap().len() >= 3, "{found:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn state_without_a_folder() {
    let site = site().await.set("state", "");
    let text = std::fs::read_to_string(site.path("stocktake.toml")).unwrap();
    // The last folder is made by the first cycle, and none above it.
    let made = text.replace("state.db", "absent/state.db");
    std::fs::write(site.path("stocktake.toml"), made).unwrap();
    let check = site.run(&["check"]).await;
    is(&check, "configuration", "state", "fine", &["will be made by the first cycle"]);
    assert_eq!(site.sync().await.code, Some(0), "as the check says, a cycle works");
    let deep = text.replace("state.db", "absent/deep/and/deeper/state.db");
    std::fs::write(site.path("stocktake.toml"), deep).unwrap();
    let check = site.run(&["check"]).await;
    is(&check, "configuration", "state", "FAILED", &["cannot be written", "Set state.path"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn state_in_a_folder_where_no_file_can_be_made() {
    let site = site().await;
    let text = std::fs::read_to_string(site.path("stocktake.toml")).unwrap();
    // Whoever runs this, the kernel makes no files there.
    let text = text.replace(&site.path("state.db").display().to_string(), "/proc/self/state.db");
    std::fs::write(site.path("stocktake.toml"), text).unwrap();
    let check = site.run(&["check"]).await;
    is(&check, "configuration", "state", "FAILED", &["/proc/self/state.db cannot be written"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_no_checked_tenant_feeds_fails_no_check() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let site = site()
        .await
        .replace_sink_url(&dead)
        .set("sinks.out", "type = \"stdout\"\n")
        .set("tenants.contoso", "sinks = [\"out\"]\n");
    let check = site.run(&["check"]).await;
    is(&check, "sink soc", "reach", "skipped", &["no tenant that is checked feeds it"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_cannot_be_built_hides_no_other() {
    let site = site().await.set(
        "tenants.other",
        "tenant_id = \"00000000-0000-0000-0000-000000000009\"\ncredential = \"pod\"\n",
    );
    let site = site.set("credentials.pod", "type = \"workload_identity\"\n");
    let check = site.run(&["check"]).await;
    let words = ["AZURE_CLIENT_ID is not set", "stocktake config check"];
    is(&check, "tenant other", "credential", "FAILED", &words);
    assert!(row(&check, TENANT, "defender read").contains("fine"), "{}", check.stdout);
    // Nor does it keep the others from being collected.
    let sync = site.run(&["sync"]).await;
    assert_eq!(sync.code, Some(1), "{sync:#?}");
    assert!(sync.stderr.contains("AZURE_CLIENT_ID"), "{}", sync.stderr);
    assert!(sync.stdout.contains("contoso: full cycle complete"), "{}", sync.stdout);
    site.assert_each_device_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn state_that_is_not_a_database() {
    let site = site().await;
    std::fs::write(site.path("state.db"), "garbage".repeat(2_000)).unwrap();
    let check = site.run(&["check"]).await;
    is(&check, "configuration", "state", "FAILED", &["state.db", "Restore the file"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_an_address() {
    let site = site().await.replace("login_url", "https://login.stocktake.invalid");
    let check = site.run(&["check"]).await;
    let words = ["login.stocktake.invalid has no address", "getent hosts login.stocktake.invalid"];
    is(&check, TENANT, "login DNS", "FAILED", &words);
    assert!(row(&check, TENANT, "defender token").contains("skipped"), "{}", check.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_speaks_no_tls() {
    let site = site().await;
    let secure = site.simulator.url().replace("http://", "https://");
    let site = site.replace("base_url", &secure);
    let check = site.run(&["check"]).await;
    is(&check, TENANT, "defender TLS", "FAILED", &["openssl s_client -connect 127.0.0.1:"]);
    assert!(row(&check, TENANT, "login TLS").contains("plain http"), "{}", check.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_at_which_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let site = site().await.replace("graph_url", &dead);
    let check = site.run(&["check"]).await;
    is(&check, TENANT, "graph TLS", "FAILED", &["127.0.0.1"]);
    assert!(row(&check, TENANT, "defender read").contains("fine"), "one API hides no other");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_a_warning_for_a_secret() {
    let site = site_with(|options| {
        options.clock = std::sync::Arc::new(|| now() + TimeDelta::seconds(600));
    })
    .await;
    let check = site.run(&["check"]).await;
    is(&check, TENANT, "clock", "WARNING", &["behind the servers'", "timedatectl set-ntp true"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused() {
    let site = site_with(|options| options.tenants[0].app_secret = "another".into()).await;
    let check = site.run(&["check"]).await;
    let portal = format!(
        "https://entra.microsoft.com > App registrations > All applications > {APP_ID} > \
         Certificates & secrets > Client secrets"
    );
    let reset = format!("az ad app credential reset --id {APP_ID} --append");
    let login = format!("az login --tenant {TENANT_ID} --allow-no-subscriptions");
    let words = ["AADSTS7000215", "value", &portal, &reset, &login];
    is(&check, TENANT, "defender token", "FAILED", &words);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_the_tenant_does_not_have() {
    let site = site_with(|options| options.tenants[0].defender_registered = false).await;
    let check = site.run(&["check"]).await;
    let words = ["AADSTS500011", "az ad sp create --id fc780465-2017-40d4-a0c5-307022471b92"];
    is(&check, TENANT, "defender token", "FAILED", &words);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_missing() {
    let site = site_with(|options| options.tenants[0].graph_roles.clear()).await;
    let check = site.run(&["check"]).await;
    let add = format!(
        "az ad app permission add --id {APP_ID} --api 00000003-0000-0000-c000-000000000000 \
         --api-permissions 2f51be20-0bb4-4fed-bf7b-db946066c75e=Role"
    );
    let consent = format!("az ad app permission admin-consent --id {APP_ID}");
    let words = ["no role DeviceManagementManagedDevices.Read.All", &add, &consent];
    // A cycle works without it, and its events say less.
    is(&check, TENANT, "graph permission", "WARNING", &words);
    assert_eq!(site.sync().await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_greater_role_is_accepted_with_a_word_on_least_privilege() {
    let site = site_with(|options| {
        options.tenants[0].defender_roles =
            vec!["Machine.ReadWrite.All".into(), "Alert.ReadWrite.All".into()];
    })
    .await;
    let check = site.run(&["check"]).await;
    assert!(row(&check, TENANT, "defender permission").contains("Machine.ReadWrite.All, which"));
    let words = ["Remove Machine.ReadWrite.All, Alert.ReadWrite.All of WindowsDefenderATP"];
    is(&check, TENANT, "defender least privilege", "WARNING", &words);
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_that_cannot_be_read() {
    let site = site().await;
    let body = r#"{"error": {"code": "DisabledFeature", "message": "The feature is disabled"}}"#;
    let refusal = Effect::Status { code: 403, retry_after: None, body: Some(body.into()) };
    site.handle().add_fault(Fault::always(Api::DefenderList, refusal));
    let check = site.run(&["check"]).await;
    is(&check, TENANT, "defender read", "FAILED", &["DisabledFeature", "Enable the feature"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn managed_devices_that_cannot_be_read() {
    let site = site().await;
    site.handle().add_fault(Fault::always(Api::GraphList, Effect::Html));
    let check = site.run(&["check"]).await;
    is(&check, TENANT, "graph read", "FAILED", &["HTML"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_without_intune_is_collected_without_it() {
    let site = site_with(|options| options.tenants[0].intune = Intune::Unlicensed).await;
    let check = site.run(&["check"]).await;
    let words = ["the tenant has no Intune", "enrichment.intune", "License Intune"];
    is(&check, TENANT, "Intune licence", "WARNING", &words);
    assert_eq!(site.sync().await.code, Some(0), "as the check says, a cycle works");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_used_up() {
    let site = site().await;
    let throttled =
        Effect::Status { code: 429, retry_after: Some(RetryAfter::Seconds(0)), body: None };
    site.handle().add_fault(Fault::once(Api::DefenderList, throttled));
    let check = site.run(&["check"]).await;
    is(&check, TENANT, "defender quota", "WARNING", &["the quota is used up", "limits"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_cycle_takes_of_the_quota_is_known_after_one() {
    let site = site_with(|options| options.defender_page = 5).await;
    let check = site.run(&["check"]).await;
    assert!(row(&check, TENANT, "defender quota").contains("known after the first full cycle"));
    assert_eq!(site.sync().await.code, Some(0));
    let check = site.run(&["check"]).await;
    is(&check, TENANT, "defender quota", "fine", &["took 7 calls; 1000000 are allowed in 1h"]);
    let tight = site.set("tenants.contoso", "limits = { defender_per_hour = 3 }\n");
    let check = tight.run(&["check"]).await;
    is(&check, TENANT, "defender quota", "WARNING", &["has to wait for its quota"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_refuses_the_key() {
    let site = site_with(|options| options.sekoia.api_key = "another".into()).await;
    let check = site.run(&["check"]).await;
    is(&check, "sink soc", "authorisation", "FAILED", &["401"]);
    assert!(site.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_at_which_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let site = site().await.replace_sink_url(&dead);
    let check = site.run(&["check"]).await;
    is(&check, "sink soc", "soc TLS", "FAILED", &["127.0.0.1"]);
    assert!(row(&check, "sink soc", "authorisation").contains("skipped"), "{}", check.stdout);
}

/// A certificate for the test key that ends so many days from now, and a site that takes it.
async fn site_with_certificate(days: i64, clock_ahead: TimeDelta) -> Site {
    let key = include_str!("../../../auth/tests/data/first-key.pem");
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    let date = |days| {
        let date = now() + TimeDelta::days(days);
        rcgen::date_time_ymd(date.year(), date.month() as u8, date.day() as u8)
    };
    (params.not_before, params.not_after) = (date(days - 90), date(days));
    let certificate = params.self_signed(&rcgen::KeyPair::from_pem(key).unwrap()).unwrap();
    let registered = RegisteredCertificate::from_pem(&certificate.pem()).unwrap();
    let site = site_with(|options| {
        options.tenants[0].certificates.push(registered);
        options.clock = std::sync::Arc::new(move || now() + clock_ahead);
    })
    .await;
    std::fs::write(site.path("app.pem"), format!("{}{key}", certificate.pem())).unwrap();
    let lines = format!("certificate_file = {:?}\n", site.path("app.pem"));
    site.with_credential("certificate", &lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_lasts() {
    let check = site_with_certificate(60, TimeDelta::zero()).await.run(&["check"]).await;
    is(&check, TENANT, "credential expiry", "fine", &["ends on", "in 59 days"]);
    assert!(row(&check, TENANT, "defender token").contains("fine"), "{}", check.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_ends_soon() {
    let check = site_with_certificate(10, TimeDelta::zero()).await.run(&["check"]).await;
    let words =
        ["Upload a new certificate", "az ad app credential reset", "--cert @certificate.pem"];
    is(&check, TENANT, "credential expiry", "WARNING", &words);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_has_ended() {
    let check = site_with_certificate(-2, TimeDelta::zero()).await.run(&["check"]).await;
    is(&check, TENANT, "credential expiry", "FAILED", &["ended on", "Upload a new certificate"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_fails_where_requests_are_signed() {
    let site = site_with_certificate(60, TimeDelta::seconds(1_200)).await;
    let check = site.run(&["check"]).await;
    is(&check, TENANT, "clock", "FAILED", &["behind the servers'", "NTP"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_file_that_is_none() {
    let site = site_with_certificate(60, TimeDelta::zero()).await;
    std::fs::write(site.path("app.pem"), "no certificate").unwrap();
    let check = site.run(&["check"]).await;
    is(&check, TENANT, "credential expiry", "FAILED", &["app.pem"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_advice_repeats_a_secret() {
    let site = site_with(|options| options.tenants[0].app_secret = "another".into()).await;
    let check = site.run(&["check", "--log-level", "trace"]).await;
    assert!(!check.stdout.contains(APP_SECRET) && !check.stderr.contains(APP_SECRET));
}
