//! Where the configuration comes from: files of each format, and variables under every name.

use super::*;

const TENANT: &str = "tenant_id = \"00000000-0000-0000-0000-000000000001\"\n\
                      app_id = \"00000000-0000-0000-0000-000000000002\"\n";

fn load_named(file: &str, text: &[u8], variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(file);
    std::fs::write(&path, text).unwrap();
    let flags = Flags { config: Some(path), sinks: SinkRegistry::builtin(), ..Flags::default() };
    load(&flags, &variables.iter().copied().collect())
}

fn yaml(text: &str) -> Result<Loaded, ConfigError> {
    load_named("stocktake.yaml", text.as_bytes(), &[])
}

fn lines(faults: &[ConfigFault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

/// The only fault of a file, without the folder in which it is.
fn fault(file: &str, text: &str) -> String {
    let ConfigError(faults) = load_named(file, text.as_bytes(), &[]).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    let fault = &faults[0];
    let origin = fault.origin.as_deref().unwrap_or_default();
    format!("{} @ {}: {}", fault.key, origin.rsplit('/').next().unwrap(), fault.problem)
}

#[test]
fn a_fault_names_its_line_in_toml_and_in_yaml() {
    for (text, expected) in [
        (
            "\n[log]\n# what\nlevle = \"x\"",
            "log.levle @ c.toml, line 4: unknown key; did you mean `level`?",
        ),
        ("log.levle = 1", "log.levle @ c.toml, line 1: unknown key; did you mean `level`?"),
        ("\nlgo = { level = \"x\" }", "lgo @ c.toml, line 2: unknown key; did you mean `log`?"),
        ("\n\n[lgo]\nlevel = 1", "lgo @ c.toml, line 3: unknown key; did you mean `log`?"),
        (
            "[state]\n[sinks.\"a b\"]\npath = \"x\"",
            "sinks.\"a b\".type @ c.toml, line 2: is missing; set it in the file or by the environment",
        ),
        (
            "[collection]\n\ninterval = \"soon\"",
            "collection.interval @ c.toml, line 3: is not a duration; write it like \"500ms\", \
             \"30s\", \"5m\", \"3h\" or \"7days\"",
        ),
        ("[[tenants]]\nx = 1", "tenants @ c.toml, line 1: found a list, expected a table"),
    ] {
        assert_eq!(fault("c.toml", text), expected);
    }
    for (text, expected) in [
        (
            "log:\n  # what\n  levle: x\n",
            "log.levle @ c.yaml, line 3: unknown key; did you mean `level`?",
        ),
        ("state: {}\nlgo:\n  level: x\n", "lgo @ c.yaml, line 2: unknown key; did you mean `log`?"),
        (
            "collection:\n  emit:\n    - x\n",
            "collection.emit @ c.yaml, line 2: found a list, expected a string",
        ),
        (
            "sinks:\n  lake:\n",
            "sinks.lake.type @ c.yaml, line 2: is missing; set it in the file or by the environment",
        ),
        (
            "http:\n  max_retries: 4294967296\n",
            "http.max_retries @ c.yaml, line 2: must be at most 4294967295",
        ),
        ("intervall:\n", "intervall @ c.yaml, line 1: unknown key; known are collection, "),
        ("- a\n", " @ c.yaml: holds no keys; write it like `log:`"),
        ("log: {\n", " @ c.yaml, line 1: is not valid YAML"),
        ("log: {}\nlog: {}\n", " @ c.yaml, line 2: has a key twice"),
    ] {
        let found = fault("c.yaml", text);
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
}

#[test]
fn off_is_text_in_yaml_where_text_belongs_and_a_boolean_where_that_does() {
    let text =
        "enrichment: {intune: off, intune_details: no}\nserver: {listen: off}\nlog: {level: off}\n";
    let config = yaml(text).unwrap().config;
    assert_eq!(config.enrichment.intune, IntuneMode::Off);
    assert_eq!(config.server.address(), Ok(None));
    assert_eq!(config.log.level.as_deref(), Some("off"));
    let text = "enrichment:\n  intune_details: Yes\n";
    assert!(yaml(text).unwrap().config.enrichment.intune_details);
    for other in ["on", "true", "7", "1.5"] {
        let problem = fault("c.yaml", &format!("enrichment:\n  intune: {other}\n"));
        assert!(problem.contains("quotes") || problem.contains("`off`"), "{problem}");
    }
}

#[test]
fn every_table_may_be_empty_in_yaml() {
    let json = |config: &Config| serde_json::to_value(config).unwrap();
    let defaults = json(&Config::default());
    for table in defaults.as_object().unwrap().keys() {
        let loaded = yaml(&format!("{table}:\n  # key: value\n")).unwrap();
        assert_eq!(json(&loaded.config), defaults, "{table}");
    }
    for empty in ["", "# nothing\n", "---\n"] {
        assert_eq!(json(&yaml(empty).unwrap().config), defaults);
    }
    // A key without a value sets nothing, also not over another place.
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://usual:4318")];
    let loaded = load_named("c.yaml", b"telemetry:\n  otlp_endpoint:\n", &variables).unwrap();
    assert_eq!(loaded.config.telemetry.otlp_endpoint.as_deref(), Some("http://usual:4318"));
}

#[test]
fn files_are_read_by_their_content_where_the_name_says_nothing() {
    for (text, level) in
        [("[log]\nlevel = \"debug\"", "debug"), ("log:\n  level: trace\n", "trace")]
    {
        let loaded = load_named("63", text.as_bytes(), &[]).unwrap();
        assert_eq!(loaded.config.log.level.as_deref(), Some(level));
    }
    let windows = [b"\xef\xbb\xbf".as_slice(), b"[log]\r\nlevel = \"debug\"\r\n"].concat();
    load_named("c.toml", &windows, &[]).unwrap();
    for (bytes, words) in [
        (b"\xff\xfe[\0l\0".as_slice(), "is UTF-16; save it as UTF-8"),
        (b"[log]\nlevel = \"\xe9\"", "is not UTF-8 (line 2); save it as UTF-8"),
        (&vec![b' '; 4 * 1024 * 1024 + 1], "is larger than 4194304 bytes"),
    ] {
        let error = load_named("c.toml", bytes, &[]).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_variable_is_for_the_table_whose_name_it_can_have() {
    for name in
        ["contoso", "customer-01", "Contoso", "Contoso EU", "a.b", "a__b", "Zürich", "1.10", "no"]
    {
        let text = format!("[tenants.{name:?}]\n{TENANT}");
        let missing = &faults_with(&text, &[])[0].problem;
        let (_, variable) = missing.rsplit_once(' ').unwrap();
        let is_usable =
            |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(variable.bytes().all(is_usable), "{variable}");
        let config = load_text(&text, &[(variable, "s")]).unwrap();
        assert_eq!(config.tenants.keys().collect::<Vec<_>>(), [name]);
        assert_eq!(config.tenants[name].app_secret.as_ref().unwrap().expose(), "s");
    }
    // The longest name counts.
    let both = format!("[tenants.a]\n{TENANT}app_secret = \"x\"\n[tenants.a__b]\n{TENANT}");
    let config = load_text(&both, &[("STOCKTAKE_TENANTS__A__B__APP_SECRET", "s")]).unwrap();
    assert_eq!(config.tenants["a__b"].app_secret.as_ref().unwrap().expose(), "s");
    // One that the file does not have is a new one.
    let config = load_text("", &[("STOCKTAKE_SINKS__OUT__TYPE", "stdout")]).unwrap();
    assert!(config.sinks.contains_key("out"));
}

#[test]
fn a_variable_for_two_tables_is_an_error_that_names_both() {
    let text = format!("[tenants.\"Contoso EU\"]\n{TENANT}[tenants.contoso-eu]\n{TENANT}");
    let variable = "STOCKTAKE_TENANTS__CONTOSO_EU__APP_SECRET";
    let found = lines(&faults_with(&text, &[(variable, "canary")]));
    let words = format!("`{variable}`: is for `tenants` \"Contoso EU\" and \"contoso-eu\" alike");
    assert!(found.contains(&words) && !found.contains("canary"), "{found}");
    // And no advice names it.
    let found = lines(&faults_with(&text, &[]));
    assert!(found.contains("is missing; set `app_secret_file`\n"), "{found}");
    assert!(!found.contains("variable"), "{found}");
}

#[test]
fn variables_of_platforms_set_nothing_and_those_that_are_plainly_meant_are_checked() {
    let ignored = [
        "STOCKTAKE_PORT",
        "STOCKTAKE_PORT_9464_TCP",
        "STOCKTAKE_PORT_9464_TCP_ADDR",
        "STOCKTAKE_SERVICE_HOST",
        "STOCKTAKE_SERVICE_PORT_HTTP__METRICS",
        "STOCKTAKE_ENV_A__B",
        "STOCKTAKE_LOG",
        "STOCKTAKE_",
        "STOCKTAKE__X",
    ];
    for name in ignored {
        let notes = load_named("c.toml", b"", &[(name, "tcp://10.0.0.1:9464")]).unwrap().notes;
        assert_eq!(notes.len(), 1, "{name}");
        assert!(notes[0].starts_with(&format!("{name}: not a setting")), "{notes:?}");
    }
    let all: Vec<_> = ignored.iter().map(|name| (*name, "tcp://10.0.0.1")).collect();
    let notes = load_named("c.toml", b"", &all).unwrap().notes;
    assert!(notes.len() == 1 && notes[0].contains(" and 4 more: "), "{notes:?}");
    for (name, words) in [
        (
            "STOCKTAKE_COLECTION__INTERVAL",
            "`colection` (environment variable STOCKTAKE_COLECTION__INTERVAL): unknown key; did you \
             mean `collection`?",
        ),
        ("STOCKTAKE_LOG__LEVLE", "did you mean `level`?"),
        ("STOCKTAKE_TENANTS__T", "found a string, expected a table"),
    ] {
        let found = lines(&faults_with("", &[(name, "canary")]));
        assert!(found.contains(words) && found.contains(name), "{found}");
        assert!(!found.contains("canary"), "{found}");
    }
}

#[test]
fn an_empty_variable_is_not_set() {
    let text = format!("[tenants.t]\n{TENANT}app_secret = \"s\"\n[log]\nlevel = \"debug\"\n");
    let empty = [
        ("STOCKTAKE_CONFIG", ""),
        ("STOCKTAKE_DEFAULTS", ""),
        ("STOCKTAKE_TENANTS__T__APP_SECRET", ""),
        ("STOCKTAKE_LOG__LEVEL", " "),
        ("STOCKTAKE_LOG__UNKNOWN", ""),
        ("STOCKTAKE_COLLECTION__PAGE_SIZE", ""),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        ("OTEL_SDK_DISABLED", ""),
        ("OTEL_METRICS_EXPORTER", ""),
    ];
    let config = load_text(&text, &empty).unwrap();
    assert_eq!(config.tenants["t"].app_secret.as_ref().unwrap().expose(), "s");
    assert_eq!(config.log.level.as_deref(), Some("debug"));
}

#[test]
fn presets_count_less_than_the_file() {
    let folder = TempDir::new().unwrap();
    let presets = folder.path().join("presets.toml");
    std::fs::write(&presets, "[server]\nlisten = \"0.0.0.0:9464\"\n[log]\nformat = \"json\"\n")
        .unwrap();
    let variables = [("STOCKTAKE_DEFAULTS", presets.to_str().unwrap())];
    let loaded = load_named("c.toml", b"[server]\nlisten = \"off\"\n", &variables).unwrap();
    assert_eq!(loaded.config.server.listen, "off");
    assert_eq!(loaded.config.log.format, LogFormat::Json);
    assert_eq!(loaded.overridden, []);
    let origin = loaded.origins.get("log.format").unwrap().to_string();
    assert!(origin.ends_with("presets.toml, line 4"), "{origin}");
}

#[test]
fn what_set_a_key_is_known_and_what_it_overrides() {
    let variables =
        [("STOCKTAKE_SERVER__LISTEN", "0.0.0.0:9464"), ("STOCKTAKE_STATE__PATH", "s.db")];
    let text = b"[server]\nlisten = \"off\"\n[log]\nlevel = \"warn\"\n";
    let loaded = load_named("c.toml", text, &variables).unwrap();
    let origin = |key| loaded.origins.get(key).map(ToString::to_string);
    let listen = origin("server.listen").unwrap();
    assert_eq!(listen, "environment variable STOCKTAKE_SERVER__LISTEN");
    assert_eq!(origin("state.path").unwrap(), "environment variable STOCKTAKE_STATE__PATH");
    assert!(origin("log.level").unwrap().ends_with("c.toml, line 4"));
    assert_eq!(origin("log.format"), None);
    let [overridden] = loaded.overridden.as_slice() else { panic!("{:?}", loaded.overridden) };
    assert_eq!((overridden.key.as_str(), overridden.by.to_string()), ("server.listen", listen));
    assert!(overridden.of.to_string().ends_with("c.toml, line 2"));
}

#[test]
fn opentelemetrys_switches_count_over_the_keys() {
    let text = "[telemetry]\notlp_endpoint = \"http://collector:4318\"\n";
    for (name, value, expected) in [
        ("OTEL_SDK_DISABLED", "true", [false, false]),
        ("OTEL_SDK_DISABLED", "True", [false, false]),
        ("OTEL_SDK_DISABLED", "false", [true, true]),
        ("OTEL_SDK_DISABLED", "1", [true, true]),
        ("OTEL_METRICS_EXPORTER", "none", [false, true]),
        ("OTEL_METRICS_EXPORTER", "otlp", [true, true]),
        ("OTEL_METRICS_EXPORTER", "prometheus, OTLP", [true, true]),
        ("OTEL_METRICS_EXPORTER", "prometheus", [false, true]),
        ("OTEL_TRACES_EXPORTER", "none", [true, false]),
        ("OTEL_LOGS_EXPORTER", "none", [true, true]),
    ] {
        let telemetry = load_text(text, &[(name, value)]).unwrap().telemetry;
        let pushed = [telemetry.metrics_url().is_some(), telemetry.traces_url().is_some()];
        assert_eq!(pushed, expected, "{name}={value}");
    }
}

#[test]
fn variables_of_other_programs_that_cannot_be_used_are_noted_and_break_nothing() {
    for (name, value, has_note) in [
        ("OTEL_SDK_DISABLED", "1", true),
        ("OTEL_SDK_DISABLED", "false", false),
        ("OTEL_METRICS_EXPORTER", "canary", true),
        ("OTEL_METRICS_EXPORTER", "none", false),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector-canary:4317", true),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318", false),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20x,canary", true),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a canary=x", true),
        ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "authorization=Bearer%20x, b = 1,", false),
        ("HTTPS_PROXY", "socks5://canary", true),
        ("HTTPS_PROXY", "http://proxy:3128", false),
        ("NO_PROXY", "*.canary", true),
        ("NO_PROXY", "*", false),
    ] {
        let text = "[telemetry]\notlp_endpoint = \"https://collector\"\n";
        let notes = load_named("c.toml", text.as_bytes(), &[(name, value)]).unwrap().notes;
        assert_eq!(!notes.is_empty(), has_note, "{name}={value}: {notes:?}");
        for note in notes {
            assert!(note.starts_with(name) && !note.contains("canary"), "{note}");
        }
    }
}
