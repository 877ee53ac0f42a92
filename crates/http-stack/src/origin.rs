//! Origins: scheme, host and port. A token and a cursor belong to one, and never leave it.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// Why a URL cannot be the base of an API, to be read after the name of a setting.
///
/// The text is not repeated: a secret may be in its place, or in a part that only looks like a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// It is not a URL.
    #[error("is not a URL; write it like `https://api.example.com`")]
    NotAUrl(#[source] url::ParseError),
    /// Plain `http` to another machine, or another scheme altogether.
    #[error("must start with https://; http:// is allowed to loopback only")]
    Insecure,
    /// A user or a password in the URL would reach logs and errors.
    #[error("names a user or a password; credentials have settings of their own")]
    Credentials,
}

/// Reads the base URL of an API.
///
/// # Errors
/// It must be `https`, or `http` to loopback, and name no user.
///
/// ```
/// use stocktake_http_stack::base_url;
///
/// assert!(base_url("https://api.securitycenter.microsoft.com").is_ok());
/// assert!(base_url("http://127.0.0.1:8080").is_ok());
/// assert!(base_url("http://api.securitycenter.microsoft.com").is_err());
/// ```
pub fn base_url(text: &str) -> Result<Url, UrlError> {
    let url = Url::parse(text.trim()).map_err(UrlError::NotAUrl)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::Credentials);
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(UrlError::Insecure),
    }
}

/// Whether the URL names this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            // RFC 6761 keeps the name and what is below it on this machine.
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => match IpAddr::from(address).to_canonical() {
            IpAddr::V4(mapped) => mapped.is_loopback(),
            IpAddr::V6(address) => address.is_loopback(),
        },
        None => false,
    }
}

/// Scheme, host and port.
///
/// ```
/// use stocktake_http_stack::Origin;
///
/// let origin = Origin::parse("https://Graph.Microsoft.com:443/v1.0/")?;
/// assert_eq!(origin.to_string(), "https://graph.microsoft.com");
/// assert_ne!(origin, Origin::parse("https://graph.microsoft.com:8443")?);
/// # Ok::<(), stocktake_http_stack::UrlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
    default_port: Option<u16>,
}

impl Origin {
    /// The origin of a base URL; path and query are left out.
    ///
    /// # Errors
    /// As for [`base_url`].
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        base_url(text).map(|url| Self::of(&url))
    }

    /// The origin of `url`, whatever its scheme.
    pub fn of(url: &Url) -> Self {
        Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str().unwrap_or_default().to_ascii_lowercase(),
            port: url.port_or_known_default(),
            default_port: match url.scheme() {
                "https" => Some(443),
                "http" => Some(80),
                _ => None,
            },
        }
    }

    /// The host, for a log.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's own where none is named.
    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self.port {
            Some(port) if self.port != self.default_port => write!(f, ":{port}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_refused_except_to_loopback() {
        for loopback in [
            "http://localhost:1/",
            "http://simulator.localhost/",
            "http://127.8.0.1/",
            "http://[::1]:9/",
            "http://[::ffff:127.0.0.1]/",
        ] {
            assert!(Origin::parse(loopback).is_ok(), "{loopback}");
        }
        for public in [
            "http://graph.microsoft.com/v1.0?x=secret",
            "http://localhost.example.com/",
            "http://10.0.0.1/",
            "http://[::2]/",
            "ftp://127.0.0.1/",
        ] {
            let error = Origin::parse(public).unwrap_err();
            assert!(matches!(error, UrlError::Insecure), "{public}: {error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_repeated() {
        for text in ["https://me:hunter2@api.example.com/", "https//me:hunter2@api.example.com"] {
            let error = Origin::parse(text).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn an_origin_is_compared_by_scheme_host_and_port() {
        let origin = |text: &str| Origin::of(&Url::parse(text).unwrap());
        let expected = origin("https://api.example.com/a?b");
        assert_eq!(expected, origin("https://API.example.com:443/c"));
        for other in [
            "http://api.example.com/",
            "https://api.example.com:444/",
            "https://api.example.com.evil.org/",
            "https://example.com/",
        ] {
            assert_ne!(expected, origin(other), "{other}");
        }
    }
}
