//! A machine whose clock differs from the servers': what is noted goes by theirs.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use stocktake_connector_core::{CycleReport, CycleStore as _, Inventory, SinkName};
use stocktake_state::SqliteStore;

use crate::site::{Site, fleet, now};

/// A site whose servers' clocks are this many seconds behind ours.
async fn site_behind(seconds: &Arc<AtomicI64>) -> Site {
    let seconds = Arc::clone(seconds);
    Site::with(fleet(30, 20), |options| {
        options.clock =
            Arc::new(move || now() - TimeDelta::seconds(seconds.load(Ordering::Relaxed)));
    })
    .await
}

/// Every time that a cycle leaves in state, with its name.
async fn noted(site: &Site, report: &CycleReport) -> Vec<(&'static str, DateTime<Utc>)> {
    let store = SqliteStore::open_read_only(site.path("state.db")).unwrap();
    let inventory = Inventory { tenant: report.tenant.clone(), source: report.source.clone() };
    let scope = inventory.at(&SinkName::new("soc").unwrap());
    let checkpoint = store.checkpoint(&scope).await.unwrap().expect("a checkpoint");
    let facts = store.facts(&inventory).await.unwrap();
    let cursor = checkpoint.cursor.expect("a cursor");
    let device = store.devices(&inventory, None, 1).await.unwrap();
    let known = store.known(&scope, &device).await.unwrap();
    vec![
        ("started", report.started_at),
        ("finished", report.finished_at),
        ("completed", checkpoint.completed_at),
        ("newest record", checkpoint.newest_record_at.expect("a record")),
        ("cursor", cursor.as_str().parse().unwrap()),
        ("full completed", facts.full_completed_at.expect("a full cycle")),
        ("acknowledged", known[0].acknowledged.expect("a device").at),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ahead_of_the_servers_notes_no_time_in_their_future() {
    // The fleet was last seen by our clock, so some devices' clocks are ahead of the servers', too.
    let behind = Arc::new(AtomicI64::new(10 * 86_400));
    let site = site_behind(&behind).await;
    let ahead = site.run(&["sync", "--output", "json"]).await;
    assert_eq!(ahead.code, Some(0), "{ahead:#?}");
    assert!(ahead.stderr.contains("clock differs from Microsoft's"), "{}", ahead.stderr);
    let latest = now() - TimeDelta::days(10) + TimeDelta::seconds(60);
    for (what, time) in noted(&site, &ahead.report()).await {
        assert!(time <= latest, "{what}: {time} is later than {latest}");
    }

    // Now the clock is right: the times that were noted are in the past, and a full cycle is due.
    behind.store(0, Ordering::Relaxed);
    let right = site.run(&["sync", "--output", "json"]).await;
    assert!(!right.stderr.contains("clock differs"), "{}", right.stderr);
    let right = right.report();
    assert_eq!(right.kind.name(), "full");
    for (what, time) in noted(&site, &right).await {
        assert!(time <= now(), "{what}: {time}");
        assert!(time > latest || what == "acknowledged", "{what} is overwritten: {time}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_behind_the_servers_is_put_right_too() {
    let behind = Arc::new(AtomicI64::new(-10 * 86_400));
    let site = site_behind(&behind).await;
    let report = site.run(&["sync", "--output", "json"]).await.report();
    let acknowledged = noted(&site, &report).await.pop().unwrap().1;
    assert!(acknowledged > now() + TimeDelta::days(9), "{acknowledged}");
    behind.store(0, Ordering::Relaxed);
    let next = site.run(&["sync", "--full", "--output", "json"]).await.report();
    for (what, time) in noted(&site, &next).await {
        assert!(time <= now() || what == "acknowledged", "{what}: {time}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_differs_by_less_than_a_minute_is_left_alone() {
    let behind = Arc::new(AtomicI64::new(30));
    let site = site_behind(&behind).await;
    let sync = site.run(&["sync", "--output", "json"]).await;
    assert!(!sync.stderr.contains("clock differs"), "{}", sync.stderr);
    assert_eq!(sync.code, Some(0), "{sync:#?}");
}
