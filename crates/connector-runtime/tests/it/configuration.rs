//! Bad configuration: one clear message each, the documented exit code, no backtrace, no secret.

use stocktake_simulator::{Api, Effect, Fault};
use tempfile::TempDir;

use tokio::io::{AsyncBufReadExt, BufReader};

use crate::site::{APP_SECRET, Ended, Site, command, ended, fleet};

const TENANT: &str = "[tenants.contoso]\n\
    tenant_id = \"00000000-0000-0000-0000-000000000001\"\n\
    app_id = \"00000000-0000-0000-0000-000000000002\"\n";
const SINK: &str = "[sinks.out]\ntype = \"stdout\"\n";

fn secret() -> String {
    format!("app_secret = \"{APP_SECRET}\"\n")
}

/// Runs `sync` with a configuration file of this text, and these variables.
async fn sync_with(file: &str, text: &str, variables: &[(&str, &str)]) -> Ended {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join(file), text).unwrap();
    let mut program = command(folder.path());
    program.args(["sync", "--config", file]).envs(variables.iter().copied());
    ended(program.spawn().unwrap()).await
}

/// Asserts exit code 2 and one message that holds all of `words`.
async fn is_refused(text: &str, words: &[&str]) {
    let ended = sync_with("stocktake.toml", text, &[]).await;
    assert_refused(&ended, words);
}

fn assert_refused(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.code, Some(2), "{ended:#?}");
    assert_eq!(ended.stdout, "");
    for word in words {
        assert!(ended.stderr.contains(word), "`{word}` is not in: {}", ended.stderr);
    }
    assert!(ended.stderr.starts_with("error: configuration: "), "{}", ended.stderr);
    assert!(ended.stderr.trim_end().ends_with(" [ST0101]"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("backtrace"), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "one message: {}", ended.stderr);
}

#[tokio::test]
async fn a_missing_secret() {
    is_refused(
        &format!("{TENANT}{SINK}"),
        &["tenants.contoso.app_secret", "STOCKTAKE_TENANTS__CONTOSO__APP_SECRET"],
    )
    .await;
}

#[tokio::test]
async fn two_secrets() {
    let text = format!("{TENANT}{}app_secret_file = \"x\"\n{SINK}", secret());
    is_refused(&text, &["tenants.contoso.app_secret", "keep one"]).await;
}

#[tokio::test]
async fn an_unknown_key_is_named_with_its_file_and_the_nearest_known_one() {
    let text = format!("{TENANT}{}tennant = 1\n{SINK}", secret());
    is_refused(&text, &["tenants.contoso.tennant", "stocktake.toml", "unknown key"]).await;
    let text = format!("{TENANT}{}{SINK}[collection]\nintervall = \"1h\"\n", secret());
    is_refused(&text, &["collection.intervall", "did you mean `interval`?"]).await;
    let text = format!("{TENANT}{}{SINK}fomr = \"ocsf\"\n", secret());
    is_refused(&text, &["sinks.out", "did you mean `form`?"]).await;
}

#[tokio::test]
async fn an_unknown_variable_is_named() {
    let text = format!("{TENANT}{}{SINK}", secret());
    let ended =
        sync_with("stocktake.toml", &text, &[("STOCKTAKE_COLLECTION__INTERVALL", "1h")]).await;
    assert_refused(&ended, &["STOCKTAKE_COLLECTION__INTERVALL", "did you mean `interval`?"]);
}

#[tokio::test]
async fn a_bad_url() {
    let text = format!("{TENANT}{}base_url = \"not a url\"\n{SINK}", secret());
    is_refused(&text, &["tenants.contoso.base_url", "is not a URL"]).await;
}

#[tokio::test]
async fn http_to_a_public_host() {
    let text = format!("{TENANT}{}graph_url = \"http://graph.microsoft.com\"\n{SINK}", secret());
    is_refused(&text, &["tenants.contoso.graph_url", "must start with https://"]).await;
}

#[tokio::test]
async fn ids_that_are_no_ids() {
    let text = format!(
        "[tenants.contoso]\ntenant_id = \"contoso\"\n\
         app_id = \"00000000-0000-0000-0000-000000000002\"\n{}{SINK}",
        secret()
    );
    is_refused(&text, &["tenants.contoso.tenant_id", "neither a GUID nor a domain"]).await;
}

#[tokio::test]
async fn values_of_the_wrong_kind() {
    let text = format!("{TENANT}{}{SINK}[collection]\ninterval = 3\n", secret());
    is_refused(&text, &["collection.interval", "found a whole number"]).await;
    let text = format!("{TENANT}{}{SINK}[collection]\ninterval = \"soon\"\n", secret());
    is_refused(&text, &["collection.interval", "is not a duration"]).await;
    let text = format!("{TENANT}{}{SINK}[collection]\nremoval_guard = 20.0\n", secret());
    is_refused(&text, &["collection.removal_guard", "between 0 and 1"]).await;
    let text =
        format!("{TENANT}{}{SINK}[collection]\nvolatile_fields = [\"device.os.nam\"]\n", secret());
    is_refused(&text, &["collection.volatile_fields", "item 1 is not an attribute"]).await;
}

#[tokio::test]
async fn a_file_that_is_not_toml_is_named_without_its_text() {
    let text = format!("{TENANT}app_secret = \"{APP_SECRET}\n{SINK}");
    is_refused(&text, &["line 4"]).await;
}

#[tokio::test]
async fn no_tenant_and_no_sink() {
    is_refused(SINK, &["there is no tenant", "config init", "demo"]).await;
    is_refused(&format!("{TENANT}{}", secret()), &["there is no sink", "[sinks.soc]"]).await;
}

#[tokio::test]
async fn a_configuration_is_checked_without_asking_anybody() {
    let folder = TempDir::new().unwrap();
    let check = async |text: &str| {
        std::fs::write(folder.path().join("stocktake.toml"), text).unwrap();
        let mut program = command(folder.path());
        ended(program.args(["config", "check"]).spawn().unwrap()).await
    };
    // Nobody listens at these hosts, and nothing is asked of them.
    let good = format!("{TENANT}{}{SINK}", secret());
    let fine = check(&good).await;
    assert_eq!(fine.code, Some(0), "{fine:#?}");
    assert!(fine.stdout.contains("1 tenant and 1 sink"), "{fine:#?}");
    let sink = "[sinks.soc]\ntype = \"sekoia\"\napi_key = \"k\"\n\
                connector_uuid = \"00000000-0000-0000-0000-000000000003\"\n";
    let bad = format!("{good}{sink}tls = {{ extra_ca_file = \"./absent.pem\" }}\n");
    assert_refused(&check(&bad).await, &["sinks.soc.tls", "./absent.pem"]);
    assert_refused(&check("").await, &["there is no tenant"]);
    assert_refused(&check(&format!("{TENANT}{}", secret())).await, &["there is no sink"]);
}

#[tokio::test]
async fn files_that_a_configuration_names_are_checked_too() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("empty"), "").unwrap();
    let text = format!(
        "{TENANT}app_secret_file = \"./absent\"\n\
         [tenants.fabrikam]\ntenant_id = \"00000000-0000-0000-0000-000000000007\"\n\
         credential = \"own\"\n\
         [credentials.own]\ntype = \"certificate\"\ncertificate_file = \"empty\"\n\
         app_id = \"00000000-0000-0000-0000-000000000002\"\n\
         [sinks.soc]\ntype = \"sekoia\"\napi_key_file = \"./nowhere\"\n\
         connector_uuid = \"00000000-0000-0000-0000-000000000003\"\n"
    );
    std::fs::write(folder.path().join("stocktake.toml"), text).unwrap();
    let mut program = command(folder.path());
    let ended = ended(program.args(["config", "check"]).spawn().unwrap()).await;
    assert_eq!(ended.code, Some(2), "{ended:#?}");
    for words in ["3 faults", "tenants.contoso", "absent", "credentials.own", "empty", "nowhere"] {
        assert!(ended.stderr.contains(words), "{words} is not in {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_lenient_check_fails_only_for_what_keeps_run_from_starting() {
    let folder = TempDir::new().unwrap();
    let check = async |text: &str| {
        std::fs::write(folder.path().join("stocktake.toml"), text).unwrap();
        let mut program = command(folder.path());
        ended(program.args(["config", "check", "--lenient"]).spawn().unwrap()).await
    };
    let missing = format!("{TENANT}app_secret_file = \"./absent\"\n{SINK}");
    let told = check(&missing).await;
    assert_eq!(told.code, Some(0), "{told:#?}");
    assert!(told.stderr.contains("tenants.contoso") && told.stderr.contains("absent"), "{told:#?}");
    assert!(told.stdout.contains("`run` starts"), "{told:#?}");

    // `run` keeps that promise.
    let text = format!("{missing}[server]\nlisten = \"127.0.0.1:0\"\n");
    std::fs::write(folder.path().join("stocktake.toml"), text).unwrap();
    let mut program = command(folder.path());
    let mut program =
        program.args(["run", "--log-format", "json"]).kill_on_drop(true).spawn().unwrap();
    let mut log = BufReader::new(program.stderr.take().unwrap()).lines();
    while let Some(line) = log.next_line().await.unwrap() {
        if line.contains("ST0202") {
            break;
        }
        assert!(!line.contains("ST0101"), "{line}");
    }
    assert!(program.try_wait().unwrap().is_none(), "it goes on");

    assert_refused(&check(&format!("{missing}misspelt = 1\n")).await, &["misspelt"]);
}

#[tokio::test]
async fn a_secret_in_the_place_of_an_id_is_not_repeated() {
    let text = format!(
        "[tenants.contoso]\ntenant_id = \"{APP_SECRET}\"\napp_id = \"{APP_SECRET}\"\n\
         app_secret = \"x\"\n{SINK}"
    );
    // `ended` looks for the canary in all that is printed.
    let ended = sync_with("stocktake.toml", &text, &[]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains(": is not a GUID"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_file_that_is_not_there() {
    let folder = TempDir::new().unwrap();
    let mut program = command(folder.path());
    program.args(["sync", "--config", "absent.toml"]);
    let ended = ended(program.spawn().unwrap()).await;
    assert_refused(&ended, &["absent.toml", "config init"]);
}

#[tokio::test]
async fn an_unknown_tenant_name() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("stocktake.toml"), format!("{TENANT}{}{SINK}", secret()))
        .unwrap();
    let mut program = command(folder.path());
    program.args(["sync", "--tenant", "contosa"]);
    let ended = ended(program.spawn().unwrap()).await;
    assert_refused(&ended, &["--tenant", "did you mean `contoso`?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn yaml_and_variables_configure_as_well() {
    let site = Site::of(fleet(20, 10)).await;
    let url = site.simulator.url();
    let text = format!(
        "tenants:\n  contoso:\n    tenant_id: 00000000-0000-0000-0000-000000000001\n    \
         app_id: 00000000-0000-0000-0000-000000000002\n    base_url: {url}\n    login_url: {url}\n    \
         graph_url: {url}\nsinks:\n  out:\n    type: stdout\n    form: sekoia\n"
    );
    let variables = [
        ("STOCKTAKE_TENANTS__CONTOSO__APP_SECRET", APP_SECRET),
        ("STOCKTAKE_STATE__PATH", ":memory:"),
    ];
    let ended = sync_with("stocktake.yaml", &text, &variables).await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(
        ended.stdout.lines().filter(|line| line.starts_with("{\"activity_id\"")).count(),
        20
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_names_the_code_and_what_to_do() {
    let site = Site::with(fleet(5, 5), |options| {
        options.tenants[0].app_secret = "another".into();
    })
    .await;
    let ended = site.run(&["sync"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("AADSTS7000215"), "{ended:#?}");
    assert!(ended.stdout.contains("[ST0201]\n"), "{ended:#?}");
    assert!(
        ended.stdout.contains("value"),
        "it distinguishes the value of a secret from its id: {ended:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_directory_names_the_code_and_what_to_do() {
    let site = Site::with(fleet(5, 5), |options| {
        options.tenants[0].tenant_id = "00000000-0000-0000-0000-0000000000ff".into();
    })
    .await;
    let ended = site.run(&["sync"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("AADSTS90002"), "{ended:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_names_the_role() {
    let site = Site::with(fleet(5, 5), |options| options.tenants[0].defender_roles.clear()).await;
    let ended = site.run(&["sync"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("Machine.Read.All"), "{ended:#?}");
    assert!(ended.stdout.contains("[ST0205]\n"), "{ended:#?}");

    let check = site.run(&["check"]).await;
    assert_eq!(check.code, Some(1));
    assert!(check.stdout.contains("no role Machine.Read.All"), "{check:#?}");
    assert!(check.stdout.contains("grant admin consent"), "{check:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_shown_whatever_is_printed() {
    let site = Site::of(fleet(10, 5)).await;
    site.handle().add_fault(Fault::once(Api::Entra, Effect::status(500)));
    site.handle().add_fault(Fault::once(Api::SekoiaPush, Effect::status(401)));
    // `ended` looks for the canaries in all that is printed.
    for arguments in [
        vec!["config", "show"],
        vec!["config", "show", "--output", "json"],
        vec!["check", "--log-level", "trace"],
        vec!["sync", "--log-level", "trace"],
        vec!["sync", "--log-level", "trace", "--log-format", "json"],
        vec!["state", "show"],
    ] {
        let ended = site.run(&arguments).await;
        assert!(!ended.stdout.is_empty(), "{ended:#?}");
    }
    let state = std::fs::read(site.path("state.db")).unwrap();
    let found = state.windows(APP_SECRET.len()).any(|bytes| bytes == APP_SECRET.as_bytes());
    assert!(!found, "the secret is in state");
}
