use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::*;

const GUID: &str = "00000000-0000-0000-0000-000000000001";

fn load_text(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("stocktake.toml");
    std::fs::write(&path, text).unwrap();
    load_file(path, variables, Flags::default())
}

fn load_file(
    path: PathBuf,
    variables: &[(&str, &str)],
    flags: Flags,
) -> Result<Config, ConfigError> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(&Flags { config: Some(path), ..flags }, variables)
}

/// The template with its commented keys in force.
fn uncommented() -> String {
    TEMPLATE
        .lines()
        .map(|line| {
            let bare = line.strip_prefix("# ").unwrap_or(line);
            let is_key = bare.split_once(" = ").is_some_and(|(key, _)| {
                key.chars()
                    .all(|char| char.is_ascii_lowercase() || char == '_' || char.is_numeric())
            });
            if is_key { bare } else { line }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn every_commented_key_of_the_template_shows_its_default() {
    // The keys that have no default, and the second and third sinks of the examples.
    let without_default = [
        "refresh_after",
        "page_size",
        "proxy",
        "extra_ca_file",
        "path = \"/var",
        "layout",
        "dialect",
    ];
    let text: Vec<_> = uncommented()
        .lines()
        .filter(|line| !without_default.iter().any(|key| line.starts_with(key)))
        .filter(|line| {
            !line.starts_with("type = \"file\"") && !line.starts_with("type = \"stdout\"")
        })
        .map(str::to_owned)
        .collect();
    let shown = load_text(&text.join("\n"), &[]).unwrap();
    let plain = load_text(TEMPLATE, &[]).unwrap();
    assert_eq!(toml::to_string(&shown).unwrap(), toml::to_string(&plain).unwrap());
}

#[test]
fn the_template_names_every_key() {
    let schema = serde_json::to_value(schemars::schema_for!(Config)).unwrap();
    let mut keys = Vec::new();
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        if name.ends_with("Config") {
            keys.extend(
                definition["properties"].as_object().into_iter().flatten().map(|(key, _)| key),
            );
        }
    }
    assert!(keys.len() > 30, "the schema was not understood: {keys:?}");
    for key in keys {
        // A secret in the file itself is possible but not what the template teaches.
        if !["app_secret", "api_key", "defender_scope"].contains(&key.as_str()) {
            assert!(TEMPLATE.contains(&format!("{key} = ")), "`{key}` is not in the template");
        }
    }
}

#[test]
fn variables_win_over_the_file_and_flags_over_both() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("c.toml");
    std::fs::write(&path, "[log]\nlevel = \"error\"\n[collection]\ninterval = \"1h\"\n").unwrap();
    let variables = [("STOCKTAKE_LOG__LEVEL", "debug"), ("STOCKTAKE_COLLECTION__OVERLAP", "5m")];
    let config = load_file(path.clone(), &variables, Flags::default()).unwrap();
    assert_eq!(config.log.level, "debug");
    assert_eq!(config.collection.interval, Duration::from_secs(3_600));
    assert_eq!(config.collection.overlap, Duration::from_secs(300));
    assert_eq!(config.collection.full_every, Duration::from_secs(86_400), "the default stays");

    let flags = Flags { log_level: Some("trace".into()), ..Flags::default() };
    assert_eq!(load_file(path, &variables, flags).unwrap().log.level, "trace");
}

#[test]
fn a_secret_that_looks_like_a_number_stays_as_it_is() {
    let text = format!("[tenants.t]\ntenant_id = \"{GUID}\"\napp_id = \"{GUID}\"\n");
    for secret in ["0123", "1e9", "true", "[1, 2]", "{a=1}", "\"quoted\""] {
        let config = load_text(&text, &[("STOCKTAKE_TENANTS__T__APP_SECRET", secret)]).unwrap();
        assert_eq!(config.tenants["t"].app_secret.as_ref().unwrap().expose(), secret);
    }
}

#[test]
fn variables_can_set_numbers_booleans_and_lists() {
    let text =
        format!("[sinks.soc]\ntype = \"sekoia\"\nconnector_uuid = \"{GUID}\"\napi_key = \"k\"\n");
    let config = load_text(
        &text,
        &[
            ("STOCKTAKE_COLLECTION__PAGE_SIZE", "500"),
            ("STOCKTAKE_COLLECTION__REMOVAL_GUARD", "0.5"),
            ("STOCKTAKE_COLLECTION__VOLATILE_FIELDS", "time, device.ip"),
            ("STOCKTAKE_SINKS__SOC__EXTRA_FIELDS", "true"),
            ("STOCKTAKE_SINKS__SOC__MAX_ITEMS", "7"),
        ],
    )
    .unwrap();
    assert_eq!(config.collection.page_size, Some(500));
    assert_eq!(config.collection.volatile_fields, ["time", "device.ip"]);
    assert!((config.collection.removal_guard - 0.5).abs() < f64::EPSILON);
    let SinkConfig::Sekoia(sekoia) = &config.sinks["soc"] else { panic!("not a Sekoia sink") };
    assert!(sekoia.extra_fields);
    assert_eq!(sekoia.max_items, 7);
}

#[test]
fn every_fault_is_told_at_once() {
    let text = "[tenants.t]\ntenant_id = \"x\"\napp_id = \"y\"\napp_secret = \"z\"\n\
                [collection]\nremoval_guard = 2.0\n";
    let ConfigError(faults) = load_text(text, &[]).unwrap_err();
    let keys: Vec<_> = faults.iter().map(|fault| fault.key.as_str()).collect();
    assert_eq!(keys, ["tenants.t.tenant_id", "tenants.t.app_id", "collection.removal_guard"]);
}

#[test]
fn a_secret_of_the_wrong_type_is_not_repeated() {
    let text =
        format!("[tenants.t]\ntenant_id = \"{GUID}\"\napp_id = \"{GUID}\"\napp_secret = 4711\n");
    let shown = load_text(&text, &[]).unwrap_err().to_string();
    assert!(shown.contains("tenants.t.app_secret") && !shown.contains("4711"), "{shown}");
}

#[test]
fn details_of_a_record_that_is_never_asked_for_are_a_fault() {
    let text = |intune| format!("[enrichment]\nintune = \"{intune}\"\nintune_details = true\n");
    assert!(load_text(&text("auto"), &[]).unwrap().enrichment.intune_details);
    let ConfigError(faults) = load_text(&text("off"), &[]).unwrap_err();
    let keys: Vec<_> = faults.iter().map(|fault| fault.key.as_str()).collect();
    assert_eq!(keys, ["enrichment.intune_details"]);
}
