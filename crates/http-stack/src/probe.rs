//! Whether a host can be reached from here, and if not, why.
//!
//! Two facts are in no error of the libraries below, and are recorded during the handshake: who issued a
//! certificate that is not trusted (a proxy that inspects TLS shows itself by this name), and whether the
//! server asked for a client certificate (in TLS 1.3 it only hangs up when it gets none).

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use url::Url;

use stocktake_connector_core::{Clock, chain};

use crate::connection_fault::ConnectionFault;
use crate::origin::{Origin, is_loopback};
use crate::proxies::ProxyRoute;
use crate::response::server_time;
use crate::tls::TlsSetUp;
use crate::transport::Transport;

/// What [`Transport::probe`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// The scheme, host and port.
    pub origin: Origin,
    /// The proxy on the route, as `http://HOST:PORT`, without user and password.
    pub proxy: Option<String>,
    /// The response, or why there was none.
    pub outcome: Result<ProbeResponse, ProbeFailure>,
}

/// The response to a probe. Whatever its status, the host is there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProbeResponse {
    /// The HTTP status; 401, 403, 404 and 405 are as good as 200 here.
    pub status: u16,
    /// The address of the host; `None` behind a proxy, which resolves the name itself.
    pub address: Option<IpAddr>,
    /// Whether the server asked for a client certificate, and got one.
    pub client_certificate: ClientCertificate,
    /// How far our clock is ahead of the server's `Date`; negative when it is behind. The header counts
    /// whole seconds.
    pub clock_ahead: Option<TimeDelta>,
}

/// Why a probe got no response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProbeFailure {
    /// Whether a connection was made, so that only the response is missing.
    pub connected: bool,
    /// The fault.
    pub fault: ConnectionFault,
    /// The fault in words, with proxy and host named.
    pub message: String,
    /// What the operator can do.
    pub advice: String,
    /// The errors of the libraries below; empty when nothing was sent.
    pub detail: String,
    /// The common name of the issuer, for a certificate that is not trusted.
    pub issuer: Option<String>,
}

/// Whether a server asked for a client certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClientCertificate {
    /// It did not.
    #[default]
    NotRequested,
    /// It did, and got the configured one.
    Presented,
    /// It did, and went on without one; it may refuse requests later.
    Missing,
}

impl Transport {
    /// Sends one `HEAD` to `base`, without token and query, over a new connection.
    ///
    /// Nothing is retried. The probe takes twice the connect timeout at most.
    pub async fn probe(&self, base: &Url, clock: &dyn Clock) -> Probe {
        let proxy = self.set_up.proxies.route_to(base);
        Probe {
            origin: Origin::of(base),
            proxy: proxy.as_ref().map(|proxy| proxy.url.clone()),
            outcome: self.send_probe(base, proxy.as_ref(), clock).await,
        }
    }

    async fn send_probe(
        &self,
        base: &Url,
        proxy: Option<&ProxyRoute>,
        clock: &dyn Clock,
    ) -> Result<ProbeResponse, ProbeFailure> {
        let host = base.host_str().unwrap_or_default();
        if base.scheme() != "https" && !(base.scheme() == "http" && is_loopback(base)) {
            return Err(ProbeFailure::not_connected(ConnectionFault::Insecure, host, None, None));
        }
        let recorder = Arc::new(Recorder::new(&self.set_up.tls));
        let tls = Recorder::config(&recorder, &self.set_up.tls);
        let mut url = base.clone();
        url.set_query(None);
        url.set_fragment(None);
        let response = match self.set_up.client(tls, is_loopback(base)) {
            Ok(client) => {
                client.head(url).timeout(self.set_up.options.connect_timeout * 2).send().await
            }
            Err(error) => Err(error),
        };
        let seen = recorder.seen();
        match response {
            Ok(response) => {
                let date = server_time(response.headers());
                let address = response.remote_addr().map(|address| address.ip());
                Ok(ProbeResponse {
                    status: response.status().as_u16(),
                    address: address.filter(|_| proxy.is_none()),
                    client_certificate: seen.client_certificate,
                    clock_ahead: date.map(|date| clock.now().signed_duration_since(date)),
                })
            }
            Err(error) => {
                let extra_ca_file = self.set_up.options.extra_ca_file.as_deref();
                Err(explain(&error.without_url(), seen, host, proxy, extra_ca_file))
            }
        }
    }
}

fn explain(
    error: &reqwest::Error,
    seen: Seen,
    host: &str,
    proxy: Option<&ProxyRoute>,
    extra_ca_file: Option<&Path>,
) -> ProbeFailure {
    let mut fault = ConnectionFault::of(error);
    let hung_up = matches!(fault, ConnectionFault::Broken | ConnectionFault::Tls);
    if hung_up && seen.client_certificate == ClientCertificate::Missing {
        fault = ConnectionFault::ClientCertificateDemanded;
    }
    let mut failure = ProbeFailure::not_connected(fault, host, proxy, extra_ca_file);
    let missing = match fault {
        ConnectionFault::TimedOut if !error.is_connect() => Some("no response in time"),
        ConnectionFault::Broken => Some("the connection broke off before a response"),
        _ => None,
    };
    if let Some(message) = missing {
        failure.connected = true;
        failure.message = message.to_owned();
        failure.advice =
            "Check that the firewalls and proxies on the route let requests through, not \
                          only connections."
                .to_owned();
    }
    // A certificate's own names may be in it.
    failure.detail = crate::clean_text(&chain(error));
    failure.issuer = seen.issuer.filter(|_| matches!(fault, ConnectionFault::Untrusted(_)));
    failure
}

impl ProbeFailure {
    fn not_connected(
        fault: ConnectionFault,
        host: &str,
        proxy: Option<&ProxyRoute>,
        extra_ca_file: Option<&Path>,
    ) -> Self {
        let (message, advice) = fault.explain(host, proxy, extra_ca_file);
        Self { connected: false, fault, message, advice, detail: String::new(), issuer: None }
    }
}

/// Takes the place of verifier and client certificate in a handshake, and records what they see.
#[derive(Debug)]
struct Recorder {
    verifier: Option<Arc<dyn ServerCertVerifier>>,
    identity: Option<Arc<dyn ResolvesClientCert>>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    issuer: Option<String>,
    client_certificate: ClientCertificate,
}

impl Recorder {
    fn new(tls: &TlsSetUp) -> Self {
        Self {
            verifier: tls.verifier.clone(),
            identity: tls.identity.clone(),
            seen: Mutex::default(),
        }
    }

    fn config(recorder: &Arc<Self>, tls: &TlsSetUp) -> ClientConfig {
        let mut config = tls.config.clone();
        // A resumed session has no certificates.
        config.resumption = Resumption::disabled();
        config.client_auth_cert_resolver = Arc::clone(recorder) as Arc<dyn ResolvesClientCert>;
        if recorder.verifier.is_some() {
            config.dangerous().set_certificate_verifier(Arc::clone(recorder) as _);
        }
        config
    }

    fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn record(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The verifier of every other connection, which decides.
    fn verifier(&self) -> Result<&Arc<dyn ServerCertVerifier>, rustls::Error> {
        let missing = || rustls::Error::General("no authority is trusted".to_owned());
        self.verifier.as_ref().ok_or_else(missing)
    }
}

impl ResolvesClientCert for Recorder {
    fn resolve(
        &self,
        authorities: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let own = self.identity.as_ref().and_then(|own| own.resolve(authorities, schemes));
        self.record(|seen| {
            seen.client_certificate = match own {
                Some(_) => ClientCertificate::Presented,
                None => ClientCertificate::Missing,
            };
        });
        own
    }

    fn has_certs(&self) -> bool {
        // Otherwise `resolve` is not called, and the server's request is not seen.
        true
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.record(|seen| seen.issuer = issuer(end_entity));
        self.verifier()?.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier()?.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier()?.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.as_ref().map(|own| own.supported_verify_schemes()).unwrap_or_default()
    }
}

/// The common name of a certificate's issuer. `webpki` has parsed the certificate and gives the name as
/// DER; a parser of names would be the only use of its crate here.
fn issuer(certificate: &CertificateDer<'_>) -> Option<String> {
    // The attribute's identifier, 2.5.4.3; after it a string's tag, its length and its bytes.
    const COMMON_NAME: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x03];
    let certificate = webpki::EndEntityCert::try_from(certificate).ok()?;
    let name = certificate.issuer();
    let start = name.windows(COMMON_NAME.len()).position(|bytes| bytes == COMMON_NAME)?;
    let (&[_tag, length], text) =
        name.get(start + COMMON_NAME.len()..)?.split_first_chunk::<2>()?;
    // From 128 on the length has bytes of its own, and a common name has 64 characters at most.
    if length >= 0x80 {
        return None;
    }
    let text = std::str::from_utf8(text.get(..usize::from(length))?).ok()?;
    Some(crate::clean_text(text))
}
