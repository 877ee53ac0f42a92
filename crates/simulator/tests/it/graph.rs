use std::collections::HashSet;

use serde_json::{Value, json};
use stocktake_simulator::{Api, Effect, Fault, Intune, RetryAfter, TenantAccount};

use crate::client::{GRAPH, World, fleet, options};

const DEVICES: &str = "/v1.0/deviceManagement/managedDevices";
const EXAMPLE: &str = "80fe8ff8-2624-418e-9591-41f0491218f9";
const EXAMPLE_ID: &str = "705c034c-034c-705c-4c03-5c704c035c70";

async fn world(devices: usize, page: usize) -> (World, String) {
    let mut options = options(fleet(devices, devices));
    options.graph_page = page;
    let world = World::start(options).await;
    let token = world.token(GRAPH).await;
    (world, token)
}

async fn batch(world: &World, token: &str, requests: Value) -> (u16, Value) {
    let request = world.http.post(world.url("/v1.0/$batch")).bearer_auth(token);
    let answer = request.json(&json!({ "requests": requests })).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn pages_are_linked_by_name_and_id_and_count_themselves() {
    let (world, token) = world(25, 10).await;
    let (sizes, ids) = world.walk(DEVICES, &token).await;
    assert_eq!(sizes, [10, 10, 5]);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 25);
    let page = world.json(DEVICES, &token).await;
    assert_eq!(page["@odata.count"], 10);
    let link = page["@odata.nextLink"].as_str().unwrap();
    assert!(link.starts_with(&world.url(DEVICES)), "{link}");
    assert!(link.contains("$skiptoken=LastDeviceName%3d%27"), "{link}");
}

#[tokio::test]
async fn the_page_holds_a_thousand_and_top_makes_it_no_larger() {
    let world = World::of(2_500, 2_500).await;
    let token = world.token(GRAPH).await;
    assert_eq!(world.walk(DEVICES, &token).await.0, [1_000, 1_000, 500]);
    let path = format!("{DEVICES}?$top=5000");
    assert_eq!(world.walk(&path, &token).await.0, [1_000, 1_000, 500]);
    let path = format!("{DEVICES}?$top=900");
    assert_eq!(world.walk(&path, &token).await.0, [900, 900, 700]);
}

#[tokio::test]
async fn only_what_is_selected_is_shown_on_every_page() {
    let (world, token) = world(15, 10).await;
    let page = world.json(&format!("{DEVICES}?$select=id,deviceName"), &token).await;
    assert_eq!(page["value"][0], json!({"id": EXAMPLE_ID, "deviceName": "DESKTOP-ABC123"}));
    let next = world.json(page["@odata.nextLink"].as_str().unwrap(), &token).await;
    assert_eq!(next["value"][0].as_object().unwrap().len(), 2);
    let unknown = world.get(&format!("{DEVICES}?$select=id,colour"), &token).send().await.unwrap();
    assert_eq!(unknown.status(), 400);
}

#[tokio::test]
async fn a_list_hides_the_ethernet_address_that_a_read_by_id_shows() {
    let (world, token) = world(5, 10).await;
    let listed = &world.json(DEVICES, &token).await["value"][0];
    assert_eq!(listed["ethernetMacAddress"], Value::Null);
    let device = world.json(&format!("{DEVICES}/{EXAMPLE_ID}"), &token).await;
    assert_eq!(device["ethernetMacAddress"], "11:22:33:44:55:66");
    assert_ne!(device["physicalMemoryInBytes"], 0);
}

#[tokio::test]
async fn a_filter_on_the_directory_id_finds_each_enrolment() {
    let (world, token) = world(60, 100).await;
    let by_id = |id: &str| format!("{DEVICES}?$filter=azureADDeviceId eq '{id}'");
    let (_, found) = world.walk(&by_id(&EXAMPLE.to_uppercase()), &token).await;
    assert_eq!(found, [EXAMPLE_ID]);
    // The device at 17 is an older enrolment of that at 16.
    let all = world.json(DEVICES, &token).await;
    let twice = all["value"][16]["azureADDeviceId"].as_str().unwrap();
    assert_eq!(world.walk(&by_id(twice), &token).await.1.len(), 2);
    let unknown = by_id("11111111-1111-4111-8111-111111111111");
    assert_eq!(world.walk(&unknown, &token).await.1.len(), 0);
}

#[tokio::test]
async fn of_several_directory_ids_only_the_first_match_answers() {
    let (world, token) = world(60, 100).await;
    let all = world.json(DEVICES, &token).await;
    let second = all["value"][2]["azureADDeviceId"].as_str().unwrap();
    let path = format!(
        "{DEVICES}?$filter=azureADDeviceId eq '{EXAMPLE}' or azureADDeviceId eq '{second}'"
    );
    assert_eq!(world.walk(&path, &token).await.1, [EXAMPLE_ID]);
}

#[tokio::test]
async fn a_filter_on_another_property_is_ignored() {
    let (world, token) = world(25, 10).await;
    let path = format!("{DEVICES}?$filter=wiFiMacAddress eq 'AABBCCDDEEFF'");
    assert_eq!(world.walk(&path, &token).await.1.len(), 25);
}

#[tokio::test]
async fn a_filter_on_the_last_sync_is_honoured() {
    let (world, token) = world(60, 10).await;
    assert_eq!(world.handle().fleet().change(20).len(), 20);
    let path = format!("{DEVICES}?$filter=lastSyncDateTime gt 2026-11-24T08:00:00Z");
    let (sizes, ids) = world.walk(&path, &token).await;
    assert!(sizes.len() > 1 && (15..=22).contains(&ids.len()), "{sizes:?}");
}

#[tokio::test]
async fn empty_pages_with_links_come_now_and_then_and_lose_nothing() {
    let mut options = options(fleet(45, 45));
    options.graph_page = 10;
    options.graph_empty_page_every = 2;
    let world = World::start(options).await;
    let token = world.token(GRAPH).await;
    let (sizes, ids) = world.walk(DEVICES, &token).await;
    assert_eq!(sizes, [10, 0, 10, 10, 0, 10, 5]);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 45);
}

#[tokio::test]
async fn a_batch_answers_each_request_for_itself_and_in_another_order() {
    let (world, token) = world(60, 100).await;
    let mut requests: Vec<_> = (0..19)
        .map(|number| {
            let filter = format!("azureADDeviceId%20eq%20'{EXAMPLE}'");
            let url = format!("/deviceManagement/managedDevices?$filter={filter}&$select=id");
            json!({"id": number.to_string(), "method": "GET", "url": url})
        })
        .collect();
    let gone = "deviceManagement/managedDevices/11111111-1111-4111-8111-111111111111";
    requests.push(json!({"id": "gone", "method": "GET", "url": gone}));
    let (status, answer) = batch(&world, &token, json!(requests)).await;
    assert_eq!(status, 200);
    let responses = answer["responses"].as_array().unwrap();
    assert_eq!(responses.len(), 20);
    let order: Vec<_> = responses.iter().map(|one| one["id"].as_str().unwrap()).collect();
    let asked: Vec<_> = requests.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_ne!(order, asked);
    for one in responses {
        if one["id"] == "gone" {
            assert_eq!(one["status"], 404);
            assert_eq!(one["body"]["error"]["code"], "ResourceNotFound");
        } else {
            assert_eq!(one["status"], 200);
            assert_eq!(one["body"]["value"], json!([{"id": EXAMPLE_ID}]));
        }
    }
    let calls = world.handle().calls();
    assert_eq!((calls.of(Api::GraphBatch), calls.of(Api::GraphBatchItem)), (1, 20));
}

#[tokio::test]
async fn a_batch_shows_details_by_id() {
    let (world, token) = world(5, 100).await;
    let url = format!("/deviceManagement/managedDevices/{EXAMPLE_ID}?$select=ethernetMacAddress");
    let request = json!([{"id": "1", "method": "GET", "url": url}]);
    let (_, answer) = batch(&world, &token, request).await;
    let body = &answer["responses"][0]["body"];
    assert_eq!(*body, json!({"ethernetMacAddress": "11:22:33:44:55:66"}));
}

#[tokio::test]
async fn a_batch_of_more_than_twenty_or_with_an_id_twice_is_refused() {
    let (world, token) = world(5, 100).await;
    let one = |id: usize| json!({"id": id.to_string(), "method": "GET", "url": "/x"});
    let many: Vec<_> = (0..21).map(one).collect();
    assert_eq!(batch(&world, &token, json!(many)).await.0, 400);
    assert_eq!(batch(&world, &token, json!([one(1), one(1)])).await.0, 400);
    assert_eq!(batch(&world, "made-up", json!([one(1)])).await.0, 401);
}

#[tokio::test]
async fn a_fault_strikes_one_request_of_a_batch() {
    let (world, token) = world(5, 100).await;
    let retry_after = Some(RetryAfter::Seconds(9));
    let effect = Effect::Status { code: 429, retry_after, body: None };
    world.handle().add_fault(Fault::once(Api::GraphBatchItem, effect).after(1));
    let one = |id: &str| json!({"id": id, "method": "GET", "url": format!("{}/{EXAMPLE_ID}", &DEVICES[5..])});
    let (status, answer) = batch(&world, &token, json!([one("a"), one("b"), one("c")])).await;
    assert_eq!(status, 200);
    for response in answer["responses"].as_array().unwrap() {
        if response["id"] == "b" {
            assert_eq!(response["status"], 429);
            assert_eq!(response["headers"]["Retry-After"], "9");
        } else {
            assert_eq!(response["status"], 200);
        }
    }
}

#[tokio::test]
async fn a_tenant_without_intune_is_told_so_in_its_own_words() {
    for (intune, status, code) in [
        (Intune::Unlicensed, 400, "BadRequest"),
        (Intune::Forbidden, 403, "UnknownError"),
        (Intune::Unregistered, 401, "Authorization_IdentityNotFound"),
    ] {
        let mut account = TenantAccount::default();
        account.intune = intune;
        let mut options = options(fleet(5, 5));
        options.tenants = vec![account.clone()];
        let world = World::start(options).await;
        let token = world.token_of(&account, GRAPH).await;
        let answer = world.get(DEVICES, &token).send().await.unwrap();
        assert_eq!(answer.status(), status);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["code"], code);
        if intune == Intune::Unlicensed {
            let message = "Request not applicable to target tenant.";
            assert_eq!(body["error"]["message"], message);
        }
    }
}

#[tokio::test]
async fn an_unknown_path_is_a_bad_request() {
    let (world, token) = world(1, 10).await;
    let answer = world.get("/v1.0/deviceManagement/nothing", &token).send().await.unwrap();
    assert_eq!(answer.status(), 400);
}
