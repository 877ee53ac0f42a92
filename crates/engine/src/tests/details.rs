//! Details: for which devices they are read, what is sent, and what the next cycle does.

use stocktake_connector_core::{DetailAccount, Enricher};
use stocktake_state::MemoryStore;

use super::fakes::FakeDetails;
use super::*;

fn with_details(
    store: Arc<MemoryStore>,
    sinks: impl IntoIterator<Item = (&'static str, Arc<FakeSink>)>,
) -> (Rig, Arc<FakeDetails>) {
    let mut collector = collector(store, sinks);
    let details = Arc::new(FakeDetails::default());
    collector.enricher.details = Some(Arc::clone(&details));
    (collector, details)
}

#[tokio::test]
async fn only_new_and_changed_devices_are_asked_for_and_the_next_cycle_sends_nothing() {
    let sink = Arc::new(FakeSink::default());
    let (collector, details) = with_details(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..9))]);

    let first = cycle(&collector).await;
    assert_eq!(account(&first, "soc").acknowledged, 9);
    assert_eq!(first.enrichment.details, Some(DetailAccount { asked: 9, calls: 1, gone: 0 }));
    assert_eq!(sink.received("d003"), ["as it was complete"]);

    let second = cycle(&collector).await;
    assert_eq!(account(&second, "soc").unchanged, 9);
    assert_eq!(second.enrichment.details, Some(DetailAccount::default()));
    assert_eq!(*details.asked.lock().unwrap(), [9], "an unchanged device costs no call");

    let mut changed = devices(0..10);
    changed[3].content = "another".into();
    collector.source.responses([Response::Records(changed)]);
    let third = cycle(&collector).await;
    assert_eq!((account(&third, "soc").acknowledged, account(&third, "soc").unchanged), (2, 8));
    assert_eq!(*details.asked.lock().unwrap(), [9, 2]);
    assert_eq!(sink.received("d003"), ["as it was complete", "another complete"]);
    assert_eq!(sink.received("d009"), ["as it was complete"]);
    assert_eq!(sink.received("d004"), ["as it was complete"]);
}

#[tokio::test]
async fn a_change_that_only_details_show_waits_for_the_refresh() {
    let sink = Arc::new(FakeSink::default());
    let (mut collector, details) = with_details(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..1))]);
    cycle(&collector).await;

    *details.word.lock().unwrap() = "changed";
    assert_eq!(account(&cycle(&collector).await, "soc").unchanged, 1);

    collector.options.refresh_after = Some(Duration::from_secs(60));
    collector.clock = Arc::new(FixedClock(at(NOW + 60)));
    assert_eq!(account(&cycle(&collector).await, "soc").acknowledged, 1);
    assert_eq!(sink.received("d000"), ["as it was complete", "as it was changed"]);
}

#[tokio::test]
async fn a_failure_stops_the_cycle_and_nothing_lesser_is_sent() {
    let sink = Arc::new(FakeSink::default());
    let (collector, details) = with_details(store(), [("soc", Arc::clone(&sink))]);
    *details.failing_after.lock().unwrap() = 2;
    let pages = [0..700, 700..1_400, 1_400..2_100, 2_100..2_800, 2_800..3_500, 3_500..4_200];
    collector.source.responses(pages.map(|page| Response::Records(devices(page))));

    let report = cycle(&collector).await;

    assert_eq!(failure_of(&report).code, ErrorCode::ApiUnavailable);
    assert!(!report.listing_complete);
    assert!(report.read < 4_200, "no more pages are read than were on their way");
    let delivered = account(&report, "soc").acknowledged;
    assert_eq!(delivered as usize, details.total());
    assert_eq!(account(&report, "soc").undelivered, report.read - delivered);
    assert_eq!(checkpoint(&collector, "soc").await, None);

    *details.failing_after.lock().unwrap() = usize::MAX;
    let report = cycle(&collector).await;
    assert_eq!(account(&report, "soc").unchanged, delivered);
    assert_eq!(account(&report, "soc").acknowledged, 4_200 - delivered);
    assert_eq!(details.total(), 4_200, "what was delivered is not asked for again");
    let received = sink.received.lock().unwrap();
    assert!(received.values().all(|events| *events == ["as it was complete"]));
}

#[tokio::test]
async fn a_stop_at_once_does_not_wait_for_details() {
    let sink = Arc::new(FakeSink::default());
    let (collector, details) = with_details(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..3))]);
    let stop = Stop::default();
    *details.stop.lock().unwrap() = Some(stop.immediate.clone());

    let report = run_until(&collector, Request::Full, &stop).await;

    assert_eq!((account(&report, "soc").undelivered, sink.events()), (3, 0));
    assert!(matches!(report.outcome, CycleOutcome::Failed { .. }));
}

#[tokio::test]
async fn a_graceful_stop_does_not_wait_for_details_either_and_leaves_them_to_the_next_cycle() {
    let sink = Arc::new(FakeSink::default());
    let (collector, details) = with_details(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..3))]);
    let stop = Stop::default();
    *details.stop.lock().unwrap() = Some(stop.graceful.clone());

    let report = run_until(&collector, Request::Full, &stop).await;

    assert_eq!(report.outcome, CycleOutcome::Interrupted);
    assert!(!report.listing_complete);
    assert_eq!((account(&report, "soc").undelivered, sink.events()), (3, 0));
    assert_eq!(checkpoint(&collector, "soc").await, None);

    assert_eq!(account(&cycle(&collector).await, "soc").acknowledged, 3);
    assert_eq!(sink.received("d001"), ["as it was complete"]);
}

#[tokio::test]
async fn a_dead_letter_for_want_of_details_ends_when_the_next_cycle_has_them() {
    let sink = Arc::new(FakeSink::default());
    let (collector, details) = with_details(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..3))]);
    *details.malformed.lock().unwrap() = vec![1];
    assert_eq!(account(&cycle(&collector).await, "soc").dead_lettered, 1);
    assert_eq!(sink.received("d001"), [""; 0]);

    details.malformed.lock().unwrap().clear();
    assert_eq!(account(&cycle(&collector).await, "soc").acknowledged, 1);
    assert_eq!(sink.received("d001"), ["as it was complete"]);
    let letters = self::letters(&collector).await;
    assert_eq!(letters, []);
}

#[tokio::test]
async fn a_device_whose_details_make_no_event_is_a_dead_letter_and_its_neighbours_go_on() {
    for (word, stage) in [("complete", Stage::Read), ("unmappable", Stage::Map)] {
        let sink = Arc::new(FakeSink::default());
        let (collector, details) = with_details(store(), [("soc", Arc::clone(&sink))]);
        let mut changed: Vec<_> = ["d0", "d1", "d2", "d3", "d4"].map(|uid| device(uid, uid)).into();
        collector.source.responses([Response::Records(changed.clone())]);
        cycle(&collector).await;

        changed[1].content = "another".into();
        collector.source.responses([Response::Records(changed)]);
        if word == "complete" {
            *details.malformed.lock().unwrap() = vec![0];
        }
        *details.word.lock().unwrap() = word;
        let report = cycle(&collector).await;

        assert_eq!(report.outcome, CycleOutcome::Complete);
        let SinkAccount { unchanged, acknowledged, dead_lettered, .. } = account(&report, "soc");
        assert_eq!((unchanged, acknowledged, dead_lettered), (4, 0, 1), "{word}");
        assert_eq!(sink.received("d1"), ["d1 complete"], "nothing lesser is sent");
        let letters = self::letters(&collector).await;
        assert_eq!((letters.len(), letters[0].stage), (1, stage));
        assert_eq!(letters[0].uid.as_ref().unwrap().as_str(), "d1");
    }
}

#[tokio::test]
async fn all_sinks_and_forms_share_what_was_asked_and_each_gets_what_it_lacks() {
    let store = store();
    let old = Arc::new(FakeSink::default());
    let (only_old, _) = with_details(Arc::clone(&store), [("old", Arc::clone(&old))]);
    only_old.source.responses([Response::Records(devices(0..3))]);
    cycle(&only_old).await;

    let (new, other) = (Arc::new(FakeSink::default()), Arc::new(FakeSink::default()));
    let sinks = [("old", Arc::clone(&old)), ("new", Arc::clone(&new))];
    let (mut all, details) = with_details(store, sinks);
    let form = Arc::new(FakeForm("other: "));
    all.add_sink(sink_name("other"), form, Arc::clone(&other) as _);
    all.source.responses([Response::Records(devices(0..4))]);

    let report = cycle(&all).await;

    assert_eq!(*details.asked.lock().unwrap(), [4], "once for each device");
    assert_eq!((account(&report, "old").unchanged, account(&report, "old").acknowledged), (3, 1));
    for (name, sink, event) in
        [("new", new, "as it was complete"), ("other", other, "other: as it was complete")]
    {
        assert_eq!(account(&report, name).acknowledged, 4);
        assert_eq!(sink.received("d000"), [event]);
        assert_eq!(account(&cycle(&all).await, name).unchanged, 4);
    }
    assert_eq!(details.total(), 4);
}

#[tokio::test]
async fn nothing_is_asked_for_a_sink_that_gave_up() {
    let sink = Arc::new(FakeSink::default());
    sink.is_down(true);
    let (collector, details) = with_details(store(), [("soc", Arc::clone(&sink))]);
    let pages: Vec<_> =
        (0..20).map(|page| Response::Records(devices(page * 500..page * 500 + 500))).collect();
    collector.source.responses(pages);

    let report = cycle(&collector).await;

    assert_eq!(account(&report, "soc").undelivered, 10_000);
    assert!(details.total() < 5_000, "only until the sink gave up: {}", details.total());
}

#[tokio::test]
async fn an_enricher_without_details_has_none_in_its_account() {
    let collector = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
    collector.source.responses([Response::Records(devices(0..2))]);
    assert!(collector.enricher.details().is_none());
    assert_eq!(cycle(&collector).await.enrichment.details, None);
}
