use serde_json::{Value, json};
use stocktake_simulator::{BatchState, Receipt, RecordEvents, SimulatorOptions};

use crate::client::{World, fleet, options};

async fn world(change: impl FnOnce(&mut SimulatorOptions)) -> World {
    let mut options = options(fleet(1, 0));
    change(&mut options);
    World::start(options).await
}

async fn task_id(answer: reqwest::Response) -> String {
    assert_eq!(answer.status(), 200);
    answer.json::<Value>().await.unwrap()["task_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn events_count_as_received_when_their_task_is_finished() {
    let world = world(|options| options.sekoia.task_polls_until_finished = 3).await;
    let task = task_id(world.push(&["a", "b"]).await).await;
    assert_eq!(world.task_status(&task).await, "PENDING");
    assert_eq!(world.task_status(&task).await, "RUNNING");
    assert_eq!(world.handle().received().events, 0);
    assert_eq!(world.task_status(&task).await, "FINISHED");
    assert_eq!(world.task_status(&task).await, "FINISHED");
    let received = world.handle().received();
    assert_eq!((received.events, received.devices, received.repeated), (2, 2, 0));
    assert_eq!(received.batches[0].state, BatchState::Received);
}

#[tokio::test]
async fn a_device_that_comes_again_is_counted_and_its_last_event_kept() {
    let world = world(|_| {}).await;
    for value in [1, 2] {
        let item = json!({"device": {"uid": "a"}, "value": value});
        let answer = world.push_body(&json!({"version": 1, "items": [item]})).await;
        world.task_status(&task_id(answer).await).await;
    }
    let received = world.handle().received();
    assert_eq!((received.events, received.devices, received.repeated), (2, 1, 1));
    assert_eq!(received.counts["a"], 2);
    assert_eq!(world.handle().received_events()["a"]["value"], 2);
    world.handle().reset_received();
    assert_eq!(world.handle().received().events, 0);
}

#[tokio::test]
async fn events_are_not_kept_where_only_ids_are_recorded() {
    let world = world(|options| options.sekoia.record_events = RecordEvents::UidsOnly).await;
    world.task_status(&task_id(world.push(&["a"]).await).await).await;
    assert_eq!(world.handle().received().counts["a"], 1);
    assert!(world.handle().received_events().is_empty());
}

#[tokio::test]
async fn a_receiver_that_works_unasked_has_the_events_before_its_task_is_seen_finished() {
    let world = world(|options| options.sekoia.receipt = Receipt::WhenPushed).await;
    let task = task_id(world.push(&["a"]).await).await;
    assert_eq!(world.handle().received().events, 1);
    assert_eq!(world.task_status(&task).await, "FINISHED");
    assert_eq!(world.handle().received().events, 1);
}

#[tokio::test]
async fn a_push_with_too_many_items_or_bytes_is_refused_with_413() {
    let world = world(|options| {
        options.sekoia.max_items = 2;
        options.sekoia.max_bytes = 200;
    })
    .await;
    assert_eq!(world.push(&["a", "b"]).await.status(), 200);
    assert_eq!(world.push(&["a", "b", "c"]).await.status(), 413);
    assert_eq!(world.push(&["a".repeat(200).as_str()]).await.status(), 413);
    assert_eq!(world.handle().received().refused, 2);
}

#[tokio::test]
async fn a_push_with_an_invalid_item_is_refused_whole_and_does_not_say_which() {
    let world = world(|_| {}).await;
    world.handle().poison("bad");
    assert_eq!(world.push(&["a", "bad"]).await.status(), 422);
    assert_eq!(world.push(&["a"]).await.status(), 200);
    world.handle().clear_poison();
    assert_eq!(world.push(&["bad"]).await.status(), 200);
    let nameless = json!({"version": 1, "items": [{"device": {}}]});
    assert_eq!(world.push_body(&nameless).await.status(), 422);
    let future = json!({"version": 2, "items": []});
    assert_eq!(world.push_body(&future).await.status(), 422);
    assert_eq!(world.push_body(&json!([])).await.status(), 400);
}

#[tokio::test]
async fn a_wrong_key_or_connector_is_refused() {
    let world = world(|_| {}).await;
    let right = "/api/v2/asset-management/asset-connector/00000000-0000-0000-0000-000000000003";
    let wrong = "/api/v2/asset-management/asset-connector/00000000-0000-0000-0000-00000000000f";
    for (path, key, status) in
        [(right, "wrong", 401), (wrong, "simulated-key", 404), (right, "simulated-key", 400)]
    {
        let request = world.http.post(world.url(path)).bearer_auth(key);
        assert_eq!(request.send().await.unwrap().status(), status, "{path} {key}");
    }
    let unknown = world.get("/api/v1/tasks/none", "simulated-key").send().await.unwrap();
    assert_eq!(unknown.status(), 404);
}
