use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;
use stocktake_simulator::{Api, BatchState, Effect, Fault, RetryAfter};

use crate::client::{DEFENDER, GRAPH, World, fleet, options};

const LIST: &str = "/api/machines";
const DEVICES: &str = "/v1.0/deviceManagement/managedDevices";

/// 25 devices in pages of ten, a fault, and a token for Defender.
async fn struck(fault: Fault) -> (World, String) {
    let mut options = options(fleet(25, 25));
    options.defender_page = 10;
    options.graph_page = 10;
    let world = World::start(options).await;
    let token = world.token(DEFENDER).await;
    world.handle().add_fault(fault);
    (world, token)
}

async fn on_list(effect: Effect) -> (World, String) {
    struck(Fault::once(Api::DefenderList, effect)).await
}

async fn status(world: &World, token: &str) -> u16 {
    world.get(LIST, token).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_status_comes_with_its_wait_and_the_usual_body() {
    let wait = |retry_after| Effect::Status { code: 429, retry_after, body: None };
    let (world, token) = on_list(wait(Some(RetryAfter::Seconds(7)))).await;
    let answer = world.get(LIST, &token).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], "TooManyRequests");
    world.handle().add_fault(Fault::once(Api::Any, wait(Some(RetryAfter::Date(60)))));
    let answer = world.get(LIST, &token).send().await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "Tue, 24 Nov 2026 08:01:00 GMT");
    world.handle().add_fault(Fault::once(Api::Any, wait(None)));
    let answer = world.get(LIST, &token).send().await.unwrap();
    assert!(answer.headers().get("retry-after").is_none());
    assert_eq!(status(&world, &token).await, 200);
}

#[tokio::test]
async fn a_gateway_answers_in_html_and_entra_throttles_in_plain_text() {
    let (world, token) = on_list(Effect::status(503)).await;
    let answer = world.get(LIST, &token).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/html");
    world.handle().add_fault(Fault::once(Api::Entra, Effect::status(429)));
    let answer = world.token_answer("common", &[]).await;
    assert_eq!(answer.text().await.unwrap(), "Too Many Requests");
    let effect = Effect::Status { code: 418, retry_after: None, body: Some("{\"a\":1}".into()) };
    world.handle().add_fault(Fault::once(Api::Any, effect));
    let answer = world.get(LIST, &token).send().await.unwrap();
    assert_eq!(answer.status(), 418);
    assert_eq!(answer.json::<Value>().await.unwrap()["a"], 1);
}

#[tokio::test]
async fn a_quota_is_named_in_words_without_a_header() {
    let (world, token) = on_list(Effect::QuotaInWords { limit: 45, wait_seconds: 8 }).await;
    let answer = world.get(LIST, &token).send().await.unwrap();
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().get("retry-after").is_none());
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], "429");
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains("45 per 00:01:00") && message.contains("in 8 seconds"), "{message}");
}

#[tokio::test]
async fn a_reset_closes_the_connection_and_the_next_call_is_a_retry() {
    let (world, token) = on_list(Effect::Reset).await;
    assert!(world.get(LIST, &token).send().await.is_err());
    assert_eq!(status(&world, &token).await, 200);
    let calls = world.handle().calls();
    assert_eq!(calls.of(Api::DefenderList), 2);
    assert_eq!(calls.retries_of(Api::DefenderList), 1);
    assert_eq!(calls.log[1].fault, Some(Effect::Reset));
}

#[tokio::test]
async fn a_lost_answer_leaves_what_was_asked_done() {
    let (world, _) = struck(Fault::once(Api::SekoiaPush, Effect::LostAnswer)).await;
    let path = "/api/v2/asset-management/asset-connector/00000000-0000-0000-0000-000000000003";
    let request = world.http.post(world.url(path)).bearer_auth("simulated-key");
    let body = r#"{"version":1,"items":[{"device":{"uid":"a"}}]}"#;
    assert!(request.body(body).send().await.is_err());
    assert_eq!(world.handle().received().batches.len(), 1);
}

#[tokio::test]
async fn a_hanging_call_never_answers_and_does_not_keep_the_simulator_from_stopping() {
    let (world, token) = on_list(Effect::Hang).await;
    let call = world.get(LIST, &token).timeout(Duration::from_millis(50)).send().await;
    assert!(call.unwrap_err().is_timeout());
    let call = tokio::spawn(world.get(LIST, &token).send());
    world.running.stop().await;
    let _ = call.await.unwrap();
}

#[tokio::test]
async fn html_and_redirects_come_in_place_of_json() {
    let (world, token) = on_list(Effect::Html).await;
    let answer = world.get(LIST, &token).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    let location = "http://other.example/";
    let effect = Effect::Redirect { location: location.into() };
    world.handle().add_fault(Fault::once(Api::Any, effect));
    let answer = world.get(LIST, &token).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["location"]),
        (302, &location.parse().unwrap())
    );
}

#[tokio::test]
async fn a_truncated_body_is_shorter_than_announced() {
    let (world, token) = on_list(Effect::TruncatedBody).await;
    let mut answer = world.get(LIST, &token).send().await.unwrap();
    let announced: usize = answer.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let mut came = 0;
    let error = loop {
        match answer.chunk().await {
            Ok(Some(piece)) => came += piece.len(),
            Ok(None) => panic!("the body ended as if it were whole"),
            Err(error) => break error,
        }
    };
    assert_eq!(came, announced / 2, "{error}");
}

#[tokio::test]
async fn cut_json_is_a_whole_answer_that_does_not_parse() {
    let (world, token) = on_list(Effect::CutJson).await;
    let answer = world.get(LIST, &token).send().await.unwrap();
    let body = answer.bytes().await.unwrap();
    assert!(body.starts_with(b"{\"@odata.context\""));
    assert!(serde_json::from_slice::<Value>(&body).unwrap_err().is_eof());
}

#[tokio::test]
async fn a_slow_body_comes_bit_by_bit_and_whole() {
    let (world, token) = on_list(Effect::SlowBody { bytes: 3_000, every_millis: 1 }).await;
    let slow = world.json(LIST, &token).await;
    assert_eq!(slow, world.json(LIST, &token).await);
}

#[tokio::test]
async fn a_huge_body_is_as_large_as_asked() {
    let (world, token) = on_list(Effect::HugeBody { bytes: 300_001 }).await;
    let page = world.json(LIST, &token).await;
    assert_eq!(page["value"][0]["id"].as_str().unwrap().len(), 300_001);
}

#[tokio::test]
async fn expired_tokens_are_refused_until_a_new_one_is_fetched() {
    let (world, token) = on_list(Effect::ExpireTokens).await;
    assert_eq!(status(&world, &token).await, 401);
    assert_eq!(status(&world, &token).await, 401);
    let token = world.token(DEFENDER).await;
    assert_eq!(status(&world, &token).await, 200);
}

#[tokio::test]
async fn a_link_may_lead_elsewhere_or_back() {
    let origin = "http://127.0.0.1:9";
    let foreign = Effect::ForeignNextLink { origin: origin.into() };
    let (world, token) = on_list(foreign.clone()).await;
    let graph = world.token(GRAPH).await;
    let page = world.json(LIST, &token).await;
    assert_eq!(page["@odata.nextLink"], "http://127.0.0.1:9/api/machines?$skip=10");
    world.handle().add_fault(Fault::once(Api::GraphList, foreign));
    let page = world.json(DEVICES, &graph).await;
    assert!(page["@odata.nextLink"].as_str().unwrap().starts_with(origin));

    for (path, token) in [(LIST, &token), (DEVICES, &graph)] {
        let first = world.json(path, token).await;
        let second = first["@odata.nextLink"].as_str().unwrap();
        world.handle().add_fault(Fault::once(Api::Any, Effect::RepeatingNextLink));
        let page = world.json(second, token).await;
        assert_eq!(page["@odata.nextLink"], second);
    }
}

#[tokio::test]
async fn an_empty_page_with_a_link_loses_nothing() {
    for (api, path, scope) in
        [(Api::DefenderList, LIST, DEFENDER), (Api::GraphList, DEVICES, GRAPH)]
    {
        let fault = Fault::always(api, Effect::EmptyPageWithLink).after(1).times(2);
        let (world, _) = struck(fault).await;
        let token = world.token(scope).await;
        let (sizes, ids) = world.walk(path, &token).await;
        assert_eq!(sizes, [10, 0, 0, 10, 5], "{path}");
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 25);
    }
}

#[tokio::test]
async fn a_shifted_page_repeats_a_record_or_passes_one_over() {
    for (api, path, scope) in
        [(Api::DefenderList, LIST, DEFENDER), (Api::GraphList, DEVICES, GRAPH)]
    {
        for (records, listed, unique) in [(1, 26, 25), (-1, 24, 24)] {
            let (world, _) = struck(Fault::once(api, Effect::ShiftedPage { records })).await;
            let token = world.token(scope).await;
            let (_, ids) = world.walk(path, &token).await;
            let distinct = ids.iter().collect::<HashSet<_>>().len();
            assert_eq!((ids.len(), distinct), (listed, unique), "{path} {records}");
            // The next walk is a straight one again.
            assert_eq!(world.walk(path, &token).await.1.len(), 25);
        }
    }
}

#[tokio::test]
async fn malformed_records_spoil_the_page_for_a_strict_parser_only() {
    for (api, path, scope) in
        [(Api::DefenderList, LIST, DEFENDER), (Api::GraphList, DEVICES, GRAPH)]
    {
        let (world, _) = struck(Fault::once(api, Effect::MalformedRecords { count: 2 })).await;
        let token = world.token(scope).await;
        let answer = world.get(path, &token).send().await.unwrap();
        let text = answer.text().await.unwrap();
        assert!(serde_json::from_str::<Value>(&text).is_err());
        let twice = r#"" ""#;
        assert_eq!(text.matches(twice).count(), 2, "{path}");
        // The page goes on after them.
        assert_eq!(text.matches("{\"id\":").count(), 10, "{path}");
    }
}

#[tokio::test]
async fn a_task_may_fail_be_lost_never_finish_or_not_exist() {
    let (world, _) = struck(Fault::once(Api::SekoiaPush, Effect::TaskFails)).await;
    for effect in [Effect::TaskLost, Effect::TaskNeverFinishes, Effect::NoTaskId] {
        world.handle().add_fault(Fault::once(Api::SekoiaPush, effect));
    }
    let mut tasks = Vec::new();
    for uid in ["fails", "lost", "never", "no-task"] {
        let answer: Value = world.push(&[uid]).await.json().await.unwrap();
        tasks.push(answer["task_id"].as_str().map(str::to_owned));
    }
    assert_eq!(world.task_status(tasks[0].as_ref().unwrap()).await, "FAILED");
    let lost = format!("/api/v1/tasks/{}", tasks[1].as_ref().unwrap());
    assert_eq!(world.get(&lost, "simulated-key").send().await.unwrap().status(), 404);
    for _ in 0..5 {
        let status = world.task_status(tasks[2].as_ref().unwrap()).await;
        assert_eq!(status, "RUNNING");
    }
    assert_eq!(tasks[3], None);
    let received = world.handle().received();
    assert!(received.counts.is_empty(), "{received:?}");
    let dropped = |batch: &&stocktake_simulator::ReceivedBatch| batch.state == BatchState::Dropped;
    assert_eq!(received.batches.iter().filter(dropped).count(), 4);
}

#[tokio::test]
async fn a_fault_strikes_as_often_as_it_says() {
    let fault = Fault::always(Api::DefenderList, Effect::status(500)).after(1).times(2);
    let (world, token) = struck(fault).await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(status(&world, &token).await);
    }
    assert_eq!(seen, [200, 500, 500, 200, 200]);
}
