//! Sinks that deliver elsewhere than before.

use stocktake_connector_core::SinkDestination;

use super::*;

fn move_to(sink: &FakeSink, destination: Option<&'static str>) {
    *sink.destination.lock().unwrap() = destination;
}

fn moved_from(report: &CycleReport, sink: &str) -> Option<String> {
    account(report, sink).moved_from.as_ref().map(SinkDestination::to_string)
}

#[tokio::test]
async fn another_destination_gets_everything_and_no_removal_of_the_old_one() {
    let sink = Arc::new(FakeSink::with_removals());
    sink.poison(["d003".to_owned()]);
    let other = Arc::new(FakeSink::default());
    let rig = collector(store(), [("soc", Arc::clone(&sink)), ("other", Arc::clone(&other))]);
    rig.source.responses([Response::Records(devices(0..10))]);
    let first = cycle(&rig).await;
    assert_eq!((account(&first, "soc").acknowledged, moved_from(&first, "soc")), (9, None));

    // The old destination had d009, and refused d003.
    sink.poison([]);
    move_to(&sink, Some("there"));
    rig.source.absent.lock().unwrap().insert("d009".into());
    rig.source.responses([Response::Records(devices(0..9))]);
    let second = run(&rig, Request::WhatIsDue).await;

    assert_eq!(second.kind, CycleKind::Full, "the new one never had a complete cycle");
    assert_eq!(account(&second, "soc").acknowledged, 9);
    assert_eq!(moved_from(&second, "soc").as_deref(), Some("here"));
    assert_eq!((account(&second, "other").unchanged, moved_from(&second, "other")), (9, None));
    assert_eq!(second.removal.removed, 1, "it is gone from the source all the same");
    assert_eq!(sink.removals(), Vec::<String>::new());

    let third = run(&rig, Request::WhatIsDue).await;
    assert_eq!((third.kind, account(&third, "soc").unchanged), (CycleKind::Incremental, 9));
    assert_eq!(moved_from(&third, "soc"), None, "the same again");
}

#[tokio::test]
async fn a_destination_that_cannot_be_found_out_changes_nothing() {
    let sink = Arc::new(FakeSink::default());
    let rig = collector(store(), [("soc", Arc::clone(&sink))]);
    rig.source.responses([Response::Records(devices(0..3))]);
    cycle(&rig).await;
    for (destination, acknowledged) in [(None, 0), (Some("here"), 0), (Some("there"), 3)] {
        move_to(&sink, destination);
        let report = cycle(&rig).await;
        assert_eq!(account(&report, "soc").acknowledged, acknowledged, "{destination:?}");
    }
}

#[tokio::test]
async fn a_destination_that_moves_while_the_sink_is_down_still_gets_everything() {
    let sink = Arc::new(FakeSink::default());
    let rig = collector(store(), [("soc", Arc::clone(&sink))]);
    rig.source.responses([Response::Records(devices(0..3))]);
    cycle(&rig).await;
    move_to(&sink, Some("there"));
    sink.is_down(true);
    cycle(&rig).await;
    sink.is_down(false);
    let report = run(&rig, Request::WhatIsDue).await;
    assert_eq!((report.kind, account(&report, "soc").acknowledged), (CycleKind::Full, 3));
}
