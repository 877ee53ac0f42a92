//! Details of managed devices: asked for what is sent, and for nothing else.

use serde_json::Value;
use stocktake_connector_core::{CycleOutcome, DetailAccount};
use stocktake_simulator::{Api, Effect, Fault};

use crate::site::{Site, fleet};

/// Devices whose latest event names an Ethernet adapter of Intune's.
fn wired(site: &Site) -> usize {
    let is_ethernet = |adapter: &Value| adapter["name"] == "ethernet";
    let events = site.handle().received_events();
    let adapters = events.values().map(|event| &event["device"]["network_interfaces"]);
    adapters.filter_map(Value::as_array).filter(|all| all.iter().any(is_ethernet)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn details_come_when_they_are_switched_on_and_cost_nothing_once_they_are_there() {
    let site = Site::of(fleet(90, 70)).await;
    let first = site.sync().await.report();
    assert_eq!(first.enrichment.details, None);
    assert_eq!(wired(&site), 0, "a list gives no Ethernet address");
    assert_eq!(site.handle().calls().of(Api::GraphBatch), 0);

    let site = site.set("enrichment", "intune_details = true\n");
    let second = site.sync().await;
    let matched = second.report().enrichment.matched;
    let calls = matched.div_ceil(20);
    assert!(matched > 20, "{second:#?}");
    assert_eq!(second.account().acknowledged, 90, "every device is sent once again");
    let details = second.report().enrichment.details;
    assert_eq!(details, Some(DetailAccount { asked: matched, calls, gone: 0 }));
    assert_eq!(site.handle().calls().of(Api::GraphBatch), calls);
    assert!(wired(&site) > 20, "{} of {matched}", wired(&site));

    site.handle().reset_calls();
    let third = site.sync().await;
    assert_eq!((third.account().acknowledged, third.account().unchanged), (0, 90));
    assert_eq!(site.handle().calls().of(Api::GraphBatch), 0);

    site.handle().fleet().change(3);
    let fourth = site.sync().await;
    assert_eq!(fourth.account().acknowledged, 3);
    assert!(site.handle().calls().of(Api::GraphBatch) <= 1);
    assert!(fourth.report().enrichment.details.is_some_and(|details| details.asked <= 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_without_details_that_fail_for_now() {
    let site = Site::of(fleet(60, 48)).await.set("enrichment", "intune_details = true\n");
    site.handle().add_fault(Fault::always(Api::GraphBatch, Effect::status(503)));

    let report = site.sync().await.report();
    assert!(matches!(report.outcome, CycleOutcome::Failed { .. }), "{report:#?}");
    assert_eq!(site.received().len(), 0);

    site.handle().clear_faults();
    assert_eq!(site.sync().await.account().acknowledged, 60);
    site.assert_each_device_once();
    assert!(wired(&site) > 0);
}
