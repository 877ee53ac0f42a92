//! Sinks that stage batches: an event is committed only once it is safe.

use stocktake_connector_core::{Refusal, Settled, SinkError};

use super::*;

/// A sink that stages the next batches.
fn staging(batches: usize) -> Arc<FakeSink> {
    let sink = Arc::new(FakeSink::default());
    sink.says((0..batches).map(|_| Ok(Acknowledgement::STAGED)));
    sink
}

fn collector_of(sink: &Arc<FakeSink>, count: u32) -> Rig {
    let rig = collector(store(), [("soc", Arc::clone(sink))]);
    rig.source.responses([Response::Records(devices(0..count))]);
    rig
}

async fn delivered(rig: &Rig) -> u64 {
    rig.store.delivered_count(&scope(rig, "soc")).await.unwrap()
}

#[tokio::test]
async fn staged_events_are_noted_with_the_next_safe_acknowledgement() {
    let sink = Arc::new(FakeSink { hangs_after: Some(3), ..FakeSink::default() });
    let staged = || Ok(Acknowledgement::STAGED);
    sink.says([staged(), Ok(Acknowledgement::ALL), staged()]);
    let collector = collector_of(&sink, 16);
    let fence = claim(&collector).await;
    let (stop, progress) = (Stop::default(), Arc::default());
    tokio::select! {
        ended = collector.run_cycle(Request::Full, &fence, &stop, &progress) => panic!("{ended:?}"),
        () = sink.hanging.notified() => {}
    }
    assert_eq!(delivered(&collector).await, 8, "the first two batches, not the staged third");
}

#[tokio::test]
async fn staged_events_are_noted_at_the_end_of_the_cycle() {
    let sink = staging(2);
    let collector = collector_of(&sink, 8);

    let report = cycle(&collector).await;

    assert_eq!(report.outcome, CycleOutcome::Complete);
    let account = account(&report, "soc");
    assert_eq!((account.acknowledged, account.batches, account.bytes), (8, 2, 8 * 18));
    assert_eq!(sink.completeness(), [true]);
    assert!(checkpoint(&collector, "soc").await.is_some());
    assert_eq!(delivered(&collector).await, 8);
}

#[tokio::test]
async fn staged_events_that_never_become_safe_are_sent_again() {
    let unavailable = || SinkError::from(fakes::unavailable());
    for last_word in [Ok(Acknowledgement::STAGED), Err(unavailable())] {
        let sink = staging(2);
        let collector = collector_of(&sink, 8);
        let message = match &last_word {
            Ok(_) => "left 8 events staged at the end of the cycle",
            Err(_) => "the fake is unavailable",
        };
        sink.says_last([last_word]);

        let report = cycle(&collector).await;

        let of_soc = account(&report, "soc");
        assert_eq!((of_soc.acknowledged, of_soc.undelivered, of_soc.batches), (0, 8, 0));
        assert_eq!(of_soc.failure.unwrap().message, message);
        assert_eq!((delivered(&collector).await, checkpoint(&collector, "soc").await), (0, None));
        let first = sink.events.lock().unwrap()[0].event_uid;

        assert_eq!(account(&cycle(&collector).await, "soc").acknowledged, 8);
        assert_eq!(sink.events.lock().unwrap()[8].event_uid, first, "the same uid");
    }
}

#[tokio::test]
async fn the_end_of_the_cycle_may_refuse_staged_events_by_the_order_of_writing() {
    let sink = staging(2);
    let refused = vec![Refusal { index: 5, reason: "no such column".into() }];
    sink.says_last([Ok(Acknowledgement { refused, ..Acknowledgement::default() })]);
    let collector = collector_of(&sink, 8);

    let report = cycle(&collector).await;

    assert_eq!(report.outcome, CycleOutcome::Complete);
    let of_soc = account(&report, "soc");
    assert_eq!((of_soc.acknowledged, of_soc.dead_lettered), (7, 1));
    let [letter] = letters(&collector).await.try_into().unwrap();
    assert_eq!(letter.uid.unwrap().as_str(), "d005");
    assert_eq!(
        (letter.reason.as_str(), letter.payload.as_str()),
        ("no such column", "as it was enriched")
    );
}

#[tokio::test]
async fn the_end_of_the_cycle_may_settle_staged_events_in_part() {
    let sink = staging(2);
    let settled = Settled {
        acknowledged: vec![0, 1, 6],
        refused: vec![Refusal { index: 2, reason: "poison".into() }],
    };
    sink.says_last([Err(SinkError::Failed { failure: fakes::unavailable(), settled })]);
    let collector = collector_of(&sink, 8);

    let of_soc = account(&cycle(&collector).await, "soc");
    assert_eq!((of_soc.acknowledged, of_soc.dead_lettered, of_soc.undelivered), (3, 1, 4));

    let of_soc = account(&cycle(&collector).await, "soc");
    assert_eq!((of_soc.unchanged, of_soc.dead_lettered, of_soc.acknowledged), (3, 1, 4));
}

#[tokio::test]
async fn what_was_staged_before_a_failure_may_still_become_safe() {
    let sink = Arc::new(FakeSink::default());
    sink.says([Ok(Acknowledgement::STAGED), Err(fakes::unavailable().into())]);
    let collector = collector_of(&sink, 12);

    let of_soc = account(&cycle(&collector).await, "soc");

    assert_eq!((of_soc.acknowledged, of_soc.undelivered), (4, 8));
    assert_eq!(sink.completeness(), [false]);
    assert_eq!(of_soc.failure.unwrap().code, ErrorCode::ApiUnavailable);
}

#[tokio::test]
async fn a_refused_event_of_a_staged_batch_is_a_dead_letter() {
    let sink = Arc::new(FakeSink::default());
    let refused = vec![Refusal { index: 1, reason: "poison".into() }];
    sink.says([Ok(Acknowledgement { refused, ..Acknowledgement::STAGED })]);
    let collector = collector_of(&sink, 4);

    let report = cycle(&collector).await;

    let of_soc = account(&report, "soc");
    assert_eq!((of_soc.acknowledged, of_soc.dead_lettered, of_soc.undelivered), (3, 1, 0));
    assert_eq!(letters(&collector).await[0].uid.as_ref().unwrap().as_str(), "d001");
}

#[tokio::test]
async fn a_stop_at_once_leaves_what_is_staged_to_the_next_cycle() {
    let sink = Arc::new(FakeSink { hangs_after: Some(1), ..FakeSink::default() });
    sink.says([Ok(Acknowledgement::STAGED)]);
    let collector = collector_of(&sink, 8);
    let stop = Stop::default();
    let stopping = async {
        sink.hanging.notified().await;
        stop.immediate.cancel();
    };
    let (report, ()) = tokio::join!(run_until(&collector, Request::Full, &stop), stopping);

    let of_soc = account(&report, "soc");
    assert_eq!((of_soc.acknowledged, of_soc.undelivered), (0, 8));
    assert_eq!(of_soc.failure.unwrap().code, ErrorCode::Stopped);
    assert_eq!(sink.completeness(), [false; 0], "nothing is made safe any more");
}

#[tokio::test]
async fn a_sink_that_hangs_at_the_end_of_a_cycle_does_not_outlive_a_stop_at_once() {
    let sink = Arc::new(FakeSink { hangs_at_end: true, ..FakeSink::default() });
    sink.says([Ok(Acknowledgement::ALL), Ok(Acknowledgement::STAGED)]);
    let collector = collector_of(&sink, 8);
    let stop = Stop::default();
    let stopping = async {
        sink.hanging.notified().await;
        stop.immediate.cancel();
    };
    let (report, ()) = tokio::join!(run_until(&collector, Request::Full, &stop), stopping);

    let of_soc = account(&report, "soc");
    assert_eq!((of_soc.acknowledged, of_soc.undelivered), (4, 4));
    assert_eq!(of_soc.failure.unwrap().code, ErrorCode::Stopped);
    assert_eq!(delivered(&collector).await, 4);
}
