use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::Value;
use stocktake_simulator::Api;

use crate::client::{DEFENDER, World, fleet, options};

async fn world(machines: usize, page: usize) -> (World, String) {
    let mut options = options(fleet(machines, 0));
    options.defender_page = page;
    let world = World::start(options).await;
    let token = world.token(DEFENDER).await;
    (world, token)
}

#[tokio::test]
async fn full_pages_that_have_more_carry_a_link_and_the_last_one_does_not() {
    let (world, token) = world(25, 10).await;
    let (sizes, ids) = world.walk("/api/machines", &token).await;
    assert_eq!(sizes, [10, 10, 5]);
    assert_eq!(ids, world.handle().fleet().device_ids());
    assert_eq!(world.handle().calls().of(Api::DefenderList), 3);
}

#[tokio::test]
async fn a_listing_that_ends_with_a_full_page_has_no_empty_page_after_it() {
    let (world, token) = world(20, 10).await;
    assert_eq!(world.walk("/api/machines", &token).await.0, [10, 10]);
}

#[tokio::test]
async fn the_page_holds_ten_thousand_by_default() {
    let world = World::of(10_001, 0).await;
    let token = world.token(DEFENDER).await;
    let (sizes, ids) = world.walk("/api/machines", &token).await;
    assert_eq!(sizes, [10_000, 1]);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 10_001);
}

#[tokio::test]
async fn with_top_there_is_never_a_link() {
    let (world, token) = world(25, 10).await;
    let page = world.json("/api/machines?$top=20&$skip=2", &token).await;
    assert_eq!(page["value"].as_array().unwrap().len(), 20);
    assert_eq!(page["value"][0]["id"], world.handle().fleet().device_ids()[2]);
    assert!(page.get("@odata.nextLink").is_none());
    let end = world.json("/api/machines?$top=20&$skip=25", &token).await;
    assert_eq!(end["value"], Value::Array(Vec::new()));
    let too_much = world.get("/api/machines?$top=10001", &token).send().await.unwrap();
    assert_eq!(too_much.status(), 400);
}

#[tokio::test]
async fn an_empty_fleet_is_an_empty_page() {
    let (world, token) = world(0, 10).await;
    assert_eq!(world.walk("/api/machines", &token).await.0, [0]);
}

#[tokio::test]
async fn a_filter_on_last_seen_holds_on_every_page() {
    let (world, token) = world(60, 10).await;
    let path = "/api/machines?$filter=lastSeen ge 2026-11-23T20:00:00Z";
    let (sizes, ids) = world.walk(path, &token).await;
    let all = world.handle().fleet().machines_ndjson();
    let expected: Vec<_> = all
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice::<Value>(line).unwrap())
        .filter(|machine| machine["lastSeen"].as_str().unwrap() >= "2026-11-23T20:00:00")
        .map(|machine| machine["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(sizes.len() > 1 && expected.len() < 60, "{sizes:?}");
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn a_filter_finds_what_changed_since() {
    let (world, token) = world(60, 10).await;
    let changed: HashSet<_> = world.handle().fleet().change(7).into_iter().collect();
    let path = "/api/machines?$filter=lastSeen gt 2026-11-24T08:00:00Z";
    let (_, ids) = world.walk(path, &token).await;
    assert_eq!(ids.into_iter().collect::<HashSet<_>>(), changed);
}

#[tokio::test]
async fn a_property_that_cannot_be_filtered_is_refused() {
    let (world, token) = world(5, 10).await;
    let path = "/api/machines?$filter=firstSeen ge 2020-01-01T00:00:00Z";
    let answer = world.get(path, &token).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], "BadRequest");
}

#[tokio::test]
async fn a_machine_answers_to_its_id_until_it_is_removed() {
    let (world, token) = world(50, 10).await;
    let fleet = world.handle().fleet();
    for id in fleet.device_ids() {
        let machine = world.json(&format!("/api/machines/{id}"), &token).await;
        assert_eq!(machine["id"], id);
    }
    let removed = fleet.remove(1).remove(0);
    let answer = world.get(&format!("/api/machines/{removed}"), &token).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], "ResourceNotFound");
}

#[tokio::test]
async fn a_wrong_path_is_not_found() {
    let (world, token) = world(1, 10).await;
    assert_eq!(world.get("/api/machine", &token).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn answers_are_streamed_typed_as_odata_and_compressed_for_those_who_ask() {
    let world = World::of(500, 0).await;
    let token = world.token(DEFENDER).await;
    let plain = crate::client::builder().no_gzip().build().unwrap();
    let url = world.url("/api/machines");
    let asked = plain.get(&url).bearer_auth(&token).header("accept-encoding", "gzip");
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert_eq!(answer.headers()["vary"], "Accept-Encoding");
    assert_eq!(
        answer.headers()["content-type"],
        "application/json; odata.metadata=minimal; odata.streaming=true"
    );
    assert_eq!(answer.headers()["date"], "Tue, 24 Nov 2026 08:00:00 GMT");
    let compressed = answer.bytes().await.unwrap();
    let answer = plain.get(&url).bearer_auth(&token).send().await.unwrap();
    assert!(answer.headers().get("content-encoding").is_none());
    assert_eq!(answer.headers()["transfer-encoding"], "chunked");
    let whole = answer.bytes().await.unwrap();
    assert!(compressed.len() < whole.len() / 3);
    // What comes through the decoder is what comes plain.
    let decoded = world.get("/api/machines", &token).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(decoded, whole);
}

#[tokio::test]
async fn a_page_shows_the_fleet_as_it_was_when_it_was_asked_for() {
    let (world, token) = world(30, 10).await;
    let first = world.json("/api/machines", &token).await;
    world.handle().fleet().add(5);
    let link = first["@odata.nextLink"].as_str().unwrap();
    let (sizes, _) = world.walk(link, &token).await;
    assert_eq!(sizes, [10, 10, 5]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_walk_takes_as_many_pages_as_it_must_and_meets_each_machine_once(
        machines in 0usize..120, page in 1usize..40
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (world, token) = world(machines, page).await;
            let (sizes, ids) = world.walk("/api/machines", &token).await;
            assert_eq!(sizes.len(), machines.div_ceil(page).max(1));
            assert_eq!(ids, world.handle().fleet().device_ids());
        });
    }
}

#[tokio::test]
async fn odd_records_come_over_the_wire_byte_for_byte() {
    let now = crate::client::start_of_time();
    let fleet = stocktake_simulator::Fleet::new(stocktake_simulator::FleetOptions {
        machines: 100,
        managed_devices: 64,
        seed: 1,
        odd_records: true,
        now,
    });
    let world = World::start(options(fleet.clone())).await;
    let token = world.token(DEFENDER).await;
    let page = world.get("/api/machines", &token).send().await.unwrap().bytes().await.unwrap();
    assert!(serde_json::from_slice::<Value>(&page).is_err());
    assert!(std::str::from_utf8(&page).is_err());
    for position in 0..100 {
        let record = fleet.machine_json(position).unwrap();
        let found = page.windows(record.len()).any(|window| window == record);
        assert!(found, "{position}");
    }
    // A record that can never be delivered answers to no id.
    let ids = fleet.device_ids();
    let answer = world.get(&format!("/api/machines/{}", ids[1]), &token).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(world.get("/api/machines/42", &token).send().await.unwrap().status(), 404);
}
