//! The message and advice for each of Entra's codes, by kind of credential.

use std::fs;
use std::sync::Arc;

use serde_json::json;
use stocktake_auth::{
    AssignedIdentity, CertificateCredential, CertificateOptions, CertificateSource, ClientSecret,
    Credential, FederatedToken, ManagedIdentity, ManagedIdentityHost, ManagedIdentityOptions,
    SecretSource,
};
use stocktake_connector_core::{TenantName, TokenProvider, TokenScope};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{HandClock, LIMITS, data, tokens_by, transport};

/// Every code that is known to come with this grant, row by row.
const CODES: &[u32] = &[
    7_000_215, 7_000_222, 7_000_218, 7_000_216, 70_002, 700_016, 700_011, 7_000_229, 700_025,
    70_001, 7_000_112, 1_000_031, 90_002, 900_023, 90_019, 50_059, 50_128, 90_038, 900_382,
    900_432, 90_051, 9_001_023, 50_194, 500_011, 50_001, 650_054, 650_052, 650_056, 650_057,
    65_005, 65_001, 90_094, 90_099, 501_051, 500_021, 500_022, 500_212, 500_213, 50_032, 700_229,
    700_222, 700_027, 900_384, 50_006, 50_003, 700_021, 50_048, 700_023, 700_024, 700_030, 50_012,
    50_013, 50_017, 50_027, 500_133, 70_021, 700_211, 700_212, 700_213, 70_011, 700_022, 28_002,
    28_003, 1_002_012, 901_002, 9_002_313, 90_013, 90_014, 90_023, 900_144, 53_003, 50_131,
    530_032, 53_011, 50_196, 90_055, 50_033, 90_006, 90_012, 90_024, 90_033, 90_090, 90_091,
    50_000,
];

/// Refuses with the code that the scope names.
fn refuse(request: &Request) -> ResponseTemplate {
    let query = request.url.query().unwrap_or_default();
    let body = String::from_utf8_lossy(&request.body).into_owned() + query;
    let code: u32 = body
        .split_once("code-")
        .and_then(|(_, rest)| rest.split_once('.')?.0.parse().ok())
        .unwrap();
    ResponseTemplate::new(400).set_body_json(json!({
        "error": "invalid_client",
        "error_description": format!("AADSTS{code}: It went wrong. Trace ID: x"),
        "error_codes": [code],
    }))
}

#[tokio::test]
async fn each_code_is_printed_with_what_the_operator_does_about_the_credential() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(refuse).mount(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let [secret, projected] = ["app-secret", "projected"].map(|name| folder.path().join(name));
    fs::write(&secret, "s3cr3t").unwrap();
    // {"iss": "https://issuer.example.com", "sub": "system:serviceaccount:ns:sa", "aud": ["api://x"]}
    fs::write(
        &projected,
        "e30.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS5jb20iLCAic3ViIjogInN5c3RlbTpzZXJ2aWNlYWNjb3\
         VudDpuczpzYSIsICJhdWQiOiBbImFwaTovL3giXX0.c2ln",
    )
    .unwrap();
    let certificate = CertificateSource::Files {
        certificate: data("first-certificate.pem"),
        key: Some(data("first-key.pem")),
        password: None,
    };
    let kinds: [(&str, Arc<dyn Credential>); 3] = [
        ("app secret", Arc::new(ClientSecret::new(SecretSource::File(secret)))),
        ("certificate", Arc::new(CertificateCredential::new(CertificateOptions::new(certificate)))),
        ("federated token", Arc::new(FederatedToken::new(projected))),
    ];
    let clock = HandClock::new();
    let mut kinds: Vec<(&str, Box<dyn TokenProvider>)> = kinds
        .into_iter()
        .map(|(kind, credential)| {
            (kind, Box::new(tokens_by(&server.uri(), credential, &clock)) as Box<dyn TokenProvider>)
        })
        .collect();
    let options = ManagedIdentityOptions {
        host: ManagedIdentityHost::Imds { url: server.uri().parse().unwrap() },
        identity: AssignedIdentity::System,
        tenant: TenantName::new("contoso").unwrap(),
        limits: LIMITS,
        clock: Arc::new(clock.clone()),
    };
    let identity = ManagedIdentity::new(&transport(), options).unwrap();
    kinds.push(("managed identity", Box::new(identity)));
    let mut printed = String::new();
    for code in CODES {
        let mut printed_before = Vec::new();
        for (kind, tokens) in &kinds {
            let scope = TokenScope::new(format!("https://code-{code}.example.com/.default"));
            let error = tokens.token(&scope).await.unwrap_err();
            let advice = error.advice.unwrap();
            assert!(!advice.contains(['{', '}']), "{code}, {kind}: {advice}");
            let line = format!("{}\n  {advice}", error.message);
            if !printed_before.contains(&line) {
                printed.push_str(&format!("{kind}: {line}\n"));
                printed_before.push(line);
            }
        }
    }
    let printed = printed
        .replace(&folder.path().display().to_string(), "/run/secrets")
        .replace(&server.uri(), "https://login.example.com");
    insta::assert_snapshot!(printed);
}
