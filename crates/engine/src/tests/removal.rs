//! Devices that are gone, those that are back, and those that are purged.

use super::fakes::LookUps;
use super::*;

#[tokio::test]
async fn a_device_is_removed_only_when_the_source_says_that_it_does_not_know_it() {
    let sink = Arc::new(FakeSink::default());
    let collector = collector(store(), [("soc", sink)]);
    collector.source.responses([Response::Records(devices(0..10))]);
    cycle(&collector).await;

    // d008 hid behind a shifted page; d009 is gone; d007 is there but unreadable.
    collector.source.absent.lock().unwrap().insert("d009".into());
    collector.source.responses([Response::Records(devices(0..7)), Response::Malformed("d007")]);
    let report = cycle(&collector).await;
    assert_eq!(*collector.source.looked_up.lock().unwrap(), ["d008", "d009"]);
    assert_eq!((report.removal.missing, report.removal.removed), (2, 1));

    collector.source.responses([Response::Records(devices(0..10))]);
    let report = cycle(&collector).await;
    assert_eq!((report.removal.missing, report.removal.returned), (0, 1));
    assert_eq!(account(&report, "soc").unchanged, 10, "its content is what the sink has");
}

#[tokio::test]
async fn a_removed_device_is_back_also_when_it_is_left_out_or_unreadable() {
    for response in [Response::Excluded("d009"), Response::Malformed("d009")] {
        let collector = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
        collector.source.responses([Response::Records(devices(0..10))]);
        cycle(&collector).await;
        collector.source.absent.lock().unwrap().insert("d009".into());
        collector.source.responses([Response::Records(devices(0..9))]);
        assert_eq!(cycle(&collector).await.removal.removed, 1);

        collector.source.responses([Response::Records(devices(0..9)), response.clone()]);
        assert_eq!(cycle(&collector).await.removal.returned, 1, "{response:?}");
        let removed = collector.store.removed(&collector.inventory, None, 10).await.unwrap();
        assert_eq!(removed, [], "{response:?}");
    }
}

#[tokio::test]
async fn a_device_that_was_removed_long_ago_is_purged_and_new_when_it_is_back() {
    let mut collector = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
    collector.source.responses([Response::Records(devices(0..10))]);
    cycle(&collector).await;
    collector.source.absent.lock().unwrap().insert("d009".into());
    collector.source.responses([Response::Records(devices(0..9))]);
    assert_eq!(cycle(&collector).await.removal.removed, 1);

    // As old as may be kept; then older, but the listing does not end; then older.
    let age = collector.options.purge_removed_after.as_secs() as i64;
    collector.clock = Arc::new(FixedClock(at(NOW + age)));
    collector.source.responses([Response::Records(devices(0..9))]);
    cycle(&collector).await;
    assert_eq!(known(&collector).await, (10, 1));
    collector.clock = Arc::new(FixedClock(at(NOW + age + 1)));
    collector.source.responses([Response::Records(devices(0..9)), Response::Failure]);
    cycle(&collector).await;
    assert_eq!(known(&collector).await, (10, 1));
    collector.source.responses([Response::Records(devices(0..9))]);
    cycle(&collector).await;
    assert_eq!(known(&collector).await, (9, 0));

    collector.source.responses([Response::Records(devices(0..10))]);
    let report = cycle(&collector).await;
    assert_eq!(report.removal.returned, 0);
    assert_eq!((account(&report, "soc").acknowledged, known(&collector).await), (1, (10, 0)));
}

/// The reasons of all dead letters, sorted.
async fn reasons(rig: &Rig) -> Vec<String> {
    let mut reasons: Vec<_> = letters(rig).await.into_iter().map(|letter| letter.reason).collect();
    reasons.sort_unstable();
    reasons
}

#[tokio::test]
async fn dead_letters_of_devices_that_no_sink_had_go_when_they_are_gone_long_enough() {
    let sink = Arc::new(FakeSink::default());
    let mut rig = collector(store(), [("soc", Arc::clone(&sink))]);
    sink.poison(["d001".to_owned(), "d002".to_owned()]);
    let mut records = devices(0..3);
    records.extend([device("odd", "unmappable"), device(" ", "without an id")]);
    rig.source.responses([Response::Records(records), Response::Malformed("broken")]);
    cycle(&rig).await;
    assert_eq!(reasons(&rig).await.len(), 5);

    // d001 is refused still; everything else at fault is gone.
    rig.source.responses([Response::Records(devices(0..2))]);
    let age = rig.options.purge_removed_after.as_secs() as i64;
    for (second, failing, left) in [
        (NOW + age, false, 5),
        (NOW + age + 1, true, 5),
        (NOW + age + 1, false, 1),
        (NOW + 9 * age, false, 1),
    ] {
        rig.clock = Arc::new(FixedClock(at(second)));
        let mut responses = vec![Response::Records(devices(0..2))];
        responses.extend(failing.then_some(Response::Failure));
        rig.source.responses(responses);
        cycle(&rig).await;
        assert_eq!(reasons(&rig).await.len(), left, "{second}, failing: {failing}");
    }
    assert_eq!(reasons(&rig).await, ["poison"]);
    let sent = sink.events();
    assert_eq!(account(&cycle(&rig).await, "soc").dead_lettered, 1, "a refusal that stands");
    assert_eq!(sink.events(), sent, "it is not sent again");
}

#[tokio::test]
async fn no_dead_letter_goes_when_too_many_devices_vanish_at_once() {
    let mut rig = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
    rig.source.responses([Response::Records(devices(0..10)), Response::Malformed("broken")]);
    cycle(&rig).await;
    let age = rig.options.purge_removed_after.as_secs() as i64;
    rig.clock = Arc::new(FixedClock(at(NOW + 2 * age)));
    for (left, letters) in [(4, 1), (9, 0)] {
        rig.source.responses([Response::Records(devices(0..left))]);
        assert_eq!(cycle(&rig).await.removal.guard_tripped, letters == 1);
        assert_eq!(reasons(&rig).await.len(), letters, "{left} devices are left");
    }
}

#[tokio::test]
async fn the_last_but_one_device_of_a_small_tenant_is_removed_and_the_last_one_is_not() {
    for total in [1, 2, 3, 5] {
        let mut rig = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
        rig.options.removal_guard = 0.2;
        rig.source.responses([Response::Records(devices(0..total))]);
        cycle(&rig).await;
        let gone = devices(0..total).into_iter().map(|device| device.uid);
        rig.source.absent.lock().unwrap().extend(gone);
        rig.source.responses([Response::Records(vec![])]);
        let all = cycle(&rig).await.removal;
        assert_eq!((all.guard_tripped, all.removed), (true, 0), "all {total} at once");

        rig.source.responses([Response::Records(devices(0..total - 1))]);
        let one = cycle(&rig).await.removal;
        let removed = u64::from(total > 1);
        assert_eq!((one.guard_tripped, one.removed), (total == 1, removed), "one of {total}");
    }
}

#[tokio::test]
async fn no_device_is_removed_when_too_many_vanish_at_once() {
    let collector = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
    collector.source.responses([Response::Records(devices(0..10))]);
    cycle(&collector).await;

    collector.source.responses([Response::Records(devices(0..4))]);
    let report = cycle(&collector).await;

    assert!(report.removal.guard_tripped);
    assert_eq!(report.removal.missing, 6);
    assert_eq!(*collector.source.looked_up.lock().unwrap(), Vec::<String>::new());
}

/// How much is known of devices: delivered ones, and those marked removed.
async fn known(collector: &Rig) -> (u64, usize) {
    let scope = scope(collector, "soc");
    let marks = collector.store.removed(&collector.inventory, None, 10).await.unwrap().len();
    (collector.store.delivered_count(&scope).await.unwrap(), marks)
}

#[tokio::test]
async fn a_device_that_is_back_is_not_purged_by_a_cycle_whose_look_ups_fail() {
    let mut collector = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
    collector.source.responses([Response::Records(devices(0..10))]);
    cycle(&collector).await;
    collector.source.absent.lock().unwrap().insert("d009".into());
    collector.source.responses([Response::Records(devices(0..9))]);
    cycle(&collector).await;
    let age = collector.options.purge_removed_after.as_secs() as i64;
    collector.clock = Arc::new(FixedClock(at(NOW + age + 1)));

    // d009 is back; d008 is missed, and looking it up fails.
    *collector.source.look_ups.lock().unwrap() = LookUps::Failing;
    let mut back = devices(0..8);
    back.push(device("d009", "as it was"));
    collector.source.responses([Response::Records(back)]);
    let report = cycle(&collector).await;
    assert!(matches!(report.outcome, CycleOutcome::Failed { .. }), "{report:#?}");
    assert_eq!(known(&collector).await, (10, 1), "nothing is purged");

    *collector.source.look_ups.lock().unwrap() = LookUps::Succeeding;
    collector.source.responses([Response::Records(devices(0..10))]);
    let report = cycle(&collector).await;
    assert_eq!((report.removal.returned, account(&report, "soc").unchanged), (1, 10));
}

#[tokio::test]
async fn a_stop_ends_the_look_ups_and_keeps_what_they_found() {
    for hanging in [false, true] {
        let collector = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
        collector.source.responses([Response::Records(devices(0..10))]);
        cycle(&collector).await;
        collector.source.absent.lock().unwrap().extend(["d008".into(), "d009".into()]);
        collector.source.responses([Response::Records(devices(0..8))]);
        let stop = Stop::default();
        *collector.source.look_ups.lock().unwrap() = if hanging {
            LookUps::Hanging(stop.immediate.clone())
        } else {
            LookUps::Stopping(stop.graceful.clone())
        };

        let report = run_until(&collector, Request::Full, &stop).await;

        assert_eq!(*collector.source.looked_up.lock().unwrap(), ["d008"], "no further one");
        let found = if hanging { 0 } else { 1 };
        assert_eq!((report.removal.looked_up, report.removal.removed), (found, found));
        assert_eq!(report.outcome, CycleOutcome::Complete, "the listing and its events are whole");
        assert_eq!(known(&collector).await.1 as u64, found);
    }
}
