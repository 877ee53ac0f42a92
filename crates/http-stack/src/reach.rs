//! Whether a host can be reached from here, step by step.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use http::header::DATE;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::net::lookup_host;
use tokio::time::timeout;
use url::{Host, Url};

use stocktake_connector_core::Clock;

use crate::connection_fault::{ConnectionFault, causes};
use crate::origin::{Origin, is_loopback};
use crate::proxies::OnTheWay;
use crate::tls::TlsSetUp;
use crate::transport::Transport;

/// What [`Transport::reach`] found out about a host.
///
/// The steps build on each other: one that fails leaves those after it `NotTried`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reach {
    /// The scheme, host and port that were asked.
    pub origin: Origin,
    /// The proxy on the way, as `http://HOST:PORT`, without user and password.
    pub proxy: Option<String>,
    /// Step 1: the host's name has addresses.
    pub name: NameStep,
    /// Step 2: a connection, and on it TLS, can be made.
    pub connection: ConnectionStep,
    /// Step 3: the server answers and tells its time.
    pub answer: AnswerStep,
}

/// What became of the host's name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameStep {
    /// It has these addresses.
    Resolved(Vec<IpAddr>),
    /// The URL names an address, so there is nothing to resolve.
    Address,
    /// The proxy on the way resolves it; from here it need not be known.
    ByProxy,
    /// It has no address.
    Unresolved {
        /// What the system's resolver says.
        detail: String,
    },
    /// The resolver gave no answer within the connect timeout.
    TimedOut,
    /// Plain `http` to another machine is not tried at all.
    NotTried,
}

/// What became of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionStep {
    /// It was made, and TLS was agreed on where the URL is `https`.
    Made {
        /// Whether the server asked for a client certificate, and got one.
        client_certificate: ClientCertificate,
    },
    /// It was not made.
    Failed {
        /// Why.
        fault: ConnectionFault,
        /// The same as a sentence's part, with proxy and host named.
        message: String,
        /// What the operator can do.
        advice: String,
        /// The words of the libraries below, for a person who looks deeper.
        detail: String,
        /// Who issued the server's certificate, by common name; told when it is not trusted. The
        /// name of a company's proxy here means that this proxy inspects TLS.
        issuer: Option<String>,
    },
    /// The name has no address.
    NotTried,
}

/// Whether a server asked for a client certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificate {
    /// It did not.
    NotAsked,
    /// It did, and was shown the configured one.
    Shown,
    /// It did, none is configured, and it went on all the same; it may refuse requests later.
    Missing,
}

/// What became of a request without a token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerStep {
    /// The server answered; whatever it answered, it is there.
    Answered {
        /// The HTTP status; 401, 403, 404 and 405 are as good as 200 here.
        status: u16,
        /// The server's time, by its `Date` header, which counts whole seconds.
        server_time: Option<DateTime<Utc>>,
        /// Our time when the answer came.
        our_time: DateTime<Utc>,
    },
    /// No answer in time: the connect timeout at least, twice as long at most.
    TimedOut,
    /// The connection broke off before an answer.
    Broken {
        /// The words of the libraries below.
        detail: String,
    },
    /// There is no connection.
    NotTried,
}

impl AnswerStep {
    /// How far our clock is ahead of the server's; negative when it is behind. A second or two is
    /// the header's own coarseness and the way of the answer.
    pub fn clock_ahead_by(&self) -> Option<TimeDelta> {
        match self {
            Self::Answered { server_time: Some(server), our_time, .. } => {
                Some(our_time.signed_duration_since(server))
            }
            _ => None,
        }
    }
}

impl Transport {
    /// Tries whether `base` can be reached: its name, a connection with TLS, and the server's time.
    ///
    /// A new connection is made, with nothing from the pool. One `HEAD` of the base is sent, with
    /// neither token nor query, and nothing is tried again. The name and the connection may take the
    /// connect timeout each, and the answer what the connection leaves of twice as long.
    pub async fn reach(&self, base: &Url, clock: &dyn Clock) -> Reach {
        let proxy = self.set_up.proxies.on_the_way_to(base);
        let mut reach = Reach {
            origin: Origin::of(base),
            proxy: proxy.as_ref().map(|proxy| proxy.url.clone()),
            name: NameStep::NotTried,
            connection: ConnectionStep::NotTried,
            answer: AnswerStep::NotTried,
        };
        let host = base.host_str().unwrap_or_default();
        if base.scheme() != "https" && !(base.scheme() == "http" && is_loopback(base)) {
            let nothing = String::new();
            reach.connection = failed(ConnectionFault::Insecure, host, None, nothing, None);
            return reach;
        }
        reach.name = match &proxy {
            Some(_) => NameStep::ByProxy,
            None => self.resolve(base).await,
        };
        if !matches!(reach.name, NameStep::Unresolved { .. } | NameStep::TimedOut) {
            (reach.connection, reach.answer) = self.ask(base, proxy.as_ref(), clock).await;
        }
        reach
    }

    async fn resolve(&self, base: &Url) -> NameStep {
        let Some(Host::Domain(name)) = base.host() else { return NameStep::Address };
        let port = base.port_or_known_default().unwrap_or(443);
        match timeout(self.set_up.options.connect_timeout, lookup_host((name, port))).await {
            Err(_) => NameStep::TimedOut,
            Ok(Err(error)) => NameStep::Unresolved { detail: error.to_string() },
            Ok(Ok(found)) => {
                let addresses: Vec<_> = found.map(|address| address.ip()).collect();
                if addresses.is_empty() {
                    return NameStep::Unresolved { detail: "no addresses".to_owned() };
                }
                NameStep::Resolved(addresses)
            }
        }
    }

    async fn ask(
        &self,
        base: &Url,
        proxy: Option<&OnTheWay>,
        clock: &dyn Clock,
    ) -> (ConnectionStep, AnswerStep) {
        let host = base.host_str().unwrap_or_default();
        let witness = Arc::new(Witness::beside(&self.set_up.tls));
        let tls = witness.config(&self.set_up.tls);
        let mut url = base.clone();
        url.set_query(None);
        url.set_fragment(None);
        let answer = match self.set_up.client(tls, is_loopback(base)) {
            // Connecting has its own bound, so what is left of twice as long is the answer's.
            Ok(client) => {
                client.head(url).timeout(self.set_up.options.connect_timeout * 2).send().await
            }
            Err(error) => Err(error),
        };
        let seen = witness.seen();
        let made = ConnectionStep::Made { client_certificate: seen.client_certificate };
        let error = match answer {
            Ok(answer) => {
                let our_time = clock.now();
                let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
                let server_time = date.and_then(|text| DateTime::parse_from_rfc2822(text).ok());
                let server_time = server_time.map(|time| time.to_utc());
                let status = answer.status().as_u16();
                return (made, AnswerStep::Answered { status, server_time, our_time });
            }
            Err(error) => error.without_url(),
        };
        let connected = !error.is_connect();
        let detail = detail(&error);
        let fault = match ConnectionFault::of(&error) {
            ConnectionFault::TimedOut if connected => return (made, AnswerStep::TimedOut),
            // In TLS 1.3 the server judges after the client is done, and often just hangs up.
            ConnectionFault::Broken | ConnectionFault::Tls
                if seen.client_certificate == ClientCertificate::Missing =>
            {
                ConnectionFault::ClientCertificateDemanded
            }
            ConnectionFault::Broken if connected => return (made, AnswerStep::Broken { detail }),
            fault => fault,
        };
        (failed(fault, host, proxy, detail, seen.issuer), AnswerStep::NotTried)
    }
}

fn failed(
    fault: ConnectionFault,
    host: &str,
    proxy: Option<&OnTheWay>,
    detail: String,
    issuer: Option<String>,
) -> ConnectionStep {
    let (message, advice) = fault.explain(host, proxy);
    let issuer = issuer.filter(|_| matches!(fault, ConnectionFault::Untrusted(_)));
    ConnectionStep::Failed { fault, message, advice, detail, issuer }
}

/// The error and what is below it, each once.
fn detail(error: &reqwest::Error) -> String {
    let mut words: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        if words.last() != Some(&text) {
            words.push(text);
        }
    }
    // A certificate's own names may be among them.
    crate::clean_text(&words.join(": "))
}

/// Sits in a handshake and notes what the errors do not tell; it decides nothing itself.
#[derive(Debug)]
struct Witness {
    verifier: Option<Arc<dyn ServerCertVerifier>>,
    identity: Option<Arc<dyn ResolvesClientCert>>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Clone)]
struct Seen {
    issuer: Option<String>,
    client_certificate: ClientCertificate,
}

impl Witness {
    fn beside(tls: &TlsSetUp) -> Self {
        let seen = Seen { issuer: None, client_certificate: ClientCertificate::NotAsked };
        Self {
            verifier: tls.verifier.clone(),
            identity: tls.identity.clone(),
            seen: Mutex::new(seen),
        }
    }

    fn config(self: &Arc<Self>, tls: &TlsSetUp) -> ClientConfig {
        let mut config = tls.config.clone();
        // A resumed session would show neither certificate.
        config.resumption = Resumption::disabled();
        config.client_auth_cert_resolver = Arc::clone(self) as Arc<dyn ResolvesClientCert>;
        if let Some(verifier) = &self.verifier {
            let verifier = Arc::clone(verifier);
            let witness = Arc::clone(self);
            config
                .dangerous()
                .set_certificate_verifier(Arc::new(WitnessedVerifier { verifier, witness }));
        }
        config
    }

    fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl ResolvesClientCert for Witness {
    fn resolve(
        &self,
        authorities: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let shown = self.identity.as_ref().and_then(|own| own.resolve(authorities, schemes));
        self.note(|seen| {
            seen.client_certificate = match shown {
                Some(_) => ClientCertificate::Shown,
                None => ClientCertificate::Missing,
            };
        });
        shown
    }

    fn has_certs(&self) -> bool {
        // Without a certificate it must still be asked, to know that a server wants one.
        true
    }
}

/// The verifier that judges every connection, with a witness.
#[derive(Debug)]
struct WitnessedVerifier {
    verifier: Arc<dyn ServerCertVerifier>,
    witness: Arc<Witness>,
}

impl ServerCertVerifier for WitnessedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.witness.note(|seen| seen.issuer = issuer(end_entity));
        self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// The common name of a certificate's issuer.
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
