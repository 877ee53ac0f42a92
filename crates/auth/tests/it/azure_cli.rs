use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use stocktake_auth::{AzureCli, AzureCliError, AzureCliOptions};
use stocktake_connector_core::{DirectoryId, ErrorCode, Recovery, TokenProvider};
use tempfile::TempDir;

use super::{HandClock, graph};

/// A folder whose `az` is this script.
fn folder(script: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("az");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn cli_with(
    folder: &TempDir,
    clock: &HandClock,
    change: impl FnOnce(&mut AzureCliOptions),
) -> AzureCli {
    let directory = DirectoryId::new("contoso.example.com").unwrap();
    let mut options = AzureCliOptions::new(directory, Arc::new(clock.clone()));
    options.path = Some(folder.path().into());
    change(&mut options);
    AzureCli::new(options)
}

fn cli(folder: &TempDir) -> AzureCli {
    cli_with(folder, &HandClock::new(), |_| {})
}

#[tokio::test]
async fn the_cli_is_asked_once_for_a_token_of_the_tenant() {
    let folder = folder(
        r#"folder="${0%/*}"
           echo "$*" >> "$folder/asked"
           echo '{"accessToken": "canary-token", "expiresOn": "1970-01-01 02:00:00.000000",
                  "expires_on": 3600, "tenant": "contoso.example.com", "tokenType": "Bearer"}'"#,
    );
    let clock = HandClock::new();
    let cli = cli_with(&folder, &clock, |_| {});
    for _ in 0..2 {
        let token = cli.token(&graph()).await.unwrap();
        assert_eq!(token.expose(), "canary-token");
        assert_eq!(token.expires_at().unwrap().timestamp(), 3_600);
    }
    let asked = || fs::read_to_string(folder.path().join("asked")).unwrap();
    assert_eq!(
        asked(),
        "account get-access-token --output json --scope https://graph.microsoft.com/.default \
         --tenant contoso.example.com\n"
    );
    clock.advance(3_400);
    cli.token(&graph()).await.unwrap();
    assert_eq!(asked().lines().count(), 2);
    assert!(!format!("{cli:?}").contains("canary"));
}

#[tokio::test]
async fn a_missing_cli_is_reported() {
    let empty = tempfile::tempdir().unwrap();
    let error = cli(&empty).token(&graph()).await.unwrap_err();
    assert!(error.message.contains("no program `az`"), "{}", error.message);
    assert!(error.advice.unwrap().starts_with("Install the Azure CLI"));
    assert_eq!((error.code, error.recovery), (ErrorCode::TokenRefused, Recovery::Operator));
}

#[tokio::test]
async fn a_missing_login_is_reported_with_the_command_that_fixes_it() {
    for complaint in [
        "ERROR: Please run 'az login' to setup account.",
        "WARNING: x\nERROR: AADSTS70043: The refresh token has expired.\nTrace ID: t",
    ] {
        let folder = folder(&format!("cat >&2 <<'END'\n{complaint}\nEND\nexit 1"));
        // `cat` is on the path of the system.
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let cli = cli_with(&folder, &HandClock::new(), |options| options.path = Some(path.into()));
        let error = cli.token(&graph()).await.unwrap_err();
        let expected = "the Azure CLI has no login for tenant contoso.example.com: ";
        assert!(error.message.starts_with(expected), "{}", error.message);
        assert!(!error.message.contains("Trace ID"), "{}", error.message);
        let advice = error.advice.unwrap();
        assert!(advice.contains("`az login --tenant contoso.example.com`"), "{advice}");
    }
}

#[tokio::test]
async fn another_failure_is_reported_in_the_clis_words() {
    let error = cli(&folder("echo 'ERROR: it broke' >&2; exit 3")).get(&graph()).await.unwrap_err();
    let AzureCliError::Failed { status, message } = error else { panic!("{error:?}") };
    assert_eq!((status.code(), message.as_str()), (Some(3), "it broke"));
}

#[tokio::test]
async fn output_without_a_token_is_not_repeated() {
    let error = cli(&folder("echo canary")).get(&graph()).await.unwrap_err();
    assert!(matches!(error, AzureCliError::InvalidOutput { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[tokio::test(start_paused = true)]
async fn a_cli_that_hangs_is_stopped() {
    // It waits for input that never comes; the paused clock passes the timeout at once.
    let folder = folder("while :; do read -r line < /dev/zero || :; done");
    let error = cli(&folder).token(&graph()).await.unwrap_err();
    assert_eq!(error.message, "the Azure CLI gave no token within 60 s");
    assert_eq!((error.code, error.recovery), (ErrorCode::TokenUnavailable, Recovery::Retry));
}
