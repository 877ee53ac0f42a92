//! `stocktake dead-letters retry`: a sink that refused and has been mended gets what it refused.

use serde_json::Value;

use crate::site::{Ended, Site, fleet};

/// A site whose sink refused three devices of forty, with the name of one of them.
async fn refused() -> (Site, String) {
    let site = Site::of(fleet(40, 20)).await;
    let devices = site.handle().fleet().device_ids();
    for device in &devices[..3] {
        site.handle().poison(device);
    }
    let account = site.sync().await.account();
    assert_eq!((account.acknowledged, account.dead_lettered), (37, 3));
    // The receiver is mended; content that was refused is still not sent again by itself.
    site.handle().clear_poison();
    let account = site.sync().await.account();
    assert_eq!((account.acknowledged, account.dead_lettered), (0, 3), "{account:#?}");
    (site, devices[0].clone())
}

async fn retry(site: &Site, more: &[&str]) -> Ended {
    let arguments = [&["dead-letters", "retry", "--output", "json"], more].concat();
    site.run(&arguments).await
}

#[track_caller]
fn refusals(ended: &Ended) -> u64 {
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let retried: Value = serde_json::from_str(&ended.stdout).unwrap();
    retried["refusals"].as_u64().unwrap()
}

/// The dead letters, newest first.
async fn letters(site: &Site) -> Vec<Value> {
    let listed = site.run(&["dead-letters", "list", "--output", "json"]).await;
    serde_json::from_str(&listed.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sink_refused_is_sent_once_after_its_fix_and_its_dead_letters_end() {
    let (site, _) = refused().await;
    assert_eq!(refusals(&retry(&site, &["--dry-run"]).await), 3);
    let account = site.sync().await.account();
    assert_eq!(account.acknowledged, 0, "a dry run changes nothing: {account:#?}");

    let others = ["--tenant", "fabrikam", "--sink", "lake"];
    assert_eq!(refusals(&retry(&site, &others[..2]).await), 0);
    assert_eq!(refusals(&retry(&site, &others[2..]).await), 0);
    assert_eq!(refusals(&retry(&site, &["--tenant", "contoso", "--sink", "soc"]).await), 3);
    assert_eq!(letters(&site).await.len(), 3, "they stand until the sink has the devices");

    let account = site.sync().await.account();
    assert_eq!((account.acknowledged, account.dead_lettered), (3, 0), "{account:#?}");
    site.assert_each_device_once();
    assert!(letters(&site).await.is_empty());
    assert_eq!(refusals(&retry(&site, &[]).await), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_dead_letter_is_tried_alone_and_counted_on_when_it_is_refused_again() {
    let (site, device) = refused().await;
    let found = letters(&site).await;
    let letter = found.iter().find(|letter| letter["uid"] == device.as_str()).unwrap();
    let id = letter["id"].to_string();
    site.handle().poison(&device);
    assert_eq!(refusals(&retry(&site, &["--id", &id]).await), 1);
    let account = site.sync().await.account();
    assert_eq!((account.acknowledged, account.dead_lettered), (0, 3), "{account:#?}");
    let found = letters(&site).await;
    let again = found.iter().find(|letter| letter["uid"] == device.as_str()).unwrap();
    assert_eq!(again["id"], letter["id"]);
    assert!(again["times"].as_u64() > letter["times"].as_u64(), "{again:#}");

    site.handle().clear_poison();
    assert_eq!(refusals(&retry(&site, &["--id", &id]).await), 1);
    let account = site.sync().await.account();
    assert_eq!((account.acknowledged, account.dead_lettered), (1, 2), "{account:#?}");
    let gone = retry(&site, &["--id", &id]).await;
    assert_eq!(gone.code, Some(1));
    assert!(gone.stderr.contains("not found"), "{gone:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_run_lives_nothing_is_forgotten_and_what_to_do_is_said() {
    let (site, _) = refused().await;
    let mut program = site.start(&["run", "--output", "text"]);
    // The log is there for as long as a writer has the state open.
    while !site.path("state.db-wal").exists() {
        tokio::task::yield_now().await;
    }
    let busy = retry(&site, &[]).await;
    assert_eq!(busy.code, Some(1), "{busy:#?}");
    for words in ["[ST0501]", "Stop `stocktake run`"] {
        assert!(busy.stderr.contains(words), "{busy:#?}");
    }
    let help = site.run(&["dead-letters", "retry", "--help"]).await;
    assert!(help.stdout.contains("stop `run` first"), "{}", help.stdout);
    assert_eq!(refusals(&retry(&site, &["--dry-run"]).await), 3, "counting needs no writer's lock");
    program.kill().await.unwrap();
    assert_eq!(refusals(&retry(&site, &[]).await), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_state_there_is_nothing_to_try_and_none_is_made() {
    let site = Site::of(fleet(5, 5)).await;
    let ended = retry(&site, &[]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(!site.path("state.db").exists());
}
