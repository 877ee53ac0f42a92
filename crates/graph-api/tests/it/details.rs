use std::collections::BTreeSet;
use std::sync::Mutex;

use chrono::TimeDelta;
use stocktake_connector_core::{Completion, DetailAccount, Enricher, Failure, Recovery};
use stocktake_graph_api::{IntuneEnricher, ManagedDevice};

use super::*;

/// What is requested of each device, behind its id.
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
fn batch_except(odd: &'static str, answer: (u16, Value, Value)) -> Mock {
    batch(move |url| match id_in(url) {
        id if id == odd => answer.clone(),
        id => detailed(id),
    })
}

async fn complete(
    server: &MockServer,
    devices: &mut [ManagedDevice],
) -> Result<Completion, Failure> {
    let enricher = IntuneEnricher::new(client(server, |_| ())).with_details();
    enricher.details().unwrap().complete(devices.iter_mut().collect()).await
}

/// That the device at `place` alone is malformed, for a reason that says `why`.
#[track_caller]
fn assert_malformed(completion: &Completion, place: usize, why: &str) {
    let [(found, reason)] = completion.malformed.as_slice() else { panic!("{completion:?}") };
    assert_eq!(*found, place, "{completion:?}");
    assert!(reason.contains("details") && reason.contains(why), "{reason}");
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
async fn a_device_that_is_gone_since_the_list_is_left_to_the_next_list() {
    for code in ["ResourceNotFound", "Request_ResourceNotFound"] {
        let server = MockServer::start().await;
        let gone = (404, json!({}), json!({"error": {"code": code}}));
        batch_except("d2", gone).expect(1).mount(&server).await;
        let mut devices = listed(3);

        let completion = complete(&server, &mut devices).await.unwrap();

        assert_eq!(completion.account, DetailAccount { asked: 3, calls: 1, gone: 1 });
        assert_malformed(&completion, 1, "gone since the list");
        assert_eq!(addresses(&devices), ["mac of d1", "", "mac of d3"]);
    }
}

#[tokio::test]
async fn devices_that_are_all_gone_at_once_are_an_outage_unless_another_can_be_read() {
    let gone = || (404, json!({}), json!({"error": {"code": "ResourceNotFound"}}));
    for others_are_there in [false, true] {
        let server = MockServer::start().await;
        batch(move |url| match id_in(url) {
            "d9" if others_are_there => detailed("d9"),
            _ => gone(),
        })
        .mount(&server)
        .await;
        list(ok(json!({"value": [{"id": "d1"}, {"id": "d9"}]}))).mount(&server).await;

        let result = complete(&server, &mut listed(2)).await;

        match result {
            Ok(completion) => {
                assert!(others_are_there);
                assert_eq!((completion.account.gone, completion.malformed.len()), (2, 2));
            }
            Err(error) => assert!(!others_are_there, "{error}"),
        }
    }
}

#[tokio::test]
async fn details_with_an_error_of_the_server_are_no_details() {
    let part = |id: &str| json!({"id": id, "error": {"code": "InternalServerError"}});
    let server = MockServer::start().await;
    batch_except("d2", (200, json!({}), part("d2"))).expect(3).mount(&server).await;
    let completion = complete(&server, &mut listed(3)).await.unwrap();
    assert_malformed(&completion, 1, "error of the server");

    let server = MockServer::start().await;
    batch(move |url| (200, json!({}), part(id_in(url)))).mount(&server).await;
    list(ok(json!({"value": [{"id": "d9"}]}))).mount(&server).await;
    let error = complete(&server, &mut listed(3)).await.unwrap_err();
    assert_eq!(error.recovery, Recovery::Retry, "{error}");
}

#[tokio::test]
async fn a_404_that_is_not_the_remotes_own_word_is_no_proof_that_a_device_is_gone() {
    for body in [
        json!({"error": {"code": "NotFound"}}),
        json!({"error": "ResourceNotFound"}),
        json!({"message": "ResourceNotFound"}),
        json!("<html>ResourceNotFound</html>"),
        Value::Null,
    ] {
        let server = MockServer::start().await;
        batch_except("d2", (404, json!({}), body.clone())).expect(1).mount(&server).await;

        let completion = complete(&server, &mut listed(3)).await.unwrap();

        assert_eq!(completion.account.gone, 0, "{body}");
        assert_malformed(&completion, 1, "HTTP 404");
    }
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
        batch_except("d2", (200, json!({}), answer.clone())).expect(1).mount(&server).await;
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

    assert_eq!(error.recovery, Recovery::Operator);
    let advice = error.advice.as_deref().unwrap();
    assert!(advice.contains("DeviceManagementManagedDevices.Read.All"), "{advice}");
}

#[tokio::test]
async fn a_device_that_always_fails_costs_itself_alone() {
    for (status, calls) in [(400, 1), (401, 1), (403, 1), (500, 3), (503, 3)] {
        let server = MockServer::start().await;
        let failing = (status, json!({"Retry-After": "0"}), json!({"error": {"code": "x"}}));
        batch_except("d2", failing).expect(calls).mount(&server).await;
        let mut devices = listed(3);

        let completion = complete(&server, &mut devices).await.unwrap();

        assert_malformed(&completion, 1, &format!("HTTP {status}"));
        assert_eq!(completion.account, DetailAccount { asked: 3, calls, gone: 0 });
        assert_eq!(addresses(&devices), ["mac of d1", "", "mac of d3"]);
    }
}

#[tokio::test]
async fn reading_another_device_shows_whether_a_failure_is_of_one_device_or_of_all() {
    // Of the list, which may begin with the device at fault; then a device that was answered before.
    let server = MockServer::start().await;
    batch_except("d1", (400, json!({}), json!({"error": {"code": "x"}}))).mount(&server).await;
    list(ok(json!({"value": [{"id": "d1"}, {"id": "d2"}]}))).expect(1).mount(&server).await;
    let enricher = IntuneEnricher::new(client(&server, |_| ())).with_details();
    let reader = enricher.details().unwrap();
    for calls in [3, 2] {
        let mut devices = listed(1);
        let completion = reader.complete(devices.iter_mut().collect()).await.unwrap();
        assert_malformed(&completion, 0, "HTTP 400");
        assert_eq!(completion.account, DetailAccount { asked: 1, calls, gone: 0 });
    }
    let asked = batches(&server).await;
    assert!(asked[1][0].contains("/d2?") && asked[3][0].contains("/d2?"), "{asked:?}");
}

#[tokio::test]
async fn a_batch_without_a_success_fails_as_a_whole_unless_another_device_can_be_read() {
    for status in [400, 403, 404, 500] {
        let server = MockServer::start().await;
        let answer = (status, json!({"Retry-After": "0"}), json!({"error": {"code": "x"}}));
        batch(move |_| answer.clone()).mount(&server).await;
        list(ok(json!({"value": [{"id": "d1"}, {"id": "d2"}, {"id": "d3"}]}))).mount(&server).await;

        let error = complete(&server, &mut listed(2)).await.unwrap_err();

        assert!(error.to_string().contains(&format!("HTTP {status}")), "{error}");
        assert!(batches(&server).await.last().unwrap()[0].contains("/d3?"));
    }
}

#[tokio::test]
async fn details_that_fail_for_now_are_an_error_for_the_next_cycle() {
    let server = MockServer::start().await;
    let failing = (503, json!({"Retry-After": "0"}), json!({"error": {"code": "x"}}));
    batch(move |_| failing.clone()).expect(3).mount(&server).await;

    let error = complete(&server, &mut listed(3)).await.unwrap_err();

    assert!(error.recovery == Recovery::Retry, "{error}");
    let text = error.to_string();
    assert!(text.contains("read details of managed devices: unavailable (HTTP 503"), "{text}");
    assert!(text.contains("3 attempts"), "{text}");
}

#[tokio::test]
async fn throttling_past_the_deadline_is_no_devices_own_failure() {
    let server = MockServer::start().await;
    let throttled = (429, json!({"Retry-After": "3600"}), json!({"error": {"code": "x"}}));
    batch_except("d2", throttled).expect(1).mount(&server).await;

    let error = complete(&server, &mut listed(3)).await.unwrap_err();

    assert_eq!(error.recovery, Recovery::Retry, "{error}");
    assert_eq!(error.retry_at, Some(now() + TimeDelta::hours(1)));
}

/// Answers batches with details, as text that is broken where it is those of the device `odd`.
fn broken_for(odd: &'static str) -> Mock {
    Mock::given(path(BATCH)).respond_with(move |request: &Request| {
        let body: Value = request.body_json().unwrap();
        let items = body["requests"].as_array().unwrap().iter().map(|item| {
            let (status, _, body) = detailed(id_in(item["url"].as_str().unwrap()));
            json!({"id": item["id"], "status": status, "body": body}).to_string()
        });
        let text = format!(r#"{{"responses":[{}]}}"#, items.collect::<Vec<_>>().join(","));
        let name = format!(r#""id":"{odd}""#);
        ResponseTemplate::new(200).set_body_string(text.replace(&name, &format!("{name} {name}")))
    })
}

#[tokio::test]
async fn a_device_that_makes_its_batch_unreadable_costs_itself_alone() {
    let server = MockServer::start().await;
    broken_for("d2").expect(4).mount(&server).await;
    let mut devices = listed(3);

    let completion = complete(&server, &mut devices).await.unwrap();

    assert_eq!(completion.account, DetailAccount { asked: 3, calls: 4, gone: 0 });
    assert_malformed(&completion, 1, "response not understood: the batch cannot be read");
    assert_eq!(addresses(&devices), ["mac of d1", "", "mac of d3"]);
}

#[tokio::test]
async fn batches_of_which_none_can_be_read_are_an_error() {
    let server = MockServer::start().await;
    Mock::given(path(BATCH))
        .respond_with(ResponseTemplate::new(200).set_body_string(r#"{"responses":[{]}"#))
        .expect(3)
        .mount(&server)
        .await;

    let error = complete(&server, &mut listed(2)).await.unwrap_err();

    assert!(
        error.to_string().contains("response not understood: the batch cannot be read"),
        "{error}"
    );
}

#[tokio::test]
async fn no_details_are_read_of_a_device_without_an_id() {
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
