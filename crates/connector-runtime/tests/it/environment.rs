//! What surrounds the program: files that are pipes, variables of platforms, presets of an image. And
//! what it shows of a configuration: where values come from, and never a secret in the wrong place.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use crate::site::{Ended, command, ended};

const VALID: &str = "[tenants.contoso]\n\
    tenant_id = \"00000000-0000-0000-0000-000000000001\"\n\
    app_id = \"00000000-0000-0000-0000-000000000002\"\n\
    app_secret = \"s\"\n\
    [sinks.soc]\ntype = \"sekoia\"\napi_key = \"k\"\n\
    connector_uuid = \"00000000-0000-0000-0000-000000000003\"\n";

const CANARY: &str = "HUNTER2-canary-0123456789";

async fn run_in(folder: &TempDir, arguments: &[&str], variables: &[(&str, &OsStr)]) -> Ended {
    let mut program = command(folder.path());
    program.args(arguments).envs(variables.iter().copied());
    ended(program.spawn().unwrap()).await
}

async fn run(text: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("stocktake.toml"), text).unwrap();
    let variables: Vec<_> =
        variables.iter().map(|(name, value)| (*name, OsStr::new(*value))).collect();
    run_in(&folder, arguments, &variables).await
}

#[tokio::test]
async fn a_configuration_by_a_pipe_is_read_once() {
    for text in [VALID.to_owned(), toml_to_yaml()] {
        let folder = TempDir::new().unwrap();
        let mut program = command(folder.path());
        program.args(["--config", "/dev/stdin", "config", "show"]).stdin(Stdio::piped());
        let mut child = program.spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(text.as_bytes()).await.unwrap();
        drop(pipe);
        let ended = ended(child).await;
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        assert!(ended.stdout.contains("[tenants.contoso]"), "{ended:#?}");
    }
}

fn toml_to_yaml() -> String {
    // JSON is YAML.
    serde_json::to_string_pretty(&toml::from_str::<Value>(VALID).unwrap()).unwrap()
}

#[tokio::test]
async fn variables_of_a_platform_are_reported_and_do_not_break_the_start() {
    let links = [
        ("STOCKTAKE_PORT", "tcp://10.0.0.1:9464"),
        ("STOCKTAKE_SERVICE_HOST", "10.0.0.1"),
        ("STOCKTAKE_PORT_9464_TCP_ADDR", "10.0.0.1"),
        ("STOCKTAKE_LOG__LEVEL", ""),
    ];
    let checked = run(VALID, &["config", "check"], &links).await;
    assert_eq!(checked.code, Some(0), "{checked:#?}");
    assert_eq!(checked.stderr.matches("STOCKTAKE_PORT_9464_TCP_ADDR").count(), 1, "{checked:#?}");
    assert!(checked.stderr.contains("not a setting"), "{checked:#?}");
    assert!(!checked.stderr.contains("10.0.0.1"), "{checked:#?}");

    let not_text = OsStr::from_bytes(b"\xff\xfe");
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("stocktake.toml"), VALID).unwrap();
    let others = [
        "OTHER",
        "HTTPS_PROXY",
        "NO_PROXY",
        "HOSTNAME",
        "OTEL_SDK_DISABLED",
        "OTEL_RESOURCE_ATTRIBUTES",
        "STOCKTAKE_PORT",
    ];
    for name in others {
        let checked = run_in(&folder, &["config", "check"], &[(name, not_text)]).await;
        assert_eq!(checked.code, Some(0), "{name}: {checked:#?}");
    }
    let meant = "STOCKTAKE_TENANTS__CONTOSO__APP_SECRET";
    let refused = run_in(&folder, &["config", "check"], &[(meant, not_text)]).await;
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert!(refused.stderr.contains(&format!("`{meant}`: is not valid UTF-8")), "{refused:#?}");
}

#[tokio::test]
async fn what_sets_a_value_is_shown() {
    let text = format!("{VALID}[state]\npath = \"/data/state.db\"\n[server]\nlisten = \"off\"\n");
    let variables = [("STOCKTAKE_STATE__PATH", "/var/lib/stocktake/state.db")];
    let checked = run(&text, &["config", "check"], &variables).await;
    assert_eq!(checked.code, Some(0), "{checked:#?}");
    let words = "`state.path`: environment variable STOCKTAKE_STATE__PATH counts, stocktake.toml, line 10 \
                 does not";
    assert!(checked.stderr.contains(words), "{checked:#?}");

    let arguments = ["config", "show", "--origin", "--log-level", "error"];
    let shown = run(&text, &arguments, &variables).await;
    for line in [
        "server.listen = \"off\"  # stocktake.toml, line 12",
        "state.path = \"/var/lib/stocktake/state.db\"  # environment variable STOCKTAKE_STATE__PATH",
        "collection.interval = \"3h\"  # default",
        "log.level = \"error\"  # flag --log-level",
        "tenants.contoso.app_secret = \"(hidden)\"  # stocktake.toml, line 4",
        "sinks.soc.type = \"sekoia\"  # stocktake.toml, line 6",
    ] {
        assert!(shown.stdout.lines().any(|found| found == line), "{line}\n{shown:#?}");
    }
    let shown = run(&text, &["config", "show", "--origin", "--output", "json"], &variables).await;
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(shown["server.listen"]["value"], "off");
    assert_eq!(shown["server.listen"]["origin"], "stocktake.toml, line 12");
    assert_eq!(shown["log.format"]["origin"], "default");
}

#[tokio::test]
async fn a_file_counts_over_what_the_image_presets() {
    let presets = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/docker/image.toml");
    let variables = [("STOCKTAKE_DEFAULTS", presets)];
    let shown = run(VALID, &["config", "show"], &variables).await;
    for line in ["listen = \"0.0.0.0:9464\"", "path = \"/var/lib/stocktake/state.db\""] {
        assert!(shown.stdout.contains(line), "{shown:#?}");
    }
    let text = format!("{VALID}[state]\npath = \"/data/state.db\"\n[server]\nlisten = \"off\"\n");
    let shown = run(&text, &["config", "show"], &variables).await;
    for line in ["listen = \"off\"", "path = \"/data/state.db\""] {
        assert!(shown.stdout.contains(line), "{shown:#?}");
    }
}

#[tokio::test]
async fn a_secret_in_the_wrong_place_is_not_repeated_by_any_command() {
    let changed = |from: &str, to: &str| {
        assert!(VALID.contains(from), "{from}");
        VALID.replace(from, to)
    };
    let texts = [
        format!("{VALID}[http]\nproxy = \"u:{CANARY}@127.0.0.1:3128\"\n"),
        format!("{VALID}[http]\nproxy = \"{CANARY}\"\n"),
        format!(
            "{VALID}[http]\nproxy = \"http://u@127.0.0.1:3128\"\nproxy_password_file = \"{CANARY}\"\n"
        ),
        format!("{VALID}[http]\nextra_ca_file = \"{CANARY}\"\n"),
        format!("{VALID}task_deadline = \"{CANARY}\"\n"),
        format!("{VALID}unknown = \"{CANARY}\"\n"),
        format!("{VALID}[server]\nlisten = \"{CANARY}\"\n"),
        format!("{VALID}[log]\nlevel = \"{CANARY}=[\"\n"),
        format!("{VALID}[telemetry]\notlp_endpoint = \"{CANARY}\"\n"),
        format!(
            "{VALID}[telemetry]\notlp_endpoint = \"http://127.0.0.1:9\"\notlp_headers_file = \"{CANARY}\"\n"
        ),
        changed("type = \"sekoia\"", &format!("type = \"{CANARY}\"")),
        changed("app_secret = \"s\"", &format!("app_secret_file = \"{CANARY}\"")),
        changed("app_secret = \"s\"", &format!("app_secret_file = \"a/{CANARY}\"")),
        changed("api_key = \"k\"", &format!("api_key_file = \"{CANARY}\"")),
        changed(
            "[sinks.soc]",
            &format!(
                "[tenants.other]\ntenant_id = \"other.example\"\ncredential = \"c\"\n\
                 [credentials.c]\ntype = \"certificate\"\ncertificate_file = \"{CANARY}\"\n\
                 app_id = \"00000000-0000-0000-0000-000000000002\"\n[sinks.soc]"
            ),
        ),
        format!("{VALID}tls = {{ extra_ca_file = \"{CANARY}\" }}\n"),
        format!(
            "{VALID}tls = {{ client_certificate_file = \"{CANARY}\", client_key_file = \"{CANARY}\" }}\n"
        ),
        changed("app_id = \"", &format!("app_id = \"{CANARY}")),
        changed("app_secret = \"s\"", &format!("app_secret = \"{CANARY}")),
        changed("app_secret = \"s\"", &format!("credential = \"{CANARY}\"")),
    ];
    let commands = [
        ["config", "check", "--log-level", "warn"].as_slice(),
        &["config", "show"],
        &["config", "show", "--origin"],
        &["config", "show", "--output", "json"],
        &["sync", "--tenant", "contosa"],
        &["run", "--tenant", "contosa", "--log-format", "json"],
    ];
    for text in texts {
        for arguments in commands {
            let ended = run(&text, arguments, &[]).await;
            let shown = [&ended.stdout, &ended.stderr];
            assert!(!shown.iter().any(|shown| shown.contains("HUNTER2")), "{text}\n{ended:#?}");
        }
    }
}
