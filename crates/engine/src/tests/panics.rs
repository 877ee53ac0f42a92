//! Code of third parties that panics: it costs a cycle, and the accounts balance all the same.

use super::fakes::{FakeDetails, PANICS};
use super::*;

/// Runs a cycle that is to fail by a panic in `stage`, and the one after it, which has no cause to.
async fn cycle_broken_by(
    collector: &FakeCollector,
    stage: &str,
    mend: impl FnOnce(&FakeCollector),
) -> CycleReport {
    let report = cycle(collector).await;
    let CycleOutcome::Failed { error, advice } = &report.outcome else { panic!("{report:#?}") };
    assert!(error.contains(&format!("stage `{stage}` broke")), "{error}");
    assert!(advice.as_ref().unwrap().contains("defect of stocktake"), "{advice:?}");
    assert!(!report.listing_complete);

    mend(collector);
    collector.source.answers([Answer::Records(devices(0..1_300))]);
    let next = cycle(collector).await;
    assert_eq!(next.outcome, CycleOutcome::Complete);
    assert_eq!(account(&next, "soc").acknowledged + account(&next, "soc").unchanged, 1_300);
    report
}

/// Pages of many chunks, with `content` in the middle one.
fn pages(content: &str) -> Vec<Answer> {
    let mut middle = devices(500..1_000);
    middle[100].content = content.to_owned();
    [devices(0..500), middle, devices(1_000..1_300)].map(Answer::Records).into()
}

#[tokio::test]
async fn a_mapper_an_encoder_or_an_enricher_that_panics_fails_the_cycle() {
    for (content, stage) in PANICS.into_iter().zip(["join", "map", "map"]) {
        let sink = Arc::new(FakeSink::default());
        let collector = collector(store(), [("soc", Arc::clone(&sink))]);
        collector.source.answers(pages(content));

        let report = cycle_broken_by(&collector, stage, |_| ()).await;

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
    collector.source.answers(pages("unmappable"));

    let report =
        cycle_broken_by(&collector, "map", |_| *details.panics.lock().unwrap() = false).await;

    assert_eq!(account(&report, "soc").undelivered, report.read);
}

#[tokio::test]
async fn a_sink_that_panics_costs_only_itself() {
    let good = Arc::new(FakeSink::default());
    let bad = Arc::new(FakeSink { panics: true, ..FakeSink::default() });
    let collector = collector(store(), [("good", Arc::clone(&good)), ("bad", bad)]);
    collector.source.answers([Answer::Records(devices(0..9))]);

    let report = cycle(&collector).await;

    assert_eq!(account(&report, "good").acknowledged, 9);
    assert_eq!(account(&report, "bad").undelivered, 9);
    assert!(account(&report, "bad").error.unwrap().contains("stage `deliver` broke"));
}
