//! Where a cycle starts: checkpoints, cursors, and clocks that run ahead.

use super::*;

fn listings(rig: &Rig) -> Vec<Vec<String>> {
    rig.source.listings.lock().unwrap().clone()
}

async fn cursor(rig: &Rig, sink: &str) -> Option<String> {
    let cursor = checkpoint(rig, sink).await?.cursor?;
    Some(cursor.as_str().to_owned())
}

#[tokio::test]
async fn an_incremental_cycle_resumes_where_the_last_complete_listing_ended() {
    let collector = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
    collector.source.responses([Response::Records(devices(0..2))]);
    assert_eq!(run(&collector, Request::WhatIsDue).await.kind, CycleKind::Full);
    assert_eq!(cursor(&collector, "soc").await.unwrap(), "cursor 1");

    collector.source.cursor("cursor 2");
    assert_eq!(run(&collector, Request::WhatIsDue).await.kind, CycleKind::Incremental);
    assert_eq!(cursor(&collector, "soc").await.unwrap(), "cursor 2");
    assert_eq!(listings(&collector), [vec![], vec!["cursor 1".to_owned()]]);
}

#[tokio::test]
async fn a_sink_that_is_behind_keeps_its_cursor_and_the_next_listing_covers_all() {
    let (good, bad) = (Arc::new(FakeSink::default()), Arc::new(FakeSink::default()));
    let sinks = [("bad", Arc::clone(&bad)), ("good", good), ("same", Arc::default())];
    let collector = collector(store(), sinks);
    collector.source.responses([Response::Records(devices(0..2))]);
    cycle(&collector).await;

    bad.is_down(true);
    collector.source.cursor("cursor 2");
    collector.source.responses([Response::Records(devices(0..3))]);
    run(&collector, Request::WhatIsDue).await;
    assert_eq!(cursor(&collector, "bad").await.unwrap(), "cursor 1");
    assert_eq!(cursor(&collector, "good").await.unwrap(), "cursor 2");

    bad.is_down(false);
    assert_eq!(account(&run(&collector, Request::WhatIsDue).await, "bad").acknowledged, 1);
    assert_eq!(listings(&collector)[2], ["cursor 1", "cursor 2"], "each once");
}

#[tokio::test]
async fn a_listing_that_cannot_resume_is_full() {
    let collector = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
    collector.source.responses([Response::Records(devices(0..2))]);
    cycle(&collector).await;
    *collector.source.is_expired.lock().unwrap() = true;
    assert_eq!(run(&collector, Request::WhatIsDue).await.kind, CycleKind::Full, "a cursor too old");

    *collector.source.is_expired.lock().unwrap() = false;
    *collector.source.cursor.lock().unwrap() = None;
    assert_eq!(run(&collector, Request::WhatIsDue).await.kind, CycleKind::Incremental);
    assert_eq!(run(&collector, Request::WhatIsDue).await.kind, CycleKind::Full, "no cursor");
}

#[tokio::test]
async fn a_full_cycle_is_due_after_its_time_and_when_the_last_one_lies_in_the_future() {
    let mut collector = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
    collector.source.responses([Response::Records(devices(0..2))]);
    cycle(&collector).await;
    let day = 86_400;
    for (second, kind) in [
        (NOW + day - 1, CycleKind::Incremental),
        (NOW + day, CycleKind::Full),
        // The clock ran ahead, and is right again.
        (NOW + 50 * day, CycleKind::Full),
        (NOW + day + 1, CycleKind::Full),
        (NOW + day + 2, CycleKind::Incremental),
    ] {
        collector.clock = Arc::new(FixedClock(at(second)));
        assert_eq!(run(&collector, Request::WhatIsDue).await.kind, kind, "{second}");
    }
}

#[tokio::test]
async fn a_refresh_is_due_when_the_last_acknowledgement_lies_in_the_future() {
    let mut collector = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
    collector.options.refresh_after = Some(Duration::from_secs(60));
    collector.source.responses([Response::Records(devices(0..2))]);
    for (second, acknowledged) in [(NOW + 5_000, 2), (NOW, 2), (NOW + 1, 0)] {
        collector.clock = Arc::new(FixedClock(at(second)));
        let report = cycle(&collector).await;
        assert_eq!(account(&report, "soc").acknowledged, acknowledged, "{second}");
    }
}

#[tokio::test]
async fn a_checkpoint_has_the_newest_record_that_is_not_in_the_future() {
    let mut collector = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
    let newest =
        async |collector: &Rig| checkpoint(collector, "soc").await.unwrap().newest_record_at;
    collector.source.responses([Response::Records(devices(0..2))]);
    cycle(&collector).await;
    assert_eq!(newest(&collector).await, Some(at(NOW - 100)));

    collector.source.responses([Response::Records(vec![])]);
    let report = run(&collector, Request::WhatIsDue).await;
    assert_eq!(report.kind, CycleKind::Incremental);
    assert_eq!(newest(&collector).await, Some(at(NOW - 100)), "nothing newer was read");

    let mut ahead = device("d000", "as it was");
    ahead.last_seen = NOW + 5_000_000;
    collector.source.responses([Response::Records(vec![ahead])]);
    run(&collector, Request::WhatIsDue).await;
    assert_eq!(newest(&collector).await, Some(at(NOW)), "a clock that runs ahead is cut");

    // A checkpoint that was written by a clock that ran ahead.
    collector.clock = Arc::new(FixedClock(at(NOW - 50)));
    collector.source.responses([Response::Records(vec![])]);
    cycle(&collector).await;
    assert_eq!(newest(&collector).await, Some(at(NOW - 50)));
}
