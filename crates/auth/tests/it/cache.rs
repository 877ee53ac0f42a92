use stocktake_connector_core::{AccessToken, TokenProvider, TokenScope};
use wiremock::matchers::{body_string_contains, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{HandClock, granted, graph, tokens};

async fn respond(server: &MockServer, response: ResponseTemplate, times: u64) {
    Mock::given(method("POST"))
        .respond_with(response)
        .up_to_n_times(times)
        .expect(times)
        .mount(server)
        .await;
}

#[tokio::test]
async fn a_token_is_requested_once_per_scope() {
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
async fn a_token_is_renewed_before_it_expires() {
    let server = MockServer::start().await;
    respond(&server, granted("t1"), 1).await;
    respond(&server, granted("t2"), 1).await;
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
    respond(&server, granted("t1"), 1).await;
    respond(&server, ResponseTemplate::new(401), 1).await;
    respond(&server, granted("t2"), 1).await;
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
    respond(&server, granted("t1"), 1).await;
    respond(&server, ResponseTemplate::new(401), 1).await;
    let clock = HandClock::new();
    let tokens = tokens(&server, &clock);
    tokens.token(&graph()).await.unwrap();
    clock.advance(3600);
    tokens.token(&graph()).await.unwrap_err();
}

#[tokio::test]
async fn an_invalidated_token_is_replaced_and_a_newer_one_stays() {
    let server = MockServer::start().await;
    respond(&server, granted("t1"), 1).await;
    respond(&server, granted("t2"), 1).await;
    let tokens = tokens(&server, &HandClock::new());
    let first = tokens.token(&graph()).await.unwrap();
    tokens.invalidate(&graph(), &first);
    assert_eq!(tokens.token(&graph()).await.unwrap().expose(), "t2");
    // A second call that still carried the first token is late.
    tokens.invalidate(&graph(), &first);
    tokens.invalidate(&graph(), &AccessToken::new("unknown", None));
    assert_eq!(tokens.token(&graph()).await.unwrap().expose(), "t2");
}
