//! Devices whose enrichment is uncertain: they never replace what a sink has.

use super::fakes::UNCERTAIN;
use super::*;

#[tokio::test]
async fn an_uncertain_device_replaces_nothing_that_had_an_enrichment() {
    let store = store();
    let old = Arc::new(FakeSink::default());
    let alone = collector(Arc::clone(&store), [("old", Arc::clone(&old))]);
    alone.source.responses([Response::Records(devices(0..3))]);
    cycle(&alone).await;

    let new = Arc::new(FakeSink::default());
    let mut both = collector(store, [("old", Arc::clone(&old)), ("new", Arc::clone(&new))]);
    let mut uncertain = devices(0..3);
    uncertain[1].content = UNCERTAIN.to_owned();
    both.source.responses([Response::Records(uncertain.clone())]);
    let report = cycle(&both).await;

    assert_eq!(report.outcome, CycleOutcome::Complete);
    assert_eq!(report.enrichment.uncertain, 1);
    assert_eq!((account(&report, "old").unchanged, account(&report, "new").acknowledged), (3, 3));
    assert_eq!(new.received.lock().unwrap()["d001"], ["uncertain alone"]);

    // A sink that has something to lose gets it neither because time passed, nor because it changed, nor
    // because all go out; the other gets its changes.
    both.options.refresh_after = Some(Duration::from_secs(60));
    both.clock = Arc::new(FixedClock(at(NOW + 60)));
    uncertain[1].content = format!("{UNCERTAIN} and changed");
    both.source.responses([Response::Records(uncertain.clone())]);
    for emit in [Emit::Changed, Emit::All] {
        both.options.emit = emit;
        let report = cycle(&both).await;
        assert_eq!((account(&report, "old").held, account(&report, "new").held), (1, 0));
    }
    assert_eq!(old.received.lock().unwrap()["d001"], ["as it was enriched"]);
    let changed = format!("{UNCERTAIN} and changed alone");
    assert_eq!(new.received.lock().unwrap()["d001"], ["uncertain alone", &changed, &changed]);

    // What changed for neither is sent to neither.
    (both.options.emit, both.options.refresh_after) = (Emit::Changed, None);
    let report = cycle(&both).await;
    assert_eq!(account(&report, "new").unchanged, 3);

    both.source.responses([Response::Records(vec![device("d001", "known again")])]);
    let report = cycle(&both).await;
    assert_eq!(report.enrichment.uncertain, 0);
    for sink in [old, new] {
        assert_eq!(sink.received.lock().unwrap()["d001"].last().unwrap(), "known again enriched");
    }
}
