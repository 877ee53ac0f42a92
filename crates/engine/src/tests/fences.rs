//! Leases: a cycle whose fence is stale stops at once and changes nothing.

use stocktake_connector_core::{CycleId, StateError, TenantName};

use super::*;

/// A fence that another claim has replaced.
async fn stale_fence(rig: &Rig) -> Fence {
    let stale = claim(rig).await;
    rig.store.release(&stale).await.unwrap();
    claim(rig).await;
    stale
}

async fn assert_unchanged(rig: &Rig) {
    assert_eq!(rig.store.delivered_count(&scope(rig, "soc")).await.unwrap(), 0);
    assert_eq!(checkpoint(rig, "soc").await, None);
    assert_eq!(letters(rig).await, []);
    let reports = rig.store.reports(&rig.inventory, None, 9).await.unwrap();
    assert_eq!(reports.reports, []);
}

fn assert_lost(ended: Result<CycleReport, StateError>) {
    assert!(matches!(ended, Err(StateError::LeaseLost { .. })), "{ended:?}");
}

#[tokio::test]
async fn a_stale_fence_stops_the_cycle_at_its_first_write_and_commits_nothing() {
    let sink = Arc::new(FakeSink::default());
    // Where a sink delivers is noted first of all.
    *sink.destination.lock().unwrap() = None;
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    // The source hangs after the first page: only the fence can end the cycle.
    collector.source.responses([Response::Records(devices(0..50)), Response::Hanging]);
    let stale = stale_fence(&collector).await;

    assert_lost(
        collector.run_cycle(Request::Full, &stale, &Stop::default(), &Arc::default()).await,
    );

    assert_eq!(*sink.batches.lock().unwrap(), [4], "at most one batch is sent twice");
    assert_unchanged(&collector).await;
}

#[tokio::test]
async fn a_stale_fence_is_found_by_any_write() {
    for (destination, responses) in [
        (Some("here"), vec![Response::Hanging]),
        (None, vec![Response::Malformed("broken"), Response::Hanging]),
        (None, vec![Response::Records(vec![device("odd", "unmappable")]), Response::Hanging]),
        (None, vec![Response::Records(vec![])]),
    ] {
        let sink = Arc::new(FakeSink::default());
        *sink.destination.lock().unwrap() = destination;
        let collector = collector(store(), [("soc", sink)]);
        collector.source.responses(responses);
        let stale = stale_fence(&collector).await;
        let stop = Stop::default();
        assert_lost(collector.run_cycle(Request::Full, &stale, &stop, &Arc::default()).await);
        assert_unchanged(&collector).await;
        assert!(!stop.immediate.is_cancelled(), "other cycles of the caller go on");
    }
}

#[tokio::test]
async fn a_fence_of_another_tenant_is_refused_before_anything_is_read() {
    let collector = collector(store(), [("soc", Arc::new(FakeSink::default()))]);
    let fence = Fence {
        tenant: TenantName::new("fabrikam").unwrap(),
        claim: claim(&collector).await.claim,
    };
    assert_lost(
        collector.run_cycle(Request::Full, &fence, &Stop::default(), &Arc::default()).await,
    );
    assert_eq!(collector.source.listings.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn what_was_staged_before_a_stale_fence_is_found_is_not_noted_either() {
    let sink = Arc::new(FakeSink::default());
    sink.says([Ok(Acknowledgement::STAGED)]);
    *sink.destination.lock().unwrap() = None;
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..50)), Response::Hanging]);
    let stale = stale_fence(&collector).await;
    let (stop, progress) = (Stop::default(), Arc::default());
    assert_lost(collector.run_cycle(Request::Full, &stale, &stop, &progress).await);
    assert_eq!(*sink.batches.lock().unwrap(), [4, 4], "the second one is safe, and the last");
    assert_unchanged(&collector).await;
}

#[tokio::test]
async fn a_lease_that_is_taken_over_while_a_sink_hangs_loses_only_what_was_on_its_way() {
    let sink = Arc::new(FakeSink { hangs_after: Some(1), ..FakeSink::default() });
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..8))]);
    let fence = claim(&collector).await;
    let stop = Stop::default();
    let taken_over = async {
        sink.hanging.notified().await;
        collector.store.release(&fence).await.unwrap();
        let new = claim(&collector).await;
        // As the supervisor does when it cannot renew the lease.
        stop.immediate.cancel();
        new
    };
    let progress = Arc::default();
    let (ended, new) =
        tokio::join!(collector.run_cycle(Request::Full, &fence, &stop, &progress), taken_over);
    assert_lost(ended);
    assert_ne!(progress.cycle(), None::<CycleId>);

    let other =
        fakes::collector(Arc::clone(&collector.store), [("soc", Arc::new(FakeSink::default()))]);
    other.source.responses([Response::Records(devices(0..8))]);
    let report =
        other.run_cycle(Request::Full, &new, &Stop::default(), &Arc::default()).await.unwrap();
    assert_eq!((account(&report, "soc").unchanged, account(&report, "soc").acknowledged), (4, 4));
}
