use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use stocktake_connector_core::FixedClock;
use stocktake_http_stack::{
    AnswerStep, CertificateFault, ClientCertificate, ClientIdentity, ConnectionFault,
    ConnectionStep, NameStep, Reach, Transport, TransportOptions,
};
use tokio::net::TcpListener;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use url::Url;
use wiremock::{MockServer, ResponseTemplate, matchers};

use super::proxy_server::{Manner, proxy};
use super::tls_server::{Authority, TlsServer, serve};

const DATED: &str = "HTTP/1.1 401 Unauthorized\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
                     content-length: 0\r\nconnection: close\r\n\r\n";

fn our_time() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("1994-11-06T08:55:00Z").unwrap().to_utc()
}

async fn reach(base: &str, options: &TransportOptions) -> Reach {
    let base = Url::parse(base).unwrap();
    Transport::new(options).unwrap().reach(&base, &FixedClock(our_time())).await
}

/// Fault, message, advice and issuer of a connection that was not made.
#[allow(clippy::panic)]
fn failure(reach: Reach) -> (ConnectionFault, String, String, Option<String>) {
    assert_eq!(reach.answer, AnswerStep::NotTried, "{reach:?}");
    match reach.connection {
        ConnectionStep::Failed { fault, message, advice, issuer, .. } => {
            (fault, message, advice, issuer)
        }
        made => panic!("{made:?}"),
    }
}

fn in_a_hurry(options: TransportOptions) -> TransportOptions {
    TransportOptions { connect_timeout: Duration::from_millis(100), ..options }
}

#[tokio::test]
async fn a_host_that_answers_tells_its_time_whatever_it_says() {
    let authority = Authority::new();
    let server = serve(&authority, TlsServer { answer: DATED, ..TlsServer::default() }).await;
    let reach = reach(&server.base, &authority.trusted()).await;
    assert_eq!(reach.origin.to_string(), server.base);
    assert_eq!(reach.proxy, None);
    assert!(
        matches!(&reach.name, NameStep::Resolved(found) if found.iter().all(|ip| ip.is_loopback())),
        "{reach:?}"
    );
    let client_certificate = ClientCertificate::NotAsked;
    assert_eq!(reach.connection, ConnectionStep::Made { client_certificate });
    assert!(matches!(reach.answer, AnswerStep::Answered { status: 401, .. }), "{reach:?}");
    assert_eq!(reach.answer.clock_ahead_by(), Some(TimeDelta::seconds(323)));
}

#[tokio::test]
async fn a_host_is_asked_once_without_token_and_query() {
    let server = MockServer::start().await;
    wiremock::Mock::given(matchers::method("HEAD"))
        .respond_with(ResponseTemplate::new(503))
        .expect(1)
        .mount(&server)
        .await;
    let base = format!("{}/v1.0?name=canary", server.uri());
    let reach = reach(&base, &TransportOptions::default()).await;
    assert_eq!(reach.name, NameStep::Address);
    assert!(matches!(reach.answer, AnswerStep::Answered { status: 503, .. }), "{reach:?}");
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[0].url.path(), "/v1.0");
    assert_eq!(requests[0].url.query(), None);
    assert!(!requests[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn an_untrusted_certificate_is_told_with_its_issuer() {
    let server = serve(&Authority::new(), TlsServer::default()).await;
    let (fault, message, advice, issuer) =
        failure(reach(&server.base, &TransportOptions::default()).await);
    assert_eq!(fault, ConnectionFault::Untrusted(CertificateFault::UnknownIssuer));
    assert_eq!(message, "the server's certificate is not trusted");
    assert!(advice.contains("extra CA file"), "{advice}");
    assert_eq!(issuer.as_deref(), Some("Example Inspection CA"));
}

#[tokio::test]
async fn an_expired_certificate_and_one_for_another_name_are_told_apart() {
    let authority = Authority::new();
    let server = serve(&authority, TlsServer { expired: true, ..TlsServer::default() }).await;
    let (fault, _, advice, _) = failure(reach(&server.base, &authority.trusted()).await);
    assert_eq!(fault, ConnectionFault::Untrusted(CertificateFault::Expired));
    assert!(advice.contains("clock"), "{advice}");
    let server = serve(&authority, TlsServer::default()).await;
    let base = format!("https://127.0.0.1:{}", server.port);
    let (fault, _, advice, _) = failure(reach(&base, &authority.trusted()).await);
    assert_eq!(fault, ConnectionFault::Untrusted(CertificateFault::WrongName));
    assert!(advice.contains("127.0.0.1"), "{advice}");
}

#[tokio::test]
async fn a_name_without_addresses_ends_the_check() {
    // RFC 6761 reserves the name for being unknown.
    let reach = reach("https://host.invalid", &TransportOptions::default()).await;
    assert!(matches!(reach.name, NameStep::Unresolved { .. }), "{reach:?}");
    assert_eq!(reach.connection, ConnectionStep::NotTried);
    assert_eq!(reach.answer, AnswerStep::NotTried);
}

#[tokio::test]
async fn a_port_where_nothing_listens_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    drop(listener);
    let (fault, message, advice, _) = failure(reach(&base, &TransportOptions::default()).await);
    assert_eq!(fault, ConnectionFault::Refused);
    assert_eq!(message, "no connection");
    assert!(advice.contains("can be reached from here"), "{advice}");
}

#[tokio::test]
async fn a_host_that_stays_silent_is_given_up() {
    // It listens, so a connection is made, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let options = in_a_hurry(TransportOptions::default());
    let (fault, message, ..) = failure(reach(&format!("https://{address}"), &options).await);
    assert_eq!(fault, ConnectionFault::TimedOut);
    assert_eq!(message, "no connection in time");
    let reach = reach(&format!("http://{address}"), &options).await;
    assert!(matches!(reach.connection, ConnectionStep::Made { .. }), "{reach:?}");
    assert_eq!(reach.answer, AnswerStep::TimedOut);
}

#[tokio::test]
async fn a_connection_that_breaks_off_before_an_answer_was_made_all_the_same() {
    let authority = Authority::new();
    let server = serve(&authority, TlsServer { answer: "", ..TlsServer::default() }).await;
    let reach = reach(&server.base, &authority.trusted()).await;
    assert!(matches!(reach.connection, ConnectionStep::Made { .. }), "{reach:?}");
    assert!(matches!(reach.answer, AnswerStep::Broken { .. }), "{reach:?}");
}

#[tokio::test]
async fn a_host_that_speaks_no_tls_is_told_from_one_that_is_not_there() {
    let server = MockServer::start().await;
    let base = server.uri().replace("http://", "https://");
    let (fault, _, advice, _) = failure(reach(&base, &TransportOptions::default()).await);
    assert_eq!(fault, ConnectionFault::Tls);
    assert!(advice.contains("TLS 1.2"), "{advice}");
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_says_so() {
    let (authority, other) = (Authority::new(), Authority::named("Other CA"));
    let write = |from: &Authority, name: &str| {
        let (certificate, key) = from.issue("stocktake");
        let file = authority.file(name);
        std::fs::write(&file, certificate + &key).unwrap();
        Some(ClientIdentity { certificate_file: file.clone(), key_file: file })
    };
    for version in [&TLS12, &TLS13] {
        let server = serve(&authority, TlsServer::wanting(&authority, version)).await;
        let (fault, message, advice, _) = failure(reach(&server.base, &authority.trusted()).await);
        assert_eq!(fault, ConnectionFault::ClientCertificateDemanded);
        assert_eq!(message, "the server asks for a client certificate");
        assert!(advice.contains("localhost"), "{advice}");
        let client_identity = write(&other, "wrong.pem");
        let wrong = TransportOptions { client_identity, ..authority.trusted() };
        let (fault, ..) = failure(reach(&server.base, &wrong).await);
        assert_eq!(fault, ConnectionFault::ClientCertificateRefused);
        let client_identity = write(&authority, "right.pem");
        let right = TransportOptions { client_identity, ..authority.trusted() };
        let client_certificate = ClientCertificate::Shown;
        let made = ConnectionStep::Made { client_certificate };
        assert_eq!(reach(&server.base, &right).await.connection, made);
    }
}

#[tokio::test]
async fn plain_http_to_another_machine_is_not_tried() {
    let reach = reach("http://192.0.2.1/", &TransportOptions::default()).await;
    assert_eq!(reach.name, NameStep::NotTried);
    assert_eq!(failure(reach).0, ConnectionFault::Insecure);
}

#[tokio::test]
async fn a_proxy_resolves_the_name_and_leads_to_the_host() {
    let authority = Authority::new();
    let host = TlsServer { name: "graph.example.com", answer: DATED, ..TlsServer::default() };
    let server = serve(&authority, host).await;
    let proxy = proxy(Manner::Lead(server.port)).await;
    let url = format!("http://me:hunter2@127.0.0.1:{}", proxy.port);
    let options = TransportOptions { proxy: Some(url.parse().unwrap()), ..authority.trusted() };
    let reach = reach("https://graph.example.com", &options).await;
    assert_eq!(reach.name, NameStep::ByProxy);
    assert_eq!(reach.proxy, Some(format!("http://127.0.0.1:{}", proxy.port)));
    assert!(matches!(reach.answer, AnswerStep::Answered { status: 401, .. }), "{reach:?}");
    assert!(!format!("{reach:?}").contains("hunter2"), "{reach:?}");
}

#[tokio::test]
async fn a_proxy_that_is_down_is_told_from_a_host_that_is_down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let options =
        TransportOptions { proxy: Some(proxy.parse().unwrap()), ..TransportOptions::default() };
    let (fault, message, ..) = failure(reach("https://graph.example.com", &options).await);
    assert_eq!(fault, ConnectionFault::Refused);
    assert_eq!(message, format!("no connection through proxy {proxy}"));
}
