//! Every fault of the outside, one test each, through the real program: whatever happens, each device
//! ends up at the receiver exactly once or as a dead letter with a reason.

use stocktake_connector_core::{CycleOutcome, ErrorCode, Recovery};
use stocktake_simulator::{Api, Effect, Fault, RetryAfter};

use crate::site::{Ended, Site, fleet};

const MACHINES: usize = 260;

/// Cycles that may be needed until a fault that strikes once is over.
const TRIES: usize = 4;

async fn site() -> Site {
    Site::with(fleet(MACHINES, 200), |options| {
        options.defender_page = 100;
        options.graph_page = 50;
    })
    .await
    .set("http", "attempt_timeout = \"2s\"\ncall_deadline = \"20s\"\nmax_body_bytes = 4000000\n")
    .set("sinks.soc", "task_deadline = \"5s\"\n")
}

/// Runs cycles until one is complete, then compares receiver and fleet. Returns the first cycle.
async fn survives(faults: impl IntoIterator<Item = Fault>) -> Ended {
    let site = site().await;
    for fault in faults {
        site.handle().add_fault(fault);
    }
    let mut first = None;
    for _ in 0..TRIES {
        let ended = site.sync().await;
        let complete = ended.report().outcome == CycleOutcome::Complete;
        ended.report().check_balance().unwrap();
        first.get_or_insert(ended);
        if complete {
            site.assert_each_device_once();
            return first.unwrap();
        }
    }
    panic!("no cycle of {TRIES} is complete: {first:#?}");
}

/// A fault that the retries of the first cycle overcome.
async fn is_overcome_at_once(fault: Fault) {
    let first = survives([fault]).await;
    let report = first.report();
    assert_eq!(report.outcome, CycleOutcome::Complete, "{report:#?}");
}

/// A fault that fails the first cycle with a message, after which the next one is complete.
async fn fails_the_cycle(fault: Fault, message: &str) {
    let first = survives([fault]).await;
    assert_eq!(first.code, Some(1));
    let CycleOutcome::Failed { failure } = first.report().outcome else {
        panic!("the cycle did not fail: {first:#?}");
    };
    let error = failure.to_string();
    assert!(error.contains(message), "{error}");
}

fn throttled(retry_after: Option<RetryAfter>) -> Effect {
    Effect::Status { code: 429, retry_after, body: None }
}

macro_rules! overcome {
    ($($name:ident: $fault:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            is_overcome_at_once($fault).await;
        }
    )*};
}

overcome! {
    a_429_with_seconds: Fault::once(Api::DefenderList, throttled(Some(RetryAfter::Seconds(1)))).after(1);
    a_429_with_a_date: Fault::once(Api::GraphList, throttled(Some(RetryAfter::Date(1))));
    a_429_without_a_wait: Fault::once(Api::GraphList, throttled(None)).after(2);
    a_429_that_names_its_quota_in_words_alone:
        Fault::once(Api::DefenderList, Effect::QuotaInWords { limit: 45, wait_seconds: 1 });
    a_429_for_a_token: Fault::once(Api::Entra, throttled(Some(RetryAfter::Seconds(1))));
    a_429_from_the_receiver:
        Fault::once(Api::SekoiaPush, throttled(Some(RetryAfter::Seconds(1)))).after(1);
    a_500: Fault::once(Api::DefenderList, Effect::status(500)).times(2);
    a_503_from_the_receiver: Fault::once(Api::SekoiaPush, Effect::status(503));
    a_504_on_a_later_page: Fault::once(Api::GraphList, Effect::status(504)).after(1);
    a_502_for_a_token: Fault::once(Api::Entra, Effect::status(502));
    a_reset_connection: Fault::once(Api::DefenderList, Effect::Reset).after(1);
    a_reset_by_the_receiver: Fault::once(Api::SekoiaPush, Effect::Reset);
    a_body_that_breaks_off: Fault::once(Api::DefenderList, Effect::TruncatedBody);
    a_managed_device_page_that_breaks_off: Fault::once(Api::GraphList, Effect::TruncatedBody);
    json_that_is_cut_short: Fault::once(Api::DefenderList, Effect::CutJson).after(1);
    html_instead_of_json: Fault::once(Api::DefenderList, Effect::Html);
    a_server_that_never_answers_once: Fault::once(Api::GraphList, Effect::Hang);
    expired_tokens_at_defender: Fault::once(Api::DefenderList, Effect::ExpireTokens).after(1);
    expired_tokens_at_graph: Fault::once(Api::GraphList, Effect::ExpireTokens).after(1);
    an_empty_page_with_a_link: Fault::once(Api::GraphList, Effect::EmptyPageWithLink).after(1);
    a_machine_link_that_repeats: Fault::once(Api::DefenderList, Effect::RepeatingNextLink).after(1);
    an_empty_machine_page_with_a_link: Fault::once(Api::DefenderList, Effect::EmptyPageWithLink);
    records_that_come_again: Fault::once(Api::DefenderList, Effect::ShiftedPage { records: 5 });
    a_task_that_fails: Fault::once(Api::SekoiaPush, Effect::TaskFails).after(1);
    a_task_that_is_lost: Fault::once(Api::SekoiaPush, Effect::TaskLost);
    a_push_without_a_task: Fault::once(Api::SekoiaPush, Effect::NoTaskId);
    a_task_that_is_asked_about_in_vain: Fault::once(Api::SekoiaTask, Effect::status(500));
    a_slow_body: Fault::once(Api::DefenderList, Effect::SlowBody { bytes: 2_000, every_millis: 5 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_too_slow_for_an_attempt_is_asked_for_again() {
    is_overcome_at_once(Fault::once(
        Api::DefenderList,
        Effect::SlowBody { bytes: 10, every_millis: 100 },
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_another_origin_is_not_followed() {
    let elsewhere = "http://127.0.0.1:9".to_owned();
    fails_the_cycle(
        Fault::once(Api::DefenderList, Effect::ForeignNextLink { origin: elsewhere.clone() }),
        "points to http://127.0.0.1:9, not to the configured",
    )
    .await;
    fails_the_cycle(
        Fault::once(Api::GraphList, Effect::ForeignNextLink { origin: elsewhere }),
        "points to http://127.0.0.1:9, not to the configured",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_repeats_ends_the_listing_with_an_error() {
    fails_the_cycle(
        // The link of the second page leads back to it.
        Fault::once(Api::GraphList, Effect::RepeatingNextLink).after(1),
        "returns to a page that was read before [ST0304]",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_beyond_the_limit_is_refused_by_name() {
    fails_the_cycle(
        Fault::once(Api::DefenderList, Effect::HugeBody { bytes: 8_000_000 }),
        "too large",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    fails_the_cycle(
        Fault::once(
            Api::DefenderList,
            Effect::Redirect { location: "http://127.0.0.1:9/steal".into() },
        ),
        "302",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_stays_down_fails_the_cycle_and_loses_nothing() {
    fails_the_cycle(
        // The first attempt and its six retries, on the second page.
        Fault::once(Api::DefenderList, Effect::status(503)).after(1).times(7),
        "unavailable",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graph_outage_sends_no_event_without_its_enrichment() {
    let site = site().await;
    assert_eq!(site.sync().await.account().acknowledged, MACHINES as u64);
    site.handle().fleet().change(40);
    site.handle().add_fault(Fault::always(Api::GraphList, Effect::status(503)));

    let ended = site.sync().await;

    assert_eq!(ended.code, Some(1));
    assert_eq!(site.received().values().sum::<u64>(), MACHINES as u64, "nothing was sent");
    site.handle().clear_faults();
    assert_eq!(site.sync().await.account().acknowledged, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_is_down_costs_only_itself() {
    let site = site().await;
    let folder = site.path("events");
    let site = site.set("sinks.lake", &format!("type = \"file\"\npath = {folder:?}\n"));
    site.handle().add_fault(Fault::always(Api::SekoiaPush, Effect::status(503)));

    let ended = site.sync().await;

    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.account().undelivered, MACHINES as u64);
    let lake = ended.report().sinks.into_iter().find(|(name, _)| name.as_str() == "lake");
    assert_eq!(lake.unwrap().1.acknowledged, MACHINES as u64);

    site.handle().clear_faults();
    assert_eq!(site.sync().await.account().acknowledged, MACHINES as u64);
    site.assert_each_device_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_refuses_the_key_is_named_with_what_to_do() {
    let site = site().await;
    site.handle().add_fault(Fault::always(Api::SekoiaPush, Effect::status(401)));
    let ended = site.sync().await;
    assert_eq!(ended.code, Some(1));
    let account = ended.account();
    let failure = account.failure.unwrap();
    assert_eq!(failure.code, ErrorCode::SinkKeyRefused);
    assert_eq!(failure.recovery, Recovery::Operator);
    assert!(failure.message.contains("not authorised"), "{failure:?}");
    assert!(failure.advice.unwrap().contains("key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_do_not_parse_cost_themselves() {
    let site = site().await;
    site.handle().add_fault(Fault::once(Api::DefenderList, Effect::MalformedRecords { count: 3 }));
    let ended = site.sync().await;
    assert_eq!(ended.code, Some(3), "{ended:#?}");
    let account = ended.account();
    assert_eq!(account.dead_lettered, 3);
    assert_eq!(account.acknowledged + account.dead_lettered, account.read);

    // The next cycle can read them.
    assert_eq!(site.sync().await.account().acknowledged, 3);
    site.assert_each_device_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_hide_behind_a_shifted_page_are_not_taken_for_removed() {
    let site = site().await;
    assert_eq!(site.sync().await.account().acknowledged, MACHINES as u64);
    site.handle().add_fault(Fault::once(Api::DefenderList, Effect::ShiftedPage { records: -4 }));

    let report = site.sync().await.report();

    assert_eq!((report.removal.missing, report.removal.removed), (0, 0), "{report:#?}");
    assert_eq!(report.read - report.duplicates, MACHINES as u64, "none is passed over");
}
