use std::sync::Arc;

use serde_json::json;
use stocktake_auth::{
    AssignedIdentity, Claims, ManagedIdentity, ManagedIdentityError, ManagedIdentityHost,
    ManagedIdentityOptions,
};
use stocktake_connector_core::{ErrorCode, Recovery, TenantName, TokenProvider, TokenScope};
use stocktake_simulator::{Api, HostIdentity};
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::simulated::{Cloud, defender};
use super::{HandClock, LIMITS, chain, graph, transport};

fn identity(
    host: ManagedIdentityHost,
    identity: AssignedIdentity,
    clock: &HandClock,
) -> ManagedIdentity {
    let options = ManagedIdentityOptions {
        host,
        identity,
        tenant: TenantName::new("contoso").unwrap(),
        limits: LIMITS,
        clock: Arc::new(clock.clone()),
    };
    ManagedIdentity::new(&transport(), options).unwrap()
}

fn imds(url: &str) -> ManagedIdentityHost {
    ManagedIdentityHost::Imds { url: url.parse().unwrap() }
}

fn app_service(url: &str, header: &str) -> ManagedIdentityHost {
    let variables =
        [("IDENTITY_ENDPOINT", format!("{url}/msi/token")), ("IDENTITY_HEADER", header.to_owned())];
    ManagedIdentityHost::detect(|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    })
    .unwrap()
}

async fn cloud() -> Cloud {
    Cloud::start(|account| account.host_identity = Some(HostIdentity::default())).await
}

#[tokio::test]
async fn both_kinds_of_host_give_tokens_of_each_identity() {
    let cloud = cloud().await;
    let (url, known) = (cloud.running.url(), HostIdentity::default());
    for host in [imds(&url), app_service(&url, "simulated-header")] {
        for assigned in [
            AssignedIdentity::System,
            AssignedIdentity::ClientId(known.client_id.clone()),
            AssignedIdentity::ObjectId(known.object_id.clone()),
            AssignedIdentity::ResourceId(known.resource_id.clone()),
        ] {
            let identity = identity(host.clone(), assigned, &cloud.clock);
            let token = identity.token(&defender()).await.unwrap();
            let claims = Claims::decode(&token).unwrap();
            assert_eq!(claims.appid.as_deref(), Some(known.client_id.as_str()));
            assert_eq!(claims.roles, ["Machine.Read.All"]);
            // The host writes its numbers as strings, App Service the end alone.
            assert_eq!(token.expires_at().unwrap().timestamp(), 3_599);
        }
    }
}

#[tokio::test]
async fn tokens_are_kept_and_renewed_like_entras() {
    let cloud = cloud().await;
    let identity = identity(imds(&cloud.running.url()), AssignedIdentity::System, &cloud.clock);
    let first = identity.token(&defender()).await.unwrap();
    assert!(identity.token(&defender()).await.unwrap().same_as(&first));
    cloud.clock.advance(3_300);
    assert!(!identity.token(&defender()).await.unwrap().same_as(&first));
    assert_eq!(cloud.handle().calls().of(Api::ManagedIdentity), 2);
}

#[tokio::test]
async fn an_identity_that_is_not_assigned_is_named() {
    let cloud = cloud().await;
    let url = cloud.running.url();
    for host in [imds(&url), app_service(&url, "simulated-header")] {
        let assigned = AssignedIdentity::ClientId("unknown".into());
        let error = identity(host, assigned, &cloud.clock).token(&defender()).await.unwrap_err();
        let expected = "the identity with client id unknown is not assigned to this host: ";
        assert!(error.message.starts_with(expected), "{}", error.message);
        assert!(error.advice.unwrap().starts_with("Assign the identity"));
        assert_eq!((error.code, error.recovery), (ErrorCode::TokenRefused, Recovery::Operator));
    }
}

#[tokio::test]
async fn a_wrong_header_is_reported() {
    let cloud = cloud().await;
    let host = app_service(&cloud.running.url(), "wrong");
    let identity = identity(host, AssignedIdentity::System, &cloud.clock);
    let error = identity.token(&defender()).await.unwrap_err();
    assert!(error.message.starts_with("the host refuses this program"), "{}", error.message);
    assert!(error.advice.unwrap().contains("IDENTITY_HEADER"));
    assert_eq!(error.recovery, Recovery::Operator);
}

#[tokio::test]
async fn entras_own_refusal_is_reported_by_its_code() {
    let cloud = Cloud::start(|account| {
        account.host_identity = Some(HostIdentity::default());
        account.defender_registered = false;
    });
    let cloud = cloud.await;
    let identity = identity(imds(&cloud.running.url()), AssignedIdentity::System, &cloud.clock);
    let error = identity.token(&defender()).await.unwrap_err();
    assert!(error.message.ends_with("(AADSTS500011)"), "{}", error.message);
    assert!(error.advice.unwrap().contains("system-assigned"));
}

#[tokio::test]
async fn without_a_response_there_is_no_azure_and_no_retry() {
    let clock = HandClock::new();
    // Bound and dropped: nobody listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let identity = identity(imds(&format!("http://{free}")), AssignedIdentity::System, &clock);
    let error = identity.get(&graph()).await.unwrap_err();
    assert!(matches!(error, ManagedIdentityError::NoResponse { .. }), "{error:?}");
    assert_eq!(identity.calls().attempts, 1);
    let error = identity.token(&graph()).await.unwrap_err();
    assert_eq!((error.code, error.recovery), (ErrorCode::TokenUnavailable, Recovery::Retry));
    assert!(error.message.contains(&free.to_string()), "{}", chain(&error));
    assert!(error.advice.unwrap().contains("outside Azure"));
}

#[tokio::test]
async fn the_request_is_the_documented_one_and_is_repeated_while_the_host_is_updated() {
    for (status, api) in [(404, "a"), (410, "b"), (429, "c"), (500, "d")] {
        let server = MockServer::start().await;
        let asked = || {
            Mock::given(method("GET"))
                .and(path("/metadata/identity/oauth2/token"))
                .and(header("metadata", "true"))
                .and(query_param("api-version", "2018-02-01"))
                .and(query_param("resource", format!("https://{api}.example.com")))
        };
        let later = ResponseTemplate::new(status).insert_header("retry-after", "0");
        asked().respond_with(later).up_to_n_times(2).expect(2).mount(&server).await;
        let granted = ResponseTemplate::new(200).set_body_json(json!({
            "access_token": "t", "expires_in": "3600", "token_type": "Bearer",
        }));
        asked().respond_with(granted).expect(1).mount(&server).await;
        let identity = identity(imds(&server.uri()), AssignedIdentity::System, &HandClock::new());
        let scope = TokenScope::new(format!("https://{api}.example.com/.default"));
        assert_eq!(identity.token(&scope).await.unwrap().expose(), "t");
    }
}

#[tokio::test]
async fn a_scope_without_a_resource_is_refused_before_it_is_asked_for() {
    let identity =
        identity(imds("http://127.0.0.1:9"), AssignedIdentity::System, &HandClock::new());
    let error = identity.token(&TokenScope::new("User.Read")).await.unwrap_err();
    assert!(error.message.contains("/.default"), "{}", error.message);
}
