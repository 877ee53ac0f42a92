use std::collections::BTreeSet;
use std::sync::Mutex;

use stocktake_connector_core::{Completion, DetailAccount, EnrichError, Enricher, Recovery};
use stocktake_graph_api::{IntuneEnricher, ManagedDevice};

use super::*;

/// What is asked of each device, behind its id.
const DETAILS: &str = "?$select=id,ethernetMacAddress,physicalMemoryInBytes,iccid,udid";

/// Devices `d1` to `d{count}` as a list gives them.
fn listed(count: u128) -> Vec<ManagedDevice> {
    let of = |n| {
        let mut device = device(&format!("d{n}"), n);
        device["deviceName"] = json!("from the list");
        device["ethernetMacAddress"] = Value::Null;
        device["physicalMemoryInBytes"] = json!(0);
        device["iccid"] = json!("");
        device["udid"] = json!("");
        serde_json::from_value(device).unwrap()
    };
    (1..=count).map(of).collect()
}

/// The id in the address of an item.
fn id_in(url: &str) -> &str {
    let id = url.strip_prefix("/deviceManagement/managedDevices/").unwrap();
    id.strip_suffix(DETAILS).unwrap_or_else(|| panic!("{url}"))
}

fn detailed(id: &str) -> (u16, Value, Value) {
    let body = json!({
        "id": id, "deviceName": "another", "ethernetMacAddress": format!("mac of {id}"),
        "physicalMemoryInBytes": 8_589_934_592_i64, "iccid": "8949", "udid": "0f",
    });
    (200, json!({}), body)
}

/// Answers batches with details, and with `answer` for the device `odd`.
fn batch_but_for(odd: &'static str, answer: (u16, Value, Value)) -> Mock {
    batch(move |url| match id_in(url) {
        id if id == odd => answer.clone(),
        id => detailed(id),
    })
}

async fn complete(
    server: &MockServer,
    devices: &mut [ManagedDevice],
) -> Result<Completion, EnrichError> {
    let enricher = IntuneEnricher::new(client(server, |_| ())).with_details();
    enricher.details().unwrap().complete(devices.iter_mut().collect()).await
}

/// The Ethernet address of each device, or nothing.
fn addresses(devices: &[ManagedDevice]) -> Vec<&str> {
    devices.iter().map(|d| d.ethernet_mac_address.as_deref().unwrap_or_default()).collect()
}

#[tokio::test]
async fn details_are_read_twenty_in_a_call_and_nothing_else_is_taken_from_them() {
    let server = MockServer::start().await;
    batch(|url| detailed(id_in(url))).expect(3).mount(&server).await;
    let mut devices = listed(45);

    let completion = complete(&server, &mut devices).await.unwrap();

    assert_eq!(completion.account, DetailAccount { asked: 45, calls: 3, gone: 0 });
    assert_eq!(completion.malformed, []);
    let sizes: Vec<_> = batches(&server).await.iter().map(Vec::len).collect();
    assert_eq!(sizes, [20, 20, 5]);
    for (device, n) in devices.iter().zip(1..) {
        assert_eq!(device.ethernet_mac_address, Some(format!("mac of d{n}")));
        assert_eq!(device.physical_memory_in_bytes, Some(8_589_934_592));
        assert_eq!((device.iccid.as_deref(), device.udid.as_deref()), (Some("8949"), Some("0f")));
        assert_eq!(device.device_name.as_deref(), Some("from the list"));
    }
}

#[tokio::test]
async fn only_throttled_details_are_asked_again() {
    let server = MockServer::start().await;
    let refused = Mutex::new(BTreeSet::new());
    batch(move |url| {
        let id = id_in(url).to_owned();
        if ["d1", "d3"].contains(&id.as_str()) && refused.lock().unwrap().insert(id.clone()) {
            return (429, json!({"Retry-After": "0"}), json!({"error": {"code": "x"}}));
        }
        detailed(&id)
    })
    .expect(2)
    .mount(&server)
    .await;
    let mut devices = listed(4);

    let completion = complete(&server, &mut devices).await.unwrap();

    assert_eq!(completion.account, DetailAccount { asked: 4, calls: 2, gone: 0 });
    let sizes: Vec<_> = batches(&server).await.iter().map(Vec::len).collect();
    assert_eq!(sizes, [4, 2]);
    assert_eq!(addresses(&devices), ["mac of d1", "mac of d2", "mac of d3", "mac of d4"]);
}

#[tokio::test]
async fn a_device_that_is_gone_since_the_list_stays_as_the_list_has_it() {
    let server = MockServer::start().await;
    let gone = (404, json!({}), json!({"error": {"code": "ResourceNotFound"}}));
    batch_but_for("d2", gone).expect(1).mount(&server).await;
    let mut devices = listed(3);
    let before = devices[1].clone();

    let completion = complete(&server, &mut devices).await.unwrap();

    assert_eq!(completion.account, DetailAccount { asked: 3, calls: 1, gone: 1 });
    assert_eq!(completion.malformed, []);
    assert_eq!(devices[1], before);
    assert_eq!(addresses(&devices), ["mac of d1", "", "mac of d3"]);
}

#[tokio::test]
async fn details_without_values_take_nothing_away() {
    let server = MockServer::start().await;
    batch(|url| (200, json!({}), json!({"id": id_in(url).to_uppercase(), "iccid": null})))
        .mount(&server)
        .await;
    let mut devices = listed(1);
    devices[0].ethernet_mac_address = Some("known".into());
    devices[0].iccid = Some("known".into());
    let before = devices.clone();

    assert_eq!(complete(&server, &mut devices).await.unwrap().malformed, []);
    assert_eq!(devices, before);
}

#[tokio::test]
async fn details_of_another_device_or_of_none_cost_that_device_alone() {
    for answer in
        [json!({"id": "d1", "iccid": "1"}), json!({"iccid": "1"}), json!("<html>"), Value::Null]
    {
        let server = MockServer::start().await;
        batch_but_for("d2", (200, json!({}), answer.clone())).expect(1).mount(&server).await;
        let mut devices = listed(3);
        let before = devices[1].clone();

        let completion = complete(&server, &mut devices).await.unwrap();

        let places: Vec<_> = completion.malformed.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [1], "{answer}: {:?}", completion.malformed);
        assert!(completion.malformed[0].1.contains("details"), "{:?}", completion.malformed);
        assert_eq!(devices[1], before, "{answer}");
        assert_eq!(addresses(&devices), ["mac of d1", "", "mac of d3"], "{answer}");
    }
}

#[tokio::test]
async fn a_refusal_is_an_error_for_the_operator() {
    let server = MockServer::start().await;
    batch(|_| (403, json!({}), json!({"error": {"code": "Forbidden", "message": "no"}})))
        .expect(1)
        .mount(&server)
        .await;

    let error = complete(&server, &mut listed(2)).await.unwrap_err();

    assert_eq!(error.recovery(), Recovery::Operator);
    let advice = error.advice().unwrap();
    assert!(advice.contains("DeviceManagementManagedDevices.Read.All"), "{advice}");
}

#[tokio::test]
async fn details_that_always_fail_are_an_error_for_the_next_cycle() {
    let server = MockServer::start().await;
    let failing = (503, json!({"Retry-After": "0"}), json!({"error": {"code": "x"}}));
    batch_but_for("d2", failing).expect(6).mount(&server).await;

    let error = complete(&server, &mut listed(3)).await.unwrap_err();

    assert!(matches!(error.recovery(), Recovery::NextCycle { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("read details of managed devices: unavailable (HTTP 503"), "{text}");
    assert!(text.contains("6 attempts"), "{text}");
}

#[tokio::test]
async fn a_batch_that_cannot_be_read_is_an_error() {
    let server = MockServer::start().await;
    let body = r#"{"responses":[{"id":"0","status":200,"body":{"id":"d1" "d2"}}]}"#;
    Mock::given(path(BATCH))
        .respond_with(ResponseTemplate::new(200).set_body_string(body))
        .mount(&server)
        .await;

    let error = complete(&server, &mut listed(1)).await.unwrap_err();

    assert!(
        error.to_string().contains("answer not understood: the batch cannot be read"),
        "{error}"
    );
}

#[tokio::test]
async fn nobody_is_asked_for_details_of_a_device_without_an_id() {
    let server = MockServer::start().await;
    let mut devices = [ManagedDevice::default()];
    assert_eq!(complete(&server, &mut devices).await.unwrap(), Completion::default());
    assert_eq!(batches(&server).await, Vec::<Vec<String>>::new());
}

#[tokio::test]
async fn details_are_read_only_where_they_are_wanted() {
    let server = MockServer::start().await;
    assert!(IntuneEnricher::new(client(&server, |_| ())).details().is_none());
    assert!(IntuneEnricher::off().with_details().details().is_none());
}
