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
