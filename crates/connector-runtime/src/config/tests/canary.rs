//! A secret in the wrong place: no fault repeats the value of any key, whatever is wrong with it.

use serde_json::{Value, json};

use super::*;

const CANARY: &str = "HUNTER2-canary-0123456789";

/// A valid configuration with one table of each kind.
fn base() -> Value {
    json!({
        "tenants": { "t": { "tenant_id": GUID, "app_id": GUID, "app_secret": "s" } },
        "credentials": {
            "app_secret": { "app_id": GUID, "app_secret": "s" },
            "certificate": { "app_id": GUID, "certificate_file": "c.pem" },
            "workload_identity": {}, "managed_identity": {}, "azure_cli": {},
        },
        "sinks": {
            "sekoia": { "api_key": "k", "connector_uuid": GUID },
            "file": { "path": "events" },
            "stdout": {},
        },
    })
}

/// The path of every value that the schema knows, in the tables of [`base`].
fn keys() -> Vec<Vec<String>> {
    let root = schema(&SinkRegistry::builtin());
    let mut keys = Vec::new();
    walk(&root, &root, &mut Vec::new(), &mut keys);
    assert!(keys.len() > 80, "the schema was not understood: {keys:?}");
    keys
}

fn walk(root: &Value, schema: &Value, path: &mut Vec<String>, keys: &mut Vec<Vec<String>>) {
    let resolved = |schema: &Value| match schema["$ref"].as_str() {
        Some(reference) => root.pointer(reference.strip_prefix('#').unwrap()).unwrap().clone(),
        None => schema.clone(),
    };
    let schema = resolved(schema);
    if let Some(present) = schema["anyOf"].as_array().and_then(|any| any.first()) {
        return walk(root, present, path, keys);
    }
    let mut below = Vec::new();
    if schema["additionalProperties"].is_object() {
        let entries = resolved(&schema["additionalProperties"]);
        match entries["oneOf"].as_array() {
            // One table for each kind, called like it.
            Some(kinds) => below.extend(kinds.iter().map(|kind| {
                (kind["properties"]["type"]["const"].as_str().unwrap().to_owned(), kind.clone())
            })),
            None => below.push(("t".to_owned(), entries)),
        }
    } else if let Some(properties) = schema["properties"].as_object() {
        below.extend(properties.iter().map(|(name, it)| (name.clone(), it.clone())));
    } else {
        keys.push(path.clone());
    }
    for (name, schema) in below {
        path.push(name);
        walk(root, &schema, path, keys);
        path.pop();
    }
}

/// The base with a value at a path; tables of kinds get their type.
fn with(path: &[String], value: &Value) -> Value {
    let mut config = base();
    for table in ["credentials", "sinks"] {
        for (kind, table) in config[table].as_object_mut().unwrap() {
            table["type"] = kind.clone().into();
        }
    }
    let mut place = &mut config;
    for name in path {
        place = &mut place[name.as_str()];
    }
    *place = value.clone();
    config
}

fn assert_hidden(read: Result<Config, ConfigError>, what: &str) {
    let Err(error) = read else { return };
    for shown in [error.to_string(), error.without_code(), format!("{error:?}")] {
        assert!(!shown.contains("HUNTER2"), "{what}: {shown}");
        // Words of configuration, not of Rust.
        for word in ["struct", "enum", "u32", "u64", "f64", "usize", "path", "map", "sequence"] {
            assert!(!shown.contains(&format!("expected {word}")), "{what}: {shown}");
        }
    }
}

fn load_as(file: &str, text: String, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(file);
    std::fs::write(&path, text).unwrap();
    load_file(path, variables, Flags::default())
}

#[test]
fn no_value_of_any_key_is_repeated() {
    let unchanged = with(&["log".to_owned(), "level".to_owned()], &"info".into());
    load_as("c.yaml", unchanged.to_string(), &[]).unwrap();
    let base_text = toml::to_string(&unchanged).unwrap();
    let mut refused = 0;
    for path in keys() {
        for value in [
            json!(CANARY),
            json!([CANARY]),
            json!([[CANARY]]),
            json!({ "x": CANARY }),
            json!(format!("http://u:{CANARY}@127.0.0.1:1")),
            json!(format!("u:{CANARY}@127.0.0.1:3128")),
            json!(format!("{CANARY} {CANARY}")),
        ] {
            let what = format!("{path:?} = {value}");
            let config = with(&path, &value);
            let read = load_as("c.toml", toml::to_string(&config).unwrap(), &[]);
            refused += usize::from(read.is_err());
            assert_hidden(read, &what);
            assert_hidden(load_as("c.yaml", config.to_string(), &[]), &what);
            if let Some(text) = value.as_str() {
                let name = environment::variable(path.iter().map(String::as_str));
                assert_hidden(load_as("c.toml", base_text.clone(), &[(&name, text)]), &what);
            }
        }
    }
    assert!(refused > 300, "{refused} values were refused");
}

#[test]
fn the_values_of_unknown_keys_and_broken_files_are_not_repeated() {
    for path in
        ["x", "log.x", "tenants.t.x", "sinks.file.x", "credentials.certificate.x", "collection.x.y"]
    {
        let path: Vec<_> = path.split('.').map(str::to_owned).collect();
        let config = with(&path, &CANARY.into());
        let text = toml::to_string(&config).unwrap();
        let error = load_as("c.toml", text, &[]).unwrap_err();
        assert!(error.to_string().contains(" key"), "{error}");
        assert_hidden(Err(error), &path.join("."));
    }
    for broken in [
        format!("[log]\nlevel = \"{CANARY}\n"),
        format!("[log]\nlevel = {CANARY}\n"),
        format!("level = \"x\" {CANARY}\n"),
        format!("[tenants.{CANARY}\n"),
        format!("a = \"\\{CANARY}\"\n"),
        format!("a = '''{CANARY}"),
        CANARY.to_owned(),
        format!("{CANARY}\n{CANARY}: ["),
        format!("log: {{level: \"{CANARY}\n"),
        format!("log: *{CANARY}\n"),
        format!("log: !!{CANARY} x\n"),
        format!("log: \"\\{CANARY}\"\n"),
        format!("log:\n\tlevel: {CANARY}\n"),
    ] {
        for file in ["c.toml", "c.yaml", "63"] {
            assert_hidden(load_as(file, broken.clone(), &[]), &broken);
        }
    }
}
