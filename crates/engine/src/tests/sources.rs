//! Two sources of one tenant at one sink.

use super::*;

/// A collector of another source of the same tenant.
fn source(name: &str, store: &Arc<stocktake_state::MemoryStore>, sink: &Arc<FakeSink>) -> Rig {
    let mut rig = collector(Arc::clone(store), [("soc", Arc::clone(sink))]);
    rig.inventory = fakes::inventory(name);
    rig.source.cursor(&format!("cursor of {name}"));
    rig
}

/// Runs a cycle until its sink hangs, and drops it there, as a killed process does.
async fn crash(rig: &Rig, sink: &FakeSink) {
    let fence = claim(rig).await;
    let (stop, progress) = (Stop::default(), Arc::default());
    tokio::select! {
        ended = rig.run_cycle(Request::WhatIsDue, &fence, &stop, &progress) => panic!("{ended:?}"),
        () = sink.hanging.notified() => {}
    }
    rig.store.release(&fence).await.unwrap();
}

#[tokio::test]
async fn two_sources_of_a_tenant_remove_nothing_of_each_other_and_survive_a_crash() {
    let (store, sink) = (store(), Arc::new(FakeSink::default()));
    let hanging = Arc::new(FakeSink { hangs_after: Some(1), ..FakeSink::default() });
    // Some devices are known to both, by the same uid.
    let known = [("defender", devices(0..10)), ("intune", devices(6..16))];

    for (name, devices) in &known {
        let rig = source(name, &store, &hanging);
        rig.source.responses([Response::Records(devices.clone())]);
        hanging.batches.lock().unwrap().clear();
        crash(&rig, &hanging).await;
        assert_eq!(rig.store.delivered_count(&scope(&rig, "soc")).await.unwrap(), 4, "{name}");
        assert_eq!(checkpoint(&rig, "soc").await, None, "{name}");
    }
    for round in 0..2 {
        for (name, devices) in &known {
            let rig = source(name, &store, &sink);
            rig.source.responses([Response::Records(devices.clone())]);

            let report = cycle(&rig).await;

            assert_eq!(report.outcome, CycleOutcome::Complete, "{name}");
            assert_eq!(report.source, rig.inventory.source);
            assert_eq!((report.removal.missing, report.removal.removed), (0, 0), "{name}");
            let account = account(&report, "soc");
            let expected = if round == 0 { (4, 6) } else { (10, 0) };
            assert_eq!((account.unchanged, account.acknowledged), expected, "{name}");
            let cursor = checkpoint(&rig, "soc").await.unwrap().cursor.unwrap();
            assert_eq!(cursor.as_str(), format!("cursor of {name}"));
        }
    }
    // A device that only one of them loses is removed for that one.
    let [defender, intune] = known.map(|(name, devices)| {
        let rig = source(name, &store, &sink);
        rig.source.responses([Response::Records(devices)]);
        rig
    });
    defender.source.absent.lock().unwrap().insert("d009".into());
    defender.source.responses([Response::Records(devices(0..9))]);
    assert_eq!(cycle(&defender).await.removal.removed, 1);
    assert_eq!(account(&cycle(&intune).await, "soc").unchanged, 10);
    assert_eq!(store.removed(&intune.inventory, None, 9).await.unwrap(), []);
    assert_eq!(store.removed(&defender.inventory, None, 9).await.unwrap().len(), 1);
}
