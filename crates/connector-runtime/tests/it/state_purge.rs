//! `stocktake state purge`: what is not configured any more leaves state.

use serde_json::Value;

use crate::site::{Ended, Site, fleet};

/// A site that was once collected under another tenant's name, and into a file.
async fn renamed() -> Site {
    let site = Site::of(fleet(30, 10)).await;
    let path = site.path("stocktake.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let lake = format!("[sinks.lake]\ntype = \"file\"\npath = {:?}\n", site.path("events"));
    let earlier = format!("{}{lake}", text.replace("tenants.contoso", "tenants.fabrikam"));
    std::fs::write(&path, earlier).unwrap();
    assert_eq!(site.sync().await.account().acknowledged, 30);
    std::fs::write(&path, format!("{text}{lake}")).unwrap();
    assert_eq!(site.sync().await.account().acknowledged, 30);
    std::fs::write(path, text).unwrap();
    site
}

async fn purge(site: &Site, arguments: &[&str]) -> Ended {
    site.run(&[&["state", "purge", "--output", "json"], arguments].concat()).await
}

/// Scopes, devices and reports that the output counts.
#[track_caller]
fn counts(ended: &Ended) -> [u64; 3] {
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    ["scopes", "delivered", "cycle_reports"].map(|key| told[key].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_and_a_sink_that_are_gone_leave_state_and_the_rest_stays() {
    let site = renamed().await;
    let tenant = ["--tenant", "fabrikam"];
    assert_eq!(counts(&purge(&site, &["--tenant", "fabrikam", "--dry-run"]).await), [2, 60, 1]);
    assert_eq!(counts(&purge(&site, &tenant).await), [2, 60, 1]);
    assert_eq!(counts(&purge(&site, &tenant).await), [0, 0, 0]);
    assert_eq!(counts(&purge(&site, &["--sink", "lake"]).await), [1, 30, 0]);

    let shown = site.run(&["state", "show", "--output", "json"]).await;
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    let delivered = shown["delivered"].as_array().unwrap();
    assert_eq!(delivered.len(), 1, "{shown:#}");
    assert_eq!(
        (&delivered[0]["tenant"], &delivered[0]["sink"]),
        (&"contoso".into(), &"soc".into())
    );
    let account = site.sync().await.account();
    assert_eq!((account.unchanged, account.acknowledged), (30, 0), "{account:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_configured_is_forgotten_only_when_that_is_said() {
    let site = renamed().await;
    for arguments in [
        &["--tenant", "contoso"][..],
        &["--sink", "soc"],
        &["--tenant", "contoso", "--sink", "soc"],
    ] {
        let ended = purge(&site, arguments).await;
        assert_eq!(ended.code, Some(2), "{ended:#?}");
        assert!(ended.stderr.contains("--even-if-configured"), "{ended:#?}");
    }
    // The sink is configured, but the tenant that fed it is not.
    assert_eq!(counts(&purge(&site, &["--tenant", "fabrikam", "--sink", "soc"]).await), [1, 30, 0]);
    let said = ["--tenant", "contoso", "--sink", "soc", "--even-if-configured"];
    assert_eq!(counts(&purge(&site, &said).await), [1, 30, 0]);
    assert_eq!(site.sync().await.account().acknowledged, 30, "everything once more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_asked_for_and_a_living_writer_is_not_disturbed() {
    let site = Site::of(fleet(5, 5)).await;
    assert_eq!(purge(&site, &[]).await.code, Some(2));
    let absent = purge(&site, &["--tenant", "fabrikam"]).await;
    assert_eq!(absent.code, Some(1), "{absent:#?}");
    assert!(!site.path("state.db").exists(), "nothing is made to purge from");
    site.sync().await;
    let mut program = site.start(&["run", "--output", "text"]);
    // The log is there for as long as a writer has the state open.
    while !site.path("state.db-wal").exists() {
        tokio::task::yield_now().await;
    }
    let busy = purge(&site, &["--tenant", "fabrikam"]).await;
    assert_eq!(busy.code, Some(1), "{busy:#?}");
    assert!(busy.stderr.contains("[ST0501]"), "{busy:#?}");
    program.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_that_cannot_purge_is_complete_all_the_same() {
    let site = Site::of(fleet(5, 5)).await;
    site.sync().await;
    let file = rusqlite::Connection::open(site.path("state.db")).unwrap();
    file.execute_batch(
        "INSERT INTO removed (tenant, source, uid, removed_at_ms) VALUES ('contoso', 'defender', 'long-gone', 0);
         CREATE TRIGGER never BEFORE DELETE ON removed BEGIN SELECT RAISE(ABORT, 'no'); END;",
    )
    .unwrap();
    drop(file);
    let ended = site.sync().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.account().unchanged, 5);
    assert!(ended.stderr.contains("cannot purge removed devices from state"), "{ended:#?}");
}
