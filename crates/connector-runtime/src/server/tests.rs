//! The server's bounds, over a socket.

use stocktake_telemetry::{Registry, RegistryOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::*;

async fn serving() -> (SocketAddr, Serving) {
    let listening = Listening::on("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let registry = Registry::new(RegistryOptions::new("1"));
    (listening.address, listening.serve(Arc::new(Watch::new(registry)), Hosts::default()))
}

async fn send(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    // A peer that is refused midway may see a reset after the response.
    let _ = stream.read_to_end(&mut response).await;
    String::from_utf8(response).unwrap()
}

async fn get(address: SocketAddr, path: &str) -> String {
    send(address, &format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")).await
}

#[tokio::test]
async fn a_program_that_starts_is_alive_but_not_ready() {
    let (address, serving) = serving().await;
    assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
    for path in ["/readyz", "/startupz"] {
        let response = get(address, path).await;
        assert!(
            response.starts_with("HTTP/1.1 503") && response.contains("starting"),
            "{response}"
        );
        assert!(response.contains("cache-control: no-store"), "{response}");
    }
    let metrics = get(address, "/metrics").await;
    assert!(metrics.contains("content-type: text/plain; version=0.0.4"), "{metrics}");
    let status = get(address, "/status").await;
    assert!(status.contains("content-type: application/json"), "{status}");
    serving.stop().await;
    assert!(TcpStream::connect(address).await.is_err(), "it still listens");
}

#[tokio::test]
async fn an_unknown_path_lists_the_known_ones() {
    let (address, _serving) = serving().await;
    let response = get(address, "/health").await;
    assert!(response.starts_with("HTTP/1.1 404") && response.contains("/livez"), "{response}");
    let posted = send(address, "POST /livez HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert!(posted.starts_with("HTTP/1.1 405") && posted.contains("allow: GET,HEAD"), "{posted}");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let (address, _serving) = serving().await;
    let long = "x".repeat(MAX_HEAD_BYTES * 4);
    let response = send(address, &format!("GET /{long} HTTP/1.1\r\n\r\n")).await;
    assert!(response.is_empty() || response.starts_with("HTTP/1.1 4"), "{response}");
    assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_connection_ends_with_its_response() {
    let (address, _serving) = serving().await;
    let two = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(2);
    assert_eq!(send(address, &two).await.matches("HTTP/1.1 200").count(), 1);
}

/// Connects and sends nothing, again and again.
async fn idle(address: SocketAddr, connected: Arc<Semaphore>) {
    loop {
        let Ok(mut stream) = TcpStream::connect(address).await else { continue };
        connected.add_permits(1);
        let _ = stream.read(&mut [0]).await;
    }
}

/// In real time, because the subject is time. Kubernetes gives the probes of the chart five seconds.
#[tokio::test(flavor = "multi_thread")]
async fn idle_peers_do_not_delay_a_probe() {
    let (address, _serving) = serving().await;
    let connected = Arc::new(Semaphore::new(0));
    let count = MAX_CONNECTIONS + MAX_CONNECTIONS / 2;
    let mut peers = JoinSet::new();
    for _ in 0..count {
        peers.spawn(idle(address, Arc::clone(&connected)));
    }
    connected.acquire_many(u32::try_from(count).unwrap()).await.unwrap().forget();
    for _ in 0..2 {
        let response = timeout(HEAD_TIMEOUT * 4, get(address, "/livez")).await;
        let response = response.expect("the probe has no response in time");
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    }
}

#[tokio::test]
async fn the_server_stops_although_a_peer_is_idle() {
    let (address, serving) = serving().await;
    let _idle = TcpStream::connect(address).await.unwrap();
    // Accepted after the idle one.
    assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
    timeout(GRACE * 3, serving.stop()).await.expect("the server does not stop");
}

#[tokio::test]
async fn a_port_in_use_names_the_key() {
    let taken = Listening::on("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let error = Listening::on(taken.address).await.unwrap_err().to_string();
    assert!(error.contains("`server.listen`") && error.contains("in use"), "{error}");
}

#[tokio::test]
async fn a_name_that_somebody_else_may_control_is_refused_on_every_path() {
    let (address, _serving) = serving().await;
    for path in ["/livez", "/readyz", "/startupz", "/metrics", "/status", "/"] {
        for head in [
            format!("GET {path} HTTP/1.1\r\nhost: evil.example:9464"),
            format!("GET http://evil.example{path} HTTP/1.1\r\nhost: localhost"),
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nhost: evil.example"),
        ] {
            let response = send(address, &format!("{head}\r\n\r\n")).await;
            assert!(response.starts_with("HTTP/1.1 421"), "{head}: {response}");
            assert!(response.contains("server.hosts") && !response.contains("evil"), "{response}");
        }
    }
    // Probes by address, and old clients without a name.
    for head in
        [format!("GET /livez HTTP/1.1\r\nhost: {address}"), "GET /livez HTTP/1.0".to_owned()]
    {
        let response = send(address, &format!("{head}\r\n\r\n")).await;
        assert!(response.contains(" 200 "), "{head}: {response}");
    }
}
