use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use stocktake_connector_core::FixedClock;
use stocktake_http_stack::{
    CertificateFault, ClientCertificate, ClientIdentity, ConnectionFault, Probe, ProbeFailure,
    ProbeResponse, Transport, TransportOptions,
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

async fn probe(base: &str, options: &TransportOptions) -> Probe {
    let base = Url::parse(base).unwrap();
    Transport::new(options).unwrap().probe(&base, &FixedClock(our_time())).await
}

async fn responded(base: &str, options: &TransportOptions) -> ProbeResponse {
    probe(base, options).await.outcome.unwrap()
}

async fn failed(base: &str, options: &TransportOptions) -> ProbeFailure {
    probe(base, options).await.outcome.unwrap_err()
}

fn in_a_hurry(options: TransportOptions) -> TransportOptions {
    TransportOptions { connect_timeout: Duration::from_millis(100), ..options }
}

#[tokio::test]
async fn a_response_shows_the_hosts_time_whatever_its_status() {
    let authority = Authority::new();
    let server = serve(&authority, TlsServer { answer: DATED, ..TlsServer::default() }).await;
    let probe = probe(&server.base, &authority.trusted()).await;
    assert_eq!((probe.origin.to_string(), probe.proxy), (server.base, None));
    let response = probe.outcome.unwrap();
    assert!(response.address.unwrap().is_loopback());
    assert_eq!(response.client_certificate, ClientCertificate::NotRequested);
    assert_eq!(response.status, 401);
    assert_eq!(response.clock_ahead, Some(TimeDelta::seconds(323)));
}

#[tokio::test]
async fn one_request_is_sent_without_token_and_query() {
    let server = MockServer::start().await;
    wiremock::Mock::given(matchers::method("HEAD"))
        .respond_with(ResponseTemplate::new(503))
        .expect(1)
        .mount(&server)
        .await;
    let base = format!("{}/v1.0?name=canary", server.uri());
    assert_eq!(responded(&base, &TransportOptions::default()).await.status, 503);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[0].url.path(), "/v1.0");
    assert_eq!(requests[0].url.query(), None);
    assert!(!requests[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn an_untrusted_certificate_is_reported_with_its_issuer() {
    let server = serve(&Authority::new(), TlsServer::default()).await;
    let failure = failed(&server.base, &TransportOptions::default()).await;
    assert_eq!(failure.fault, ConnectionFault::Untrusted(CertificateFault::UnknownIssuer));
    assert_eq!(failure.message, "the server's certificate is not trusted");
    assert!(failure.advice.contains("extra CA file"), "{failure:?}");
    assert_eq!(failure.issuer.as_deref(), Some("Example Inspection CA"));
    assert!(!failure.connected && !failure.detail.is_empty(), "{failure:?}");
}

fn ended(params: &mut rcgen::CertificateParams) {
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(2001, 1, 1);
}

#[tokio::test]
async fn an_expired_certificate_and_one_for_another_name_are_told_apart() {
    let authority = Authority::new();
    let server = serve(&authority, TlsServer { change: ended, ..TlsServer::default() }).await;
    let failure = failed(&server.base, &authority.trusted()).await;
    assert_eq!(failure.fault, ConnectionFault::Untrusted(CertificateFault::Expired));
    assert!(failure.advice.contains("clock"), "{failure:?}");
    let server = serve(&authority, TlsServer::default()).await;
    let base = format!("https://127.0.0.1:{}", server.port);
    let failure = failed(&base, &authority.trusted()).await;
    assert_eq!(failure.fault, ConnectionFault::Untrusted(CertificateFault::WrongName));
    assert!(failure.advice.contains("127.0.0.1"), "{failure:?}");
}

#[tokio::test]
async fn a_name_without_addresses_is_reported_as_such() {
    // RFC 6761 reserves the name for being unknown.
    let failure = failed("https://host.invalid", &TransportOptions::default()).await;
    assert_eq!(failure.fault, ConnectionFault::Unresolved);
    assert_eq!(failure.message, "the host's name has no address");
    assert!(failure.advice.contains("host.invalid"), "{failure:?}");
}

#[tokio::test]
async fn a_port_where_nothing_listens_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    drop(listener);
    let failure = failed(&base, &TransportOptions::default()).await;
    assert_eq!(failure.fault, ConnectionFault::Refused);
    assert_eq!(failure.message, "no connection");
    assert!(failure.advice.contains("can be reached from here"), "{failure:?}");
}

#[tokio::test]
async fn a_host_that_stays_silent_is_given_up() {
    // It listens, so a connection is made, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let options = in_a_hurry(TransportOptions::default());
    let failure = failed(&format!("https://{address}"), &options).await;
    assert_eq!((failure.fault, failure.connected), (ConnectionFault::TimedOut, false));
    assert_eq!(failure.message, "no connection in time");
    let failure = failed(&format!("http://{address}"), &options).await;
    assert_eq!((failure.fault, failure.connected), (ConnectionFault::TimedOut, true));
    assert_eq!(failure.message, "no response in time");
}

#[tokio::test]
async fn a_connection_that_breaks_off_before_a_response_was_made_all_the_same() {
    let authority = Authority::new();
    let server = serve(&authority, TlsServer { answer: "", ..TlsServer::default() }).await;
    let failure = failed(&server.base, &authority.trusted()).await;
    assert_eq!((failure.fault, failure.connected), (ConnectionFault::Broken, true));
}

#[tokio::test]
async fn a_host_without_tls_is_told_from_one_that_is_not_there() {
    let server = MockServer::start().await;
    let base = server.uri().replace("http://", "https://");
    let failure = failed(&base, &TransportOptions::default()).await;
    assert_eq!(failure.fault, ConnectionFault::Tls);
    assert!(failure.advice.contains("TLS 1.2"), "{failure:?}");
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_is_reported() {
    let (authority, other) = (Authority::new(), Authority::named("Other CA"));
    let write = |from: &Authority, name: &str| {
        let (certificate, key) = from.issue("stocktake");
        let file = authority.file(name);
        std::fs::write(&file, certificate + &key).unwrap();
        Some(ClientIdentity { certificate_file: file.clone(), key_file: file })
    };
    for version in [&TLS12, &TLS13] {
        let server = serve(&authority, TlsServer::wanting(&authority, version)).await;
        let failure = failed(&server.base, &authority.trusted()).await;
        assert_eq!(failure.fault, ConnectionFault::ClientCertificateDemanded);
        assert_eq!(failure.message, "the server asks for a client certificate");
        assert!(failure.advice.contains("localhost"), "{failure:?}");
        let client_identity = write(&other, "wrong.pem");
        let wrong = TransportOptions { client_identity, ..authority.trusted() };
        let failure = failed(&server.base, &wrong).await;
        assert_eq!(failure.fault, ConnectionFault::ClientCertificateRefused);
        let client_identity = write(&authority, "right.pem");
        let right = TransportOptions { client_identity, ..authority.trusted() };
        let response = responded(&server.base, &right).await;
        assert_eq!(response.client_certificate, ClientCertificate::Presented);
    }
}

#[tokio::test]
async fn plain_http_to_another_machine_is_not_tried() {
    let failure = failed("http://192.0.2.1/", &TransportOptions::default()).await;
    assert_eq!(failure.fault, ConnectionFault::Insecure);
}

#[tokio::test]
async fn a_proxy_resolves_the_name_and_leads_to_the_host() {
    let authority = Authority::new();
    let host = TlsServer { name: "graph.example.com", answer: DATED, ..TlsServer::default() };
    let server = serve(&authority, host).await;
    let proxy = proxy(Manner::Lead(server.port)).await;
    let url = format!("http://me:hunter2@127.0.0.1:{}", proxy.port);
    let options = TransportOptions { proxy: Some(url.parse().unwrap()), ..authority.trusted() };
    let probe = probe("https://graph.example.com", &options).await;
    assert_eq!(probe.proxy, Some(format!("http://127.0.0.1:{}", proxy.port)));
    assert!(!format!("{probe:?}").contains("hunter2"), "{probe:?}");
    let response = probe.outcome.unwrap();
    assert_eq!((response.status, response.address), (401, None));
}

#[tokio::test]
async fn a_proxy_that_is_down_is_told_from_a_host_that_is_down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let options =
        TransportOptions { proxy: Some(proxy.parse().unwrap()), ..TransportOptions::default() };
    let failure = failed("https://graph.example.com", &options).await;
    assert_eq!(failure.fault, ConnectionFault::Refused);
    assert_eq!(failure.message, format!("no connection through proxy {proxy}"));
}
