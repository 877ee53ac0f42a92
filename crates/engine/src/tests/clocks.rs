//! Clocks that are wrong, and put right: nothing that state notes by them suppresses anything.

use std::sync::atomic::AtomicI64;

use chrono::{DateTime, Utc};
use stocktake_connector_core::Clock;

use super::*;

/// A clock that is put right while a cycle reads: it was `ahead` seconds ahead when the cycle started.
#[derive(Debug)]
struct PutRight {
    ahead: i64,
    looks: AtomicI64,
}

impl PutRight {
    /// The start of a cycle looks twice.
    const STARTING: i64 = 2;
}

impl Clock for PutRight {
    fn now(&self) -> DateTime<Utc> {
        let looks = self.looks.fetch_add(1, Ordering::SeqCst);
        at(if looks < Self::STARTING { NOW + self.ahead } else { NOW })
    }
}

#[tokio::test]
async fn a_clock_that_is_put_right_in_a_cycle_leaves_no_time_in_the_future() {
    const YEAR: i64 = 365 * 86_400;
    for ahead in [0, 3_600, 10 * YEAR, -50 * YEAR / 100_000] {
        let mut rig = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
        rig.clock = Arc::new(PutRight { ahead, looks: AtomicI64::new(0) });
        let mut records = devices(0..3);
        records[0].last_seen = NOW + 20 * YEAR;
        rig.source.responses([Response::Records(records), Response::Malformed("broken")]);

        let report = cycle(&rig).await;

        let Checkpoint { newest_record_at, completed_at, .. } =
            checkpoint(&rig, "soc").await.unwrap();
        let facts = rig.store.facts(&rig.inventory).await.unwrap();
        let letter = letters(&rig).await.remove(0);
        for (what, time) in [
            ("newest record", newest_record_at.unwrap()),
            ("completed", completed_at),
            ("full completed", facts.full_completed_at.unwrap()),
            ("started", report.started_at),
            ("finished", report.finished_at),
            ("dead letter", letter.last_at),
        ] {
            assert!(time <= at(NOW), "{what}: {time}, {ahead} s ahead");
        }
        assert!(report.started_at <= report.finished_at, "{ahead}");
    }
}

#[tokio::test]
async fn what_a_clock_that_ran_ahead_noted_suppresses_nothing_once_it_is_right() {
    const AHEAD: i64 = NOW + 10 * 365 * 86_400;
    let sink = Arc::new(FakeSink::with_removals());
    let mut rig = collector(store(), [("soc", Arc::clone(&sink))]);
    rig.options.refresh_after = Some(Duration::from_secs(86_400));
    // One cycle by a clock that is ten years ahead: it also marks a device removed.
    sink.poison(["d008".to_owned()]);
    rig.source.responses([Response::Records(devices(0..10)), Response::Malformed("broken")]);
    cycle(&rig).await;
    rig.clock = Arc::new(FixedClock(at(AHEAD)));
    rig.source.absent.lock().unwrap().insert("d009".into());
    rig.source.responses([Response::Records(devices(0..9)), Response::Malformed("broken")]);
    assert_eq!(cycle(&rig).await.removal.removed, 1);

    // Everything is due at once, and everything is overwritten.
    rig.clock = Arc::new(FixedClock(at(NOW + 60)));
    rig.source.responses([Response::Records(devices(0..9))]);
    let report = run(&rig, Request::WhatIsDue).await;
    assert_eq!(report.kind, CycleKind::Full);
    assert_eq!(account(&report, "soc").acknowledged, 8, "refreshed");
    assert_eq!(checkpoint(&rig, "soc").await.unwrap().completed_at, at(NOW + 60));
    let facts = rig.store.facts(&rig.inventory).await.unwrap();
    assert_eq!(facts.full_completed_at, Some(at(NOW + 60)));
    assert!(letters(&rig).await.iter().all(|letter| letter.last_at <= at(NOW + 60)));

    let report = run(&rig, Request::WhatIsDue).await;
    assert_eq!(report.kind, CycleKind::Incremental, "once");
    assert_eq!(account(&report, "soc").acknowledged, 0, "once");

    // Marks and dead letters age from the day on which the clock was put right.
    let age = rig.options.purge_removed_after.as_secs() as i64;
    rig.clock = Arc::new(FixedClock(at(NOW + 60 + age)));
    cycle(&rig).await;
    let marks = async |rig: &Rig| rig.store.removed(&rig.inventory, None, 9).await.unwrap().len();
    assert_eq!(marks(&rig).await, 1, "not yet");
    rig.clock = Arc::new(FixedClock(at(NOW + 61 + age)));
    cycle(&rig).await;
    let left: Vec<_> = letters(&rig).await.into_iter().map(|letter| letter.reason).collect();
    assert_eq!((marks(&rig).await, left), (0, vec!["poison".to_owned()]));
}

#[tokio::test]
async fn an_incremental_cycle_forgets_a_full_one_in_the_future() {
    let mut rig = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
    rig.source.responses([Response::Records(devices(0..2))]);
    rig.clock = Arc::new(FixedClock(at(NOW + 1_000)));
    cycle(&rig).await;
    rig.clock = Arc::new(FixedClock(at(NOW)));
    rig.source.responses([Response::Records(devices(0..2)), Response::Failure]);
    run(&rig, Request::WhatIsDue).await;
    let facts = rig.store.facts(&rig.inventory).await.unwrap();
    assert_eq!(facts.full_completed_at, None, "a cycle that fails repairs it, too");
}

#[tokio::test]
async fn a_clock_before_1970_does_no_harm() {
    let mut rig = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
    rig.clock = Arc::new(FixedClock(at(-86_400 * 365)));
    rig.source.responses([Response::Records(devices(0..2))]);
    assert_eq!(cycle(&rig).await.outcome, CycleOutcome::Complete);
    rig.clock = Arc::new(FixedClock(at(NOW)));
    assert_eq!(run(&rig, Request::WhatIsDue).await.kind, CycleKind::Full);
}
