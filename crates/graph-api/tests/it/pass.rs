use stocktake_connector_core::{
    Enricher, Enrichment, EnrichmentPass, EnrichmentStatus, PassHint, Recovery, Strategy,
    UnreadableEnrichment,
};
use stocktake_graph_api::{IntuneEnricher, IntunePass, ManagedDevice};

use super::*;

fn pass(server: &MockServer, records_known: Option<u64>) -> IntunePass {
    IntuneEnricher::new(client(server, |_| ())).start_pass(PassHint { records_known })
}

/// A result in short: the record's id, `none`, …
fn describe(answer: Result<Enrichment<ManagedDevice>, UnreadableEnrichment>) -> String {
    match answer {
        Ok(Enrichment::Matched(device)) => device.id.unwrap(),
        Ok(Enrichment::NoMatch) => "none".to_owned(),
        Ok(Enrichment::Uncertain) => "uncertain".to_owned(),
        Ok(Enrichment::Unavailable) => "unavailable".to_owned(),
        Err(UnreadableEnrichment(reason)) => {
            assert!(reason.starts_with("its Intune record cannot be used: "), "{reason}");
            "unreadable".to_owned()
        }
    }
}

async fn enrich(pass: &mut IntunePass, keys: &[Option<Uuid>], last: bool) -> Vec<String> {
    pass.prepare(keys, last).await.unwrap();
    keys.iter().map(|key| describe(pass.enrichment(*key, None))).collect()
}

/// A tenant whose devices 1 to `count` are in Intune, whichever way it is asked.
async fn tenant(server: &MockServer, count: u128) {
    let devices: Vec<_> = (1..=count).map(|n| device(&format!("d{n}"), n)).collect();
    list(ok(envelope(&devices, None))).mount(server).await;
    batch(move |url| {
        let n = device_in(url);
        let devices = if n <= count { vec![device(&format!("d{n}"), n)] } else { vec![] };
        (200, json!({}), envelope(&devices, None))
    })
    .mount(server)
    .await;
}

/// How often the list and the batch were asked.
async fn calls(server: &MockServer) -> (usize, usize) {
    let requests = server.received_requests().await.unwrap();
    let count = |at: &str| requests.iter().filter(|request| request.url.path() == at).count();
    (count(LIST), count(BATCH))
}

fn some_keys(range: std::ops::RangeInclusive<u128>) -> Vec<Option<Uuid>> {
    range.map(|n| Some(key(n))).collect()
}

#[tokio::test]
async fn both_ways_give_the_same_answers_in_the_order_of_the_keys() {
    let keys = [Some(key(2)), None, Some(key(9)), Some(key(1)), Some(key(2)), Some(Uuid::nil())];
    let expected = ["d2", "none", "none", "d1", "d2", "none"];
    for (known, strategy, asked) in
        [(Some(5_000), Strategy::LookUp, (0, 1)), (Some(3), Strategy::Bulk, (1, 0))]
    {
        let server = MockServer::start().await;
        tenant(&server, 3).await;
        let mut pass = pass(&server, known);

        assert_eq!(enrich(&mut pass, &keys, true).await, expected);
        assert_eq!(pass.account().strategy, Some(strategy));
        assert_eq!(pass.account().matched, 3);
        assert_eq!(calls(&server).await, asked);
    }
}

#[tokio::test]
async fn the_cheaper_way_is_chosen_by_count_of_calls() {
    for (keys, known, last, expected) in [
        // One batch against one page that is larger than what is wanted.
        (20, Some(1_000), true, Strategy::LookUp),
        // One batch against one page that is not.
        (20, Some(20), true, Strategy::Bulk),
        // Two batches against one page, and against three.
        (21, Some(1_000), true, Strategy::Bulk),
        (21, Some(2_001), true, Strategy::LookUp),
        // Unknown: as many records as machines.
        (20, None, true, Strategy::Bulk),
        (200, None, false, Strategy::Bulk),
    ] {
        let server = MockServer::start().await;
        tenant(&server, 3).await;
        let mut pass = pass(&server, known);
        enrich(&mut pass, &some_keys(1..=keys), last).await;
        assert_eq!(pass.account().strategy, Some(expected), "{keys} keys, {known:?} known");
    }
}

#[tokio::test]
async fn look_ups_that_would_take_more_calls_than_the_list_give_way_to_it() {
    let server = MockServer::start().await;
    tenant(&server, 3).await;
    let mut pass = pass(&server, Some(2_500));

    for _ in 0..5 {
        assert_eq!(enrich(&mut pass, &some_keys(1..=4), false).await, ["d1", "d2", "d3", "none"]);
    }

    // Three look-ups are as many calls as the list's three pages; the fourth would be one too many,
    // and the list serves the fifth page too.
    assert_eq!(calls(&server).await, (1, 3));
    assert_eq!(pass.account().complete_count, Some(3));
    assert!(pass.index_bytes() > 0);
}

#[tokio::test]
async fn several_records_of_a_device_give_the_same_one_either_way() {
    let with = |id: &str, sync: &str, agent: &str| {
        json!({"id": id, "azureADDeviceId": key(1).to_string().to_uppercase(),
               "lastSyncDateTime": sync, "managementAgent": agent})
    };
    let devices = [
        with("older", "2024-01-01T00:00:00Z", "mdm"),
        with("newest", "2024-03-01T00:00:00Z", "mdm"),
        with("unmanaged", "2024-05-01T00:00:00Z", "msSense"),
        with("never", "0001-01-01T00:00:00Z", "mdm"),
    ];
    for known in [Some(5_000), Some(4)] {
        for turn in 0..devices.len() {
            let server = MockServer::start().await;
            let mut devices = devices.clone();
            devices.rotate_left(turn);
            list(ok(envelope(&devices, None))).mount(&server).await;
            batch(move |_| (200, json!({}), envelope(&devices, None))).mount(&server).await;
            assert_eq!(
                enrich(&mut pass(&server, known), &some_keys(1..=1), true).await,
                ["newest"]
            );
        }
    }
}

#[tokio::test]
async fn the_all_zero_id_joins_nothing() {
    let server = MockServer::start().await;
    list(ok(envelope(&[device("zero", 0), device("d1", 1)], None))).mount(&server).await;

    let answers = enrich(&mut pass(&server, None), &[Some(Uuid::nil()), Some(key(1))], true).await;

    assert_eq!(answers, ["none", "d1"]);
}

#[tokio::test]
async fn a_filter_that_is_ignored_makes_the_pass_read_the_list() {
    let server = MockServer::start().await;
    let devices: Vec<_> = (1..=3).map(|n| device(&format!("d{n}"), n)).collect();
    list(ok(envelope(&devices, None))).expect(1).mount(&server).await;
    let link = Some(format!("{}{LIST}?$skiptoken=1", server.uri()));
    batch(move |_| (200, json!({}), envelope(&devices, link.clone())))
        .expect(1)
        .mount(&server)
        .await;
    let mut pass = pass(&server, Some(5_000));

    assert_eq!(enrich(&mut pass, &some_keys(3..=4), true).await, ["d3", "none"]);
    assert_eq!(pass.account().strategy, Some(Strategy::Bulk));
}

#[tokio::test]
async fn values_that_cannot_be_read_are_counted_and_fail_nothing() {
    let mut odd = device("d1", 1);
    odd["model"] = json!([]);
    for known in [Some(5_000), Some(2)] {
        let server = MockServer::start().await;
        let devices = [odd.clone()];
        list(ok(envelope(&devices, None))).mount(&server).await;
        batch(move |_| (200, json!({}), envelope(&devices, None))).mount(&server).await;
        let mut pass = pass(&server, known);

        assert_eq!(enrich(&mut pass, &some_keys(1..=1), true).await, ["d1"]);
        let account = pass.account();
        assert_eq!((account.records_read, account.malformed), (1, 0));
        assert_eq!(account.unreadable.to_string(), "managedDevice.model: 1, such as a list");
    }
}

#[tokio::test]
async fn a_machine_whose_record_is_malformed_is_never_without_a_match() {
    for known in [Some(5_000), Some(2)] {
        let server = MockServer::start().await;
        // The third device has a second record, which can be read.
        let devices = [device("d1", 1), broken("bad", 2), broken("bad", 3), device("d3", 3)];
        list(ok(envelope(&devices, None))).mount(&server).await;
        // A broken record makes the whole batch unreadable, so that the list is read instead.
        batch(move |url| {
            let asked = Some(key(device_in(url)).to_string());
            let of = |d: &&Value| d["azureADDeviceId"].as_str() == asked.as_deref();
            let found: Vec<Value> = devices.iter().filter(of).cloned().collect();
            (200, json!({}), envelope(&found, None))
        })
        .mount(&server)
        .await;
        let mut pass = pass(&server, known);

        assert_eq!(
            enrich(&mut pass, &some_keys(1..=4), true).await,
            ["d1", "unreadable", "d3", "none"],
            "{known:?}"
        );
        assert_eq!((pass.account().matched, pass.account().malformed), (2, 2));
    }
}

#[tokio::test]
async fn a_malformed_record_that_does_not_say_whose_it_is_may_be_of_any_machine_without_one() {
    let bad = json!({"id": "bad", "azureADDeviceId": []});
    let keys = [Some(key(1)), Some(key(2)), None];

    let server = MockServer::start().await;
    list(ok(envelope(&[bad.clone(), device("d1", 1)], None))).mount(&server).await;
    let answers = enrich(&mut pass(&server, None), &keys, true).await;
    assert_eq!(answers, ["d1", "uncertain", "none"]);

    // A look-up asks for one device alone: the record can be of no other.
    let server = MockServer::start().await;
    batch(move |url| {
        let found = if device_in(url) == 1 { device("d1", 1) } else { bad.clone() };
        (200, json!({}), envelope(&[found], None))
    })
    .mount(&server)
    .await;
    let mut pass = pass(&server, Some(5_000));
    assert_eq!(enrich(&mut pass, &keys, false).await, ["d1", "unreadable", "none"]);
}

#[tokio::test]
async fn a_tenant_without_intune_or_without_permission_is_unavailable_for_every_page() {
    let no_tenant = json!({"error": {"code": "BadRequest",
        "message": "Request not applicable to target tenant."}});
    let no_scope = json!({"error": {"code": "Forbidden", "message": "Application is not authorized \
        to perform this operation. Application must have one of the following scopes: x"}});
    let realm = json!({"error": {"code": "UnknownError", "message":
        "{\"ErrorCode\":\"Forbidden\",\"Message\":\"{\\\"_version\\\": 3}\",\"Target\":null}"}});
    // Graph's own code counts, whatever Intune says below it.
    let phrase = json!({"error": {"code": "Forbidden", "message":
        "{\"_version\": 3, \"Message\": \"An error has occurred\", \
          \"CustomApiErrorPhrase\": \"NotAllowed\", \"RetryAfter\": null}"}});
    for (status, body) in [
        (400, no_tenant),
        (403, no_scope),
        (401, realm.clone()),
        (403, realm),
        (401, phrase.clone()),
        (403, phrase),
    ] {
        for known in [Some(5_000), Some(1)] {
            let server = MockServer::start().await;
            list(ResponseTemplate::new(status).set_body_json(&body)).mount(&server).await;
            let answer = body.clone();
            batch(move |_| (status, json!({}), answer.clone())).mount(&server).await;
            let mut pass = pass(&server, known);

            assert_eq!(
                enrich(&mut pass, &some_keys(1..=2), false).await,
                ["unavailable", "unavailable"]
            );
            let asked = calls(&server).await;
            assert_eq!(
                enrich(&mut pass, &[None, Some(key(1))], true).await,
                ["unavailable", "unavailable"]
            );
            assert_eq!(calls(&server).await, asked, "asked again");
            let EnrichmentStatus::Refused(reason) = pass.account().status else {
                panic!("{status}: {:?}", pass.account())
            };
            assert!(reason.contains("tenant contoso: graph: "), "{reason}");
        }
    }
}

#[tokio::test]
async fn what_fails_for_now_is_an_error_and_never_an_event_without_its_record() {
    for status in [429, 500, 503] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(status).insert_header("retry-after", "0");
        list(answer).mount(&server).await;
        let mut pass = pass(&server, None);

        let error = pass.prepare(&some_keys(1..=1), true).await.unwrap_err();

        assert!(error.recovery == Recovery::Retry, "{status}: {error}");
        assert_eq!(pass.account().status, EnrichmentStatus::On);
    }
}

#[tokio::test]
async fn a_listing_that_fails_part_way_gives_nothing_and_a_late_refusal_is_a_failure() {
    let server = MockServer::start().await;
    let link = Some(format!("{}{LIST}?$skiptoken=1", server.uri()));
    list(ok(envelope(&[device("d1", 1)], link))).up_to_n_times(1).mount(&server).await;
    let body = json!({"error": {"code": "Forbidden", "message": "no"}});
    list(ResponseTemplate::new(403).set_body_json(body)).mount(&server).await;

    let error = pass(&server, None).prepare(&some_keys(1..=1), true).await.unwrap_err();

    assert_eq!(error.recovery, Recovery::Operator, "{error}");
    assert!(error.message.starts_with("Intune responded before and refuses now: "), "{error}");
}

#[tokio::test]
async fn switched_off_asks_nobody() {
    let mut pass = IntuneEnricher::off().start_pass(PassHint::default());
    assert_eq!(
        enrich(&mut pass, &[None, Some(key(1))], true).await,
        ["unavailable", "unavailable"]
    );
    assert_eq!(pass.account().status, EnrichmentStatus::Off);
}

#[tokio::test]
async fn machines_without_a_key_have_no_match_only_where_intune_answers() {
    let server = MockServer::start().await;
    tenant(&server, 1).await;
    let mut answering = pass(&server, None);
    assert_eq!(enrich(&mut answering, &[None, None], false).await, ["none", "none"]);
    assert_eq!(enrich(&mut answering, &[None], true).await, ["none"]);
    assert_eq!(calls(&server).await, (1, 0), "one call tells that Intune answers");
    assert_eq!(answering.account().strategy, None);

    server.reset().await;
    let body = json!({"error": {"code": "Forbidden", "message": "no"}});
    list(ResponseTemplate::new(403).set_body_json(body)).mount(&server).await;
    assert_eq!(enrich(&mut pass(&server, None), &[None], true).await, ["unavailable"]);
}

#[tokio::test]
async fn look_ups_that_find_nothing_at_all_are_checked_with_a_device_of_the_list() {
    // The device of the list is found, so the others are not there; it is not, so the list decides; the
    // list is empty, so it decides too.
    for (listed, finds, asked, answer, strategy) in [
        (true, true, (1, 2), "none", Strategy::LookUp),
        (true, false, (2, 2), "d7", Strategy::Bulk),
        (false, false, (2, 1), "none", Strategy::Bulk),
    ] {
        let server = MockServer::start().await;
        let there = if finds { device("d9", 9) } else { device("d7", 7) };
        let devices = if listed { vec![there] } else { vec![] };
        list(ok(envelope(&devices, None))).mount(&server).await;
        batch(move |url| {
            let found = if finds && device_in(url) == 9 { vec![device("d9", 9)] } else { vec![] };
            (200, json!({}), envelope(&found, None))
        })
        .mount(&server)
        .await;
        let mut pass = pass(&server, Some(5_000));

        assert_eq!(enrich(&mut pass, &[Some(key(7))], false).await, [answer]);
        assert_eq!(calls(&server).await, asked);
        let account = pass.account();
        assert_eq!((account.strategy, account.answered), (Some(strategy), true));
        assert_eq!(account.joinable.is_some(), strategy == Strategy::Bulk);
        // Once is enough.
        enrich(&mut pass, &[Some(key(6))], true).await;
        assert_eq!(calls(&server).await.0, asked.0);
    }
}

#[tokio::test]
async fn records_that_do_not_say_whose_they_are_are_counted_and_handed_out_within_a_bound() {
    let server = MockServer::start().await;
    let nameless = |n: u32| json!({"id": format!("x{n}"), "azureADDeviceId": [n]});
    let mut devices: Vec<_> = (0..50).map(nameless).collect();
    // A record without any id is none of Intune's.
    devices.extend([device("d1", 1), json!({"error": {"code": "x"}})]);
    list(ok(envelope(&devices, None))).mount(&server).await;
    let mut pass = pass(&server, None);

    assert_eq!(enrich(&mut pass, &some_keys(1..=2), true).await, ["d1", "uncertain"]);
    let account = pass.account();
    assert_eq!((account.unidentified, account.joinable), (51, Some(1)));
    assert_eq!(pass.take_unidentified().len(), 20);
    assert!(pass.take_unidentified().is_empty());
}

#[tokio::test]
async fn a_page_without_machines_asks_nobody() {
    let server = MockServer::start().await;
    assert!(enrich(&mut pass(&server, None), &[], true).await.is_empty());
    assert_eq!(calls(&server).await, (0, 0));
}

fn forbidden() -> Value {
    json!({"error": {"code": "Forbidden", "message": "no"}})
}

#[tokio::test]
async fn a_refusal_after_an_answered_look_up_is_a_failure_and_not_absence() {
    // In a later batch, in the same batch before and behind the answer, and when asked again.
    for (refused, keys) in [(21, 21), (1, 2), (2, 2)] {
        let server = MockServer::start().await;
        batch(move |url| match device_in(url) {
            n if n == refused => (403, json!({}), forbidden()),
            n => (200, json!({}), envelope(&[device(&format!("d{n}"), n)], None)),
        })
        .mount(&server)
        .await;
        let mut pass = pass(&server, Some(50_000));

        let error = pass.prepare(&some_keys(1..=keys), true).await.unwrap_err();

        assert_eq!(error.recovery, Recovery::Operator, "{refused} of {keys}: {error}");
        assert_eq!(pass.account().status, EnrichmentStatus::On);
    }
}

#[tokio::test]
async fn an_unreadable_batch_does_not_prove_that_intune_answers() {
    let server = MockServer::start().await;
    Mock::given(path(BATCH)).respond_with(ok(json!([]))).mount(&server).await;
    list(ResponseTemplate::new(403).set_body_json(forbidden())).mount(&server).await;

    assert_eq!(
        enrich(&mut pass(&server, Some(5_000)), &some_keys(1..=1), true).await,
        ["unavailable"]
    );
}
