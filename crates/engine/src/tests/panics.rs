//! Code of third parties that panics: the cycle fails, and its accounts still balance.

use super::fakes::{FakeDetails, PANICS};
use super::*;

/// Runs a cycle that is to fail by a panic in `stage`, and the one after it, which has no cause to.
async fn cycle_that_panics_in(collector: &Rig, stage: &str, fix: impl FnOnce(&Rig)) -> CycleReport {
    let report = cycle(collector).await;
    let failure = failure_of(&report);
    assert!(failure.message.starts_with(&format!("stage `{stage}` failed")), "{failure}");
    assert_eq!((failure.code, failure.recovery), (ErrorCode::StagePanicked, Recovery::Defect));
    assert!(failure.advice.unwrap().contains("defect of Stocktake"));
    assert!(!report.listing_complete);

    fix(collector);
    collector.source.responses([Response::Records(devices(0..1_300))]);
    let next = cycle(collector).await;
    assert_eq!(next.outcome, CycleOutcome::Complete);
    assert_eq!(account(&next, "soc").acknowledged + account(&next, "soc").unchanged, 1_300);
    report
}

/// Pages of many chunks, with `content` in the middle one.
fn pages(content: &str) -> Vec<Response> {
    let mut middle = devices(500..1_000);
    middle[100].content = content.to_owned();
    [devices(0..500), middle, devices(1_000..1_300)].map(Response::Records).into()
}

#[tokio::test]
async fn a_mapper_a_form_or_an_enricher_that_panics_fails_the_cycle() {
    for (content, stage) in PANICS.into_iter().zip(["join", "map", "map"]) {
        let sink = Arc::new(FakeSink::default());
        let collector = collector(store(), [("soc", Arc::clone(&sink))]);
        collector.source.responses(pages(content));

        let report = cycle_that_panics_in(&collector, stage, |_| ()).await;

        let account = account(&report, "soc");
        assert_eq!(account.acknowledged, 500, "{content}: what went before is kept");
        assert_eq!(account.undelivered, report.read - 500, "{content}");
    }
}

#[tokio::test]
async fn a_reader_of_details_that_panics_fails_the_cycle() {
    let sink = Arc::new(FakeSink::default());
    let mut collector = collector(store(), [("soc", Arc::clone(&sink))]);
    let details = Arc::new(FakeDetails::default());
    *details.panics.lock().unwrap() = true;
    collector.enricher.details = Some(Arc::clone(&details));
    collector.source.responses(pages("unmappable"));

    let report =
        cycle_that_panics_in(&collector, "map", |_| *details.panics.lock().unwrap() = false).await;

    assert_eq!(account(&report, "soc").undelivered, report.read);
}

#[tokio::test]
async fn a_sink_that_panics_costs_only_itself() {
    let good = Arc::new(FakeSink::default());
    let bad = Arc::new(FakeSink { panics: true, ..FakeSink::default() });
    let collector = collector(store(), [("good", Arc::clone(&good)), ("bad", bad)]);
    collector.source.responses([Response::Records(devices(0..9))]);

    let report = cycle(&collector).await;

    assert_eq!(account(&report, "good").acknowledged, 9);
    assert_eq!(account(&report, "bad").undelivered, 9);
    assert!(account(&report, "bad").failure.unwrap().message.contains("stage `deliver` failed"));
}
