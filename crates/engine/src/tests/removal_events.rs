//! Removals that are delivered as events, to sinks that take them.

use stocktake_connector_core::{EventKind, SinkError};

use super::*;

/// A collector that has delivered ten devices to `soc`, which takes removals.
async fn delivered(sink: &Arc<FakeSink>) -> Rig {
    let rig = collector(store(), [("soc", Arc::clone(sink))]);
    rig.source.responses([Response::Records(devices(0..10))]);
    assert_eq!(account(&cycle(&rig).await, "soc").acknowledged, 10);
    rig
}

/// The source loses its devices from `first` on.
fn lose_from(rig: &Rig, first: u32) {
    rig.source.responses([Response::Records(devices(0..first))]);
    let gone = devices(first..10).into_iter().map(|device| device.uid);
    rig.source.absent.lock().unwrap().extend(gone);
}

async fn count(rig: &Rig, sink: &str) -> u64 {
    rig.store.delivered_count(&scope(rig, sink)).await.unwrap()
}

#[tokio::test]
async fn a_removal_goes_only_to_sinks_that_take_it_and_the_device_leaves_their_delivered_set() {
    let sink = Arc::new(FakeSink::with_removals());
    let other = Arc::new(FakeSink::default());
    let mut rig = collector(store(), [("soc", Arc::clone(&sink)), ("other", Arc::clone(&other))]);
    rig.source.responses([Response::Records(devices(0..10))]);
    cycle(&rig).await;
    lose_from(&rig, 9);
    rig.clock = Arc::new(FixedClock(at(NOW + 60)));

    let report = cycle(&rig).await;

    assert_eq!(report.outcome, CycleOutcome::Complete);
    assert_eq!((account(&report, "soc").removals, account(&report, "other").removals), (1, 0));
    assert_eq!((sink.removals(), other.removals()), (vec!["d009".to_owned()], vec![]));
    let event = sink.events.lock().unwrap().last().cloned().unwrap();
    assert_eq!((event.kind, event.time), (EventKind::Removal, at(NOW + 60)));
    assert!(event.body.is_empty());
    assert_eq!((count(&rig, "soc").await, count(&rig, "other").await), (9, 10));
    assert_eq!(sink.completeness(), [true, true]);

    assert_eq!(account(&cycle(&rig).await, "soc").removals, 0, "once");

    // It is back as it was: new for the one, unchanged for the other.
    rig.source.responses([Response::Records(devices(0..10))]);
    let report = cycle(&rig).await;
    assert_eq!(report.removal.returned, 1);
    assert_eq!(
        (account(&report, "soc").acknowledged, account(&report, "other").acknowledged),
        (1, 0)
    );
    assert_eq!(sink.received("d009").len(), 2);
}

#[tokio::test]
async fn removals_come_in_batches_of_their_own_as_large_as_the_sink_takes() {
    let sink = Arc::new(FakeSink::with_removals());
    let mut rig = delivered(&sink).await;
    rig.options.removal_guard = 1.0;
    lose_from(&rig, 1);
    let mut changed = device("d000", "changed");
    changed.last_seen = NOW;
    rig.source.responses([Response::Records(vec![changed])]);
    sink.batches.lock().unwrap().clear();

    let report = cycle(&rig).await;

    assert_eq!(account(&report, "soc").removals, 9);
    assert_eq!(*sink.batches.lock().unwrap(), [1, 4, 4, 1]);
    assert_eq!(count(&rig, "soc").await, 1);
}

#[tokio::test]
async fn a_removal_that_fails_is_repeated_in_the_next_cycle_with_the_same_uid() {
    let sink = Arc::new(FakeSink::with_removals());
    let rig = delivered(&sink).await;
    lose_from(&rig, 8);
    // Both reach the sink, but it reports a failure.
    sink.says([Err(fakes::unavailable().into())]);

    let report = cycle(&rig).await;

    assert_eq!(report.removal.removed, 2, "the marks are stored");
    let of_soc = account(&report, "soc");
    assert_eq!((of_soc.removals, of_soc.undelivered), (0, 0));
    assert_eq!(of_soc.failure.unwrap().code, ErrorCode::ApiUnavailable);
    assert_eq!(sink.completeness(), [true, false]);
    assert_eq!(count(&rig, "soc").await, 10);

    rig.source.responses([Response::Records(vec![])]);
    let report = run(&rig, Request::WhatIsDue).await;
    assert_eq!((report.kind, account(&report, "soc").removals), (CycleKind::Incremental, 2));
    assert_eq!(sink.removals(), ["d008", "d009", "d008", "d009"]);
    let events = sink.events.lock().unwrap();
    assert_eq!(events[10].event_uid, events[12].event_uid);
}

#[tokio::test]
async fn a_device_that_is_back_before_its_removal_was_delivered_is_not_removed() {
    let sink = Arc::new(FakeSink::with_removals());
    let rig = delivered(&sink).await;
    lose_from(&rig, 8);
    sink.is_down(true);
    cycle(&rig).await;

    sink.is_down(false);
    rig.source.responses([Response::Records(devices(0..9))]);
    let report = cycle(&rig).await;

    assert_eq!(report.removal.returned, 1);
    assert_eq!((account(&report, "soc").unchanged, account(&report, "soc").removals), (9, 1));
    assert_eq!(sink.removals(), ["d009"]);
}

#[tokio::test]
async fn what_a_removal_settles_in_part_or_later_is_noted() {
    let settled = stocktake_connector_core::Settled { acknowledged: vec![1], refused: Vec::new() };
    let in_part = SinkError::Failed { failure: fakes::unavailable(), settled };
    for (word, removals) in [(Err(in_part), 1), (Ok(Acknowledgement::STAGED), 2)] {
        let sink = Arc::new(FakeSink::with_removals());
        let rig = delivered(&sink).await;
        lose_from(&rig, 8);
        sink.says([word]);
        let report = cycle(&rig).await;
        assert_eq!(account(&report, "soc").removals, removals);
        assert_eq!(count(&rig, "soc").await, 10 - removals);
    }
}

#[tokio::test]
async fn a_removal_that_the_sink_refuses_is_a_dead_letter_and_not_sent_again() {
    let sink = Arc::new(FakeSink::with_removals());
    let rig = delivered(&sink).await;
    lose_from(&rig, 8);
    sink.poison(["d008".to_owned()]);

    let report = cycle(&rig).await;

    assert_eq!(report.outcome, CycleOutcome::Complete);
    assert_eq!(account(&report, "soc").removals, 1);
    let [letter] = letters(&rig).await.try_into().unwrap();
    assert_eq!(letter.uid.unwrap().as_str(), "d008");
    let batches = sink.batches.lock().unwrap().len();
    assert_eq!(account(&cycle(&rig).await, "soc").removals, 0);
    assert_eq!(sink.batches.lock().unwrap().len(), batches);
}

#[tokio::test]
async fn nothing_is_removed_at_a_sink_when_too_many_vanish_or_a_look_up_fails() {
    for look_ups in [fakes::LookUps::Succeeding, fakes::LookUps::Failing] {
        let sink = Arc::new(FakeSink::with_removals());
        let rig = delivered(&sink).await;
        lose_from(&rig, if matches!(look_ups, fakes::LookUps::Failing) { 9 } else { 2 });
        *rig.source.look_ups.lock().unwrap() = look_ups.clone();
        cycle(&rig).await;
        assert_eq!(sink.removals(), [""; 0], "{look_ups:?}");
        assert_eq!(sink.completeness(), [true, false], "{look_ups:?}");
    }
}

#[tokio::test]
async fn a_graceful_stop_leaves_removals_to_the_next_cycle() {
    let sink = Arc::new(FakeSink::with_removals());
    let rig = delivered(&sink).await;
    lose_from(&rig, 9);
    let stop = Stop::default();
    *rig.source.look_ups.lock().unwrap() = fakes::LookUps::Stopping(stop.graceful.clone());
    let report = run_until(&rig, Request::Full, &stop).await;
    assert_eq!((report.removal.removed, account(&report, "soc").removals), (1, 0));
    assert_eq!(sink.completeness(), [true, false]);
    assert_eq!(account(&run(&rig, Request::WhatIsDue).await, "soc").removals, 1);
}
