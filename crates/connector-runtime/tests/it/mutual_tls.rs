//! A sink behind TLS that asks for a client certificate.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use stocktake_connector_core::CycleOutcome;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::site::{Site, fleet};

/// An authority for both sides.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap(), key)
    }
}

/// Stands before `behind` with TLS, and lets only clients of the authority through.
async fn gate(authority: &Authority, behind: SocketAddr) -> String {
    let (certificate, key) = authority.issue("localhost");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut clients = RootCertStore::empty();
    clients.add(authority.0.der().clone()).unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(clients), Arc::clone(&provider))
            .build()
            .unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut secure) = acceptor.accept(stream).await else { return };
                let mut plain = TcpStream::connect(behind).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut secure, &mut plain).await;
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_gets_events_only_with_the_client_certificate_that_it_asks_for() {
    let authority = Authority::new();
    let site = Site::of(fleet(20, 10)).await;
    let behind = site.simulator.url().trim_start_matches("http://").parse().unwrap();
    let url = gate(&authority, behind).await;
    let (certificate, key) = authority.issue("stocktake");
    std::fs::write(site.path("ca.pem"), authority.0.pem()).unwrap();
    std::fs::write(site.path("tls.crt"), certificate.pem()).unwrap();
    std::fs::write(site.path("tls.key"), key.serialize_pem()).unwrap();
    let trust = format!("extra_ca_file = {:?}\n", site.path("ca.pem"));

    let site = site.replace_sink_url(&url).set("http", "max_retries = 0\n");
    let untrusted = site.run(&["check"]).await;
    assert_eq!(untrusted.code, Some(1));
    assert!(untrusted.stdout.contains("not trusted"), "{}", untrusted.stdout);

    let site = site.set("sinks.soc.tls", &trust);
    let unknown = site.run(&["check"]).await;
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stdout.contains("client certificate"), "{}", unknown.stdout);

    let shown = format!(
        "client_certificate_file = {:?}\nclient_key_file = {:?}\n",
        site.path("tls.crt"),
        site.path("tls.key")
    );
    let site = site.set("sinks.soc.tls", &shown);
    let check = site.run(&["check", "--log-level", "trace"]).await;
    assert_eq!(check.code, Some(0), "{}", check.stdout);
    assert!(check.stdout.contains("client certificate presented"), "{}", check.stdout);
    let sync = site.sync().await;
    assert_eq!(sync.report().outcome, CycleOutcome::Complete, "{sync:#?}");
    site.assert_each_device_once();
    let secret = key.serialize_pem().lines().nth(1).unwrap().to_owned();
    assert!(!check.stdout.contains(&secret) && !check.stderr.contains(&secret));
}
