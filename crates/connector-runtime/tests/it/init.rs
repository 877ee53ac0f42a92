//! `stocktake init`: from four values to a configuration that is checked.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use stocktake_connector_core::CycleOutcome;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use crate::site::{APP_ID, APP_SECRET, Ended, Site, TENANT_ID, command, ended, fleet};

/// Runs `init` in an empty folder, and types `typed`.
async fn init(folder: &TempDir, arguments: &[&str], typed: &str) -> Ended {
    let mut program = command(folder.path());
    let mut child = program.arg("init").args(arguments).stdin(Stdio::piped()).spawn().unwrap();
    // It may end before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes()).await;
    ended(child).await
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn four_typed_values_make_a_configuration_that_works() {
    let site = Site::of(fleet(15, 10)).await;
    let url = site.simulator.url();
    let folder = TempDir::new().unwrap();
    let typed = format!("{TENANT_ID}\n{APP_ID}\n{APP_SECRET}\n{url}\n");
    let hosts = ["--name", "contoso", "--login-url", &url, "--graph-url", &url];
    let made = init(&folder, &hosts, &typed).await;
    assert_eq!(made.code, Some(0), "{made:#?}");
    assert!(made.stderr.contains("Everything works"), "{}", made.stderr);
    assert!(made.stderr.contains("Directory (tenant) id: "), "{}", made.stderr);

    // The secret has a file of its own, and both are for their owner alone.
    let (configuration, secret) =
        (folder.path().join("stocktake.toml"), folder.path().join("contoso.secret"));
    assert_eq!((mode(&configuration), mode(&secret)), (0o600, 0o600));
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), format!("{APP_SECRET}\n"));
    let text = std::fs::read_to_string(&configuration).unwrap();
    assert!(!text.contains(APP_SECRET));
    assert!(text.contains("# interval = \"3h\""), "the comments are there: {text}");
    let overview = "# From the overview page of the app registration:\ntenant_id = ";
    assert!(text.contains(overview), "values stand where the comments are: {text}");

    let mut sync = command(folder.path());
    let sync = ended(sync.args(["sync", "--output", "json"]).spawn().unwrap()).await;
    assert_eq!(sync.report().outcome, CycleOutcome::Complete, "{sync:#?}");
    let events: String = std::fs::read_dir(folder.path().join("events"))
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    assert_eq!(events.lines().count(), 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_and_a_file_need_no_typing_and_a_failed_check_says_what_to_do() {
    let site = Site::with(fleet(5, 5), |options| options.tenants[0].defender_roles.clear()).await;
    let url = site.simulator.url();
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("mine"), APP_SECRET).unwrap();
    let arguments = [
        "--tenant-id",
        TENANT_ID,
        "--app-id",
        APP_ID,
        "--app-secret-file",
        "mine",
        "--base-url",
        &url,
        "--login-url",
        &url,
        "--graph-url",
        &url,
        "tenant.toml",
    ];
    let made = init(&folder, &arguments, "").await;
    assert_eq!(made.code, Some(1), "{made:#?}");
    assert!(made.stdout.contains("no role Machine.Read.All"), "{}", made.stdout);
    assert!(made.stderr.contains("stocktake --config tenant.toml check"), "{}", made.stderr);
    let text = std::fs::read_to_string(folder.path().join("tenant.toml")).unwrap();
    assert!(text.contains("[tenants.main]"), "{text}");
    assert!(!folder.path().join("main.secret").exists(), "the secret stays where it was");
}

#[tokio::test]
async fn an_existing_file_is_left_alone() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("stocktake.toml"), "# mine").unwrap();
    let made = init(&folder, &[], "").await;
    assert_eq!(made.code, Some(1));
    assert!(made.stderr.contains("is not replaced"), "{}", made.stderr);
    let text = std::fs::read_to_string(folder.path().join("stocktake.toml")).unwrap();
    assert_eq!(text, "# mine");
}

#[tokio::test]
async fn a_secret_of_an_earlier_try_is_left_alone_and_named_before_anything_is_asked() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("main.secret"), "old").unwrap();
    let made = init(&folder, &[], "").await;
    assert_eq!(made.code, Some(1));
    assert!(made.stderr.contains("--app-secret-file main.secret"), "{}", made.stderr);
    assert!(!made.stderr.contains("Directory"), "{}", made.stderr);
}

#[tokio::test]
async fn a_mistake_is_reported_before_anything_is_written() {
    for (arguments, typed, words) in [
        (&[][..], "contoso\nx\ns\n\n", "neither a GUID nor a domain"),
        (&[][..], "\n", "--tenant-id"),
        (&["--tenant-id", TENANT_ID, "--app-id", APP_ID][..], "\n", "no secret was typed"),
        (
            &["--tenant-id", TENANT_ID, "--app-id", APP_ID][..],
            "s\nhttps://api-gov.securitycenter.microsoft.us\n",
            "serves the clouds gcc-high and dod",
        ),
        (
            &["--tenant-id", TENANT_ID, "--app-id", APP_ID, "--cloud", "gcc"][..],
            "s\nhttps://api.securitycenter.microsoft.com\n",
            "belongs to the cloud public",
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let made = init(&folder, arguments, typed).await;
        assert_eq!(made.code, Some(2), "{made:#?}");
        assert!(made.stderr.contains(words), "{words} is not in {}", made.stderr);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is written");
    }
}
