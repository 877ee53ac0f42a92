//! Sinks whose destination changes under the same name.

use std::fs;
use std::os::unix::fs::symlink;

use stocktake_connector_core::{CycleReport, SinkAccount};

use crate::site::{Site, fleet};

const DEVICES: u64 = 20;

/// A site with a second sink in the folder `events`.
async fn site() -> Site {
    Site::of(fleet(DEVICES as usize, 10))
        .await
        .set("sinks.lake", "type = \"file\"\nform = \"ocsf\"\npath = \"events\"\n")
}

/// Changes the configuration.
fn edit(site: &Site, from: &str, to: &str) {
    let path = site.path("stocktake.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "`{from}` is not in {text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

async fn sync(site: &Site) -> CycleReport {
    site.run(&["sync", "--output", "json"]).await.report()
}

fn account<'a>(report: &'a CycleReport, sink: &str) -> &'a SinkAccount {
    report.sinks.iter().find(|(name, _)| name.as_str() == sink).unwrap().1
}

fn lines(folder: &std::path::Path) -> usize {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let events = files.filter(|path| path.extension().is_some_and(|it| it == "ndjson"));
    events.map(|path| fs::read_to_string(path).unwrap().lines().count()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_folder_gets_everything_and_check_says_so_before() {
    let site = site().await;
    assert_eq!(account(&sync(&site).await, "lake").acknowledged, DEVICES);
    assert!(!site.run(&["check"]).await.stdout.contains("WARNING"));

    edit(&site, "path = \"events\"", "path = \"elsewhere\"");
    let check = site.run(&["check"]).await;
    assert_eq!(check.code, Some(0), "{}", check.stdout);
    let row = check.stdout.lines().find(|line| line.contains("WARNING")).unwrap();
    assert!(row.starts_with("sink lake") && row.contains("  destination  "), "{row}");
    assert!(row.contains("/elsewhere") && row.contains("/events"), "{row}");

    let moved = site.run(&["sync", "--output", "json"]).await;
    assert!(moved.stderr.contains("delivers elsewhere than before"), "{}", moved.stderr);
    let report = moved.report();
    let lake = account(&report, "lake");
    let before = lake.moved_from.as_ref().expect("it has moved").as_str();
    assert!(before.starts_with("folder /") && before.ends_with("/events"), "{before}");
    assert_eq!((lake.acknowledged, lines(&site.path("elsewhere"))), (DEVICES, DEVICES as usize));
    let soc = account(&report, "soc");
    assert_eq!((soc.unchanged, &soc.moved_from), (DEVICES, &None));

    assert!(!site.run(&["check"]).await.stdout.contains("WARNING"));
    let again = sync(&site).await;
    assert_eq!((again.kind.name(), &account(&again, "lake").moved_from), ("incremental", &None));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_folder_by_another_name_changes_nothing() {
    let site = site().await;
    assert_eq!(account(&sync(&site).await, "lake").acknowledged, DEVICES);
    symlink(site.path("events"), site.path("link")).unwrap();
    let absolute = site.path("events").display().to_string();
    let names = ["./events", "events/", "../{}/events", &absolute, "link"];
    let folder = site.folder.path().file_name().unwrap().to_str().unwrap();
    let mut current = "events".to_owned();
    for name in names.map(|name| name.replace("{}", folder)) {
        edit(&site, &format!("path = \"{current}\""), &format!("path = \"{name}\""));
        let report = site.run(&["sync", "--full", "--output", "json"]).await.report();
        let lake = account(&report, "lake");
        assert_eq!((lake.unchanged, &lake.moved_from), (DEVICES, &None), "{name}");
        current = name;
    }

    // The name stays, and leads to another folder.
    fs::create_dir(site.path("other")).unwrap();
    fs::remove_file(site.path("link")).unwrap();
    symlink(site.path("other"), site.path("link")).unwrap();
    assert_eq!(account(&sync(&site).await, "lake").acknowledged, DEVICES);
    assert_eq!(lines(&site.path("other")), DEVICES as usize);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_of_sekoia_or_another_type_gets_everything() {
    let site = site().await;
    sync(&site).await;
    let url = site.simulator.url();
    let by_name = url.replace("127.0.0.1", "localhost");
    let with_slash = format!("base_url = \"{url}/\"\nconnector_uuid");
    edit(&site, &format!("base_url = \"{url}\"\nconnector_uuid"), &with_slash);
    assert_eq!(account(&sync(&site).await, "soc").moved_from, None, "the same URL");

    edit(&site, &with_slash, &format!("base_url = \"{by_name}\"\nconnector_uuid"));
    let report = sync(&site).await;
    let soc = account(&report, "soc");
    assert_eq!(soc.acknowledged, DEVICES);
    let before = soc.moved_from.as_ref().expect("it has moved").to_string();
    assert_eq!(before, format!("{url}, asset connector 00000000-0000-0000-0000-000000000003"));

    edit(&site, "type = \"file\"\nform = \"ocsf\"\npath = \"events\"", "type = \"stdout\"");
    let sync = site.run(&["sync"]).await;
    let events = sync.stdout.lines().filter(|line| line.starts_with('{')).count();
    assert_eq!(events as u64, DEVICES, "{sync:#?}");
}
