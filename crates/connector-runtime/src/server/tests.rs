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

/// Connects and says nothing, again and again: for ever.
async fn idle(address: SocketAddr, connected: Arc<tokio::sync::Semaphore>) {
    loop {
        let Ok(mut stream) = TcpStream::connect(address).await else { continue };
        connected.add_permits(1);
        let _ = stream.read(&mut [0]).await;
    }
}

/// In real time, as this is about time. Kubernetes gives a probe five seconds; a tenth of one is what
/// it takes where the machine has nothing else to do.
#[tokio::test(flavor = "multi_thread")]
async fn peers_that_send_nothing_do_not_delay_a_probe() {
    let (address, _serving) = serving().await;
    let connected = Arc::new(tokio::sync::Semaphore::new(0));
    let mut peers = JoinSet::new();
    for _ in 0..2 * MOST_CONNECTIONS {
        peers.spawn(idle(address, Arc::clone(&connected)));
    }
    let all = u32::try_from(2 * MOST_CONNECTIONS).unwrap();
    connected.acquire_many(all).await.unwrap().forget();
    for _ in 0..6 {
        let answer = tokio::time::timeout(Duration::from_secs(4), get(address, "/livez")).await;
        let answer = answer.expect("the probe is not answered in time");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_asked_gives_way_last() {
    let mut connections = Connections::default();
    assert_eq!(connections.dispensable(), None, "there is room");
    let start = Instant::now();
    for number in 0..MOST_CONNECTIONS {
        connections.open.push_back(Connection {
            task: connections.tasks.spawn(std::future::pending()),
            since: start,
            has_asked: Arc::new(AtomicBool::new(number != 2)),
        });
    }
    assert_eq!(connections.dispensable(), Some((2, start + PATIENCE_FOR_HEAD)));
    assert_eq!(connections.until_room(), PATIENCE_FOR_HEAD);
    connections.open[2].has_asked.store(true, Ordering::Relaxed);
    assert_eq!(connections.dispensable(), Some((0, start + PATIENCE_FOR_ANSWER)));
    tokio::time::advance(PATIENCE_FOR_ANSWER * 2).await;
    assert_eq!(connections.until_room(), Duration::ZERO);
    connections.open.pop_back();
    assert_eq!(connections.dispensable(), None, "there is room again");
}

#[tokio::test]
async fn a_port_in_use_names_the_key() {
    let taken = Listening::on("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let error = Listening::on(taken.address).await.unwrap_err().to_string();
    assert!(error.contains("`server.listen`") && error.contains("in use"), "{error}");
}
