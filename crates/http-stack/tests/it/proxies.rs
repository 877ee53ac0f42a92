use std::process::Command;

use stocktake_connector_core::SystemClock;
use stocktake_http_stack::{ApiError, ApiErrorKind, ConnectionFault, Transport, TransportOptions};
use url::Url;

use super::proxy_server::{Manner, Proxy, proxy};
use super::tls_server::{Authority, TlsServer, serve};
use super::{get, stack_to};

/// `me:p@ss hunter2` as a proxy is to be told it.
const BASIC: &str = "bWU6cEBzcyBodW50ZXIy";
const DENIED: &str = "HTTP/1.1 407 Who are you?\r\ncontent-length: 0\r\n\r\n";

fn through(proxy: &Proxy, user: &str) -> TransportOptions {
    let url = format!("http://{user}127.0.0.1:{}", proxy.port);
    TransportOptions { proxy: Some(url.parse().unwrap()), ..TransportOptions::default() }
}

#[tokio::test]
async fn a_configured_proxy_leads_to_the_host_and_gets_its_credentials() {
    let authority = Authority::new();
    let host = TlsServer { name: "graph.example.com", ..TlsServer::default() };
    let server = serve(&authority, host).await;
    let mut proxy = proxy(Manner::Lead(server.port)).await;
    let options = TransportOptions {
        extra_ca_file: Some(authority.file("ca.pem")),
        ..through(&proxy, "me:p%40ss%20hunter2@")
    };
    let base = "https://graph.example.com";
    assert_eq!(get(&stack_to(base, &options), base).await.unwrap().body(), "{}");
    let asked = proxy.asked.recv().await.unwrap();
    assert!(asked.starts_with("CONNECT graph.example.com:443 "), "{asked}");
    let header = format!("proxy-authorization: basic {}\r\n", BASIC.to_lowercase());
    assert!(asked.to_lowercase().contains(&header), "{asked}");
    assert!(asked.contains(BASIC), "{asked}");
}

#[tokio::test]
async fn a_host_of_no_proxy_is_asked_without_the_proxy() {
    let mut proxy = proxy(Manner::Refuse(DENIED)).await;
    let no_proxy = Some("direct.invalid".to_owned());
    let options = TransportOptions { no_proxy, ..through(&proxy, "") };
    let base = "https://direct.invalid";
    let error = get(&stack_to(base, &options), base).await.unwrap_err();
    assert_eq!(error.message, "the host's name has no address");
    assert!(proxy.asked.try_recv().is_err());
}

async fn refused(answer: &'static str, user: &str) -> ApiError {
    let proxy = proxy(Manner::Refuse(answer)).await;
    let base = "https://graph.example.com";
    let error = get(&stack_to(base, &through(&proxy, user)), base).await.unwrap_err();
    assert_eq!(error.kind, ApiErrorKind::Unavailable);
    let named = format!("proxy http://127.0.0.1:{}", proxy.port);
    assert!(error.message.contains(&named), "{error}");
    for secret in ["hunter2", BASIC, "me:"] {
        assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
    }
    error
}

#[tokio::test]
async fn a_proxy_that_asks_who_we_are_is_named_and_not_asked_again() {
    let error = refused(DENIED, "").await;
    assert!(error.message.ends_with("asks for a user and a password"), "{error}");
    assert!(error.advice.unwrap().contains("http://USER:PASSWORD@HOST:PORT"));
    assert_eq!(error.attempts, 1);
}

#[tokio::test]
async fn a_proxy_that_refuses_the_password_is_named_without_it() {
    let error = refused(DENIED, "me:p%40ss%20hunter2@").await;
    assert!(error.message.ends_with("refuses the user and password"), "{error}");
    assert_eq!(error.attempts, 1);
}

#[tokio::test]
async fn a_proxy_that_does_not_connect_is_told_from_a_host_that_is_down() {
    for answer in [
        "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
    ] {
        let error = refused(answer, "me:p%40ss%20hunter2@").await;
        assert!(error.message.ends_with("makes no connection to graph.example.com"), "{error}");
        assert!(error.advice.unwrap().contains("CONNECT"));
    }
}

/// Set in the process that this test starts again, because the environment of ours is shared.
const CHILD: &str = "STOCKTAKE_TEST_PROXY_FROM_ENVIRONMENT";

#[tokio::test]
async fn the_environment_names_the_proxy_and_the_hosts_without_it() {
    if let Ok(proxy) = std::env::var(CHILD) {
        return asks_by_the_environment(&proxy).await;
    }
    let mut proxy = proxy(Manner::Refuse(DENIED)).await;
    let address = format!("127.0.0.1:{}", proxy.port);
    let environment = [
        (CHILD, format!("http://{address}")),
        ("HTTPS_PROXY", format!("http://me:p%40ss%20hunter2@{address}")),
        ("NO_PROXY", "direct.invalid".to_owned()),
    ];
    let child = tokio::task::spawn_blocking(move || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "proxies::the_environment_names_the_proxy_and_the_hosts_without_it"])
            .env_remove("REQUEST_METHOD")
            .envs(environment)
            .output()
            .unwrap()
    });
    let output = child.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    let asked = proxy.asked.recv().await.unwrap();
    assert!(asked.starts_with("CONNECT indirect.invalid:443 "), "{asked}");
    assert!(asked.contains(BASIC), "{asked}");
    assert!(proxy.asked.try_recv().is_err(), "the other host is asked directly");
}

async fn asks_by_the_environment(proxy: &str) {
    let transport = Transport::new(&TransportOptions::default()).unwrap();
    let probe = async |url: &str| transport.probe(&Url::parse(url).unwrap(), &SystemClock).await;
    let indirect = probe("https://indirect.invalid").await;
    assert_eq!(indirect.proxy.as_deref(), Some(proxy));
    assert_eq!(indirect.outcome.unwrap_err().fault, ConnectionFault::ProxyCredentials);
    let direct = probe("https://direct.invalid").await;
    assert_eq!(direct.proxy, None);
    assert_eq!(direct.outcome.unwrap_err().fault, ConnectionFault::Unresolved);
}
