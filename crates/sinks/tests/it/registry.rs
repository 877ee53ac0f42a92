//! Sinks as a configuration names them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use stocktake_connector_core::{
    AccessToken, ErrorCode, Failure, Fingerprint, FixedClock, Recovery, SinkName, TokenProvider,
};
use stocktake_http_stack::{Limits, Transport, TransportOptions};
use stocktake_sinks::{
    BuiltSink, ConfiguredSink, HttpContext, SETTINGS_MARK, SecretResolver, SecretSetting,
    SettingsFault, SinkContext, SinkRegistry, VOLATILE,
};

const CONNECTOR: &str = "00000000-0000-0000-0000-000000000003";

/// Takes a secret as it is, and a file for the secret that its path is.
#[derive(Debug)]
struct PlainSecrets;

impl SecretResolver for PlainSecrets {
    fn resolve(&self, secret: SecretSetting) -> Arc<dyn TokenProvider> {
        Arc::new(match secret {
            SecretSetting::Value(value) => AccessToken::new(value, None),
            SecretSetting::File(path) => AccessToken::new(path.to_str().unwrap(), None),
        })
    }
}

pub(crate) fn context() -> SinkContext {
    let options = TransportOptions::default();
    SinkContext {
        clock: Arc::new(FixedClock(chrono::DateTime::UNIX_EPOCH)),
        mapping: Fingerprint::from_bytes([7; 16]),
        volatile_fields: VOLATILE.map(str::to_owned).to_vec(),
        secrets: Arc::new(PlainSecrets),
        http: HttpContext {
            transport: Transport::new(&options).unwrap(),
            options,
            limits: Limits::default(),
        },
    }
}

pub(crate) fn read(
    registry: &SinkRegistry,
    table: Value,
) -> Result<ConfiguredSink, Vec<SettingsFault>> {
    let Value::Object(table) = table else { panic!("a table") };
    registry.read(table)
}

fn faults(table: Value) -> Vec<String> {
    let faults = read(&SinkRegistry::builtin(), table).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

fn build(table: Value) -> Result<BuiltSink, Failure> {
    let sink = read(&SinkRegistry::builtin(), table).unwrap();
    sink.build(&SinkName::new("soc").unwrap(), &context())
}

#[test]
fn every_type_is_described() {
    let registry = SinkRegistry::builtin();
    let names: Vec<_> = registry.types().iter().map(|known| known.name()).collect();
    assert_eq!(names, ["file", "sekoia", "stdout"]);
    assert_eq!(registry.apis(), ["sekoia"]);
    for known in registry.types() {
        let page = known.documentation();
        assert!(page.starts_with("# "), "{}", known.name());
        assert!(page.contains(SETTINGS_MARK), "{}", known.name());
        for heading in ["## Prerequisites", "## Example", "## Settings", "## Acknowledgement"] {
            assert!(page.contains(heading), "{heading} of {}", known.name());
        }
        for heading in ["## Limits", "## Errors", "## Check"] {
            assert!(page.contains(heading), "{heading} of {}", known.name());
        }
    }
}

#[test]
fn the_schema_describes_every_key_of_every_type() {
    let schema = SinkRegistry::builtin().schema();
    let text = schema.to_string();
    assert!(!text.contains("$ref") && !text.contains("$schema"), "one tree: {text}");
    for known in schema["oneOf"].as_array().unwrap() {
        assert_eq!(known["required"][0], "type");
        assert_eq!(known["additionalProperties"], false);
        for (key, property) in known["properties"].as_object().unwrap() {
            assert!(property["description"].is_string(), "{key} of {known}");
        }
    }
}

#[test]
fn the_examples_of_the_pages_are_valid() {
    for known in SinkRegistry::builtin().types() {
        let examples: Vec<_> = known.documentation().split("```toml\n").skip(1).collect();
        assert!(!examples.is_empty(), "{}", known.name());
        for example in examples {
            let (example, _) = example.split_once("```").unwrap();
            let parsed: Map<String, Value> = toml::from_str(example).unwrap();
            for (name, table) in parsed["sinks"].as_object().unwrap() {
                read(&SinkRegistry::builtin(), table.clone())
                    .unwrap_or_else(|faults| panic!("{name} of {}: {faults:?}", known.name()));
            }
        }
    }
}

#[test]
fn a_type_that_is_missing_or_unknown_is_named_with_those_that_there_are() {
    assert_eq!(faults(json!({"path": "x"})), ["`type`: is missing"]);
    assert_eq!(
        faults(json!({"type": "kafka"})),
        ["`type`: unknown value; known are file, sekoia, stdout"]
    );
    assert_eq!(faults(json!({"type": 7})), ["`type`: is not a string"]);
}

#[test]
fn faults_name_the_key_and_what_to_do() {
    for (table, expected) in [
        (
            json!({"type": "file", "path": "x", "layout": "single"}),
            "`layout`: does not exist any more: `path` is always a folder, with one file per tenant, \
             source and cycle",
        ),
        (json!({"type": "file"}), "`path`: is missing"),
        (json!({"type": "file", "path": ""}), "`path`: is empty"),
        (json!({"type": "file", "path": "x", "dialect": "ocsf"}), "`dialect`: unknown key"),
        (json!({"type": "stdout", "form": "cef"}), "`form`: unknown value; known are ocsf, sekoia"),
        (json!({"type": "stdout", "ocsf_version": "0.9"}), "`ocsf_version`: unknown value"),
        (
            json!({"type": "stdout", "form": "sekoia", "ocsf_version": "1.5.0"}),
            "`ocsf_version`: goes with the form `ocsf`",
        ),
    ] {
        let found = faults(table);
        assert!(found[0].starts_with(expected), "{expected}\nis not {found:?}");
    }
}

#[test]
fn every_fault_of_a_sekoia_sink_is_found_at_once() {
    let found = faults(json!({
        "type": "sekoia", "base_url": "ftp://x", "connector_uuid": "x", "max_items": 0,
        "max_bytes": "0", "tls": {"client_certificate_file": "c"},
    }));
    let keys = ["base_url", "connector_uuid", "api_key", "max_items", "max_bytes"];
    for (found, key) in found.iter().zip(keys) {
        assert!(found.starts_with(&format!("`{key}`: ")), "{found}");
    }
    assert_eq!(
        found[5],
        "`tls.client_key_file`: is missing; it goes with `client_certificate_file`"
    );
    let deadline = json!({
        "type": "sekoia", "connector_uuid": CONNECTOR, "api_key": "k", "task_deadline": "soon",
    });
    assert!(faults(deadline)[0].starts_with("`task_deadline`: is not a duration"));
    for (secret, expected) in [
        (json!({"api_key": " "}), "`api_key`: is empty"),
        (
            json!({"api_key": "k", "api_key_file": "f"}),
            "`api_key`: is set, and so is `api_key_file`; keep one of them",
        ),
    ] {
        let mut table = json!({"type": "sekoia", "connector_uuid": CONNECTOR});
        table.as_object_mut().unwrap().extend(secret.as_object().unwrap().clone());
        assert_eq!(faults(table), [expected]);
    }
}

#[test]
fn settings_are_shown_with_their_defaults_and_without_their_secrets() {
    let sink = read(
        &SinkRegistry::builtin(),
        json!({"type": "sekoia", "connector_uuid": CONNECTOR, "api_key": "canary"}),
    )
    .unwrap();
    assert!(!format!("{sink:?}").contains("canary"));
    let expected = json!({
        "type": "sekoia", "base_url": "https://api.sekoia.io", "connector_uuid": CONNECTOR,
        "api_key": "(hidden)", "extra_fields": false, "max_items": 100, "max_bytes": 2_097_152,
        "task_deadline": "5m",
    });
    assert_eq!(serde_json::to_value(&sink).unwrap(), expected);
}

#[test]
fn strings_as_environment_variables_hold_them_are_read() {
    let sink = read(
        &SinkRegistry::builtin(),
        json!({
            "type": "sekoia", "connector_uuid": CONNECTOR, "api_key": "0123",
            "extra_fields": "true", "max_items": "7", "task_deadline": "1m 30s",
        }),
    );
    let shown = serde_json::to_value(sink.unwrap()).unwrap();
    assert_eq!((&shown["extra_fields"], &shown["max_items"]), (&json!(true), &json!(7)));
    assert_eq!(shown["task_deadline"], "1m 30s");
}

#[test]
fn sinks_whose_forms_are_equal_share_one_fingerprint() {
    let form = |table| build(table).unwrap().form.fingerprint();
    let stdout = |form: &str| json!({"type": "stdout", "form": form});
    let sekoia = json!({"type": "sekoia", "connector_uuid": CONNECTOR, "api_key": "k"});
    let mut forms = BTreeMap::new();
    for (name, table) in [
        ("ocsf", stdout("ocsf")),
        ("ocsf", json!({"type": "file", "path": "x"})),
        ("ocsf", json!({"type": "stdout", "ocsf_version": "1.5.0"})),
        ("ocsf 1.3", json!({"type": "stdout", "ocsf_version": "1.3.0"})),
        ("sekoia", stdout("sekoia")),
        ("sekoia", sekoia),
    ] {
        let fingerprint = form(table);
        assert_eq!(*forms.entry(name).or_insert(fingerprint), fingerprint, "{name}");
    }
    let distinct: std::collections::BTreeSet<_> = forms.values().collect();
    assert_eq!(distinct.len(), 3);
}

#[tokio::test]
async fn a_built_sink_knows_the_way_to_its_receiver() {
    assert!(build(json!({"type": "stdout"})).unwrap().remote.is_none());
    let table = json!({
        "type": "sekoia", "connector_uuid": CONNECTOR, "api_key_file": "key", "max_items": 7,
    });
    let built = build(table).unwrap();
    assert_eq!(built.name.as_str(), "soc");
    assert_eq!(built.sink.batch_limits().max_events, 7);
    let remote = built.remote.unwrap();
    assert_eq!(remote.url.as_str(), "https://api.sekoia.io/");
    let scope = stocktake_connector_core::TokenScope::new("x");
    assert_eq!(remote.credential.token(&scope).await.unwrap().expose(), "key");
}

#[test]
fn a_file_that_cannot_be_used_is_a_failure_that_names_the_key() {
    let table = json!({
        "type": "sekoia", "connector_uuid": CONNECTOR, "api_key": "k",
        "tls": {"client_certificate_file": "absent.pem", "client_key_file": "absent.key"},
    });
    let failure = build(table).unwrap_err();
    assert_eq!((failure.code, failure.recovery), (ErrorCode::Configuration, Recovery::Operator));
    assert!(failure.message.starts_with("`sinks.soc.tls`: "), "{failure}");
}
