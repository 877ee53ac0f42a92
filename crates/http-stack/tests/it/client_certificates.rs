use std::fs;
use std::path::PathBuf;

use stocktake_http_stack::{ApiErrorKind, ClientIdentity, Transport, TransportOptions};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use super::tls_server::{Authority, TlsServer, serve};
use super::{get, stack_to};

fn der(certificate: &str) -> Vec<u8> {
    CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap().to_vec()
}

/// Writes a new certificate where [`identity`] looks, and gives it.
fn renew(authority: &Authority) -> String {
    let (certificate, key) = authority.issue("stocktake");
    fs::write(authority.file("client.pem"), &certificate).unwrap();
    fs::write(authority.file("client.key"), key).unwrap();
    certificate
}

fn identity(authority: &Authority) -> ClientIdentity {
    ClientIdentity {
        certificate_file: authority.file("client.pem"),
        key_file: authority.file("client.key"),
    }
}

fn showing(authority: &Authority) -> TransportOptions {
    TransportOptions { client_identity: Some(identity(authority)), ..authority.trusted() }
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_and_a_broken_one_is_not() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        let mut server = serve(&authority, TlsServer::wanting(&authority, version)).await;
        let first = renew(&authority);
        let stack = stack_to(&server.base, &showing(&authority));
        // The server closes each connection, so that every call makes a new one.
        let mut shown = async || {
            get(&stack, &server.base).await.unwrap();
            server.shown.recv().await.unwrap().unwrap()
        };
        assert_eq!(shown().await, der(&first));
        let second = renew(&authority);
        assert_eq!(shown().await, der(&second));
        // Half of a rotation: the key belongs to the certificate that is still to come.
        let (third, key) = authority.issue("stocktake");
        fs::write(authority.file("client.key"), key).unwrap();
        assert_eq!(shown().await, der(&second));
        fs::remove_file(authority.file("client.pem")).unwrap();
        assert_eq!(shown().await, der(&second));
        fs::write(authority.file("client.pem"), &third).unwrap();
        assert_eq!(shown().await, der(&third));
    }
}

#[tokio::test]
async fn certificate_and_key_may_be_in_one_file() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("stocktake");
    let file = authority.file("both.pem");
    fs::write(&file, format!("{key}{certificate}")).unwrap();
    let mut server = serve(&authority, TlsServer::wanting(&authority, &TLS13)).await;
    let options = TransportOptions {
        client_identity: Some(ClientIdentity { certificate_file: file.clone(), key_file: file }),
        ..authority.trusted()
    };
    get(&stack_to(&server.base, &options), &server.base).await.unwrap();
    assert_eq!(server.shown.recv().await.unwrap(), Some(der(&certificate)));
}

#[tokio::test]
async fn a_server_that_refuses_our_certificate_is_not_asked_again() {
    let (authority, other) = (Authority::new(), Authority::named("Other CA"));
    let server = serve(&authority, TlsServer::wanting(&other, &TLS13)).await;
    renew(&authority);
    let stack = stack_to(&server.base, &showing(&authority));
    let error = get(&stack, &server.base).await.unwrap_err();
    assert_eq!((error.kind, error.attempts), (ApiErrorKind::Unavailable, 1));
    assert_eq!(error.message, "the server refuses the client certificate");
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_that_we_do_not_have_is_not_asked_again() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        let server = serve(&authority, TlsServer::wanting(&authority, version)).await;
        let stack = stack_to(&server.base, &authority.trusted());
        let error = get(&stack, &server.base).await.unwrap_err();
        assert_eq!((error.kind, error.attempts), (ApiErrorKind::Unavailable, 1));
        assert_eq!(error.message, "the server asks for a client certificate");
        assert!(error.advice.unwrap().contains("its key"));
    }
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let authority = Authority::new();
    renew(&authority);
    let good = identity(&authority);
    let fault = |certificate_file: PathBuf, key_file: PathBuf| {
        let client_identity = Some(ClientIdentity { certificate_file, key_file });
        let options = TransportOptions { client_identity, ..TransportOptions::default() };
        Transport::new(&options).unwrap_err().to_string()
    };
    let named = |error: String, file: &str, reason: &str| {
        assert!(error.contains(file) && error.contains(reason), "{error}");
    };
    let nowhere = || authority.file("nowhere.pem");
    named(fault(nowhere(), good.key_file.clone()), "nowhere.pem", "cannot be read");
    named(fault(good.certificate_file.clone(), nowhere()), "nowhere.pem", "cannot be read");
    let key = || good.key_file.clone();
    named(fault(key(), key()), "client.key", "it has no certificate");
    let certificate = || good.certificate_file.clone();
    named(fault(certificate(), certificate()), "client.pem", "it has no private key");
    let other = authority.file("other.key");
    fs::write(&other, authority.issue("stocktake").1).unwrap();
    named(fault(certificate(), other), "other.key", "belongs to no certificate");
}

#[test]
fn a_key_is_never_shown() {
    let authority = Authority::new();
    renew(&authority);
    let options = showing(&authority);
    let shown = format!("{options:?} {:?}", Transport::new(&options).unwrap());
    assert!(shown.contains("client.key"), "{shown}");
    let key = fs::read_to_string(authority.file("client.key")).unwrap();
    for line in key.lines() {
        assert!(!shown.contains(line), "{shown}");
    }
}
