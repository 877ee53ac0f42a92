//! An authority, its certificates, and a server on loopback that shows one.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use stocktake_http_stack::TransportOptions;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

/// A new authority, and a folder for what it issues.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub(crate) folder: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        Self::named("Example Inspection CA")
    }

    pub(crate) fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    /// Options that trust this authority.
    pub(crate) fn trusted(&self) -> TransportOptions {
        TransportOptions { extra_ca_file: Some(self.file("ca.pem")), ..TransportOptions::default() }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A certificate for `name` and its key, in PEM.
    pub(crate) fn issue(&self, name: &str) -> (String, String) {
        self.issue_with(name, |_| {})
    }

    /// The same with other contents.
    pub(crate) fn issue_with(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// How a server differs from one that answers `{}` at `localhost` to everybody.
pub(crate) struct TlsServer<'a> {
    pub(crate) name: &'a str,
    /// Changes the certificate that is issued for the server.
    pub(crate) change: fn(&mut CertificateParams),
    /// A certificate and its key in PEM, in place of one that the authority issues.
    pub(crate) shows: Option<(&'a str, &'a str)>,
    pub(crate) protocols: Vec<Vec<u8>>,
    pub(crate) version: Option<&'static SupportedProtocolVersion>,
    /// The authority of the client certificates that are asked for.
    pub(crate) clients_of: Option<&'a Authority>,
    pub(crate) answer: &'static str,
}

impl Default for TlsServer<'_> {
    fn default() -> Self {
        Self {
            name: "localhost",
            change: |_| {},
            shows: None,
            protocols: Vec::new(),
            version: None,
            clients_of: None,
            answer: "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
        }
    }
}

impl<'a> TlsServer<'a> {
    /// Asks for client certificates of `authority`, in one version of TLS: the two ask differently.
    pub(crate) fn wanting(
        authority: &'a Authority,
        version: &'static SupportedProtocolVersion,
    ) -> Self {
        Self { clients_of: Some(authority), version: Some(version), ..Self::default() }
    }
}

/// What is known of a server that runs.
pub(crate) struct Serving {
    pub(crate) base: String,
    pub(crate) port: u16,
    /// The protocol that each connection settles on.
    pub(crate) settled: mpsc::UnboundedReceiver<Option<Vec<u8>>>,
    /// The certificate that each client shows, in DER.
    pub(crate) shown: mpsc::UnboundedReceiver<Option<Vec<u8>>>,
}

pub(crate) async fn serve(authority: &Authority, server: TlsServer<'_>) -> Serving {
    let (leaf, key) = match server.shows {
        Some((certificate, key)) => (certificate.to_owned(), key.to_owned()),
        None => authority.issue_with(server.name, server.change),
    };
    let leaf = CertificateDer::from_pem_slice(leaf.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let both = [&TLS12, &TLS13];
    let versions = server.version.map_or_else(|| both.to_vec(), |version| vec![version]);
    let builder = builder.with_protocol_versions(&versions).unwrap();
    let builder = match server.clients_of {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.issuer.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let mut config = builder.with_single_cert(vec![leaf], key).unwrap();
    config.alpn_protocols = server.protocols;
    let (settle, settled) = mpsc::unbounded_channel();
    let (show, shown) = mpsc::unbounded_channel();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = server.answer;
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, settle, show) = (acceptor.clone(), settle.clone(), show.clone());
            tokio::spawn(async move {
                let mut stream = match acceptor.accept(stream).into_fallible().await {
                    Ok(stream) => stream,
                    // Hanging up with unread bytes would take back the alert that says why.
                    Err((_, mut socket)) => {
                        let _ = socket.read_to_end(&mut Vec::new()).await;
                        return;
                    }
                };
                let connection = stream.get_ref().1;
                let _ = settle.send(connection.alpn_protocol().map(<[u8]>::to_vec));
                let first = connection.peer_certificates().and_then(<[_]>::first);
                let _ = show.send(first.map(|certificate| certificate.to_vec()));
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    Serving { base: format!("https://{}:{port}", server.name), port, settled, shown }
}
