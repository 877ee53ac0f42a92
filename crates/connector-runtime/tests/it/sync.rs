//! Whole cycles: calls, accounts, changes, removals.

use stocktake_connector_core::{CycleKind, CycleOutcome, EnrichmentStatus, Strategy};
use stocktake_simulator::{Api, Intune};

use crate::site::{Site, fleet, odd_fleet};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_cycle_takes_a_call_for_each_page_and_seam_and_two_for_tokens() {
    let site = Site::with(fleet(1_000, 800), |options| {
        options.defender_page = 100;
        options.graph_page = 50;
    })
    .await;

    let ended = site.sync().await;

    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let report = ended.report();
    assert_eq!(report.outcome, CycleOutcome::Complete);
    // Ten pages of machines have nine seams.
    assert_eq!((report.calls.token, report.calls.source, report.calls.enricher), (2, 19, 16));
    let calls = site.handle().calls();
    assert_eq!(
        [Api::Entra, Api::DefenderList, Api::GraphList, Api::GraphBatch].map(|api| calls.of(api)),
        [2, 19, 16, 0]
    );
    assert_eq!(ended.account().acknowledged, 1_000);
    site.assert_each_device_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_ended_leaves_the_state_in_one_file() {
    let site = Site::of(fleet(5, 5)).await;
    assert_eq!(site.sync().await.account().acknowledged, 5);
    assert!(site.path("state.db").exists());
    assert!(!site.path("state.db-wal").exists(), "the log was not copied back");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_changes_are_sent_and_what_is_gone_is_marked_removed() {
    let site = Site::of(fleet(400, 320)).await;
    assert_eq!(site.sync().await.account().acknowledged, 400);

    let second = site.sync().await;
    assert_eq!((second.account().acknowledged, second.account().unchanged), (0, 400));
    assert_eq!(site.received().values().sum::<u64>(), 400, "the second cycle sends nothing");

    let fleet = site.handle().fleet();
    fleet.change(50);
    fleet.add(20);
    let removed = fleet.remove(10);
    site.handle().reset_calls();
    let third = site.sync().await;

    let report = third.report();
    assert_eq!(third.account().acknowledged, 70);
    assert_eq!((report.removal.missing, report.removal.removed), (10, 10));
    assert_eq!(site.handle().calls().of(Api::DefenderLookup), 10);
    assert_eq!(site.received().values().sum::<u64>(), 470);

    let fourth = site.sync().await.report();
    assert_eq!(fourth.removal.missing, 0, "a removed device is not looked up again: {removed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_odd_record_is_mapped_or_becomes_a_dead_letter() {
    let site = Site::of(odd_fleet(200, 160)).await;

    let ended = site.sync().await;

    let expected = site.handle().fleet().expectation();
    let account = ended.account();
    assert_eq!(ended.code, Some(3), "finished with dead letters: {ended:#?}");
    assert_eq!(account.read, expected.machines as u64);
    assert_eq!(account.duplicates, expected.duplicates as u64);
    assert_eq!(account.dead_lettered, expected.dead_letters as u64);
    assert_eq!(account.acknowledged, expected.devices as u64);
    assert_eq!(ended.report().enrichment.matched, expected.enriched as u64);
    site.assert_each_device_once();

    let letters = site.run(&["dead-letters", "list", "--output", "json"]).await;
    let letters: Vec<serde_json::Value> = serde_json::from_str(&letters.stdout).unwrap();
    assert_eq!(letters.len(), expected.dead_letters);
    for letter in &letters {
        assert!(letter["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{letter}");
        assert!(letter["payload"].as_str().is_some_and(|text| !text.is_empty()), "{letter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_page_size_reads_everything_although_the_server_sends_no_link() {
    let site = Site::of(fleet(250, 200)).await.set("collection", "page_size = 100\n");
    let ended = site.sync().await;
    assert_eq!(ended.account().acknowledged, 250);
    assert_eq!(site.handle().calls().of(Api::DefenderList), 5, "three pages, two seams");
    site.assert_each_device_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incremental_cycle_asks_for_what_was_seen_lately_and_looks_up_only_that() {
    let site = Site::of(fleet(3_000, 2_400)).await.set("collection", "overlap = \"1s\"\n");
    assert_eq!(site.sync().await.account().acknowledged, 3_000);
    site.handle().reset_calls();
    site.handle().fleet().add(15);

    let ended = site.run(&["sync", "--output", "json"]).await;

    let report = ended.report();
    assert_eq!(report.kind, CycleKind::Incremental);
    assert_eq!(ended.account().acknowledged, 15, "{report:#?}");
    assert!(report.read < 40, "only what was seen since the checkpoint is read: {report:#?}");
    assert_eq!(report.enrichment.strategy, Some(Strategy::LookUp));
    let batches = site.handle().calls().of(Api::GraphBatch);
    assert!(batches < 3, "a pass over all managed devices would take three calls: {batches}");
    assert_eq!(site.handle().calls().of(Api::GraphList), 0);
    let listed = site
        .handle()
        .calls()
        .log
        .iter()
        .any(|call| call.api == Api::DefenderList && call.target.contains("lastSeen"));
    assert!(listed, "the listing is filtered by lastSeen");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_without_intune_is_collected_without_it_and_the_report_says_so() {
    for intune in [Intune::Unlicensed, Intune::Forbidden] {
        let site = Site::with(fleet(60, 0), |options| options.tenants[0].intune = intune).await;
        let ended = site.sync().await;
        let report = ended.report();
        assert!(matches!(report.enrichment.status, EnrichmentStatus::Refused(_)), "{report:#?}");
        assert_eq!(ended.account().acknowledged, 60);
        let events = site.handle().received_events();
        assert!(events.values().all(|event| event["device"].get("is_managed").is_none()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sink_that_is_added_later_gets_everything() {
    let site = Site::of(fleet(120, 100)).await;
    assert_eq!(site.sync().await.account().acknowledged, 120);
    let folder = site.path("events");
    let site = site.set("sinks.lake", &format!("type = \"file\"\npath = {folder:?}\n"));

    let ended = site.run(&["sync", "--output", "json"]).await;

    let report = ended.report();
    assert_eq!(report.kind, CycleKind::Full, "the new sink needs a full cycle");
    assert_eq!(ended.account().unchanged, 120);
    let files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ndjson"))
        .collect();
    assert_eq!(files.len(), 1);
    let text = std::fs::read_to_string(&files[0]).unwrap();
    assert_eq!(text.lines().count(), 120);
    let valid = site.run(&["validate", files[0].to_str().unwrap()]).await;
    assert_eq!(valid.code, Some(0), "{valid:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn poisoned_events_are_dead_letters_and_their_neighbours_arrive() {
    let site = Site::of(fleet(250, 200)).await;
    let ids = site.handle().fleet().device_ids();
    for poisoned in [&ids[7], &ids[8], &ids[180]] {
        site.handle().poison(poisoned.clone());
    }
    let ended = site.sync().await;
    assert_eq!(ended.code, Some(3));
    let account = ended.account();
    assert_eq!((account.acknowledged, account.dead_lettered), (247, 3));
    assert!(site.received().values().all(|times| *times == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_cannot_use_one_state() {
    let site = Site::of(fleet(10, 8)).await;
    site.handle().add_fault(stocktake_simulator::Fault::once(
        Api::DefenderList,
        stocktake_simulator::Effect::Hang,
    ));
    let mut first = site.start(&["sync", "--full"]);
    while site.handle().calls().of(Api::DefenderList) == 0 {
        tokio::task::yield_now().await;
    }
    let second = site.sync().await;
    assert_eq!(second.code, Some(1));
    assert!(second.stderr.contains("in use by another process [ST0501]"), "{second:#?}");
    first.kill().await.unwrap();
    assert_eq!(site.sync().await.account().acknowledged, 10);
}
