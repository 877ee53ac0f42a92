//! The engine's guarantees, tested with fakes on both ends.

mod checkpoints;
mod clocks;
mod destinations;
mod details;
mod failures;
mod fakes;
mod fences;
mod panics;
mod removal;
mod removal_events;
mod sinks;
mod sources;
mod staging;
mod uncertain;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use proptest::prelude::*;
use stocktake_connector_core::{
    Acknowledged, Acknowledgement, BatchLimits, Checkpoint, CycleKind, CycleOutcome, CycleReport,
    CycleStore, DeadLetter, DeadLetterFilter, DeviceUid, EnrichmentMark, ErrorCode, EventUid,
    FailureRecord, Fence, Fingerprint, FixedClock, LeaseStore, Recovery, Scope, SinkAccount, Stage,
    StateQueries, WorkerName,
};

use crate::{Emit, Request, Stop};
use fakes::{
    Device, FakeForm, NOW, Response, Rig, UNREADABLE, WITH_UID, at, collector, device, sink_name,
    store,
};
use sinks::FakeSink;

/// A fence of the tenant.
async fn claim(rig: &Rig) -> Fence {
    let worker = WorkerName::new("worker").unwrap();
    let claimed = rig.store.claim(&rig.inventory.tenant, &worker, Duration::from_secs(3_600)).await;
    claimed.unwrap().expect("no other claim").fence()
}

async fn cycle(rig: &Rig) -> CycleReport {
    run(rig, Request::Full).await
}

async fn run(rig: &Rig, request: Request) -> CycleReport {
    run_until(rig, request, &Stop::default()).await
}

async fn run_until(rig: &Rig, request: Request, stop: &Stop) -> CycleReport {
    let fence = claim(rig).await;
    let report = rig.run_cycle(request, &fence, stop, &Arc::default()).await.unwrap();
    report.check_balance().unwrap();
    rig.store.release(&fence).await.unwrap();
    report
}

async fn letters(rig: &Rig) -> Vec<DeadLetter> {
    rig.store.dead_letters(&DeadLetterFilter::default(), 1_000).await.unwrap()
}

fn scope(rig: &Rig, sink: &str) -> Scope {
    rig.inventory.at(&sink_name(sink))
}

async fn checkpoint(rig: &Rig, sink: &str) -> Option<Checkpoint> {
    rig.store.checkpoint(&scope(rig, sink)).await.unwrap()
}

/// Why a cycle failed.
fn failure_of(report: &CycleReport) -> FailureRecord {
    match &report.outcome {
        CycleOutcome::Failed { failure } => failure.clone(),
        outcome => panic!("{outcome:?}"),
    }
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
    collector.source.responses([Response::Records(records), Response::Malformed("broken")]);

    let report = cycle(&collector).await;

    assert_eq!(report.outcome, CycleOutcome::Complete);
    let SinkAccount { read, duplicates, unchanged, acknowledged, dead_lettered, .. } =
        account(&report, "soc");
    assert_eq!(
        (read, duplicates, unchanged, acknowledged, dead_lettered),
        (12, 1, 0, 5, 6),
        "dead letters: refused, unmappable, unwritable, without id, malformed, enrichment unreadable"
    );
    let letters = letters(&collector).await;
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
    collector.source.responses([Response::Records(devices(0..9))]);
    assert_eq!(account(&cycle(&collector).await, "soc").acknowledged, 9);
    assert_eq!(account(&cycle(&collector).await, "soc").unchanged, 9);

    let mut changed = devices(0..9);
    changed[3].content = "another".into();
    collector.source.responses([Response::Records(changed)]);
    let report = cycle(&collector).await;

    assert_eq!((account(&report, "soc").acknowledged, account(&report, "soc").unchanged), (1, 8));
    assert_eq!(sink.received.lock().unwrap()["d003"], ["as it was enriched", "another enriched"]);
}

#[tokio::test]
async fn a_refused_batch_is_split_until_the_culprits_are_alone_and_they_are_not_sent_again() {
    let sink = Arc::new(FakeSink::default());
    sink.poison(["d001".to_owned(), "d006".to_owned()]);
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..8))]);

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
    let sink = Arc::new(FakeSink { names_refused: true, ..FakeSink::default() });
    sink.poison(["d001".to_owned()]);
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..4))]);

    let account = account(&cycle(&collector).await, "soc");

    assert_eq!((account.acknowledged, account.dead_lettered, account.batches), (3, 1, 1));
}

#[tokio::test]
async fn a_sink_that_refuses_everything_is_doubted_and_nothing_becomes_a_dead_letter() {
    let sink = Arc::new(FakeSink::default());
    sink.poison((0..40).map(|number| format!("d{number:03}")));
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..40))]);

    let report = cycle(&collector).await;

    let account = account(&report, "soc");
    assert_eq!((account.dead_lettered, account.undelivered), (0, 40));
    let failure = account.failure.unwrap();
    assert!(failure.message.starts_with("refused 10 events one by one"), "{failure}");
    assert_eq!(failure.code, ErrorCode::SinkRefusesEverything);
    assert!(matches!(report.outcome, CycleOutcome::Failed { .. }));
    let letters = letters(&collector).await;
    assert_eq!(letters, []);

    sink.poison([]);
    assert_eq!(self::account(&cycle(&collector).await, "soc").acknowledged, 40);
}

#[tokio::test]
async fn a_sink_that_starts_to_refuse_everything_is_doubted_too() {
    let sink = Arc::new(FakeSink::default());
    sink.poison((4..400).map(|number| format!("d{number:03}")));
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..400))]);

    let account = account(&cycle(&collector).await, "soc");

    assert_eq!((account.acknowledged, account.dead_lettered, account.undelivered), (4, 0, 396));
    assert!(account.failure.unwrap().message.starts_with("refused 100 events one by one"));
}

#[tokio::test]
async fn a_few_refused_events_become_dead_letters_even_when_nothing_else_was_sent() {
    let sink = Arc::new(FakeSink::default());
    sink.poison(["d000".to_owned()]);
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..1))]);
    let report = cycle(&collector).await;
    assert_eq!(report.outcome, CycleOutcome::Complete);
    assert_eq!(account(&report, "soc").dead_lettered, 1);
}

#[tokio::test]
async fn one_bad_sink_costs_only_itself_and_catches_up() {
    let (good, bad) = (Arc::new(FakeSink::default()), Arc::new(FakeSink::default()));
    bad.is_down(true);
    let collector = collector(store(), [("good", Arc::clone(&good)), ("bad", Arc::clone(&bad))]);
    collector
        .source
        .responses([Response::Records(devices(0..600)), Response::Records(devices(600..700))]);

    let report = cycle(&collector).await;
    assert_eq!(account(&report, "good").acknowledged, 700);
    assert_eq!(account(&report, "bad").undelivered, 700);
    assert!(failure_of(&report).message.starts_with("sink bad: "));

    bad.is_down(false);
    let report = run(&collector, Request::WhatIsDue).await;
    assert_eq!(report.kind, CycleKind::Full, "the bad sink never had a complete cycle");
    assert_eq!(account(&report, "good").unchanged, 700);
    assert_eq!(account(&report, "bad").acknowledged, 700);
}

#[tokio::test]
async fn a_listing_that_fails_keeps_what_was_delivered_and_moves_no_checkpoint() {
    let sink = Arc::new(FakeSink::default());
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..5)), Response::Failure]);

    let report = cycle(&collector).await;

    assert!(matches!(report.outcome, CycleOutcome::Failed { .. }));
    assert_eq!(account(&report, "soc").acknowledged, 5);
    assert_eq!(checkpoint(&collector, "soc").await, None);
    let facts = collector.store.facts(&collector.inventory).await.unwrap();
    assert_eq!(facts.full_completed_at, None);
}

#[tokio::test]
async fn no_event_is_sent_without_its_enrichment() {
    let sink = Arc::new(FakeSink::default());
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    *collector.enricher.failure.lock().unwrap() =
        Some((ErrorCode::ApiUnavailable, Recovery::Retry));
    collector.source.responses([Response::Records(devices(0..5))]);

    let report = cycle(&collector).await;

    assert!(matches!(report.outcome, CycleOutcome::Failed { .. }));
    assert_eq!(account(&report, "soc").undelivered, 5);
    assert_eq!(sink.events(), 0);
}

#[tokio::test]
async fn a_cycle_whose_enrichment_fails_does_not_wait_for_a_page_that_is_being_read() {
    let collector = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
    let class = (ErrorCode::PermissionMissing, Recovery::Operator);
    *collector.enricher.failure.lock().unwrap() = Some(class);
    collector.source.responses([Response::Records(devices(0..5)), Response::Hanging]);
    assert_eq!(failure_of(&cycle(&collector).await).code, ErrorCode::PermissionMissing);
}

#[tokio::test]
async fn a_device_whose_enrichment_cannot_be_read_keeps_what_was_sent_and_is_not_removed() {
    let sink = Arc::new(FakeSink::default());
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..2))]);
    cycle(&collector).await;
    collector.source.responses([Response::Records(vec![
        device("d000", UNREADABLE),
        device("d001", "as it was"),
    ])]);

    let report = cycle(&collector).await;

    assert_eq!(report.outcome, CycleOutcome::Complete);
    let SinkAccount { unchanged, acknowledged, dead_lettered, .. } = account(&report, "soc");
    assert_eq!((unchanged, acknowledged, dead_lettered), (1, 0, 1));
    assert_eq!(report.removal.missing, 0);
    assert_eq!(sink.events(), 2);
}

#[tokio::test]
async fn a_sink_that_is_added_later_gets_everything() {
    let store = store();
    let old = collector(Arc::clone(&store), [("old", Arc::new(FakeSink::default()))]);
    old.source.responses([Response::Records(devices(0..3))]);
    cycle(&old).await;

    let new_sink = Arc::new(FakeSink::default());
    let both =
        collector(store, [("old", Arc::new(FakeSink::default())), ("new", Arc::clone(&new_sink))]);
    both.source.responses([Response::Records(devices(0..3))]);
    let report = run(&both, Request::WhatIsDue).await;

    assert_eq!(report.kind, CycleKind::Full);
    assert_eq!(account(&report, "old").unchanged, 3);
    assert_eq!(new_sink.devices(), ["d000", "d001", "d002"]);
}

#[tokio::test]
async fn sinks_that_share_a_body_each_get_their_own_uid_in_it() {
    let content = |what: &str| format!("{WITH_UID}, {what}");
    let fingerprint = |what| {
        let content = format!("{} enriched", content(what));
        Fingerprint::of([content.as_bytes()]).marked(EnrichmentMark::Enriched)
    };
    for changed in [1, 9] {
        let records = |changed: usize| -> Vec<Device> {
            let what = |number| content(if number < changed { "after" } else { "before" });
            (0..9).map(|number| device(&format!("d{number}"), &what(number))).collect()
        };
        let store = store();
        let alone = collector(Arc::clone(&store), [("old", Arc::new(FakeSink::default()))]);
        alone.source.responses([Response::Records(records(0))]);
        cycle(&alone).await;

        let sinks = ["old", "new"].map(|name| (name, Arc::new(FakeSink::default())));
        let both = collector(store, sinks.clone());
        both.source.responses([Response::Records(records(changed))]);
        cycle(&both).await;

        for (name, sink) in sinks {
            let before = (name == "old")
                .then(|| Acknowledged { fingerprint: fingerprint("before"), at: at(NOW) });
            let expected = (0..if name == "old" { changed } else { 9 }).map(|number| {
                let what = if number < changed { "after" } else { "before" };
                let uid = DeviceUid::new(format!("d{number}")).unwrap();
                let sending =
                    EventUid::derive(&both.inventory, &uid, fingerprint(what), before.as_ref());
                let body = format!("{} enriched{}", content(what), sending);
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
    collector.source.responses([Response::Records(devices(0..3))]);
    let stop = Stop::default();
    stop.graceful.cancel();

    let report = run_until(&collector, Request::Full, &stop).await;

    assert_eq!(report.outcome, CycleOutcome::Interrupted);
    assert_eq!(report.read, 0);
    assert_eq!(sink.completeness(), [false], "a file sink keeps what it has");
}

#[tokio::test]
async fn a_stop_at_once_leaves_the_rest_to_the_next_cycle() {
    let sink = Arc::new(FakeSink::default());
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..3))]);
    let stop = Stop::default();
    stop.immediate.cancel();

    let report = run_until(&collector, Request::Full, &stop).await;

    assert_eq!(account(&report, "soc").undelivered, report.read);
    assert_eq!(account(&cycle(&collector).await, "soc").acknowledged, 3);
}

#[tokio::test]
async fn a_batch_holds_no_more_than_the_sink_takes() {
    let sink = Arc::new(FakeSink {
        limits: BatchLimits { max_events: 100, max_bytes: 40, max_event_bytes: None },
        ..FakeSink::default()
    });
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    // Each event has 18 bytes, the one in the middle has more than a batch may hold.
    let mut records = devices(0..5);
    records[2].content = "x".repeat(100);
    collector.source.responses([Response::Records(records)]);

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
                    Response::Records(numbers.iter().map(|number| match number {
                        0 => device("", "without an id"),
                        1 => device("odd", "unmappable"),
                        number => device(&format!("d{number:03}"), "as it was"),
                    }).collect())
                }),
                1 => Just(Response::Malformed("broken")),
            ],
            1..6,
        ),
        poisoned in prop::collection::btree_set(2_u32..40, 0..6),
    ) {
        let expected: std::collections::BTreeSet<String> = pages.iter().flat_map(|page| match page {
            Response::Records(devices) => devices.clone(),
            _ => vec![],
        }).map(|device| device.uid).filter(|uid| uid.starts_with('d')).collect();
        let poisoned: std::collections::BTreeSet<String> =
            poisoned.into_iter().map(|number| format!("d{number:03}")).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sink = Arc::new(FakeSink::default());
        sink.poison(poisoned.iter().cloned());
        let collector = collector(store(), [("soc", Arc::clone(&sink))]);
        collector.source.responses(pages);

        let report = runtime.block_on(cycle(&collector));

        prop_assert_eq!(report.outcome, CycleOutcome::Complete);
        let arrived: std::collections::BTreeSet<_> = sink.devices().into_iter().collect();
        prop_assert_eq!(arrived, &expected - &poisoned);
        prop_assert_eq!(sink.events(), (&expected - &poisoned).len());
    }
}

#[tokio::test]
async fn a_sink_that_could_not_be_built_costs_only_itself() {
    let soc = Arc::new(FakeSink::default());
    let mut collector = collector(store(), [("soc", Arc::clone(&soc))]);
    let no_key = fakes::failure(ErrorCode::SinkKeyRefused, Recovery::Operator);
    collector.unbuilt.insert(sink_name("lake"), no_key.into());
    collector.source.responses([Response::Records(devices(0..3)), Response::Malformed("broken")]);
    let report = cycle(&collector).await;

    let expected = FailureRecord {
        message: "sink lake: as it was".into(),
        ..fakes::failure(ErrorCode::SinkKeyRefused, Recovery::Operator).record()
    };
    assert_eq!(failure_of(&report), expected);
    assert_eq!(account(&report, "soc").acknowledged, 3);
    let lake = account(&report, "lake");
    assert_eq!((lake.undelivered, lake.dead_lettered), (3, 1));
    assert!(checkpoint(&collector, "soc").await.is_some());
    assert!(checkpoint(&collector, "lake").await.is_none());

    // The other sink need not read everything for it; a sink that is there at last does.
    assert_eq!(run(&collector, Request::WhatIsDue).await.kind, CycleKind::Incremental);
}

#[tokio::test]
async fn a_record_is_mapped_once_for_all_forms() {
    let sinks = ["plain", "same", "other"].map(|name| (name, Arc::new(FakeSink::default())));
    let [plain, same, other] = sinks;
    let mut collector = collector(store(), [plain.clone(), same.clone()]);
    let form = Arc::new(FakeForm("other: "));
    collector.add_sink(sink_name("other"), form, Arc::clone(&other.1) as _);
    assert_eq!(collector.forms.len(), 2, "sinks of one form share it");
    collector.source.responses([Response::Records(devices(0..3))]);

    let report = cycle(&collector).await;

    assert_eq!(collector.mapper.mapped.load(Ordering::Relaxed), 3);
    for (name, sink) in [plain, same] {
        assert_eq!(sink.received("d001"), ["as it was enriched"], "{name}");
    }
    assert_eq!(other.1.received("d001"), ["other: as it was enriched"]);
    assert_eq!((report.mapped, account(&report, "other").acknowledged), (3, 3));
}

#[tokio::test]
async fn a_record_that_one_form_cannot_write_is_a_dead_letter_for_every_sink() {
    let sinks = ["plain", "other"].map(|name| (name, Arc::new(FakeSink::default())));
    let [plain, other] = sinks;
    // Before and behind the form that cannot write it.
    let mut collector = collector(store(), []);
    collector.add_sink(sink_name("other"), Arc::new(FakeForm("o: ")), other.1.clone() as _);
    collector.add_sink(sink_name("plain"), Arc::new(FakeForm("")), plain.1.clone() as _);
    collector.add_sink(sink_name("third"), Arc::new(FakeForm("t: ")), other.1.clone() as _);
    let mut records = devices(0..3);
    records[1].content = "unwritable".into();
    collector.source.responses([Response::Records(records)]);

    let report = cycle(&collector).await;

    assert_eq!(report.outcome, CycleOutcome::Complete);
    for name in ["plain", "other", "third"] {
        let account = account(&report, name);
        assert_eq!((account.acknowledged, account.dead_lettered), (2, 1), "{name}");
    }
    assert_eq!(other.1.received("d002"), ["o: as it was enriched", "t: as it was enriched"]);
    assert_eq!(letters(&collector).await.len(), 1);
}

#[tokio::test]
async fn an_event_larger_than_the_sink_takes_is_a_dead_letter_that_the_sink_never_sees() {
    let limits = BatchLimits { max_events: 4, max_bytes: 1_000, max_event_bytes: Some(30) };
    let small = Arc::new(FakeSink { limits, ..FakeSink::default() });
    let large = Arc::new(FakeSink::default());
    let sinks = [("small", Arc::clone(&small)), ("large", Arc::clone(&large))];
    let collector = collector(store(), sinks);
    let mut records = devices(0..3);
    records[1].content = "x".repeat(22);
    collector.source.responses([Response::Records(records.clone())]);

    let report = cycle(&collector).await;

    assert_eq!(report.outcome, CycleOutcome::Complete);
    let account_of_small = account(&report, "small");
    assert_eq!((account_of_small.acknowledged, account_of_small.dead_lettered), (2, 1));
    assert_eq!(account(&report, "large").acknowledged, 3);
    assert_eq!(small.devices(), ["d000", "d002"]);
    let [letter] = letters(&collector).await.try_into().unwrap();
    assert_eq!(letter.reason, "event has 31 bytes, but the sink takes at most 30");
    assert_eq!((letter.stage, letter.sink), (Stage::Deliver, Some(sink_name("small"))));
    assert_eq!(letter.payload, format!("{} enriched", "x".repeat(22)));

    // The same content is not tried again; smaller content is.
    assert_eq!(account(&cycle(&collector).await, "small").dead_lettered, 1);
    records[1].content = "smaller".into();
    collector.source.responses([Response::Records(records)]);
    assert_eq!(account(&cycle(&collector).await, "small").acknowledged, 1);
    assert_eq!(letters(&collector).await, []);
}

#[tokio::test]
async fn an_event_carries_its_uid_and_the_time_of_its_record() {
    let sink = Arc::new(FakeSink::default());
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..1))]);
    cycle(&collector).await;
    let events = sink.events.lock().unwrap();
    let content = Fingerprint::of([b"as it was enriched".as_slice()]);
    let uid = DeviceUid::new("d000").unwrap();
    assert_eq!(events[0].event_uid, EventUid::derive(&collector.inventory, &uid, content, None));
    assert_eq!((events[0].time, events[0].fingerprint), (at(NOW - 100), content));
}
