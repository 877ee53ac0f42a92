use stocktake_connector_core::{ErrorCode, Recovery};
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

/// Answers the page that starts at `skip` (`None`: the first).
pub(crate) fn page(skip: Option<u32>, body: Value) -> Mock {
    let mock = Mock::given(method("GET")).and(path("/api/machines"));
    match skip {
        Some(skip) => mock.and(query_param("$skip", skip.to_string())),
        None => mock.and(query_param_is_missing("$skip")),
    }
    .respond_with(ResponseTemplate::new(200).set_body_json(body))
    .expect(1)
}

#[tokio::test]
async fn links_are_followed_without_a_page_size_and_an_empty_page_is_not_the_end() {
    let server = MockServer::start().await;
    let link = |skip: u32| Some(format!("{}/api/machines?$skip={skip}", server.uri()));
    page(None, envelope(&["a", "b"], link(2))).mount(&server).await;
    page(Some(2), envelope(&[], link(3))).mount(&server).await;
    page(Some(3), envelope(&["c"], None)).mount(&server).await;

    let read = read(&mut client(&server, |_| ()).list()).await.unwrap();

    assert_eq!(read.ids, ["a", "b", "c"]);
    assert_eq!(read.last, [false, false, true]);
    let asked = server.received_requests().await.unwrap();
    // Pages are asked for by their links alone; the record before a seam has the size one.
    let pages = asked.iter().filter(|request| !request.url.as_str().contains("$top=1&"));
    assert!(pages.clone().all(|page| !page.url.as_str().contains("$top")), "{asked:?}");
    assert_eq!(pages.count(), 3);
}

#[tokio::test]
async fn with_a_page_size_the_listing_goes_on_until_a_page_is_short() {
    // With `$top` the API sends no link (MicrosoftDocs/microsoft-365-docs#8489).
    let server = MockServer::start().await;
    page(None, envelope(&["a", "b"], None)).mount(&server).await;
    page(Some(2), envelope(&["c", "d"], None)).mount(&server).await;
    page(Some(4), envelope(&["e"], None)).mount(&server).await;

    let client = client(&server, |options| options.page_size = Some(2));

    assert_eq!(ids(&client).await, ["a", "b", "c", "d", "e"]);
    let asked = server.received_requests().await.unwrap();
    let pages = asked.iter().filter(|request| request.url.query().unwrap().contains("$top=2"));
    assert_eq!(pages.count(), 3);
}

#[tokio::test]
async fn with_a_page_size_a_full_last_page_is_followed_by_an_empty_one() {
    let server = MockServer::start().await;
    page(None, envelope(&["a", "b"], None)).mount(&server).await;
    page(Some(2), envelope(&[], None)).mount(&server).await;

    let client = client(&server, |options| options.page_size = Some(2));

    assert_eq!(ids(&client).await, ["a", "b"]);
}

#[tokio::test]
async fn with_a_page_size_a_link_is_taken_if_one_comes_anyway() {
    let server = MockServer::start().await;
    let link = format!("{}/api/machines?$skip=1", server.uri());
    page(None, envelope(&["a"], Some(link))).mount(&server).await;
    page(Some(1), envelope(&["b"], None)).mount(&server).await;

    let client = client(&server, |options| options.page_size = Some(5));

    assert_eq!(ids(&client).await, ["a", "b"]);
}

#[tokio::test]
async fn malformed_records_count_when_the_next_page_is_worked_out() {
    let server = MockServer::start().await;
    page(None, json!({"value": [{"id": "a"}, {"id": 5}]})).mount(&server).await;
    page(Some(2), envelope(&["c"], None)).mount(&server).await;

    let client = client(&server, |options| options.page_size = Some(2));
    let read = read(&mut client.list()).await.unwrap();

    assert_eq!((read.ids, read.malformed.len()), (vec!["a".to_owned(), "c".to_owned()], 1));
}

#[tokio::test]
async fn pages_that_bring_nothing_new_end_the_listing() {
    // By number, and by links that lead nowhere new and give way to numbers that do not either.
    for (page_size, link, calls) in [(Some(2), false, 3), (None, true, 5)] {
        let server = MockServer::start().await;
        let (base, number) = (server.uri(), std::sync::atomic::AtomicU64::new(0));
        Mock::given(method("GET"))
            .respond_with(move |_: &wiremock::Request| {
                let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let link = link.then(|| format!("{base}/api/machines?=x&={number}"));
                ResponseTemplate::new(200).set_body_json(envelope(&["a", "b"], link))
            })
            .expect(calls)
            .mount(&server)
            .await;

        let client = client(&server, |options| options.page_size = page_size);
        let error = read(&mut client.list()).await.unwrap_err();

        assert_eq!((error.code, error.recovery), (ErrorCode::ListingStalled, Recovery::Defect));
    }
}

/// A server whose list has `count` machines in pages of ten, and whose links lose the names of their
/// parameters: from the second page on they all lead to the second page.
async fn with_broken_links(count: usize) -> MockServer {
    let server = MockServer::start().await;
    let base = server.uri();
    Mock::given(method("GET"))
        .and(path("/api/machines"))
        .respond_with(move |request: &wiremock::Request| {
            let query: Vec<_> = request.url.query_pairs().collect();
            let number = |name: &str| {
                query.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.parse().ok())
            };
            let skip: usize = number("$skip").unwrap_or(0);
            let top: Option<usize> = number("$top");
            let end = (skip + top.unwrap_or(10).min(10)).min(count);
            let names: Vec<_> = (skip..end).map(|n| format!("{n:03}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let raw = request.url.query().unwrap_or_default();
            let link = match (top, skip) {
                (Some(_), _) => None,
                (None, 0) => Some(format!("{base}/api/machines?{raw}&$skip=10")),
                _ => Some(format!("{base}/api/machines?=x&{raw}")),
            };
            let link = link.filter(|_| end < count);
            ResponseTemplate::new(200).set_body_json(envelope(&names, link))
        })
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn links_that_lead_in_a_circle_give_way_to_numbers() {
    for count in [21, 25, 30, 45, 90] {
        let server = with_broken_links(count).await;
        let client = client(&server, |_| ());
        let cursor = stocktake_connector_core::SourceCursor::new("2024-01-01T00:00:00Z");
        let mut listing = client.resume(&[cursor]).unwrap();
        let mut found = read(&mut listing).await.unwrap().ids;
        let expected: Vec<_> = (0..count).map(|n| format!("{n:03}")).collect();
        found.sort();
        found.dedup();
        assert_eq!(found, expected, "{count}");
        let asked = server.received_requests().await.unwrap();
        let by_number = asked.iter().filter(|request| request.url.as_str().contains("$top=10"));
        for request in by_number {
            assert!(request.url.as_str().contains("lastSeen"), "the filter stays: {}", request.url);
        }
        assert!(asked.len() <= 5 + count / 5, "{count}: {}", asked.len());
    }
}

#[tokio::test]
async fn a_link_to_another_origin_is_not_followed() {
    let (server, other) = (MockServer::start().await, MockServer::start().await);
    let link = format!("{}/api/machines?$skip=1", other.uri());
    page(None, envelope(&["a"], Some(link))).mount(&server).await;

    let error = read(&mut client(&server, |_| ()).list()).await.unwrap_err();

    assert!(error.code == ErrorCode::ForeignCursor, "{error}");
    assert_eq!(error.recovery, Recovery::Defect);
    assert!(other.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_link_that_repeats_gives_way_to_numbers() {
    let server = MockServer::start().await;
    let link = Some(format!("{}/api/machines?$skip=1", server.uri()));
    page(None, envelope(&["a"], link.clone())).mount(&server).await;
    page(Some(1), envelope(&["b"], link)).expect(2).mount(&server).await;
    page(Some(2), envelope(&["c"], None)).expect(2).mount(&server).await;
    page(Some(3), envelope(&[], None)).mount(&server).await;

    assert_eq!(ids(&client(&server, |_| ())).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn one_page_more_than_the_bound_is_an_error_that_names_it() {
    let server = MockServer::start().await;
    let link = Some(format!("{}/api/machines?$skip=1", server.uri()));
    page(None, envelope(&["a"], link)).mount(&server).await;

    let client = client(&server, |options| options.max_pages = 1);
    let error = read(&mut client.list()).await.unwrap_err();

    assert_eq!((error.code, error.recovery), (ErrorCode::TooManyPages, Recovery::Defect));
    assert!(error.to_string().contains("max_pages"), "{error}");
}

#[tokio::test]
async fn a_page_larger_than_what_is_parsed_in_place_reads_the_same() {
    let server = MockServer::start().await;
    let names: Vec<String> = (0..3000).map(|n| format!("{n:040x}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    page(None, envelope(&names, None)).mount(&server).await;

    assert_eq!(ids(&client(&server, |_| ())).await, names);
}

#[tokio::test]
async fn a_404_on_the_list_is_an_error_and_never_an_empty_tenant() {
    // Documented for "no recent machines", but a wrong path answers the same.
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(404))
        .expect(1)
        .mount(&server)
        .await;

    let error = read(&mut client(&server, |_| ()).list()).await.unwrap_err();

    assert!(error.advice.as_deref().unwrap().contains("base URL"), "{error}");
    assert!(error.to_string().starts_with("tenant contoso: defender: list machines"), "{error}");
}

#[tokio::test]
async fn a_page_that_fails_can_be_asked_for_again_and_nothing_is_skipped() {
    let server = MockServer::start().await;
    let link = Some(format!("{}/api/machines?$skip=1", server.uri()));
    page(None, envelope(&["a"], link)).mount(&server).await;
    Mock::given(query_param("$skip", "1"))
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(3)
        .expect(3)
        .mount(&server)
        .await;
    page(Some(1), envelope(&["b"], None)).mount(&server).await;

    let client = client(&server, |_| ());
    let mut listing = client.list();
    listing.next_page().await.unwrap();
    listing.next_page().await.unwrap_err();
    let page = listing.next_page().await.unwrap().unwrap();

    assert_eq!(page.records[0].uid(), "b");
    assert!(page.last && listing.next_page().await.unwrap().is_none());
}

#[tokio::test]
async fn a_page_that_is_not_an_envelope_is_an_error() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"machines": []})))
        .mount(&server)
        .await;

    let error = read(&mut client(&server, |_| ()).list()).await.unwrap_err();

    assert_eq!((error.code, error.recovery), (ErrorCode::AnswerMalformed, Recovery::Defect));
}

/// A server of machines in pages of ten, which loses some of them: before the page that starts at a
/// number, those at these places of the list as it is then.
async fn losing(count: usize, losses: &[(usize, std::ops::Range<usize>)]) -> MockServer {
    let server = MockServer::start().await;
    let base = server.uri();
    let machines: Vec<String> = (0..count).map(|n| format!("{n:03}")).collect();
    let state = std::sync::Mutex::new((machines, losses.to_vec()));
    Mock::given(method("GET"))
        .and(path("/api/machines"))
        .respond_with(move |request: &wiremock::Request| {
            let number = |name: &str| {
                let mut query = request.url.query_pairs();
                query.find(|(key, _)| key == name).and_then(|(_, value)| value.parse().ok())
            };
            let (skip, top) = (number("$skip").unwrap_or(0), number("$top"));
            let (machines, losses) = &mut *state.lock().unwrap();
            if top.is_none()
                && let Some(loss) = losses.iter().position(|(page, _)| *page == skip)
            {
                machines.drain(losses.remove(loss).1);
            }
            let end = (skip + top.unwrap_or(10)).min(machines.len());
            let names: Vec<&str> =
                machines[skip.min(end)..end].iter().map(String::as_str).collect();
            let has_link = top.is_none() && end < machines.len();
            let link = has_link.then(|| format!("{base}/api/machines?$skip={end}"));
            ResponseTemplate::new(200).set_body_json(envelope(&names, link))
        })
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn machines_that_move_to_a_page_that_was_read_are_found_at_the_seam() {
    type Losses<'a> = &'a [(usize, std::ops::Range<usize>)];
    for (losses, most_calls) in [
        (&[] as Losses<'_>, 2 * 5),
        (&[(10, 0..1)], 2 * 5 + 1),
        // Behind the seam: nothing moves over it.
        (&[(10, 25..26)], 2 * 5),
        // At each seam, and several at once.
        (&[(10, 0..1), (20, 0..1), (30, 3..5), (40, 11..12)], 2 * 5 + 4),
        (&[(20, 0..8)], 2 * 5 + 2),
        // More than a page.
        (&[(20, 2..14)], 2 * 5 + 3),
        (&[(40, 0..30)], 2 * 5 + 3),
    ] {
        let server = losing(50, losses).await;
        let mut found = ids(&client(&server, |_| ())).await;
        found.sort();
        found.dedup();
        let asked = server.received_requests().await.unwrap();
        assert!(asked.len() <= most_calls, "{losses:?}: {} calls", asked.len());
        let last = losing_left(50, losses);
        let missing: Vec<_> = last.iter().filter(|name| !found.contains(name)).collect();
        assert!(missing.is_empty(), "{losses:?}: {missing:?} were passed over");
    }
}

/// What is left of [`losing`] in the end.
fn losing_left(count: usize, losses: &[(usize, std::ops::Range<usize>)]) -> Vec<String> {
    let mut machines: Vec<String> = (0..count).map(|n| format!("{n:03}")).collect();
    for (_, places) in losses {
        machines.drain(places.clone());
    }
    machines
}
