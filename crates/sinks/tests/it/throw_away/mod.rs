//! A sink that a third party adds: this folder, and one line that registers it.

mod config;
mod sink;

use std::sync::{Arc, Mutex};

use serde_json::json;
use stocktake_connector_core::{CycleId, SinkName, Verdict};
use stocktake_http_stack::{Attempt, AttemptObserver, Transport};
use stocktake_sinks::SinkRegistry;
use wiremock::matchers::{body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use self::config::WebhookSettings;
use crate::batch;
use crate::registry::{context, read};

fn registry() -> SinkRegistry {
    SinkRegistry::builtin().with::<WebhookSettings>()
}

#[derive(Debug, Default)]
struct Apis(Mutex<Vec<String>>);

impl AttemptObserver for Apis {
    fn attempt_ended(&self, attempt: &Attempt<'_>) {
        self.0.lock().unwrap().push(attempt.api.to_owned());
    }
}

#[test]
fn its_configuration_api_names_and_documentation_come_out_of_the_registry() {
    let registry = registry();
    assert_eq!(registry.apis(), ["sekoia", "webhook"]);
    let webhook = registry.types().iter().find(|known| known.name() == "webhook").unwrap();
    assert!(webhook.documentation().contains("# Webhook"));
    assert_eq!(webhook.schema()["properties"]["type"]["const"], "webhook");
    let schema = registry.schema();
    assert_eq!(schema["oneOf"].as_array().unwrap().len(), 4);
    let faults = read(&registry, json!({"type": "webhook", "urll": "x"})).unwrap_err();
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        ["`urll`: unknown key; known are token, token_file, url", "`url`: is missing"]
    );
    let table = json!({"type": "webhook", "url": "https://hooks.example", "token": "canary"});
    let shown = serde_json::to_string(&read(&registry, table).unwrap()).unwrap();
    assert!(shown.contains("https://hooks.example") && !shown.contains("canary"), "{shown}");
}

#[tokio::test]
async fn it_is_built_checked_and_delivers() {
    let server = MockServer::start().await;
    Mock::given(method("HEAD")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    Mock::given(method("POST"))
        .and(path("/events"))
        .and(header("authorization", "Bearer s3cret"))
        .and(body_string("{\"a\":1}\n{\"b\":2}\n"))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    let observer = Arc::new(Apis::default());
    let mut context = context();
    context.http.options.observer = Some(Arc::clone(&observer) as _);
    context.http.transport = Transport::new(&context.http.options).unwrap();
    let table = json!({"type": "webhook", "url": server.uri(), "token": "s3cret"});
    let sink = read(&registry(), table).unwrap();
    let built = sink.build(&SinkName::new("hook").unwrap(), &context).unwrap();
    assert_eq!(built.check.check().await[0].verdict, Verdict::Fine);
    built.sink.write_batch(&batch(CycleId::random(), &["{\"a\":1}", "{\"b\":2}"])).await.unwrap();
    assert_eq!(*observer.0.lock().unwrap(), ["webhook", "webhook"], "as metrics name it");
}
