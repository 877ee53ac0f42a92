use std::sync::Arc;
use std::time::Duration;

use stocktake_connector_core::{AccessToken, TokenProvider, TokenScope};
use wiremock::matchers::{body_string_contains, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{HandClock, granted, graph, tokens};

async fn answers(server: &MockServer, answer: ResponseTemplate, times: u64) {
    Mock::given(method("POST"))
        .respond_with(answer)
        .up_to_n_times(times)
        .expect(times)
        .mount(server)
        .await;
}

#[tokio::test]
async fn a_token_is_asked_for_once_per_scope() {
    let server = MockServer::start().await;
    for (scope, token) in [("graph", "g"), ("securitycenter", "d")] {
        Mock::given(body_string_contains(scope))
            .respond_with(granted(token))
            .expect(1)
            .mount(&server)
            .await;
    }
    let tokens = tokens(&server, &HandClock::new());
    let defender = TokenScope::new("https://api.securitycenter.microsoft.com/.default");
    for _ in 0..3 {
        assert_eq!(tokens.token(&graph()).await.unwrap().expose(), "g");
        assert_eq!(tokens.token(&defender).await.unwrap().expose(), "d");
    }
    assert_eq!(tokens.calls().calls, 2);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let server = MockServer::start().await;
    answers(&server, granted("t1"), 1).await;
    answers(&server, granted("t2"), 1).await;
    let clock = HandClock::new();
    let tokens = tokens(&server, &clock);
    assert_eq!(tokens.token(&graph()).await.unwrap().expose(), "t1");
    clock.advance(3299);
    assert_eq!(tokens.token(&graph()).await.unwrap().expose(), "t1");
    clock.advance(1);
    assert_eq!(tokens.token(&graph()).await.unwrap().expose(), "t2");
}

#[tokio::test]
async fn a_renewal_that_fails_leaves_the_old_token_in_use() {
    let server = MockServer::start().await;
    answers(&server, granted("t1"), 1).await;
    answers(&server, ResponseTemplate::new(401), 1).await;
    answers(&server, granted("t2"), 1).await;
    let clock = HandClock::new();
    let tokens = tokens(&server, &clock);
    tokens.token(&graph()).await.unwrap();
    clock.advance(3300);
    // The second caller does not try again at once.
    assert_eq!(tokens.token(&graph()).await.unwrap().expose(), "t1");
    assert_eq!(tokens.token(&graph()).await.unwrap().expose(), "t1");
    clock.advance(30);
    assert_eq!(tokens.token(&graph()).await.unwrap().expose(), "t2");
}

#[tokio::test]
async fn an_expired_token_is_not_given() {
    let server = MockServer::start().await;
    answers(&server, granted("t1"), 1).await;
    answers(&server, ResponseTemplate::new(401), 1).await;
    let clock = HandClock::new();
    let tokens = tokens(&server, &clock);
    tokens.token(&graph()).await.unwrap();
    clock.advance(3600);
    tokens.token(&graph()).await.unwrap_err();
}

#[tokio::test]
async fn callers_who_wait_for_a_token_share_one_request() {
    let server = MockServer::start().await;
    answers(&server, granted("t1").set_delay(Duration::from_millis(50)), 1).await;
    let tokens = Arc::new(tokens(&server, &HandClock::new()));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let tokens = Arc::clone(&tokens);
        callers.spawn(async move { tokens.token(&graph()).await.unwrap().expose().to_owned() });
    }
    assert_eq!(callers.join_all().await, vec!["t1"; 20]);
}

#[tokio::test]
async fn callers_who_wait_for_a_refusal_share_it() {
    let server = MockServer::start().await;
    let refusal = ResponseTemplate::new(401).set_delay(Duration::from_millis(50));
    answers(&server, refusal, 1).await;
    answers(&server, granted("t1"), 1).await;
    let tokens = tokens(&server, &HandClock::new());
    let scope = graph();
    let (a, b, c) = tokio::join!(tokens.token(&scope), tokens.token(&scope), tokens.token(&scope));
    assert!(a.is_err() && b.is_err() && c.is_err());
    // One who comes later asks again: the secret may have been mended.
    assert_eq!(tokens.token(&scope).await.unwrap().expose(), "t1");
}

#[tokio::test]
async fn a_caller_who_gives_up_leaves_the_turn_to_the_next() {
    let server = MockServer::start().await;
    answers(&server, granted("t1").set_delay(Duration::from_secs(20)), 1).await;
    answers(&server, granted("t2"), 1).await;
    let tokens = tokens(&server, &HandClock::new());
    let scope = graph();
    tokio::select! {
        _ = tokens.token(&scope) => panic!("the answer takes twenty seconds"),
        () = async {
            while server.received_requests().await.unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        } => {}
    }
    assert_eq!(tokens.token(&scope).await.unwrap().expose(), "t2");
}

#[tokio::test]
async fn an_invalidated_token_is_replaced_and_a_newer_one_stays() {
    let server = MockServer::start().await;
    answers(&server, granted("t1"), 1).await;
    answers(&server, granted("t2"), 1).await;
    let tokens = tokens(&server, &HandClock::new());
    let first = tokens.token(&graph()).await.unwrap();
    tokens.invalidate(&graph(), &first);
    assert_eq!(tokens.token(&graph()).await.unwrap().expose(), "t2");
    // A second call that still carried the first token is late.
    tokens.invalidate(&graph(), &first);
    tokens.invalidate(&graph(), &AccessToken::new("unknown", None));
    assert_eq!(tokens.token(&graph()).await.unwrap().expose(), "t2");
}
