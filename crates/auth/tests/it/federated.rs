use std::fs;

use stocktake_auth::{FederatedToken, WorkloadIdentity};
use stocktake_connector_core::TokenProvider;
use stocktake_simulator::{FederatedCredential, ProjectedToken};
use tempfile::TempDir;

use super::chain;
use super::simulated::{APP, Cloud, TENANT, defender};

const ISSUER: &str = "https://oidc.example.com/cluster/";

fn trusted() -> FederatedCredential {
    FederatedCredential::kubernetes(ISSUER, "stocktake", "collector")
}

async fn cloud() -> Cloud {
    Cloud::start(|account| account.federated = vec![trusted()]).await
}

fn projected() -> ProjectedToken {
    let FederatedCredential { issuer, subject, audience } = trusted();
    ProjectedToken { issuer, subject, audience, lifetime_seconds: 3_600 }
}

fn project(folder: &TempDir, text: &str) -> FederatedToken {
    let file = folder.path().join("azure-identity-token");
    fs::write(&file, text).unwrap();
    FederatedToken::new(file)
}

#[tokio::test]
async fn a_projected_token_proves_the_application() {
    let cloud = cloud().await;
    let folder = tempfile::tempdir().unwrap();
    let token = cloud.handle().projected_token(&projected()).unwrap();
    let file = project(&folder, &token).file().to_owned();
    let variables = [
        ("AZURE_TENANT_ID", TENANT.to_owned()),
        ("AZURE_CLIENT_ID", APP.to_owned()),
        ("AZURE_FEDERATED_TOKEN_FILE", file.display().to_string()),
        ("AZURE_AUTHORITY_HOST", cloud.running.url()),
    ];
    let identity = WorkloadIdentity::read(|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    });
    let identity = identity.unwrap();
    assert_eq!(identity.login_url.as_str(), format!("{}/", cloud.running.url()));
    assert_eq!((identity.directory_id.as_str(), identity.client_id.as_str()), (TENANT, APP));
    cloud.tokens(identity.credential()).token(&defender()).await.unwrap();
}

#[tokio::test]
async fn a_token_that_fits_no_credential_is_shown_with_its_claims() {
    let cloud = cloud().await;
    let folder = tempfile::tempdir().unwrap();
    for (change, expected, shown) in [
        ("issuer", 700_211, "issuer `other`"),
        ("subject", 700_213, "subject `other`"),
        ("audience", 700_212, "audience `other`"),
    ] {
        let mut token = projected();
        match change {
            "issuer" => token.issuer = "other".into(),
            "subject" => token.subject = "other".into(),
            _ => token.audience = "other".into(),
        }
        let token = cloud.handle().projected_token(&token).unwrap();
        let tokens = cloud.tokens(project(&folder, &token));
        assert_eq!(tokens.get(&defender()).await.unwrap_err().aadsts(), Some(expected));
        let error = tokens.token(&defender()).await.unwrap_err();
        let advice = error.advice.unwrap();
        assert!(advice.contains(shown), "{advice}");
        assert!(advice.contains("azure-identity-token"), "{advice}");
    }
    cloud.handle().remove_federated(TENANT, &trusted());
    let token = cloud.handle().projected_token(&projected()).unwrap();
    let error = cloud.tokens(project(&folder, &token)).get(&defender()).await.unwrap_err();
    assert_eq!(error.aadsts(), Some(70_021));
}

#[tokio::test]
async fn a_token_that_ended_or_has_another_signature_is_refused() {
    let cloud = cloud().await;
    let folder = tempfile::tempdir().unwrap();
    let mut short = projected();
    short.lifetime_seconds = 600;
    let token = cloud.handle().projected_token(&short).unwrap();
    let tokens = cloud.tokens(project(&folder, &token));
    cloud.clock.advance(1_000);
    let error = tokens.token(&defender()).await.unwrap_err();
    assert!(error.message.ends_with("(AADSTS700024)"), "{}", chain(&error));
    assert!(error.advice.unwrap().contains("azure-identity-token is renewed"));

    let elsewhere = self::cloud().await.handle().projected_token(&projected()).unwrap();
    let error = cloud.tokens(project(&folder, &elsewhere)).get(&defender()).await.unwrap_err();
    assert_eq!(error.aadsts(), Some(50_013), "{}", chain(&error));

    let error = cloud.tokens(project(&folder, "no token")).get(&defender()).await.unwrap_err();
    assert_eq!(error.aadsts(), Some(50_027), "{}", chain(&error));
}

#[tokio::test]
async fn a_renewed_token_is_used_and_a_missing_one_leaves_the_last_in_use() {
    let cloud = cloud().await;
    let folder = tempfile::tempdir().unwrap();
    let project = |seconds: i64| {
        let mut token = projected();
        token.lifetime_seconds = seconds;
        self::project(&folder, &cloud.handle().projected_token(&token).unwrap())
    };
    let tokens = cloud.tokens(project(600));
    let first = tokens.token(&defender()).await.unwrap();
    cloud.clock.advance(3_400);
    // The first projected token has ended by now, so this one proves that the file was read again.
    let file = project(7_200).file().to_owned();
    let second = tokens.token(&defender()).await.unwrap();
    assert!(!second.same_as(&first));
    fs::remove_file(&file).unwrap();
    cloud.clock.advance(3_400);
    assert!(!tokens.token(&defender()).await.unwrap().same_as(&second));
}

#[tokio::test]
async fn a_file_that_never_was_is_named() {
    let cloud = cloud().await;
    let tokens = cloud.tokens(FederatedToken::new("/nonexistent/azure-identity-token"));
    let error = tokens.token(&defender()).await.unwrap_err();
    assert!(chain(&error).contains("/nonexistent/azure-identity-token"), "{}", chain(&error));
    assert!(error.advice.unwrap().contains("azure.workload.identity/use"));
}
