//! A canary in every kind of credential, and the worst responses: it appears nowhere.

use std::fs;
use std::io;
use std::sync::{Arc, Mutex};

use secrecy::ExposeSecret;
use stocktake_auth::{
    AssignedIdentity, AuthenticationContext, CertificateCredential, CertificateOptions,
    CertificateSource, ClientSecret, Credential, FederatedToken, ManagedIdentity,
    ManagedIdentityHost, ManagedIdentityOptions, SecretSource,
};
use stocktake_connector_core::{Clock, Failure, TenantName, TokenProvider};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{HandClock, LIMITS, SECRET, chain, data, graph, tokens_by, transport};

/// A proxy that sends back what it was sent, in one of the ways that there are.
fn echo(way: usize, request: &Request) -> ResponseTemplate {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let plain: Vec<_> = url::form_urlencoded::parse(&request.body)
        .map(|(_, value)| value.into_owned())
        .filter(|value| !value.starts_with("https") && !value.starts_with("urn"))
        .collect();
    let header = request.headers.get("x-identity-header");
    let header = header.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let sent = format!("you sent {} {} {body}", header.unwrap_or_default(), plain.join(" "));
    match way {
        0 => ResponseTemplate::new(400).set_body_string(sent),
        1 => ResponseTemplate::new(400).set_body_json(serde_json::json!({
            "error": "invalid_client", "error_description": format!("AADSTS7000215: {sent}."),
        })),
        2 => ResponseTemplate::new(400).set_body_json(serde_json::json!({"error": sent})),
        3 => ResponseTemplate::new(400).set_body_json(serde_json::json!({
            "error": "invalid_client", "error_description": "x", "trace_id": sent,
        })),
        4 => ResponseTemplate::new(400)
            .set_body_json(serde_json::json!({"statusCode": 400, "message": sent})),
        _ => ResponseTemplate::new(307).insert_header("location", format!("https://a/?{body}")),
    }
}

/// The credential, and what of it must not be seen.
async fn kinds(folder: &std::path::Path) -> Vec<(Arc<dyn Credential>, Vec<String>)> {
    let pem = fs::read_to_string(data("first-certificate.pem")).unwrap()
        + &fs::read_to_string(data("first-key.pem")).unwrap();
    let key_line = pem.lines().rev().nth(3).unwrap().to_owned();
    let projected = folder.join("projected");
    fs::write(&projected, "canaryheader.canaryclaims0123456789.canarysignature").unwrap();
    let [from_text, from_pfx] = [
        CertificateSource::Text(pem.into()),
        CertificateSource::Files {
            certificate: data("first.pfx"),
            key: None,
            password: Some(SecretSource::Value("test-password".into())),
        },
    ]
    .map(|source| CertificateCredential::new(CertificateOptions::new(source)));
    let secret = ClientSecret::new(SecretSource::Value(SECRET.into()));
    // What an assertion begins with is the same each time.
    let url = "https://login.example.com/".parse().unwrap();
    let now = HandClock::new().now();
    let context = AuthenticationContext { token_endpoint: &url, client_id: "app", now };
    let authentication = from_text.authenticate(&context).await.unwrap();
    let start = authentication.form[1].1.expose_secret()[..40].to_owned();
    vec![
        (Arc::new(secret), vec!["canary".to_owned()]),
        (Arc::new(from_text), vec![key_line.clone(), start.clone()]),
        (Arc::new(from_pfx), vec!["test-password".to_owned(), key_line, start]),
        (Arc::new(FederatedToken::new(projected)), vec!["canary".to_owned()]),
    ]
}

#[tokio::test]
async fn no_secret_of_any_kind_appears_anywhere() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    // While there is one subscriber alone, tracing asks the thread that first meets a span whether
    // anyone listens, and that may be another test's (tokio-rs/tracing#3611). With two, it asks both.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(subscriber);

    let folder = tempfile::tempdir().unwrap();
    let clock = HandClock::new();
    let mut shown = String::new();
    let mut hidden = vec!["canary".to_owned()];
    let mut show = |provider: &dyn TokenProvider, error: &Failure, debug: &dyn std::fmt::Debug| {
        let record = error.record();
        shown.push_str(&format!("{provider:?} {} {record:?} {debug:?}\n", chain(error)));
    };
    for way in 0..6 {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(move |request: &Request| echo(way, request))
            .mount(&server)
            .await;
        for (credential, secrets) in kinds(folder.path()).await {
            let tokens = tokens_by(&server.uri(), Arc::clone(&credential), &clock);
            let error = tokens.token(&graph()).await.unwrap_err();
            show(&tokens, &error, &(&error, &credential));
            hidden.extend(secrets);
        }
        let host = ManagedIdentityHost::AppService {
            endpoint: format!("{}/msi/token", server.uri()).parse().unwrap(),
            header: "canary-header-0123456789".into(),
        };
        let options = ManagedIdentityOptions {
            host,
            identity: AssignedIdentity::System,
            tenant: TenantName::new("contoso").unwrap(),
            limits: LIMITS,
            clock: Arc::new(clock.clone()),
        };
        let identity = ManagedIdentity::new(&transport(), options.clone()).unwrap();
        let error = identity.token(&graph()).await.unwrap_err();
        show(&identity, &error, &(&error, &options));
    }
    shown.push_str(std::str::from_utf8(&lines.0.lock().unwrap()).unwrap());
    assert!(shown.contains("api_call"), "logs are captured: {shown}");
    for secret in hidden {
        let found = shown.find(&secret).map(|at| {
            let start = shown[..at].char_indices().rev().nth(200).map_or(0, |(at, _)| at);
            shown[start..].chars().take(400).collect::<String>()
        });
        assert_eq!(found, None, "{secret}");
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
