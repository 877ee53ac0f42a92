//! Why a connection failed, read from the chain of errors below reqwest's own.

use std::error::Error;
use std::io;
use std::iter;

use rustls::{AlertDescription, CertificateError};

use crate::proxies::ProxyRoute;

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

    /// The fault in words, and what the operator can do.
    pub(crate) fn explain(self, host: &str, proxy: Option<&ProxyRoute>) -> (String, String) {
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
            Self::Untrusted(fault) => {
                ("the server's certificate is not trusted".to_owned(), fault.advice(host))
            }
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
            _ => Self::Other,
        }
    }

    fn advice(self, host: &str) -> String {
        match self {
            Self::UnknownIssuer => {
                "If a proxy inspects TLS, or the server has a private authority, name the \
                 authority's certificate as extra CA file."
                    .to_owned()
            }
            Self::Expired | Self::NotYetValid => {
                format!(
                    "Check this machine's clock; if it is right, {host} must renew its certificate."
                )
            }
            Self::WrongName => {
                format!("The certificate is for other names than {host}; check the URL's host.")
            }
            Self::Revoked => format!("{host} must replace its certificate."),
            Self::Other => {
                "If a proxy inspects TLS, name its CA certificate as extra CA file; else check the \
                 host and the machine's clock."
                    .to_owned()
            }
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
