use std::io::Write;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use stocktake_connector_core::ApiErrorKind;
use stocktake_http_stack::TransportOptions;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::{get, stack_to};

/// Serves `{}` over TLS with a certificate of a new authority, and gives that one's PEM.
async fn tls_server() -> (String, String) {
    let (base, authority, _) = tls_server_that_speaks(Vec::new()).await;
    (base, authority)
}

/// The same, with the protocols that it speaks and the one that each connection settles on.
async fn tls_server_that_speaks(
    protocols: Vec<Vec<u8>>,
) -> (String, String, mpsc::UnboundedReceiver<Option<Vec<u8>>>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = protocols;
    let (settle, settled) = mpsc::unbounded_channel();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            let settle = settle.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let _ = settle.send(stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec));
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (base, authority.pem(), settled)
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused_without_retries() {
    let (base, _) = tls_server().await;
    let stack = stack_to(&base, &TransportOptions::default());
    let error = get(&stack, &base).await.unwrap_err();
    assert_eq!((error.kind, error.attempts), (ApiErrorKind::Unavailable, 1));
    assert_eq!(error.message, "the server's certificate is not trusted");
    assert!(error.advice.unwrap().contains("extra CA file"));
}

fn trusting(authority: &str) -> (NamedTempFile, TransportOptions) {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(authority.as_bytes()).unwrap();
    let extra_ca_file = Some(file.path().to_owned());
    (file, TransportOptions { extra_ca_file, ..TransportOptions::default() })
}

#[tokio::test]
async fn http_2_is_spoken_with_a_server_that_offers_it() {
    let protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (base, authority, mut settled) = tls_server_that_speaks(protocols).await;
    let (_file, options) = trusting(&authority);
    // The server only pretends, so the call fails after the handshake.
    get(&stack_to(&base, &options), &base).await.unwrap_err();
    assert_eq!(settled.recv().await.unwrap().as_deref(), Some(b"h2".as_slice()));
}

#[tokio::test]
async fn an_extra_ca_file_is_trusted() {
    let (base, authority) = tls_server().await;
    let (_file, options) = trusting(&authority);
    assert_eq!(get(&stack_to(&base, &options), &base).await.unwrap().body(), "{}");
}

#[tokio::test]
async fn a_configured_proxy_is_asked_for_the_host() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let options =
        TransportOptions { proxy: Some(proxy.parse().unwrap()), ..TransportOptions::default() };
    let base = "https://graph.example.com";
    let stack = stack_to(base, &options);
    let asked = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        let read = stream.read(&mut request).await.unwrap();
        String::from_utf8_lossy(&request[..read]).into_owned()
    };
    let asked = tokio::select! {
        asked = asked => asked,
        _ = get(&stack, base) => panic!("no answer is to be had without the proxy"),
    };
    assert!(asked.starts_with("CONNECT graph.example.com:443 "), "{asked}");
}
