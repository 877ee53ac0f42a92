//! The message and advice for each of Entra's codes, by kind of credential.

use std::fs;
use std::sync::Arc;

use serde_json::json;
use stocktake_auth::{
    CertificateCredential, CertificateOptions, CertificateSource, ClientSecret, Credential,
    FederatedToken, SecretSource,
};
use stocktake_connector_core::{TokenProvider, TokenScope};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{HandClock, data, tokens_by};

/// Every code that is known to come with this grant, row by row.
const CODES: &[u32] = &[
    7_000_215, 7_000_222, 7_000_218, 70_002, 700_016, 70_001, 7_000_112, 90_002, 900_023, 90_038,
    900_382, 900_432, 9_001_023, 500_011, 650_052, 650_056, 650_057, 65_001, 90_094, 700_027,
    700_021, 700_023, 700_024, 700_030, 50_012, 50_013, 500_133, 70_021, 700_211, 700_212, 700_213,
    70_011, 700_022, 28_002, 901_002, 53_003, 530_032, 53_011, 50_196, 90_055, 50_033, 90_006,
    90_012, 90_024, 90_033, 50_000,
];

/// Refuses with the code that the scope names.
fn refuse(request: &Request) -> ResponseTemplate {
    let body = String::from_utf8_lossy(&request.body).into_owned();
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
    Mock::given(method("POST")).respond_with(refuse).mount(&server).await;
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
    let certificate = CertificateSource::PemFiles {
        certificate: data("first-certificate.pem"),
        key: Some(data("first-key.pem")),
    };
    let kinds: [(&str, Arc<dyn Credential>); 3] = [
        ("app secret", Arc::new(ClientSecret::new(SecretSource::File(secret)))),
        ("certificate", Arc::new(CertificateCredential::new(CertificateOptions::new(certificate)))),
        ("federated token", Arc::new(FederatedToken::new(projected))),
    ];
    let clock = HandClock::new();
    let kinds =
        kinds.map(|(kind, credential)| (kind, tokens_by(&server.uri(), credential, &clock)));
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
