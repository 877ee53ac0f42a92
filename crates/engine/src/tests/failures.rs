//! Failures keep their type from where they happen to the report.

use stocktake_connector_core::{Settled, SinkError};

use super::fakes::{FakeDetails, LookUps, failure};
use super::*;

/// One code of each recovery, as a source, an enricher or a sink may give it.
const CLASSES: [(ErrorCode, Recovery); 3] = [
    (ErrorCode::ApiThrottled, Recovery::Retry),
    (ErrorCode::PermissionMissing, Recovery::Operator),
    (ErrorCode::AnswerMalformed, Recovery::Defect),
];

/// Where a failure can happen.
#[derive(Debug, Clone, Copy)]
enum Place {
    Source,
    LookUp,
    Enricher,
    Details,
    Batch,
    EndOfCycle,
}

/// A cycle that fails at `place` with a failure of this class.
async fn cycle_that_fails(place: Place, class: (ErrorCode, Recovery)) -> CycleReport {
    let sink = Arc::new(FakeSink::default());
    let mut collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..3))]);
    let (code, recovery) = class;
    match place {
        Place::Source => *collector.source.failure.lock().unwrap() = Some(class),
        Place::LookUp => {
            cycle(&collector).await;
            collector.source.responses([Response::Records(devices(0..2))]);
            *collector.source.look_ups.lock().unwrap() = LookUps::FailingAs(code, recovery);
        }
        Place::Enricher => *collector.enricher.failure.lock().unwrap() = Some(class),
        Place::Details => {
            let details = FakeDetails::default();
            *details.failure.lock().unwrap() = Some(class);
            collector.enricher.details = Some(Arc::new(details));
        }
        Place::Batch => sink.says([Err(failure(code, recovery).into())]),
        Place::EndOfCycle => sink.says_last([Err(failure(code, recovery).into())]),
    }
    cycle(&collector).await
}

#[tokio::test]
async fn every_failure_reaches_the_report_as_it_was() {
    for class in CLASSES {
        let expected = failure(class.0, class.1).record();
        for place in [Place::Source, Place::LookUp, Place::Enricher, Place::Details] {
            let report = cycle_that_fails(place, class).await;
            assert_eq!(failure_of(&report), expected, "{place:?}");
            assert_eq!(account(&report, "soc").failure, None, "{place:?}");
        }
        for place in [Place::Batch, Place::EndOfCycle] {
            let report = cycle_that_fails(place, class).await;
            assert_eq!(account(&report, "soc").failure, Some(expected.clone()), "{place:?}");
            let of_cycle =
                FailureRecord { message: "sink soc: as it was".into(), ..expected.clone() };
            assert_eq!(failure_of(&report), of_cycle, "{place:?}");
        }
    }
}

#[tokio::test]
async fn a_failure_of_the_source_goes_before_those_of_sinks_and_has_its_own_time_to_try_again() {
    let sink = Arc::new(FakeSink::default());
    let throttled = failure(ErrorCode::SinkUnavailable, Recovery::Retry);
    sink.says([Err(throttled.into())]);
    let collector = collector(store(), [("soc", sink)]);
    collector.source.responses([Response::Records(devices(0..5)), Response::Failure]);

    let report = cycle(&collector).await;

    assert_eq!(failure_of(&report), fakes::unavailable().record());
    assert_eq!(failure_of(&report).retry_at, None, "that of the reported failure");
    let of_sink = account(&report, "soc").failure.unwrap();
    assert_eq!(
        (of_sink.code, of_sink.retry_at),
        (ErrorCode::SinkUnavailable, Some(at(NOW + 1_800)))
    );
}

#[tokio::test]
async fn a_refused_end_of_a_cycle_is_a_failure_of_the_sink() {
    let sink = Arc::new(FakeSink::default());
    sink.says_last([Err(SinkError::Refused { reason: "no such table".into() })]);
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..1))]);

    let account = account(&cycle(&collector).await, "soc");

    assert_eq!((account.acknowledged, account.undelivered), (1, 0));
    let failure = account.failure.unwrap();
    assert_eq!(failure.message, "refused the end of the cycle: no such table");
    assert_eq!(
        (failure.code, failure.recovery),
        (ErrorCode::SinkRequestRefused, Recovery::Operator)
    );
    assert_eq!(checkpoint(&collector, "soc").await, None);
}

#[tokio::test]
async fn what_is_settled_of_a_failed_batch_is_noted_and_the_rest_is_sent_again() {
    let sink = Arc::new(FakeSink::default());
    let settled = Settled {
        acknowledged: vec![2, 0],
        refused: vec![stocktake_connector_core::Refusal { index: 1, reason: "poison".into() }],
    };
    let error = failure(ErrorCode::SinkUnavailable, Recovery::Retry);
    sink.says([Err(SinkError::Failed { failure: error, settled })]);
    let collector = collector(store(), [("soc", Arc::clone(&sink))]);
    collector.source.responses([Response::Records(devices(0..6))]);

    let report = cycle(&collector).await;

    let of_soc = account(&report, "soc");
    assert_eq!((of_soc.acknowledged, of_soc.dead_lettered, of_soc.undelivered), (2, 1, 3));
    assert_eq!(of_soc.failure.unwrap().code, ErrorCode::SinkUnavailable);
    assert_eq!(letters(&collector).await[0].reason, "poison");
    assert_eq!(checkpoint(&collector, "soc").await, None);

    let of_soc = account(&cycle(&collector).await, "soc");
    assert_eq!((of_soc.unchanged, of_soc.acknowledged, of_soc.dead_lettered), (2, 3, 1));
    let times = ["d000", "d001", "d002", "d003"].map(|uid| sink.received(uid).len());
    assert_eq!(times, [1, 1, 1, 2], "only what was not settled");
}
