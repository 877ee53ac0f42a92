//! The server's bounds, over a socket.

use stocktake_telemetry::{Registry, RegistryOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

async fn serving() -> (SocketAddr, Serving) {
    let listening = Listening::on("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let registry = Registry::new(RegistryOptions::new("1"));
    (listening.address, listening.serve(Arc::new(Watch::new(registry))))
}

async fn send(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A peer that was refused midway may see a reset behind the answer.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

async fn get(address: SocketAddr, path: &str) -> String {
    send(address, &format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await
}

#[tokio::test]
async fn a_program_that_starts_is_alive_but_not_ready() {
    let (address, serving) = serving().await;
    assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
    for path in ["/readyz", "/startupz"] {
        let answer = get(address, path).await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("starting"), "{answer}");
    }
    let metrics = get(address, "/metrics").await;
    assert!(metrics.contains("content-type: text/plain; version=0.0.4"), "{metrics}");
    serving.stop().await;
    assert!(TcpStream::connect(address).await.is_err(), "it still listens");
}

#[tokio::test]
async fn what_is_not_there_says_what_is() {
    let (address, _serving) = serving().await;
    let answer = get(address, "/health").await;
    assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("/livez"), "{answer}");
    let posted = send(address, "POST /livez HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(posted.starts_with("HTTP/1.1 405") && posted.contains("allow: GET, HEAD"), "{posted}");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let (address, _serving) = serving().await;
    let long = "x".repeat(MOST_HEAD_BYTES * 4);
    let answer = send(address, &format!("GET /{long} HTTP/1.1\r\n\r\n")).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_nothing_takes_its_place_for_seconds_only() {
    let (address, _serving) = serving().await;
    let mut silent = Vec::new();
    for _ in 0..MOST_CONNECTIONS {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    // All places are taken; paused time runs on until the silent ones are shut out.
    assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_port_in_use_names_the_key() {
    let taken = Listening::on("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let error = Listening::on(taken.address).await.unwrap_err().to_string();
    assert!(error.contains("`server.listen`") && error.contains("in use"), "{error}");
}
