use std::fs;
use std::sync::Arc;

use stocktake_auth::{ClientSecret, EntraTokens, InvalidEntraOptions, SecretSource};
use stocktake_connector_core::{DirectoryId, ErrorCode, Recovery, TokenProvider};
use stocktake_simulator as simulator;
use wiremock::matchers::{body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::simulated::{Cloud, TENANT, defender};
use super::{HandClock, SECRET, chain, granted, graph, options, tokens, tokens_with, transport};

#[tokio::test]
async fn the_request_is_the_client_credentials_grant() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/11111111-1111-1111-1111-111111111111/oauth2/v2.0/token"))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(body_string(
            "grant_type=client_credentials\
             &client_id=22222222-2222-2222-2222-222222222222\
             &scope=https%3A%2F%2Fgraph.microsoft.com%2F.default\
             &client_secret=canary%7Es3cr3t%2F%2B%3D",
        ))
        .respond_with(granted("t1"))
        .expect(1)
        .mount(&server)
        .await;
    let token = tokens(&server, &HandClock::new()).token(&graph()).await.unwrap();
    assert_eq!(token.expose(), "t1");
    assert_eq!(token.expires_at().unwrap().timestamp(), 3600);
    // The token is asked for without one.
    let requests = server.received_requests().await.unwrap();
    assert!(!requests[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_rotated_secret_file_is_used_for_the_next_token() {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(granted("t")).mount(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app-secret");
    fs::write(&file, "one\n").unwrap();
    let clock = HandClock::new();
    let tokens = tokens_with(&server.uri(), SecretSource::File(file.clone()), &clock);
    tokens.token(&graph()).await.unwrap();
    fs::write(&file, "another\n").unwrap();
    clock.advance(3600);
    tokens.token(&graph()).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    let secrets: Vec<_> = requests
        .iter()
        .map(|request| {
            let body = String::from_utf8(request.body.clone()).unwrap();
            body.rsplit_once("client_secret=").unwrap().1.to_owned()
        })
        .collect();
    assert_eq!(secrets, ["one", "another"]);
}

#[tokio::test]
async fn a_rotation_of_the_secret_costs_no_token() {
    let cloud = Cloud::start(|_| {}).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app-secret");
    fs::write(&file, "simulated-secret\n").unwrap();
    let tokens = cloud.tokens(ClientSecret::new(SecretSource::File(file.clone())));
    let first = tokens.token(&defender()).await.unwrap();

    // Half-way: the file is empty, and the token is renewed by the last good secret.
    fs::write(&file, "").unwrap();
    cloud.clock.advance(3_400);
    let second = tokens.token(&defender()).await.unwrap();
    assert!(!second.same_as(&first));

    // Entra does not know the new one yet: the old token stays in use.
    fs::write(&file, "next\n").unwrap();
    cloud.clock.advance(3_400);
    assert!(tokens.token(&defender()).await.unwrap().same_as(&second));
    cloud.handle().add_secret(TENANT, simulator::ClientSecret::new("next"));
    cloud.handle().remove_secret(TENANT, "simulated-secret");
    cloud.clock.advance(60);
    assert!(!tokens.token(&defender()).await.unwrap().same_as(&second));
}

#[tokio::test]
async fn a_missing_secret_file_is_named_and_entra_is_not_asked() {
    let server = MockServer::start().await;
    let file = SecretSource::File("/nonexistent/app-secret".into());
    let tokens = tokens_with(&server.uri(), file, &HandClock::new());
    let error = tokens.token(&graph()).await.unwrap_err();
    let chain = chain(&error);
    assert!(chain.contains("/nonexistent/app-secret"), "{chain}");
    assert_eq!(
        (error.code, error.recovery, error.retry_at),
        (ErrorCode::CredentialUnreadable, Recovery::Operator, None)
    );
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_refused_credential_shows_when_its_file_changed() {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(401)).mount(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app-secret");
    fs::write(&file, "wrong\n").unwrap();
    let tokens = tokens_with(&server.uri(), SecretSource::File(file.clone()), &HandClock::new());
    let before = tokens.stamp();
    tokens.token(&graph()).await.unwrap_err();
    assert_eq!(tokens.stamp(), before, "an attempt changes no file");
    fs::write(&file, "the right one\n").unwrap();
    assert_ne!(tokens.stamp(), before);
}

#[tokio::test]
async fn options_that_cannot_be_right_are_refused() {
    let transport = transport();
    let good = || {
        let secret = ClientSecret::new(SecretSource::Value(SECRET.into()));
        options("https://login.example.com", Arc::new(secret), &HandClock::new())
    };
    let refusal = |options| EntraTokens::new(&transport, options).unwrap_err();

    let mut insecure = good();
    insecure.login_url = "http://login.example.com".parse().unwrap();
    assert!(matches!(refusal(insecure), InvalidEntraOptions::LoginUrl(_)));
    let mut any = good();
    any.directory_id = DirectoryId::new("common").unwrap();
    assert!(matches!(refusal(any), InvalidEntraOptions::AnyDirectory(_)));
    for (directory, client) in [("a/b", "x"), ("..", "x"), ("x", ""), ("x", SECRET)] {
        let mut odd = good();
        odd.directory_id = DirectoryId::new(directory).unwrap();
        odd.client_id = client.to_owned();
        let error = refusal(odd).to_string();
        assert!(!error.contains(SECRET), "{error}");
    }
}
