use stocktake_http_stack::{ApiErrorKind, TransportOptions};

use super::tls_server::{Authority, TlsServer, serve};
use super::{get, stack_to};

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused_without_retries() {
    let server = serve(&Authority::new(), TlsServer::default()).await;
    let stack = stack_to(&server.base, &TransportOptions::default());
    let error = get(&stack, &server.base).await.unwrap_err();
    assert_eq!((error.kind, error.attempts), (ApiErrorKind::Unavailable, 1));
    assert_eq!(error.message, "the server's certificate is not trusted");
    assert!(error.advice.unwrap().contains("extra CA file"));
}

#[tokio::test]
async fn http_2_is_spoken_with_a_server_that_offers_it() {
    let authority = Authority::new();
    let protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut server = serve(&authority, TlsServer { protocols, ..TlsServer::default() }).await;
    // The server only pretends, so the call fails after the handshake.
    get(&stack_to(&server.base, &authority.trusted()), &server.base).await.unwrap_err();
    assert_eq!(server.settled.recv().await.unwrap().as_deref(), Some(b"h2".as_slice()));
}

#[tokio::test]
async fn an_extra_ca_file_is_trusted() {
    let authority = Authority::new();
    let server = serve(&authority, TlsServer::default()).await;
    let stack = stack_to(&server.base, &authority.trusted());
    assert_eq!(get(&stack, &server.base).await.unwrap().body(), "{}");
}

#[tokio::test]
async fn an_extra_ca_file_that_changes_counts_from_the_next_connection_on() {
    let (old, new) = (Authority::new(), Authority::named("Its Successor"));
    let server = serve(&new, TlsServer::default()).await;
    let file = old.file("ca.pem");
    let stack = stack_to(&server.base, &old.trusted());
    let error = get(&stack, &server.base).await.unwrap_err();
    assert_eq!(error.message, "the server's certificate is not trusted");

    std::fs::copy(new.file("ca.pem"), &file).unwrap();
    assert_eq!(get(&stack, &server.base).await.unwrap().body(), "{}");
    // A file that cannot be used takes nobody's trust away.
    std::fs::write(&file, "half a file").unwrap();
    assert_eq!(get(&stack, &server.base).await.unwrap().body(), "{}");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(get(&stack, &server.base).await.unwrap().body(), "{}");

    let other = Authority::named("Another");
    std::fs::copy(other.file("ca.pem"), &file).unwrap();
    let error = get(&stack, &server.base).await.unwrap_err();
    assert_eq!(error.message, "the server's certificate is not trusted");
}
