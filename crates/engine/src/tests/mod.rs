//! The engine's promises, with fakes on both ends.

mod details;
mod fakes;
mod panics;
mod removal;
mod uncertain;

use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;
use stocktake_connector_core::{
    Acknowledged, CycleKind, CycleOutcome, CycleReport, DeadLetterFilter, DeviceUid, EventUid,
    Fingerprint, FixedClock, Scope, Selection, SinkAccount, Stage,
};

use super::{Request, Stop, Unbuilt};
use fakes::{
    Answer, Device, FakeCollector, FakeSink, NOW, UNREADABLE, WITH_UID, at, collector, device,
    sink_name, store,
};

async fn cycle(collector: &FakeCollector) -> CycleReport {
    run(collector, Request::Full).await
}

async fn run(collector: &FakeCollector, request: Request) -> CycleReport {
    let report = collector.run_cycle(request, &Stop::default(), &Arc::default()).await.unwrap();
    report.check_balance().unwrap();
    report
}

fn devices(range: std::ops::Range<u32>) -> Vec<Device> {
    range.map(|number| device(&format!("d{number:03}"), "as it was")).collect()
}

fn account(report: &CycleReport, sink: &str) -> SinkAccount {
    report.sinks[&sink_name(sink)].clone()
}

#[tokio::test]
async fn every_record_ends_in_one_place_of_the_account() {
    let sink = Arc::new(FakeSink::default());
    sink.poison(["d002".to_owned()]);
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    let mut records = devices(0..6);
    records.push(device("d001", "again"));
    records.push(device("odd", "unmappable"));
    records.push(device("odd-too", "unwritable"));
    records.push(device(" ", "without an id"));
    records.push(device("odd-join", UNREADABLE));
    collector.source.answers([Answer::Records(records), Answer::Malformed("broken")]);

    let report = cycle(&collector).await;

    assert_eq!(report.outcome, CycleOutcome::Complete);
    let SinkAccount { read, duplicates, unchanged, acknowledged, dead_lettered, .. } =
        account(&report, "soc");
    assert_eq!(
        (read, duplicates, unchanged, acknowledged, dead_lettered),
        (12, 1, 0, 5, 6),
        "dead letters: refused, unmappable, unwritable, without id, malformed, enrichment unreadable"
    );
    let letters = collector.store.dead_letters(&DeadLetterFilter::default()).await.unwrap();
    let mut stages: Vec<_> =
        letters.iter().map(|letter| (letter.stage, letter.reason.as_str())).collect();
    stages.sort_by_key(|(_, reason)| *reason);
    assert_eq!(
        stages,
        [
            (Stage::Map, "`content` is unmappable"),
            (Stage::Map, "event cannot be written: no form"),
            (Stage::Read, "its record is broken"),
            (Stage::Read, "not a machine"),
            (Stage::Deliver, "poison"),
            (Stage::Read, "record has no usable id: device uid ` ` is empty"),
        ]
    );
}

#[tokio::test]
async fn only_what_changed_is_sent_again() {
    let sink = Arc::new(FakeSink::default());
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.answers([Answer::Records(devices(0..9))]);
    assert_eq!(account(&cycle(&collector).await, "soc").acknowledged, 9);
    assert_eq!(account(&cycle(&collector).await, "soc").unchanged, 9);

    let mut changed = devices(0..9);
    changed[3].content = "another".into();
    collector.source.answers([Answer::Records(changed)]);
    let report = cycle(&collector).await;

    assert_eq!((account(&report, "soc").acknowledged, account(&report, "soc").unchanged), (1, 8));
    assert_eq!(sink.received.lock().unwrap()["d003"], ["as it was enriched", "another enriched"]);
}

#[tokio::test]
async fn a_refused_batch_is_split_until_the_culprits_are_alone_and_they_are_not_sent_again() {
    let sink = Arc::new(FakeSink::default());
    sink.poison(["d001".to_owned(), "d006".to_owned()]);
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.answers([Answer::Records(devices(0..8))]);

    let first = account(&cycle(&collector).await, "soc");
    assert_eq!((first.acknowledged, first.dead_lettered), (6, 2));
    assert_eq!(sink.devices(), ["d000", "d002", "d003", "d004", "d005", "d007"]);

    let batches = sink.batches.lock().unwrap().len();
    let second = account(&cycle(&collector).await, "soc");
    assert_eq!((second.unchanged, second.dead_lettered), (6, 2));
    assert_eq!(sink.batches.lock().unwrap().len(), batches, "nothing was sent");
}

#[tokio::test]
async fn a_sink_that_names_the_culprits_needs_no_splitting() {
    let sink = Arc::new(FakeSink { names_culprits: true, ..FakeSink::default() });
    sink.poison(["d001".to_owned()]);
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.answers([Answer::Records(devices(0..4))]);

    let account = account(&cycle(&collector).await, "soc");

    assert_eq!((account.acknowledged, account.dead_lettered, account.batches), (3, 1, 1));
}

#[tokio::test]
async fn a_sink_that_refuses_everything_is_doubted_and_nothing_becomes_a_dead_letter() {
    let sink = Arc::new(FakeSink::default());
    sink.poison((0..40).map(|number| format!("d{number:03}")));
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.answers([Answer::Records(devices(0..40))]);

    let report = cycle(&collector).await;

    let account = account(&report, "soc");
    assert_eq!((account.dead_lettered, account.undelivered), (0, 40));
    let error = account.error.unwrap();
    assert!(
        error.contains("refused 10 events one by one") && error.ends_with(" [ST0404]"),
        "{error}"
    );
    assert!(matches!(report.outcome, CycleOutcome::Failed { .. }));
    let letters = collector.store.dead_letters(&DeadLetterFilter::default()).await.unwrap();
    assert_eq!(letters, []);

    sink.poison([]);
    assert_eq!(self::account(&cycle(&collector).await, "soc").acknowledged, 40);
}

#[tokio::test]
async fn a_sink_that_starts_to_refuse_everything_is_doubted_too() {
    let sink = Arc::new(FakeSink::default());
    sink.poison((4..400).map(|number| format!("d{number:03}")));
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.answers([Answer::Records(devices(0..400))]);

    let account = account(&cycle(&collector).await, "soc");

    assert_eq!((account.acknowledged, account.dead_lettered, account.undelivered), (4, 0, 396));
    assert!(account.error.unwrap().contains("refused 100 events one by one"));
}

#[tokio::test]
async fn a_few_refused_events_become_dead_letters_even_when_nothing_else_was_sent() {
    let sink = Arc::new(FakeSink::default());
    sink.poison(["d000".to_owned()]);
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.answers([Answer::Records(devices(0..1))]);
    let report = cycle(&collector).await;
    assert_eq!(report.outcome, CycleOutcome::Complete);
    assert_eq!(account(&report, "soc").dead_lettered, 1);
}

#[tokio::test]
async fn one_bad_sink_costs_only_itself_and_catches_up() {
    let (good, bad) = (Arc::new(FakeSink::default()), Arc::new(FakeSink::default()));
    *bad.down.lock().unwrap() = true;
    let collector = collector(store(), [("good", Arc::clone(&good)), ("bad", Arc::clone(&bad))]);
    collector
        .source
        .answers([Answer::Records(devices(0..600)), Answer::Records(devices(600..700))]);

    let report = cycle(&collector).await;
    assert_eq!(account(&report, "good").acknowledged, 700);
    assert_eq!(account(&report, "bad").undelivered, 700);
    assert!(matches!(&report.outcome, CycleOutcome::Failed { error, .. } if error.contains("bad")));

    *bad.down.lock().unwrap() = false;
    let report = run(&collector, Request::WhatIsDue).await;
    assert_eq!(report.kind, CycleKind::Full, "the bad sink never had a complete cycle");
    assert_eq!(account(&report, "good").unchanged, 700);
    assert_eq!(account(&report, "bad").acknowledged, 700);
}

#[tokio::test]
async fn a_listing_that_fails_keeps_what_was_delivered_and_moves_no_checkpoint() {
    let sink = Arc::new(FakeSink::default());
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.answers([Answer::Records(devices(0..5)), Answer::Failure]);

    let report = cycle(&collector).await;

    assert!(matches!(report.outcome, CycleOutcome::Failed { .. }));
    assert_eq!(account(&report, "soc").acknowledged, 5);
    let scope = Scope { tenant: collector.tenant.clone(), sink: sink_name("soc") };
    assert_eq!(collector.store.checkpoint(&scope).await.unwrap(), None);
    assert_eq!(collector.store.facts(&collector.tenant).await.unwrap().full_completed_at, None);
}

#[tokio::test]
async fn no_event_is_sent_without_its_enrichment() {
    let sink = Arc::new(FakeSink::default());
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    *collector.enricher.fails.lock().unwrap() = true;
    collector.source.answers([Answer::Records(devices(0..5))]);

    let report = cycle(&collector).await;

    assert!(matches!(report.outcome, CycleOutcome::Failed { .. }));
    assert_eq!(account(&report, "soc").undelivered, 5);
    assert_eq!(sink.events(), 0);
}

#[tokio::test]
async fn a_device_whose_enrichment_cannot_be_read_keeps_what_was_sent_and_is_not_removed() {
    let sink = Arc::new(FakeSink::default());
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.answers([Answer::Records(devices(0..2))]);
    cycle(&collector).await;
    collector
        .source
        .answers([Answer::Records(vec![device("d000", UNREADABLE), device("d001", "as it was")])]);

    let report = cycle(&collector).await;

    assert_eq!(report.outcome, CycleOutcome::Complete);
    let SinkAccount { unchanged, acknowledged, dead_lettered, .. } = account(&report, "soc");
    assert_eq!((unchanged, acknowledged, dead_lettered), (1, 0, 1));
    assert_eq!(report.removal.missing, 0);
    assert_eq!(sink.events(), 2);
}

#[tokio::test]
async fn an_incremental_cycle_starts_behind_the_checkpoint_and_a_clock_that_runs_ahead_is_cut() {
    let collector = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
    let mut records = devices(0..2);
    records[1].last_seen = NOW + 5_000_000;
    collector.source.answers([Answer::Records(records)]);
    assert_eq!(run(&collector, Request::WhatIsDue).await.kind, CycleKind::Full);

    collector.source.answers([Answer::Records(vec![])]);
    assert_eq!(run(&collector, Request::WhatIsDue).await.kind, CycleKind::Incremental);
    let since = at(NOW) - TimeDelta::seconds(60);
    assert_eq!(
        *collector.source.selections.lock().unwrap(),
        [Selection::All, Selection::SeenSince(since)]
    );
}

#[tokio::test]
async fn a_sink_that_is_added_later_gets_everything() {
    let store = store();
    let old = collector(Arc::clone(&store), [("old", Arc::new(FakeSink::default()))]);
    old.source.answers([Answer::Records(devices(0..3))]);
    cycle(&old).await;

    let new_sink = Arc::new(FakeSink::default());
    let both =
        collector(store, [("old", Arc::new(FakeSink::default())), ("new", Arc::clone(&new_sink))]);
    both.source.answers([Answer::Records(devices(0..3))]);
    let report = run(&both, Request::WhatIsDue).await;

    assert_eq!(report.kind, CycleKind::Full);
    assert_eq!(account(&report, "old").unchanged, 3);
    assert_eq!(new_sink.devices(), ["d000", "d001", "d002"]);
}

#[tokio::test]
async fn sinks_that_share_a_body_each_get_their_own_uid_in_it() {
    let content = |what: &str| format!("{WITH_UID}, {what}");
    let fingerprint = |what| Fingerprint::of([format!("{} enriched", content(what)).as_bytes()]);
    for changed in [1, 9] {
        let records = |changed: usize| -> Vec<Device> {
            let what = |number| content(if number < changed { "after" } else { "before" });
            (0..9).map(|number| device(&format!("d{number}"), &what(number))).collect()
        };
        let store = store();
        let alone = collector(Arc::clone(&store), [("old", Arc::new(FakeSink::default()))]);
        alone.source.answers([Answer::Records(records(0))]);
        cycle(&alone).await;

        let sinks = ["old", "new"].map(|name| (name, Arc::new(FakeSink::default())));
        let both = collector(store, sinks.clone());
        both.source.answers([Answer::Records(records(changed))]);
        cycle(&both).await;

        for (name, sink) in sinks {
            let before = (name == "old")
                .then(|| Acknowledged { fingerprint: fingerprint("before"), at: at(NOW) });
            let expected = (0..if name == "old" { changed } else { 9 }).map(|number| {
                let what = if number < changed { "after" } else { "before" };
                let uid = DeviceUid::new(format!("d{number}")).unwrap();
                let sending =
                    EventUid::derive(&both.tenant, &uid, fingerprint(what), before.as_ref());
                let body = format!("{} enriched{}", content(what), sending.as_str());
                (uid.to_string(), vec![body])
            });
            assert_eq!(*sink.received.lock().unwrap(), expected.collect(), "{name}, {changed}");
        }
    }
}

#[tokio::test]
async fn a_stop_before_the_first_page_reads_nothing_and_moves_nothing() {
    let sink = Arc::new(FakeSink::default());
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.answers([Answer::Records(devices(0..3))]);
    let stop = Stop::default();
    stop.gently.cancel();

    let report = collector.run_cycle(Request::Full, &stop, &Arc::default()).await.unwrap();

    assert_eq!(report.outcome, CycleOutcome::Interrupted);
    assert_eq!(report.read, 0);
    assert_eq!(*sink.finished.lock().unwrap(), 1, "a file sink keeps what it has");
}

#[tokio::test]
async fn a_stop_at_once_leaves_the_rest_to_the_next_cycle() {
    let sink = Arc::new(FakeSink::default());
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.answers([Answer::Records(devices(0..3))]);
    let stop = Stop::default();
    stop.now.cancel();

    let report = collector.run_cycle(Request::Full, &stop, &Arc::default()).await.unwrap();

    report.check_balance().unwrap();
    assert_eq!(account(&report, "soc").undelivered, report.read);
    assert_eq!(account(&cycle(&collector).await, "soc").acknowledged, 3);
}

#[tokio::test]
async fn a_batch_holds_no_more_than_the_sink_takes() {
    let sink = Arc::new(FakeSink {
        limits: stocktake_connector_core::BatchLimits { max_events: 100, max_bytes: 40 },
        ..FakeSink::default()
    });
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    // Each event has 18 bytes, the one in the middle has more than a batch may hold.
    let mut records = devices(0..5);
    records[2].content = "x".repeat(100);
    collector.source.answers([Answer::Records(records)]);

    assert_eq!(account(&cycle(&collector).await, "soc").acknowledged, 5);
    assert_eq!(*sink.batches.lock().unwrap(), [2, 1, 2]);
}

proptest! {
    /// Whatever comes in whatever pages: the accounts balance, and each device that can be delivered
    /// is at the sink exactly once.
    #[test]
    fn accounts_balance_and_each_device_arrives_once(
        pages in prop::collection::vec(
            prop_oneof![
                4 => prop::collection::vec(0_u32..40, 0..30).prop_map(|numbers| {
                    Answer::Records(numbers.iter().map(|number| match number {
                        0 => device("", "without an id"),
                        1 => device("odd", "unmappable"),
                        number => device(&format!("d{number:03}"), "as it was"),
                    }).collect())
                }),
                1 => Just(Answer::Malformed("broken")),
            ],
            1..6,
        ),
        poisoned in prop::collection::btree_set(2_u32..40, 0..6),
    ) {
        let expected: std::collections::BTreeSet<String> = pages.iter().flat_map(|page| match page {
            Answer::Records(devices) => devices.clone(),
            _ => vec![],
        }).map(|device| device.uid).filter(|uid| uid.starts_with('d')).collect();
        let poisoned: std::collections::BTreeSet<String> =
            poisoned.into_iter().map(|number| format!("d{number:03}")).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sink = Arc::new(FakeSink::default());
        sink.poison(poisoned.iter().cloned());
        let collector = collector(store(), [("soc", Arc::clone(&sink))]);
        collector.source.answers(pages);

        let report = runtime.block_on(cycle(&collector));

        prop_assert_eq!(report.outcome, CycleOutcome::Complete);
        let arrived: std::collections::BTreeSet<_> = sink.devices().into_iter().collect();
        prop_assert_eq!(arrived, &expected - &poisoned);
        prop_assert_eq!(sink.events(), (&expected - &poisoned).len());
    }
}

#[tokio::test]
async fn a_sink_that_could_not_be_built_costs_only_itself() {
    let store = store();
    let soc = Arc::new(FakeSink::default());
    let mut collector = collector(Arc::clone(&store), [("soc", Arc::clone(&soc))]);
    let unbuilt = Unbuilt { error: "no key".into(), advice: Some("bring it".into()) };
    collector.unbuilt.insert(sink_name("lake"), unbuilt);
    collector.source.answers([Answer::Records(devices(0..3)), Answer::Malformed("broken")]);
    let report = cycle(&collector).await;

    let failed =
        CycleOutcome::Failed { error: "sink lake: no key".into(), advice: Some("bring it".into()) };
    assert_eq!(report.outcome, failed);
    assert_eq!(account(&report, "soc").acknowledged, 3);
    let lake = account(&report, "lake");
    assert_eq!((lake.undelivered, lake.dead_lettered), (3, 1));
    let scope = |sink| Scope { tenant: collector.tenant.clone(), sink: sink_name(sink) };
    assert!(store.checkpoint(&scope("soc")).await.unwrap().is_some());
    assert!(store.checkpoint(&scope("lake")).await.unwrap().is_none());

    // The other sink need not read everything for it; a sink that is there at last does.
    run(&collector, Request::WhatIsDue).await;
    let seen = collector.source.selections.lock().unwrap().last().copied();
    assert!(matches!(seen, Some(Selection::SeenSince(_))), "{seen:?}");
}
