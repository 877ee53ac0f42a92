//! What does not come is not absent: nothing that a receiver has is erased by an outage, a part of an
//! answer or one bad record.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stocktake_connector_core::{
    CycleKind, CycleOutcome, DoubtCause, EnrichmentStatus, ErrorCode, Recovery, Strategy,
};
use stocktake_simulator::{Api, Effect, Fault};

use crate::site::{Ended, Site, fleet};

/// One way in which Intune does not answer.
#[derive(Debug, Clone)]
struct Outage {
    name: &'static str,
    code: u16,
    body: Value,
    /// Whether what is certain is delivered before the cycle fails.
    delivers: bool,
}

/// Every refusal, and every answer that is a part or suddenly empty.
fn outages() -> Vec<Outage> {
    let error = |code: &str, message: &str| json!({"error": {"code": code, "message": message}});
    let realm =
        "{\"ErrorCode\":\"Forbidden\",\"Message\":\"Bearer realm=\\\"urn:intune:service\\\"\"}";
    let scopes = "Application must have one of the following scopes: x";
    let outage = |name, code, body, delivers| Outage { name, code, body, delivers };
    vec![
        outage("forbidden", 403, error("Forbidden", scopes), false),
        outage("Intune's own forbidden", 403, error("UnknownError", realm), false),
        outage("Intune's own forbidden as 401", 401, error("UnknownError", realm), false),
        outage(
            "no licence",
            400,
            error("BadRequest", "Request not applicable to target tenant."),
            false,
        ),
        outage("not found", 404, error("ResourceNotFound", "no"), false),
        outage(
            "an error next to the records",
            200,
            json!({"value": [], "error": {"code": "x"}}),
            false,
        ),
        outage("a part", 206, json!({"value": []}), false),
        outage("nothing", 200, json!({"value": []}), true),
    ]
}

impl Outage {
    fn faults(&self) -> Vec<Fault> {
        let status = Effect::Status {
            code: self.code,
            retry_after: None,
            body: Some(self.body.to_string()),
        };
        [Api::GraphList, Api::GraphBatchItem].map(|api| Fault::always(api, status.clone())).into()
    }
}

/// What the receiver believes of each device that Intune knows.
fn intune_facts(site: &Site) -> BTreeMap<String, (Value, Value)> {
    let events = site.handle().received_events().into_iter();
    let facts = events.map(|(id, event)| {
        let device = &event["device"];
        (id, (device["is_managed"].clone(), device["model"].clone()))
    });
    facts.filter(|(_, (is_managed, _))| is_managed == &json!(true)).collect()
}

/// A cycle as it is due, or a full one.
async fn cycle(site: &Site, kind: CycleKind) -> Ended {
    let ended = match kind {
        CycleKind::Full => site.sync().await,
        CycleKind::Incremental => site.run(&["sync", "--output", "json"]).await,
    };
    let report = ended.report();
    assert_eq!(report.kind, kind, "{ended:#?}");
    report.check_balance().unwrap();
    ended
}

/// Puts the site through every outage in cycles of one kind, and back.
async fn survives_every_outage(site: &Site, kind: CycleKind) {
    let before = intune_facts(site);
    assert!(before.len() > 20, "{before:?}");
    for outage in outages() {
        site.handle().fleet().change(2);
        for fault in outage.faults() {
            site.handle().add_fault(fault);
        }
        let ended = cycle(site, kind).await;
        let report = ended.report();
        assert!(
            matches!(report.outcome, CycleOutcome::Failed { .. }),
            "{}: {report:#?}",
            outage.name
        );
        assert_eq!(ended.code, Some(1), "{outage:?}");
        assert_eq!(intune_facts(site), before, "{}: {report:#?}", outage.name);
        assert_eq!(report.listing_complete, outage.delivers, "{}: {report:#?}", outage.name);
        if outage.delivers {
            let doubt = report.enrichment.doubt.unwrap();
            assert_eq!((doubt.cause, doubt.accepted), (DoubtCause::Shrunk, false), "{report:#?}");
            assert!(ended.account().held > 0, "{report:#?}");
        }
        site.handle().clear_faults();
    }
    let ended = cycle(site, kind).await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.report().enrichment.doubt, None);
    assert_eq!(intune_facts(site), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_intune_gave_before_is_not_erased_by_what_does_not_come() {
    for details in ["false", "true"] {
        let site = Site::of(fleet(60, 48)).await.set("collection", "overlap = \"1s\"\n");
        let site = site.set("enrichment", &format!("intune_details = {details}\n"));
        assert_eq!(site.sync().await.account().acknowledged, 60);
        for kind in [CycleKind::Full, CycleKind::Incremental] {
            survives_every_outage(&site, kind).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_intune_gave_before_is_not_erased_by_look_ups_that_find_nothing() {
    let site = Site::of(fleet(1_500, 1_200)).await.set("collection", "overlap = \"1s\"\n");
    assert_eq!(site.sync().await.account().acknowledged, 1_500);
    survives_every_outage(&site, CycleKind::Incremental).await;

    // Look-ups alone find nothing: the list is read instead.
    site.handle().fleet().change(2);
    let body = Some(json!({"value": []}).to_string());
    let nothing = Effect::Status { code: 200, retry_after: None, body };
    site.handle().add_fault(Fault::always(Api::GraphBatchItem, nothing));
    let before = intune_facts(&site);
    let report = cycle(&site, CycleKind::Incremental).await.report();
    assert_eq!((report.enrichment.strategy, report.enrichment.doubt), (Some(Strategy::Bulk), None));
    assert_eq!(intune_facts(&site), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_counts_only_once_it_has_lasted() {
    let site =
        Site::of(fleet(60, 48)).await.set("enrichment", "refusals = 3\nrefused_after = \"0s\"\n");
    assert_eq!(site.sync().await.account().acknowledged, 60);
    let before = intune_facts(&site);
    for fault in outages()[0].faults() {
        site.handle().add_fault(fault);
    }
    for cycles in 1..=2 {
        let report = site.sync().await.report();
        let CycleOutcome::Failed { failure } = &report.outcome else { panic!("{report:#?}") };
        assert_eq!(
            (failure.code, failure.recovery),
            (ErrorCode::EnrichmentOutage, Recovery::Retry)
        );
        assert_eq!(report.enrichment.doubt.unwrap().cycles, cycles);
        assert_eq!(intune_facts(&site), before);
    }
    let ended = site.run(&["sync", "--full"]).await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.stdout.contains("in 3 cycles, so events go out without it now"), "{ended:#?}");
    assert!(ended.stderr.contains("refused for long enough to count as absent"), "{ended:#?}");
    assert!(intune_facts(&site).is_empty());
    // It stays so without a new wait, and ends with the first answer.
    let report = site.sync().await.report();
    assert!(matches!(report.enrichment.status, EnrichmentStatus::Refused(_)), "{report:#?}");
    assert!(report.enrichment.doubt.is_some_and(|doubt| doubt.accepted), "{report:#?}");
    site.handle().clear_faults();
    assert_eq!(site.sync().await.report().enrichment.doubt, None);
    assert_eq!(intune_facts(&site), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_number_of_refusals_counts_within_the_time() {
    let site = Site::of(fleet(40, 30)).await.set("enrichment", "refusals = 1\n");
    assert_eq!(site.sync().await.account().acknowledged, 40);
    let before = intune_facts(&site);
    for fault in outages()[1].faults() {
        site.handle().add_fault(fault);
    }
    for _ in 0..4 {
        assert_eq!(site.sync().await.code, Some(1));
        assert_eq!(intune_facts(&site), before);
    }
}

/// The simulator's list of managed devices with a record that cannot be read, which takes the place of
/// the one with the Entra device id `replaced`.
fn list_with(site: &Site, record: Value, replaced: Option<&str>) -> Fault {
    let list = site.handle().fleet().managed_devices_json();
    let mut list: Value = serde_json::from_slice(&list).unwrap();
    let records = list["value"].as_array_mut().unwrap();
    let before = records.len();
    records.retain(|record| replaced.is_none() || record["azureADDeviceId"].as_str() != replaced);
    assert_eq!(before - records.len(), usize::from(replaced.is_some()));
    records.push(record);
    let body = Some(json!({ "value": records }).to_string());
    Fault::always(Api::GraphList, Effect::Status { code: 200, retry_after: None, body })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_does_not_say_whose_it_is_holds_only_what_had_a_match() {
    let settings = "refusals = 2\nrefused_after = \"0s\"\n";
    let site = Site::of(fleet(60, 30)).await.set("enrichment", settings);
    assert_eq!(site.sync().await.account().acknowledged, 60);
    let before = intune_facts(&site);

    // An additional one holds nothing at all.
    let nameless = json!({"id": "x", "azureADDeviceId": []});
    site.handle().add_fault(list_with(&site, nameless.clone(), None));
    let changed = site.handle().fleet().change(60).len() as u64;
    let ended = site.sync().await;
    assert_eq!(ended.code, Some(3), "the record is a dead letter: {ended:#?}");
    assert_eq!((ended.account().acknowledged, ended.account().held), (changed, 0), "{ended:#?}");
    assert_eq!(intune_facts(&site), before);
    let letters = site.run(&["dead-letters", "list", "--output", "json"]).await;
    assert!(letters.stdout.contains("does not say whose it is"), "{letters:#?}");
    site.handle().clear_faults();
    // `is_managed` comes back with the certainty.
    let certain = site.sync().await.account();
    assert!((1..60).contains(&certain.acknowledged), "{certain:#?}");

    // One that takes the place of another holds the machine of that one, and not for ever.
    let events = site.handle().received_events();
    let event = events.iter().find(|(id, _)| before.contains_key(*id)).unwrap().1;
    let named = event["enrichments"].as_array().unwrap().iter();
    let key = named.clone().find(|one| one["name"] == "azure_ad_device_id").unwrap();
    site.handle().add_fault(list_with(&site, nameless, key["value"].as_str()));
    for (cycles, held) in [(1, 1), (2, 0)] {
        site.handle().fleet().change(60);
        let ended = site.sync().await;
        let doubt = ended.report().enrichment.doubt.unwrap();
        assert_eq!((doubt.cause, doubt.cycles), (DoubtCause::Unidentified, cycles));
        assert_eq!(ended.account().held, held, "{ended:#?}");
        let lost = before.len() - intune_facts(&site).len();
        assert_eq!(lost as u64, 1 - held, "{ended:#?}");
    }
}
