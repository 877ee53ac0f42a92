//! The example `own_sink`: a type of sink from outside the workspace, in the real program.

#[path = "../../examples/own_sink/config.rs"]
mod config;
#[path = "../../examples/own_sink/sink.rs"]
mod sink;

use serde_json::Value;
use stocktake_sinks::{SETTINGS_MARK, SinkRegistry};
use stocktake_telemetry::metric;

use crate::recorder::Recorder;
use crate::site::{API_KEY, Site, fleet};
use crate::telemetry::Program;

async fn site(url: &str) -> Site {
    let hook = format!("type = \"webhook\"\nurl = \"{url}\"\ntoken = \"{API_KEY}\"\n");
    Site::of(fleet(20, 10)).await.set("sinks.hook", &hook).with_example("own_sink")
}

#[tokio::test(flavor = "multi_thread")]
async fn its_settings_are_validated_described_and_shown_without_secrets() {
    let site = site("https://hooks.example").await;
    let valid = site.run(&["config", "check"]).await;
    assert_eq!(valid.code, Some(0), "{valid:#?}");
    let shown = site.run(&["config", "show"]).await;
    assert!(shown.stdout.contains("https://hooks.example"), "{shown:#?}");

    let schema = site.run(&["config", "schema"]).await;
    let schema: Value = serde_json::from_str(&schema.stdout).unwrap();
    let types = schema["$defs"]["SinkConfig"]["oneOf"].as_array().unwrap();
    let names: Vec<_> = types.iter().map(|one| &one["properties"]["type"]["const"]).collect();
    assert_eq!(names, ["file", "sekoia", "stdout", "webhook"]);

    let site = site.set("sinks.hook", "tokn = 1\n");
    let invalid = site.run(&["config", "check"]).await;
    assert_eq!(invalid.code, Some(2), "{invalid:#?}");
    assert!(
        invalid.stderr.contains("`sinks.hook.tokn`")
            && invalid.stderr.contains("did you mean `token`?"),
        "{invalid:#?}"
    );
}

#[test]
fn its_documentation_is_in_the_registry() {
    let registry = SinkRegistry::default().with::<config::WebhookSettings>();
    let [webhook] = registry.types() else { panic!("{registry:?}") };
    assert!(webhook.documentation().starts_with("# Webhook"));
    assert!(webhook.documentation().contains(SETTINGS_MARK));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_checked_and_gets_every_device() {
    let receiver = Recorder::start().await;
    let site = site(&receiver.url()).await;
    let check = site.run(&["check", "--output", "json"]).await;
    assert_eq!(check.code, Some(0), "{check:#?}");
    assert!(check.stdout.contains("the receiver responds"), "{check:#?}");

    let report = site.sync().await.report();
    let (_, hook) = report.sinks.iter().find(|(name, _)| name.as_str() == "hook").unwrap();
    assert_eq!(hook.acknowledged, 20, "{report:#?}");
    let mut received = receiver.at("/");
    received.retain(|request| !request.body.is_empty());
    let key = format!("Bearer {API_KEY}");
    assert!(received.iter().all(|request| request.headers["authorization"] == key.as_str()));
    let lines = received.iter().map(|request| request.body.split(|byte| *byte == b'\n'));
    let events = lines.flatten().filter(|line| !line.is_empty());
    let events: Vec<Value> = events.map(|line| serde_json::from_slice(line).unwrap()).collect();
    assert_eq!(events.len(), 20);
    assert!(events.iter().all(|event| event["class_uid"].is_number()), "events in the form `ocsf`");
    site.assert_each_device_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn its_calls_are_in_the_metrics() {
    let receiver = Recorder::start().await;
    let site = site(&receiver.url()).await;
    let mut program = Program::start(&site).await;
    program.report_of("complete").await;
    let scrape = program.scrape().await;
    let calls = scrape.sum(&metric::HTTP_REQUEST_DURATION, &[("api", "webhook")]);
    assert!(calls.is_some_and(|calls| calls > 0.0), "{scrape:#?}");
    // Its calls belong to no tenant, so this series is the one that was registered at zero.
    let labels = [("api", "webhook"), ("tenant", "contoso")];
    assert_eq!(scrape.sum(&metric::API_RETRIES, &labels), Some(0.0), "{scrape:#?}");
}
