//! Which proxy a request to a host goes through.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use secrecy::SecretString;
use url::Url;

use crate::SentSecrets;
use crate::origin::{Origin, is_loopback};
use crate::transport_error::TransportError;
use crate::transport_options::{TransportOptions, without_secrets};

/// The proxies of a transport.
///
/// reqwest chooses a proxy by itself and does not report it, so the same rules are applied here a second
/// time, for errors and probes.
pub(crate) struct Proxies {
    matcher: Matcher,
    /// What reqwest is given; `None` leaves the choice to the environment.
    pub(crate) configured: Option<reqwest::Proxy>,
}

/// A proxy on the route to a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProxyRoute {
    /// Scheme, host and port, without user and password.
    pub(crate) url: String,
    /// Whether a user is configured for it.
    pub(crate) credentials: bool,
}

impl Proxies {
    pub(crate) fn new(options: &TransportOptions) -> Result<Self, TransportError> {
        let Some(url) = &options.proxy else {
            if options.no_proxy.is_some() {
                return Err(TransportError::NoProxyAlone);
            }
            return Ok(Self { matcher: Matcher::from_system(), configured: None });
        };
        let unusable = |source| TransportError::Proxy { proxy: without_secrets(url), source };
        // Any other would be treated as an HTTP proxy.
        if !matches!(url.scheme(), "http" | "https") {
            return Err(unusable("it must start with http:// or https://".into()));
        }
        let direct = match &options.no_proxy {
            Some(hosts) => hosts.clone(),
            None => from_environment(["NO_PROXY", "no_proxy"]),
        };
        let all = Matcher::builder().all(url.as_str()).build();
        // The matcher ignores a URL that it cannot use, and the proxy with it.
        if all.intercept(&Uri::from_static("https://host/")).is_none() {
            return Err(unusable("it must look like http://USER:PASSWORD@HOST:PORT".into()));
        }
        let proxy = reqwest::Proxy::all(url.clone())
            .map_err(|error| unusable(error.without_url().into()))?
            .no_proxy(reqwest::NoProxy::from_string(&direct));
        Ok(Self {
            matcher: Matcher::builder().all(url.as_str()).no(direct).build(),
            configured: Some(proxy),
        })
    }

    /// What the proxy on the route to `origin` is sent.
    pub(crate) fn secrets_for(&self, origin: &Origin) -> SentSecrets {
        let found = Url::parse(&origin.to_string())
            .ok()
            .filter(|url| !is_loopback(url))
            .and_then(|url| self.matcher.intercept(&url.as_str().parse().ok()?));
        let header = found.as_ref().and_then(|found| found.basic_auth()?.to_str().ok());
        let Some(pair) = header.and_then(|header| header.strip_prefix("Basic ")) else {
            return SentSecrets::default();
        };
        // RFC 7617 §2: the first colon ends the user.
        let password = STANDARD.decode(pair).ok().and_then(|decoded| {
            let (_, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
            Some(SecretString::from(password))
        });
        SentSecrets::new(password.into_iter().chain([SecretString::from(pair)]))
    }

    /// The proxy that a request to `url` goes through.
    pub(crate) fn route_to(&self, url: &Url) -> Option<ProxyRoute> {
        if is_loopback(url) {
            return None;
        }
        let found = self.matcher.intercept(&url.as_str().parse().ok()?)?;
        Some(ProxyRoute {
            url: found.uri().to_string().trim_end_matches('/').to_owned(),
            credentials: found.basic_auth().is_some() || found.raw_auth().is_some(),
        })
    }
}

impl fmt::Debug for Proxies {
    // By hand, because reqwest shows the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies").field("matcher", &self.matcher).finish_non_exhaustive()
    }
}

impl fmt::Display for ProxyRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

fn from_environment(names: [&str; 2]) -> String {
    names.iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(proxy: &str, no_proxy: &str) -> Result<Proxies, TransportError> {
        Proxies::new(&TransportOptions {
            proxy: Some(Url::parse(proxy).unwrap()),
            no_proxy: Some(no_proxy.to_owned()),
            ..TransportOptions::default()
        })
    }

    #[test]
    fn hosts_of_no_proxy_and_loopback_are_asked_directly() {
        let proxies =
            proxies("http://me:hunter2@proxy.example:8080/", "direct.example, 192.0.2.0/24")
                .unwrap();
        let way = |url: &str| proxies.route_to(&Url::parse(url).unwrap());
        for direct in [
            "https://direct.example/",
            "https://below.direct.example/a?b",
            "https://192.0.2.7/",
            "http://localhost:9/",
        ] {
            assert_eq!(way(direct), None, "{direct}");
        }
        let expected = ProxyRoute { url: "http://proxy.example:8080".into(), credentials: true };
        assert_eq!(way("https://indirect.example/"), Some(expected));
        let shown = format!("{proxies:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_proxy_that_cannot_be_spoken_to_is_refused_without_its_password() {
        for url in ["socks5://me:hunter2@proxy.example:1080", "ftp://me:hunter2@proxy.example"] {
            let error = format!("{:?}", proxies(url, "").unwrap_err());
            assert!(error.contains("proxy.example") && error.contains("http://"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn no_proxy_without_a_proxy_is_an_error_that_says_so() {
        let options =
            TransportOptions { no_proxy: Some("a.example".into()), ..TransportOptions::default() };
        let error = Proxies::new(&options).unwrap_err().to_string();
        assert!(error.contains("without a proxy"), "{error}");
    }
}
