use std::path::PathBuf;
use std::time::Duration;

use stocktake_sinks::SinkRegistry;
use tempfile::TempDir;

use super::*;

mod canary;
mod places;

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
    let flags = Flags { config: Some(path), sinks: SinkRegistry::builtin(), ..flags };
    Ok(load(&flags, &variables.iter().copied().collect())?.config)
}

/// The key or table header that a line of the template comments out.
fn commented(line: &str) -> Option<&str> {
    let bare = line.strip_prefix("# ")?;
    let is_name = |name: &str| {
        name.chars().all(|char| char.is_ascii_lowercase() || char == '_' || char.is_numeric())
    };
    let is_key = bare.split_once(" = ").is_some_and(|(key, _)| is_name(key));
    (is_key || bare.starts_with('[')).then_some(bare)
}

/// The template with the keys in force that its commented lines show as defaults: those right below a
/// table or a key, not those behind an empty comment or of a commented table.
fn with_defaults() -> String {
    let mut shows_defaults = false;
    let mut lines = Vec::new();
    for line in TEMPLATE.lines() {
        match commented(line) {
            Some(bare) if bare.starts_with('[') => shows_defaults = false,
            Some(bare) if shows_defaults => lines.push(bare),
            _ if line == "#" || line.is_empty() => shows_defaults = false,
            _ if !line.starts_with('#') => {
                shows_defaults = true;
                lines.push(line);
            }
            _ => {}
        }
    }
    lines.join("\n")
}

#[test]
fn every_commented_key_of_the_template_shows_its_default() {
    let without_default = [
        "region",
        "sinks",
        "credential",
        "refresh_after",
        "page_size",
        "proxy",
        "no_proxy",
        "extra_ca_file",
        "otlp_endpoint",
        "otlp_metrics_endpoint",
        "otlp_traces_endpoint",
        "otlp_headers_file",
        "level",
        "hosts",
    ];
    let text: Vec<_> = with_defaults()
        .lines()
        .filter(|line| !without_default.iter().any(|key| line.starts_with(key)))
        .map(str::to_owned)
        .collect();
    assert!(text.len() > 40, "the template was not understood: {text:#?}");
    let shown = load_text(&text.join("\n"), &[]).unwrap();
    let plain = load_text(TEMPLATE, &[]).unwrap();
    assert_eq!(toml::to_string(&shown).unwrap(), toml::to_string(&plain).unwrap());
}

#[test]
fn every_example_of_the_template_can_be_set_as_it_stands() {
    let text: Vec<_> = TEMPLATE.lines().map(|line| commented(line).unwrap_or(line)).collect();
    let config: Config = toml::from_str(&text.join("\n")).unwrap();
    assert_eq!((config.tenants.len(), config.credentials.len(), config.sinks.len()), (1, 5, 3));
    // The hosts that may be set by hand are shown as the public cloud has them.
    let shown = &config.tenants["contoso"];
    let plain = load_text(TEMPLATE, &[]).unwrap().tenants["contoso"].endpoints("t").unwrap();
    let by_hand = [
        (&shown.base_url, plain.defender_url),
        (&shown.defender_scope, plain.defender_scope),
        (&shown.login_url, plain.login_url),
        (&shown.graph_url, plain.graph_url),
        (&shown.graph_scope, plain.graph_scope),
    ];
    for (shown, plain) in by_hand {
        assert_eq!(shown.as_ref(), Some(&plain));
    }
}

#[test]
fn variables_know_every_table_of_tables() {
    let schema = serde_json::to_value(schemars::schema_for!(Config)).unwrap();
    let tables = schema["properties"].as_object().unwrap().iter();
    let named = tables.filter(|(_, table)| table["additionalProperties"].is_object());
    let named: Vec<_> = named.map(|(name, _)| name.as_str()).collect();
    assert_eq!(named, environment::NAMED);
}

#[test]
fn the_template_names_every_key() {
    let schema = schema(&SinkRegistry::builtin());
    let sinks = schema["$defs"]["SinkConfig"]["oneOf"].as_array().unwrap();
    let sinks = sinks.iter().map(|sink| ("SinkConfig", sink));
    let mut keys = Vec::new();
    let definitions = schema["$defs"].as_object().unwrap();
    for (name, definition) in definitions.iter().map(|(name, it)| (name.as_str(), it)).chain(sinks)
    {
        if name.ends_with("Config") {
            keys.extend(
                definition["properties"].as_object().into_iter().flatten().map(|(key, _)| key),
            );
        }
    }
    assert!(keys.len() > 30, "the schema was not understood: {keys:?}");
    for key in keys {
        // A secret in the file itself is possible but not what the template teaches.
        if !["app_secret", "api_key", "password"].contains(&key.as_str()) {
            let is_there =
                TEMPLATE.contains(&format!("{key} = ")) || TEMPLATE.contains(&format!(".{key}]"));
            assert!(is_there, "`{key}` is not in the template");
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
    assert_eq!(config.log.level.as_deref(), Some("debug"));
    assert_eq!(config.collection.interval, Duration::from_secs(3_600));
    assert_eq!(config.collection.overlap, Duration::from_secs(300));
    assert_eq!(config.collection.full_every, Duration::from_secs(86_400), "the default stays");

    let flags = Flags { log_level: Some("trace".into()), ..Flags::default() };
    assert_eq!(load_file(path, &variables, flags).unwrap().log.level.as_deref(), Some("trace"));
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
    let sekoia = serde_json::to_value(&config.sinks["soc"]).unwrap();
    assert_eq!((&sekoia["extra_fields"], &sekoia["max_items"]), (&true.into(), &7.into()));
}

#[test]
fn every_fault_is_reported_at_once() {
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

const OWN: &str = "app_id = \"00000000-0000-0000-0000-000000000001\"\napp_secret = \"s\"\n";

/// The faults of a configuration, one a line, without what set the keys.
fn faults(text: &str) -> String {
    faults_with(text, &[])
        .into_iter()
        .map(|fault| format!("{}\n", ConfigFault { origin: None, ..fault }))
        .collect()
}

fn faults_with(text: &str, variables: &[(&str, &str)]) -> Vec<ConfigFault> {
    match load_text(text, variables) {
        Err(ConfigError(faults)) => faults,
        Ok(_) => panic!("nothing is wrong with {text}"),
    }
}

#[test]
fn a_tenant_has_its_own_secret_or_names_a_credential() {
    let tenant = format!("[tenants.t]\ntenant_id = \"{GUID}\"\n");
    let shared = format!("[credentials.msp]\ntype = \"app_secret\"\n{OWN}");
    assert!(load_text(&format!("{tenant}credential = \"msp\"\n{shared}"), &[]).is_ok());
    assert!(load_text(&format!("{tenant}{OWN}"), &[]).is_ok());
    for (text, words) in [
        (tenant.clone(), "`tenants.t.app_id`: is missing; set it with a secret, or name a"),
        (format!("{tenant}credential = \"mps\"\n{shared}"), "did you mean `msp`?"),
        (
            format!("{tenant}{OWN}credential = \"msp\"\n{shared}"),
            "`tenants.t.app_secret`: is set, and so is `credential`; keep one of them",
        ),
        (
            format!("{tenant}credential = \"msp\"\n{}", shared.replace("app_secret =", "#")),
            "`credentials.msp.app_secret`: is missing; set `app_secret_file`, or the environment \
             variable STOCKTAKE_CREDENTIALS__MSP__APP_SECRET",
        ),
    ] {
        let found = faults(&text);
        assert!(found.contains(words), "{words}\nis not in\n{found}");
    }
}

#[test]
fn what_does_not_go_together_in_a_credential_is_named() {
    for (lines, words) in [
        (
            format!(
                "type = \"certificate\"\napp_id = \"{GUID}\"\ncertificate_file = \"c\"\n\
                 password = \"p\"\npassword_file = \"p\"\n"
            ),
            "`credentials.c.password`: is set, and so is `password_file`",
        ),
        (
            "type = \"managed_identity\"\nclient_id = \"a\"\nresource_id = \"b\"\n".to_owned(),
            "`credentials.c.client_id`: is set, and so is `resource_id`",
        ),
        (
            "type = \"workload_identity\"\napp_id = \"mine\"\n".to_owned(),
            "`credentials.c.app_id`: is not a GUID",
        ),
        ("type = \"certificat\"\n".to_owned(), "did you mean `certificate`?"),
    ] {
        let found = faults(&format!("[credentials.c]\n{lines}"));
        assert!(found.contains(words), "{words}\nis not in\n{found}");
    }
}

#[test]
fn a_managed_identity_serves_one_directory() {
    let text = |other: &str| {
        format!(
            "[tenants.a]\ntenant_id = \"{GUID}\"\ncredential = \"vm\"\n\
             [tenants.b]\ntenant_id = \"{other}\"\ncredential = \"vm\"\n\
             [credentials.vm]\ntype = \"managed_identity\"\n"
        )
    };
    assert!(load_text(&text(GUID), &[]).is_ok(), "one directory by two names");
    let found = faults(&text("00000000-0000-0000-0000-000000000002"));
    assert!(
        found.contains("`tenants.b.credential`: a managed identity is valid in its own"),
        "{found}"
    );
}

#[test]
fn a_filter_that_fits_nothing_is_a_fault() {
    let text = |filter: &str| {
        format!("[tenants.t]\ntenant_id = \"{GUID}\"\n{OWN}filter = {{ {filter} }}\n")
    };
    assert!(load_text(&text("health_status = [\"active\", \"New*\"]"), &[]).is_ok());
    assert!(faults(&text("health_status = [\"Activ\"]")).contains("did you mean `Active`?"));
    assert!(faults(&text("os_platforms = [\" \"]")).contains("has an empty word"));
}

#[test]
fn a_tenants_sinks_must_exist() {
    let text = |sinks: &str| {
        format!(
            "[tenants.t]\ntenant_id = \"{GUID}\"\n{OWN}sinks = {sinks}\n\
             [sinks.lake]\ntype = \"stdout\"\n"
        )
    };
    assert!(load_text(&text("[\"lake\"]"), &[]).is_ok());
    assert!(faults(&text("[\"lak\"]")).contains("did you mean `lake`?"));
    assert!(faults(&text("[]")).contains("names no sink"));
}

#[test]
fn variables_set_what_belongs_to_a_tenant() {
    let config = load_text(
        &format!("[tenants.t]\ntenant_id = \"{GUID}\"\n{OWN}[sinks.lake]\ntype = \"stdout\"\n"),
        &[
            ("STOCKTAKE_TENANTS__T__CLOUD", "gcc-high"),
            ("STOCKTAKE_TENANTS__T__SINKS", "lake"),
            ("STOCKTAKE_TENANTS__T__FILTER__TAGS", "a, b"),
            ("STOCKTAKE_TENANTS__T__LIMITS__DEFENDER_PER_MINUTE", "7"),
        ],
    )
    .unwrap();
    let tenant = &config.tenants["t"];
    assert_eq!(tenant.cloud, Cloud::GccHigh);
    assert_eq!(tenant.sinks.as_deref(), Some(["lake".to_owned()].as_slice()));
    assert_eq!(tenant.filter.tags, ["a", "b"]);
    assert_eq!(tenant.limits.defender_per_minute, Some(7));
}

#[test]
fn details_of_a_record_that_is_never_asked_for_are_a_fault() {
    let text = |intune| format!("[enrichment]\nintune = \"{intune}\"\nintune_details = true\n");
    assert!(load_text(&text("auto"), &[]).unwrap().enrichment.intune_details);
    let ConfigError(faults) = load_text(&text("off"), &[]).unwrap_err();
    let keys: Vec<_> = faults.iter().map(|fault| fault.key.as_str()).collect();
    assert_eq!(keys, ["enrichment.intune_details"]);
}

#[test]
fn addresses_and_endpoints_that_cannot_be_used_are_named() {
    let text = faults("[server]\nlisten = \"9464\"");
    assert!(text.contains("`server.listen`") && text.contains("127.0.0.1:9464"), "{text}");
    for endpoint in ["collector:4318", "ftp://collector", "https://me:hunter2@collector"] {
        let text = faults(&format!("[telemetry]\notlp_endpoint = \"{endpoint}\""));
        assert!(text.contains("`telemetry.otlp_endpoint`"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    let text = faults("[telemetry]\ntrace_sample_ratio = 1.5\notlp_interval = \"1ms\"");
    assert!(text.contains("trace_sample_ratio") && text.contains("otlp_interval"), "{text}");
}

#[test]
fn the_usual_variables_name_the_collector_unless_the_keys_do() {
    let usual = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://usual:4318/");
    let traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:4318/own/path");
    let urls = |text, variables: &[_]| {
        let telemetry = load_text(text, variables).unwrap().telemetry;
        let urls = [telemetry.metrics_url(), telemetry.traces_url()];
        urls.map(Option::unwrap_or_default)
    };
    assert_eq!(urls("", &[]), ["", ""]);
    assert_eq!(urls("", &[traces]), ["", traces.1]);
    assert_eq!(urls("", &[usual, traces]), ["http://usual:4318/v1/metrics", traces.1]);
    let own = "[telemetry]\notlp_endpoint = \"http://own:4318\"\n";
    assert_eq!(urls(own, &[usual]), ["http://own:4318/v1/metrics", "http://own:4318/v1/traces"]);
    let own = format!("{own}otlp_traces_endpoint = \"http://own:1/\"");
    assert_eq!(urls(&own, &[traces]), ["http://own:4318/v1/metrics", "http://own:1/"]);
}

#[test]
fn headers_for_a_collector_go_over_https_or_to_loopback() {
    let text = |url: &str| {
        format!("[telemetry]\notlp_endpoint = \"{url}\"\notlp_headers_file = \"headers\"")
    };
    for url in ["https://collector:4318", "http://127.0.0.1:4318"] {
        load_text(&text(url), &[]).unwrap();
    }
    let error = load_text(&text("http://collector:4318"), &[]).unwrap_err().to_string();
    assert!(error.contains("`telemetry.otlp_headers_file`"), "{error}");
    assert!(error.contains("https://"), "{error}");
}

#[test]
fn headers_of_the_usual_variables_go_over_https_or_to_loopback_as_well() {
    let (both, metrics, traces) = (
        "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    );
    let refused = |text: &str, variables: &[(&str, &str)]| match load_text(text, variables) {
        Ok(_) => Vec::new(),
        Err(ConfigError(faults)) => {
            let text = format!("{faults:?}");
            assert!(text.contains("https://") && !text.contains("hunter2"), "{text}");
            faults.into_iter().map(|fault| fault.key).collect()
        }
    };
    let secret = "authorization=Bearer hunter2";
    let plain = "[telemetry]\notlp_endpoint = \"http://collector:4318\"\n";
    for name in [both, metrics, traces] {
        assert_eq!(refused(plain, &[(name, secret)]), [name]);
        assert!(refused(plain, &[(name, " ")]).is_empty(), "no header goes along");
        for url in ["https://collector:4318", "http://127.0.0.1:4318"] {
            let safe = format!("[telemetry]\notlp_endpoint = \"{url}\"\n");
            assert!(refused(&safe, &[(name, secret)]).is_empty(), "{name} to {url}");
        }
        assert!(refused("", &[(name, secret)]).is_empty(), "nothing is pushed");
    }
    // Each signal is judged by the headers that go to it.
    let plain_metrics = "[telemetry]\notlp_endpoint = \"https://collector\"\n\
                         otlp_metrics_endpoint = \"http://collector:4318/v1/metrics\"\n";
    assert_eq!(refused(plain_metrics, &[(both, secret)]), [both]);
    assert_eq!(refused(plain_metrics, &[(metrics, secret)]), [metrics]);
    assert!(refused(plain_metrics, &[(traces, secret)]).is_empty());
    assert!(refused(plain_metrics, &[(both, secret), (metrics, "")]).is_empty());
}

#[test]
fn a_fault_of_a_sink_names_its_key_its_origin_and_what_to_do() {
    let found = faults_with(
        "[sinks.soc]\ntype = \"sekoia\"\nconnector_uuid = \"x\"\nmax_items = 0\n\
         [sinks.lake]\ntype = \"file\"\npaht = \"x\"\nlayout = \"single\"\n\
         [sinks.terminal]\ntype = \"stdot\"\n",
        &[],
    );
    let found: String = found.iter().map(|fault| format!("{fault}\n")).collect();
    for words in [
        "stocktake.toml, line 1): is missing; set `api_key_file`, or the environment variable \
         STOCKTAKE_SINKS__SOC__API_KEY",
        "stocktake.toml, line 4): must be at least 1",
        "`sinks.soc.connector_uuid` (",
        "unknown key; did you mean `path`?",
        "`sinks.lake.layout` (",
        "one file per tenant, source and cycle",
        "`sinks.terminal.type` (",
        "unknown value; did you mean `stdout`?",
    ] {
        assert!(found.contains(words), "{words}\nis not in\n{found}");
    }
    let variables =
        [("STOCKTAKE_SINKS__LAKE__TYPE", "stdout"), ("STOCKTAKE_SINKS__LAKE__FROM", "x")];
    let ConfigError(found) = load_text("", &variables).unwrap_err();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].origin.as_deref(),
        Some("environment variable STOCKTAKE_SINKS__LAKE__FROM")
    );
}

#[test]
fn the_secret_of_a_sink_is_not_shown() {
    let text = format!("[sinks.soc]\ntype = \"sekoia\"\nconnector_uuid = \"{GUID}\"\n");
    // As text, whatever it looks like.
    let config = load_text(&text, &[("STOCKTAKE_SINKS__SOC__API_KEY", "0815")]).unwrap();
    let shown = serde_json::to_value(&config.sinks["soc"]).unwrap();
    assert_eq!((&shown["type"], &shown["api_key"]), (&"sekoia".into(), &"(hidden)".into()));
    assert!(!format!("{config:?}").contains("0815"));
    let unread = SinkConfig::from(
        serde_json::from_str::<serde_json::Map<_, _>>(r#"{"type": "sekoia", "api_kye": "canary"}"#)
            .unwrap(),
    );
    assert_eq!(serde_json::to_string(&unread).unwrap(), r#"{"type":"sekoia"}"#);
}
