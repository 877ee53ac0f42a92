//! Why a connection failed, read from the chain of errors below reqwest's own.

use std::error::Error;
use std::io;
use std::iter;

use rustls::{AlertDescription, CertificateError};

use crate::proxies::OnTheWay;

/// Why there is no connection to a host, as far as it can be told from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionFault {
    /// Plain `http` to another machine: nothing is sent.
    Insecure,
    /// The name, or that of the proxy on the way, has no address.
    Unresolved,
    /// Nothing listens at the host's port, or a firewall says so.
    Refused,
    /// No connection within the connect timeout.
    TimedOut,
    /// The connection could not be made for another reason, such as no route to the host.
    Unreachable,
    /// The host answers, but TLS cannot be agreed on; often because it speaks no TLS at this port.
    Tls,
    /// The server's certificate is not trusted.
    Untrusted(CertificateFault),
    /// The server asks for a client certificate, and none is configured.
    ClientCertificateDemanded,
    /// The server refuses the client certificate that it was shown.
    ClientCertificateRefused,
    /// The proxy asks for a user and a password, or refuses the ones it was given.
    ProxyCredentials,
    /// The proxy answered, and made no connection to the host.
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
                    if let Some(fault) = said_of_our_certificate(*alert) {
                        return fault;
                    }
                }
                Some(_) | None => {}
            }
            // The type is private to hyper-util, so its words are all there is. A test would tell.
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
            // A proxy may refuse for good, or because the host is down; it does not tell us which.
            Self::ProxyRefused
            | Self::Unresolved
            | Self::Refused
            | Self::TimedOut
            | Self::Unreachable
            | Self::Tls
            | Self::Broken => false,
        }
    }

    /// What happened, and what the operator can do.
    pub(crate) fn explain(self, host: &str, proxy: Option<&OnTheWay>) -> (String, String) {
        let by = proxy.map(|proxy| format!(" through proxy {proxy}")).unwrap_or_default();
        match self {
            Self::Insecure => (
                "plain http is allowed to loopback only".to_owned(),
                format!("Write the URL of {host} with https://."),
            ),
            Self::TimedOut => (format!("no connection in time{by}"), reach(proxy)),
            Self::Unresolved | Self::Refused | Self::Unreachable => {
                (format!("no connection{by}"), reach(proxy))
            }
            Self::Tls => (
                format!("no secure connection{by}"),
                "The host answers, but not in TLS 1.2 or 1.3; check the URL's host and port."
                    .to_owned(),
            ),
            Self::Untrusted(fault) => {
                ("the server's certificate is not trusted".to_owned(), fault.advice(host))
            }
            Self::ClientCertificateDemanded => (
                "the server asks for a client certificate".to_owned(),
                format!(
                    "Configure a client certificate and its key, of an authority that {host} \
                     accepts."
                ),
            ),
            Self::ClientCertificateRefused => (
                "the server refuses the client certificate".to_owned(),
                format!(
                    "Check that the client certificate is valid today, and from an authority that \
                     {host} accepts; its file must also hold the certificates in between."
                ),
            ),
            Self::ProxyCredentials => by_proxy(proxy, |name, credentials| {
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
                        "Put them into the proxy's URL, as in http://USER:PASSWORD@HOST:PORT."
                            .to_owned(),
                    )
                }
            }),
            Self::ProxyRefused => by_proxy(proxy, |name, _| {
                (
                    format!("{name} makes no connection to {host}"),
                    format!(
                        "Have the proxy allow CONNECT to {host}, or name the host in NO_PROXY if it \
                         can be reached directly."
                    ),
                )
            }),
            Self::Broken => (format!("the connection broke off{by}"), reach(proxy)),
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

/// What the server's alert says of the certificate that we showed, or did not show.
fn said_of_our_certificate(alert: AlertDescription) -> Option<ConnectionFault> {
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

fn by_proxy<T>(proxy: Option<&OnTheWay>, say: impl FnOnce(String, bool) -> T) -> T {
    match proxy {
        Some(proxy) => say(format!("proxy {proxy}"), proxy.credentials),
        None => say("the proxy".to_owned(), false),
    }
}

fn reach(proxy: Option<&OnTheWay>) -> String {
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

/// The resolver of the system is told apart by its words alone: its errors have no kind.
fn is_unresolved(error: &(dyn Error + 'static)) -> bool {
    error.to_string().starts_with("failed to lookup address information")
}
