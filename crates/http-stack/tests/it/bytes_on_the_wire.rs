use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use flate2::read::GzDecoder;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderName, Request};
use ring::hmac;
use stocktake_connector_core::AccessToken;
use stocktake_http_stack::{
    ApiErrorKind, ApiStack, Authentication, AuthenticationScheme, Backoff, HmacSignature,
    Idempotent, Origin, RequestEncoding, SignatureEncoding, StackOptions, Transport,
    TransportOptions,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wiremock::matchers::{body_string, header, header_regex, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{get, stack_to};

/// What a connection is answered with.
#[derive(Debug, Clone, Copy)]
enum Play {
    /// These bytes, then a proper close.
    Say(&'static str),
    /// These bytes, then a reset.
    Reset(&'static str),
    /// These bytes, then silence.
    Stall(&'static str),
}

const WHOLE: &str =
    "HTTP/1.1 200 OK\r\ncontent-length: 12\r\nconnection: close\r\n\r\n{\"value\":[]}";

/// Plays one part for each connection, the last for ever, and counts them.
async fn play(parts: Vec<Play>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let index = counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(act(stream, parts[index.min(parts.len() - 1)]));
        }
    });
    (address, count)
}

async fn act(mut stream: TcpStream, part: Play) {
    let mut request = [0; 4096];
    let read = stream.read(&mut request).await.unwrap();
    if read == 0 {
        return;
    }
    match part {
        Play::Say(text) => stream.write_all(text.as_bytes()).await.unwrap(),
        Play::Reset(text) => {
            stream.write_all(text.as_bytes()).await.unwrap();
            stream.set_zero_linger().unwrap();
        }
        Play::Stall(text) => {
            stream.write_all(text.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        }
    }
}

async fn ends_well_after(broken: Play) {
    let (address, count) = play(vec![broken, Play::Say(WHOLE)]).await;
    let base = format!("http://{address}");
    let stack = stack_to(&base, &TransportOptions::default());
    let answer = get(&stack, &base).await.unwrap();
    assert_eq!(answer.body(), r#"{"value":[]}"#);
    assert_eq!(stack.calls().attempts, 2, "{broken:?}");
    assert_eq!(count.load(Ordering::SeqCst), 2, "{broken:?}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_asked_for_again() {
    ends_well_after(Play::Say("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"value\":[")).await;
    ends_well_after(Play::Say(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\n{\"value\":[\r\n",
    ))
    .await;
    ends_well_after(Play::Reset("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"val")).await;
}

#[tokio::test]
async fn a_body_whose_end_only_its_last_bracket_tells_is_asked_for_again() {
    // Without a length, the end of the connection is the end of the body.
    ends_well_after(Play::Say("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"value\":[")).await;
}

#[tokio::test]
async fn a_compressed_body_that_cannot_be_unpacked_is_asked_for_again() {
    // As long as it says, but no gzip stream.
    ends_well_after(Play::Say(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\nconnection: close\r\n\r\n\
         \u{1f}abcd",
    ))
    .await;
}

#[tokio::test]
async fn a_connection_that_is_reset_or_garbled_is_made_again() {
    ends_well_after(Play::Reset("")).await;
    ends_well_after(Play::Say("")).await;
    ends_well_after(Play::Say("SSH-2.0-OpenSSH_9.9\r\n")).await;
}

#[tokio::test]
async fn a_body_that_stalls_is_given_up_and_asked_for_again() {
    ends_well_after(Play::Stall("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"value\":[")).await;
}

#[tokio::test]
async fn a_host_that_is_not_there_is_unavailable_and_the_error_hides_the_query() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let stack = stack_to(&base, &TransportOptions::default());
    let error = get(&stack, &format!("{base}/api?name=canary")).await.unwrap_err();
    assert_eq!((error.kind, error.attempts), (ApiErrorKind::Unavailable, 7));
    assert_eq!(error.message, "no connection");
    assert!(error.advice.is_some());
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn a_request_carries_its_body_and_our_headers_each_time() {
    let server = MockServer::start().await;
    let ours = || {
        Mock::given(method("POST"))
            .and(path("/api"))
            .and(body_string("a=b"))
            .and(header("accept", "application/json"))
            .and(header_regex("user-agent", "^stocktake/"))
            .and(header_regex("accept-encoding", "gzip"))
            .and(header_regex("client-request-id", "^[0-9a-f-]{36}$"))
    };
    ours()
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(1)
        .expect(1)
        .named("first attempt")
        .mount(&server)
        .await;
    ours()
        .respond_with(ResponseTemplate::new(200).set_body_string("{}"))
        .expect(1)
        .named("second attempt")
        .mount(&server)
        .await;
    let stack = stack_to(&server.uri(), &TransportOptions::default());
    let request = Request::post(format!("{}/api", server.uri())).extension(Idempotent);
    let request = request.body(Bytes::from("a=b")).unwrap();
    stack.call("push", request).await.unwrap();
}

#[tokio::test]
async fn a_redirect_is_an_error_and_not_followed() {
    let server = MockServer::start().await;
    let elsewhere = format!("{}/elsewhere", server.uri());
    Mock::given(path("/api"))
        .respond_with(ResponseTemplate::new(307).insert_header("location", elsewhere))
        .expect(1)
        .mount(&server)
        .await;
    let stack = stack_to(&server.uri(), &TransportOptions::default());
    let error = get(&stack, &format!("{}/api", server.uri())).await.unwrap_err();
    assert_eq!((error.kind, error.status), (ApiErrorKind::Refused, Some(307)));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_long_explanation_is_cut() {
    let server = MockServer::start().await;
    let endless = "x".repeat(1_000_000);
    Mock::given(path("/api"))
        .respond_with(ResponseTemplate::new(400).set_body_string(endless))
        .mount(&server)
        .await;
    let stack = stack_to(&server.uri(), &TransportOptions::default());
    let error = get(&stack, &format!("{}/api", server.uri())).await.unwrap_err();
    assert_eq!(error.message.chars().count(), 501);
}

/// Serves `{"a":"xx…"}` of `length` bytes, compressed.
async fn compressed(length: usize) -> MockServer {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(br#"{"a":""#).unwrap();
    gzip.write_all(&vec![b'x'; length - 8]).unwrap();
    gzip.write_all(br#""}"#).unwrap();
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200)
        .insert_header("content-encoding", "gzip")
        .set_body_bytes(gzip.finish().unwrap());
    Mock::given(path("/api")).respond_with(answer).expect(1).mount(&server).await;
    server
}

#[tokio::test]
async fn a_body_is_bounded_after_decompression() {
    for (length, fits) in [(100_000, true), (100_001, false), (50_000_000, false)] {
        let server = compressed(length).await;
        let mut options = StackOptions::new("defender", Origin::parse(&server.uri()).unwrap());
        options.limits.max_body_bytes = 100_000;
        let transport = Transport::new(&TransportOptions::default()).unwrap();
        let stack = ApiStack::new(&transport, options);
        match get(&stack, &format!("{}/api", server.uri())).await {
            Ok(answer) => assert_eq!((answer.body().len(), fits), (length, true)),
            Err(error) => assert_eq!((error.kind, fits), (ApiErrorKind::TooLarge, false)),
        }
    }
}

#[tokio::test]
async fn a_compressed_request_is_compressed_once_and_signed_as_it_is_sent() {
    let server = MockServer::start().await;
    let sequence = [503, 200].map(|status| {
        Mock::given(method("POST"))
            .and(header("content-encoding", "gzip"))
            .respond_with(ResponseTemplate::new(status).set_body_string("{}"))
            .up_to_n_times(1)
            .expect(1)
    });
    for mock in sequence {
        mock.mount(&server).await;
    }
    let mut options = StackOptions::new("http", Origin::parse(&server.uri()).unwrap());
    options.limits.backoff =
        Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(1) };
    options.request_encoding = RequestEncoding::Gzip;
    let hmac = HmacSignature {
        header: HeaderName::from_static("x-signature"),
        prefix: "sha256=".to_owned(),
        encoding: SignatureEncoding::Hex,
    };
    options.authentication = Some(Authentication::with_secret(
        AuthenticationScheme::Hmac(hmac),
        Arc::new(AccessToken::new("key", None)),
    ));
    let stack = ApiStack::new(&Transport::new(&TransportOptions::default()).unwrap(), options);
    // Large enough to be compressed off the thread.
    let body = Bytes::from("event\n".repeat(100_000));
    let request = Request::post(server.uri()).extension(Idempotent).body(body.clone()).unwrap();
    stack.call("push", request).await.unwrap();
    for received in server.received_requests().await.unwrap() {
        let mut unpacked = Vec::new();
        GzDecoder::new(received.body.as_slice()).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, body);
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
        let tag = hmac::sign(&key, &received.body);
        let expected: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(received.headers["x-signature"], format!("sha256={expected}").as_str());
        assert_eq!(received.headers["content-length"], received.body.len().to_string().as_str());
    }
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_not_used_again_for_what_may_have_been_processed() {
    for (idempotent, attempts) in [(false, 1), (true, 2)] {
        let (address, _) = play(vec![Play::Reset(""), Play::Say(WHOLE)]).await;
        let base = format!("http://{address}");
        let stack = stack_to(&base, &TransportOptions::default());
        let mut request = Request::post(&base).body(Bytes::from("event")).unwrap();
        if idempotent {
            request.extensions_mut().insert(Idempotent);
        }
        assert_eq!(stack.call("push", request).await.is_ok(), idempotent);
        assert_eq!(stack.calls().attempts, attempts);
    }
}

#[tokio::test]
async fn a_request_that_was_never_sent_is_tried_again_whatever_it_is() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let stack = stack_to(&base, &TransportOptions::default());
    let request = Request::post(&base).body(Bytes::from("event")).unwrap();
    assert_eq!(stack.call("push", request).await.unwrap_err().attempts, 7);
}
