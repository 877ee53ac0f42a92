use serde_json::{Value, json};
use stocktake_simulator::{
    Altered, Api, Calls, Effect, Expectation, Fault, Received, Simulator, SimulatorError,
};

use crate::client::{DEFENDER, World, fleet, options};

impl World {
    async fn control<T: serde::de::DeserializeOwned>(&self, method: &str, path: &str) -> T {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, self.url(&format!("/simulator/{path}")));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }
}

#[tokio::test]
async fn another_process_reads_calls_and_fleet_and_changes_the_fleet() {
    let world = World::of(100, 80).await;
    let ready: Value = world.control("GET", "health").await;
    assert_eq!(ready["status"], "ready");
    let token = world.token(DEFENDER).await;
    world.walk("/api/machines", &token).await;
    let calls: Calls = world.control("GET", "calls").await;
    assert_eq!((calls.of(Api::Entra), calls.of(Api::DefenderList)), (1, 1));
    assert_eq!(calls.log[1].target, "/api/machines");
    assert_eq!(calls.log[1].status, Some(200));

    let before: Expectation = world.control("GET", "fleet").await;
    let changed: Altered = world.control("POST", "fleet/change?count=5").await;
    assert_eq!((changed.ids.len(), changed.expectation.devices), (5, before.devices));
    let added: Altered = world.control("POST", "fleet/add?count=3").await;
    assert_eq!(added.expectation.devices, before.devices + 3);
    let removed: Altered = world.control("POST", "fleet/remove?count=2").await;
    assert_eq!(removed.expectation.devices, before.devices + 1);
    let ids: Vec<String> = world.control("GET", "fleet/ids").await;
    assert_eq!(ids.len(), before.devices + 1);

    let _: Value = world.control("DELETE", "calls").await;
    let calls: Calls = world.control("GET", "calls").await;
    assert_eq!(calls, Calls::default());
}

#[tokio::test]
async fn another_process_sets_and_lifts_faults() {
    let world = World::of(1, 0).await;
    let token = world.token(DEFENDER).await;
    let fault = Fault::always(Api::DefenderList, Effect::status(503));
    let url = world.url("/simulator/faults");
    for body in [json!(fault), json!([fault, fault])] {
        assert_eq!(world.http.post(&url).json(&body).send().await.unwrap().status(), 200);
    }
    let faults: Vec<Fault> = world.control("GET", "faults").await;
    assert_eq!(faults, [fault.clone(), fault.clone(), fault]);
    assert_eq!(world.get("/api/machines", &token).send().await.unwrap().status(), 503);
    let _: Value = world.control("DELETE", "faults").await;
    assert_eq!(world.get("/api/machines", &token).send().await.unwrap().status(), 200);
    let wrong = world.http.post(&url).body("{\"effect\":\"nonsense\"}").send().await.unwrap();
    assert_eq!(wrong.status(), 400);
}

#[tokio::test]
async fn another_process_reads_what_was_received() {
    let world = World::of(1, 0).await;
    let answer: Value = world.push(&["a"]).await.json().await.unwrap();
    world.task_status(answer["task_id"].as_str().unwrap()).await;
    let received: Received = world.control("GET", "received").await;
    assert_eq!(received, world.handle().received());
    let with_bodies: Value = world.control("GET", "received?bodies=1").await;
    assert_eq!(with_bodies["bodies"]["a"]["device"]["uid"], "a");
    let _: Value = world.control("POST", "poison?uid=a").await;
    assert_eq!(world.push(&["a"]).await.status(), 422);
}

#[tokio::test]
async fn an_unknown_path_a_missing_count_and_an_unknown_tenant_are_told_apart() {
    let world = World::of(1, 0).await;
    for (path, status) in
        [("nothing", 404), ("fleet/add", 400), ("fleet/add?count=1&tenant=x", 404)]
    {
        let url = world.url(&format!("/simulator/{path}"));
        assert_eq!(world.http.post(url).send().await.unwrap().status(), status, "{path}");
    }
}

#[tokio::test]
async fn it_listens_on_loopback_only() {
    let mut options = options(fleet(1, 0));
    options.listen = "0.0.0.0:0".parse().unwrap();
    let refused = Simulator::start(options).await;
    assert!(matches!(refused, Err(SimulatorError::NotLoopback(_))));
}

#[tokio::test]
async fn a_stopped_simulator_answers_no_more_and_frees_its_port() {
    let world = World::of(1, 0).await;
    let (url, address) = (world.url("/simulator/health"), world.running.address());
    assert!(world.http.get(&url).send().await.is_ok());
    world.running.stop().await;
    assert!(world.http.get(&url).send().await.is_err());
    let mut again = options(fleet(1, 0));
    again.listen = address;
    Simulator::start(again).await.unwrap().stop().await;
}

#[tokio::test]
async fn neither_secret_nor_key_nor_token_shows_in_debug_output() {
    let mut options = options(fleet(1, 0));
    options.tenants[0].app_secret = "hush-1".into();
    options.sekoia.api_key = "hush-2".into();
    let account = options.tenants[0].clone();
    let world = World::start(options).await;
    let token = world.token_of(&account, DEFENDER).await;
    let shown = format!("{:?} {account:?}", world.running);
    assert!(!shown.contains("hush") && !shown.contains(&token), "{shown}");
}
