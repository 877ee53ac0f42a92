//! Why a connection failed, read from the chain of errors below reqwest's own.

use std::error::Error;
use std::io;
use std::iter;
use std::path::Path;

use rustls::{AlertDescription, CertificateError, OtherError};

use crate::authorities::WeakKey;
use crate::proxies::ProxyRoute;

/// Object identifiers in DER: RSA with MD5, RSA with SHA-1, ECDSA with SHA-1.
const WEAK_SIGNATURES: [&[u8]; 3] = [
    &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04],
    &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05],
    &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01],
];

/// Why there is no connection to a host, as far as it can be known from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionFault {
    /// Plain `http` to another machine: nothing is sent.
    Insecure,
    /// The host's name, or the name of the proxy on the route, has no address.
    Unresolved,
    /// Nothing listens at the host's port, or a firewall says so.
    Refused,
    /// No connection within the connect timeout.
    TimedOut,
    /// The connection could not be made for another reason, such as no route to the host.
    Unreachable,
    /// The host accepts connections, but the TLS handshake fails; often because the port has no TLS.
    Tls,
    /// The server's certificate is not trusted.
    Untrusted(CertificateFault),
    /// The server asks for a client certificate, and none is configured.
    ClientCertificateDemanded,
    /// The server refuses the configured client certificate.
    ClientCertificateRefused,
    /// The proxy asks for a user and a password, or refuses the ones it was given.
    ProxyCredentials,
    /// The proxy responded, and made no connection to the host.
    ProxyRefused,
    /// The connection was made and then broke off.
    Broken,
}

/// What is wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateFault {
    /// It comes from an authority that is not trusted here: a proxy that inspects TLS, or a
    /// private authority.
    UnknownIssuer,
    /// It has expired, or this machine's clock is ahead.
    Expired,
    /// It is not valid yet, or this machine's clock is behind.
    NotYetValid,
    /// It is for other names than the host's.
    WrongName,
    /// It has been revoked.
    Revoked,
    /// It, or one between it and its authority, is signed with SHA-1 or MD5.
    WeakSignature,
    /// It, or one between it and its authority, is signed by an algorithm that is not supported.
    UnsupportedSignature,
    /// It, or its authority, has an RSA key of fewer than 2048 bits.
    WeakKey,
    /// Its signature is not by the key of the authority that it names.
    BadSignature,
    /// It is the certificate of an authority, which must not be a server's own.
    CaUsedAsEndEntity,
    /// It is for another use than a server's.
    WrongPurpose,
    /// Anything else.
    Other,
}

impl ConnectionFault {
    pub(crate) fn of(error: &reqwest::Error) -> Self {
        for cause in causes(error) {
            match cause.downcast_ref::<rustls::Error>() {
                Some(rustls::Error::InvalidCertificate(error)) => {
                    return Self::Untrusted(CertificateFault::of(error));
                }
                Some(rustls::Error::AlertReceived(alert)) => {
                    if let Some(fault) = client_certificate_fault(*alert) {
                        return fault;
                    }
                }
                Some(_) | None => {}
            }
            // The type is private to hyper-util, so its message is all there is; a test covers it.
            match cause.to_string().as_str() {
                "tunnel error: proxy authorization required" => return Self::ProxyCredentials,
                "tunnel error: unsuccessful" => return Self::ProxyRefused,
                _ => {}
            }
        }
        let caused = |test: fn(&(dyn Error + 'static)) -> bool| causes(error).any(test);
        if error.is_timeout() {
            Self::TimedOut
        } else if !error.is_connect() {
            Self::Broken
        } else if error.is_dns() || caused(is_unresolved) {
            Self::Unresolved
        } else if caused(|cause| cause.is::<rustls::Error>()) {
            Self::Tls
        } else if caused(is_refused) {
            Self::Refused
        } else {
            Self::Unreachable
        }
    }

    /// Whether trying again cannot help before a person has changed something.
    pub(crate) fn is_permanent(self) -> bool {
        match self {
            Self::Insecure
            | Self::Untrusted(_)
            | Self::ClientCertificateDemanded
            | Self::ClientCertificateRefused
            | Self::ProxyCredentials => true,
            // A proxy may refuse for good or because the host is down; it does not say which.
            Self::ProxyRefused
            | Self::Unresolved
            | Self::Refused
            | Self::TimedOut
            | Self::Unreachable
            | Self::Tls
            | Self::Broken => false,
        }
    }

    /// The fault in words, and what the operator can do. `extra_ca_file` is the configured one.
    pub(crate) fn explain(
        self,
        host: &str,
        proxy: Option<&ProxyRoute>,
        extra_ca_file: Option<&Path>,
    ) -> (String, String) {
        let by = proxy.map(|proxy| format!(" through proxy {proxy}")).unwrap_or_default();
        match self {
            Self::Insecure => (
                "plain http is allowed to loopback only".to_owned(),
                format!("Write the URL of {host} with https://."),
            ),
            Self::TimedOut => (format!("no connection in time{by}"), connection_advice(proxy)),
            Self::Unresolved if proxy.is_none() => (
                "the host's name has no address".to_owned(),
                format!(
                    "Check the spelling of {host} and this machine's resolver; if only a proxy \
                     resolves names outside, configure the proxy."
                ),
            ),
            Self::Unresolved | Self::Refused | Self::Unreachable => {
                (format!("no connection{by}"), connection_advice(proxy))
            }
            Self::Tls => (
                format!("no secure connection{by}"),
                "The host accepts connections, but not with TLS 1.2 or 1.3; check the URL's host and port."
                    .to_owned(),
            ),
            Self::Untrusted(fault) => (
                format!("the server's certificate is not trusted{}", fault.reason()),
                fault.advice(host, extra_ca_file),
            ),
            Self::ClientCertificateDemanded => (
                "the server asks for a client certificate".to_owned(),
                format!(
                    "Configure a client certificate and its key, from an authority that {host} \
                     accepts."
                ),
            ),
            Self::ClientCertificateRefused => (
                "the server refuses the client certificate".to_owned(),
                format!(
                    "Check that the client certificate is valid today and comes from an authority \
                     that {host} accepts; its file must also hold the intermediate certificates."
                ),
            ),
            Self::ProxyCredentials => name_proxy(proxy, |name, credentials| {
                if credentials {
                    (
                        format!("{name} refuses the user and password"),
                        "Check the user and password in the proxy's URL; percent-encode characters \
                         that a URL gives a meaning to."
                            .to_owned(),
                    )
                } else {
                    (
                        format!("{name} asks for a user and a password"),
                        "Add them to the proxy's URL, as in http://USER:PASSWORD@HOST:PORT."
                            .to_owned(),
                    )
                }
            }),
            Self::ProxyRefused => name_proxy(proxy, |name, _| {
                (
                    format!("{name} makes no connection to {host}"),
                    format!(
                        "Have the proxy allow CONNECT to {host}, or name the host in NO_PROXY if it \
                         can be reached directly."
                    ),
                )
            }),
            Self::Broken => (format!("the connection broke off{by}"), connection_advice(proxy)),
        }
    }
}

impl CertificateFault {
    fn of(error: &CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::WrongName
            }
            CertificateError::Revoked => Self::Revoked,
            CertificateError::BadSignature => Self::BadSignature,
            CertificateError::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id,
                ..
            } if WEAK_SIGNATURES.iter().any(|weak| signature_algorithm_id.starts_with(weak)) => {
                Self::WeakSignature
            }
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                Self::UnsupportedSignature
            }
            CertificateError::Other(OtherError(other)) => {
                match other.downcast_ref::<webpki::Error>() {
                    Some(webpki::Error::CaUsedAsEndEntity) => Self::CaUsedAsEndEntity,
                    _ if other.is::<WeakKey>() => Self::WeakKey,
                    // The type is private to the verifier, so its message is all there is; a test covers
                    // it.
                    _ if other.to_string() == "certificate had invalid extensions" => {
                        Self::WrongPurpose
                    }
                    _ => Self::Other,
                }
            }
            _ => Self::Other,
        }
    }

    /// What follows on "is not trusted", where a library's own words do not say it.
    fn reason(self) -> &'static str {
        match self {
            Self::WeakSignature => {
                ": it, or one between it and its authority, is signed with SHA-1 or MD5"
            }
            Self::UnsupportedSignature => {
                ": it, or one between it and its authority, is signed by an algorithm that is not supported"
            }
            Self::WeakKey => ": it, or its authority, has an RSA key of fewer than 2048 bits",
            Self::BadSignature => {
                ": its signature is not by the key of the authority that it names"
            }
            Self::CaUsedAsEndEntity => ": it is the certificate of an authority, not of a server",
            Self::WrongPurpose => ": it is for another use than a server's",
            _ => "",
        }
    }

    fn advice(self, host: &str, extra_ca_file: Option<&Path>) -> String {
        let file = extra_ca_file.map(|file| file.display().to_string());
        match self {
            Self::UnknownIssuer => match file {
                None => "If a proxy inspects TLS, or the server has a private authority, name the \
                         authority's certificate as extra CA file."
                    .to_owned(),
                Some(file) => format!(
                    "The authority of {host}'s certificate is neither the system's nor in {file}: add its \
                     root certificate to that file, and have the server or the inspecting proxy send the \
                     certificates in between."
                ),
            },
            Self::Expired | Self::NotYetValid => {
                format!(
                    "Check this machine's clock; if it is right, {host} must renew its certificate."
                )
            }
            Self::WrongName => {
                format!("The certificate is for other names than {host}; check the URL's host.")
            }
            Self::Revoked => format!("{host} must replace its certificate."),
            Self::WeakSignature => format!(
                "Have {host}, or the proxy that inspects TLS, use certificates that are signed with \
                 SHA-256; SHA-1 and MD5 are never accepted."
            ),
            Self::UnsupportedSignature => format!(
                "Have {host}, or the proxy that inspects TLS, use certificates that are signed with RSA and \
                 SHA-256, SHA-384 or SHA-512, ECDSA with P-256 or P-384, or Ed25519."
            ),
            Self::WeakKey => format!(
                "Have {host}, or the proxy that inspects TLS, use RSA keys of 2048 bits or more, in the \
                 authority's certificate too."
            ),
            Self::BadSignature => match file {
                Some(file) => format!(
                    "Replace the authority in {file}: the one that signs for {host} now has the same name and \
                     another key, or a key that is too short (RSA needs 2048 bits)."
                ),
                None => format!("The certificate of {host} is damaged or forged; check the host."),
            },
            Self::CaUsedAsEndEntity => format!(
                "Give {host} a certificate of its own that is no authority (`basicConstraints=CA:FALSE`), and \
                 trust the authority that signed it."
            ),
            Self::WrongPurpose => {
                format!("Give {host} a certificate for server authentication (`extendedKeyUsage`).")
            }
            Self::Other => match file {
                None => "If a proxy inspects TLS, name its CA certificate as extra CA file; else check the \
                         host and the machine's clock."
                    .to_owned(),
                Some(file) => format!(
                    "Check that {file} has the certificate of the authority that signs for {host} now, and \
                     check the host and the machine's clock."
                ),
            },
        }
    }
}

/// What the server's alert says about our certificate, or about its absence.
fn client_certificate_fault(alert: AlertDescription) -> Option<ConnectionFault> {
    match alert {
        AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
            Some(ConnectionFault::ClientCertificateDemanded)
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => Some(ConnectionFault::ClientCertificateRefused),
        _ => None,
    }
}

fn name_proxy<T>(proxy: Option<&ProxyRoute>, explain: impl FnOnce(String, bool) -> T) -> T {
    match proxy {
        Some(proxy) => explain(format!("proxy {proxy}"), proxy.credentials),
        None => explain("the proxy".to_owned(), false),
    }
}

fn connection_advice(proxy: Option<&ProxyRoute>) -> String {
    match proxy {
        None => {
            "Check that the host can be reached from here: its name, the network, and the proxy."
                .to_owned()
        }
        Some(proxy) => format!(
            "Check that {proxy} is the right proxy, that it can be reached from here, and that it \
             lets connections through to the host."
        ),
    }
}

/// The error and all below it.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| {
        // An I/O error's `source` skips the error that it wraps, and they nest here.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

fn is_refused(error: &(dyn Error + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// Errors of the system's resolver have no kind; their message is all there is.
fn is_unresolved(error: &(dyn Error + 'static)) -> bool {
    error.to_string().starts_with("failed to lookup address information")
}
