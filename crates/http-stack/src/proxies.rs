//! Which proxy a request to a host goes through.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use secrecy::SecretString;
use url::Url;

use crate::SentSecrets;
use crate::no_proxy::{NoProxy, no_proxy_faults};
use crate::origin::{Origin, is_loopback};
use crate::transport_error::TransportError;
use crate::transport_options::{TransportOptions, without_secrets};

/// The proxies of a transport.
#[derive(Clone, Default)]
pub(crate) struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    no_proxy: NoProxy,
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
            return Ok(Self::of_variables(&variable));
        };
        check(url).map_err(TransportError::Proxy)?;
        let no_proxy = match &options.no_proxy {
            Some(hosts) => hosts.clone(),
            None => variable("NO_PROXY").unwrap_or_default(),
        };
        let proxy = Some(url.clone());
        Ok(Self { http: proxy.clone(), https: proxy, no_proxy: NoProxy::new(&no_proxy) })
    }

    /// The proxies that the environment names. A variable that cannot be used names none.
    fn of_variables(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        // A CGI program gets `HTTP_PROXY` from a request's header.
        if variable("REQUEST_METHOD").is_some() {
            return Self::default();
        }
        let proxy = |name| variable(name).and_then(|text| from_text(&text).ok());
        let every = proxy("ALL_PROXY");
        Self {
            http: proxy("HTTP_PROXY").or_else(|| every.clone()),
            https: proxy("HTTPS_PROXY").or(every),
            no_proxy: NoProxy::new(&variable("NO_PROXY").unwrap_or_default()),
        }
    }

    /// The URL of the proxy that a request to `url` goes through, with user and password.
    pub(crate) fn proxy_for(&self, url: &Url) -> Option<&Url> {
        if is_loopback(url) || self.no_proxy.covers(&url.host()?) {
            return None;
        }
        match url.scheme() {
            "http" => self.http.as_ref(),
            "https" => self.https.as_ref(),
            _ => None,
        }
    }

    /// What the proxy on the route to `origin` is sent.
    pub(crate) fn secrets_for(&self, origin: &Origin) -> SentSecrets {
        let url = Url::parse(&origin.to_string()).ok();
        let proxy = url.as_ref().and_then(|url| self.proxy_for(url));
        let found = proxy.and_then(|proxy| {
            let always = Matcher::builder().all(proxy.as_str()).build();
            always.intercept(&Uri::from_static("https://host/"))
        });
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
        let proxy = self.proxy_for(url)?;
        Some(ProxyRoute {
            url: without_secrets(proxy).trim_end_matches('/').to_owned(),
            credentials: !proxy.username().is_empty() || proxy.password().is_some(),
        })
    }

    /// The same for the HTTP client; `None` when there is no proxy at all.
    pub(crate) fn for_client(&self) -> Option<reqwest::Proxy> {
        let proxies = self.clone();
        (self.http.is_some() || self.https.is_some())
            .then(|| reqwest::Proxy::custom(move |url| proxies.proxy_for(url).cloned()))
    }
}

impl fmt::Debug for Proxies {
    // By hand, because a proxy's URL may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies")
            .field("http", &self.http.as_ref().map(without_secrets))
            .field("https", &self.https.as_ref().map(without_secrets))
            .field("no_proxy", &self.no_proxy)
            .finish()
    }
}

/// What of the environment's proxies has no effect, and why. `variable` looks a variable up.
///
/// A variable counts under its name in capitals, or else in small letters. No value is repeated: it may
/// hold a password.
pub fn proxy_variable_faults(variable: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let either = either(variable);
    let proxies = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"].into_iter().filter_map(|name| {
        let problem = from_text(&either(name)?).err()?;
        Some(format!("{name}: {problem}"))
    });
    let hosts = no_proxy_faults(&either("NO_PROXY").unwrap_or_default());
    proxies.chain(hosts.into_iter().map(|fault| format!("NO_PROXY: {fault}"))).collect()
}

/// Looks a variable up in capitals, or else in small letters; an empty one is not set.
fn either(variable: &dyn Fn(&str) -> Option<String>) -> impl Fn(&str) -> Option<String> {
    move |name| {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        set(name).or_else(|| set(&name.to_ascii_lowercase()))
    }
}

fn variable(name: &str) -> Option<String> {
    either(&|name| std::env::var(name).ok())(name)
}

/// What a proxy's URL has to be.
const USABLE: &str = "is not a proxy's URL; write it like http://USER:PASSWORD@HOST:PORT, with http:// or \
                      https://";

/// A variable may leave the scheme out.
fn from_text(text: &str) -> Result<Url, &'static str> {
    let text = text.trim();
    let url = match text.contains("://") {
        true => Url::parse(text),
        false => Url::parse(&format!("http://{text}")),
    };
    let url = url.map_err(|_| USABLE)?;
    check(&url).map(|()| url)
}

/// Any other URL would be treated as that of an HTTP proxy, or as none.
fn check(url: &Url) -> Result<(), &'static str> {
    let is_usable = matches!(url.scheme(), "http" | "https") && url.has_host();
    if is_usable { Ok(()) } else { Err(USABLE) }
}

impl fmt::Display for ProxyRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
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
            assert!(error.contains("http://"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_environment_names_proxies_in_capitals_or_small_letters_with_or_without_a_scheme() {
        let proxies = |set: &[(&str, &str)]| {
            let found = |name: &str| {
                set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            };
            let of = Proxies::of_variables(&either(&found));
            let to = |url: &str| of.route_to(&Url::parse(url).unwrap()).map(|route| route.url);
            let faults = proxy_variable_faults(&found);
            (to("https://a.test/"), to("http://a.test/"), faults)
        };
        let route = |url: &str| Some(url.to_owned());
        let (https, http, faults) = proxies(&[("HTTPS_PROXY", "proxy.test:8080")]);
        assert_eq!((https, http), (route("http://proxy.test:8080"), None));
        assert_eq!(faults, [""; 0]);
        let small = [
            ("HTTPS_PROXY", " "),
            ("https_proxy", "https://me:p@one.test"),
            ("all_proxy", "two.test"),
        ];
        let (https, http, _) = proxies(&small);
        assert_eq!((https, http), (route("https://one.test"), route("http://two.test")));
        let (https, _, _) = proxies(&[("ALL_PROXY", "one.test"), ("REQUEST_METHOD", "GET")]);
        assert_eq!(https, None);
        for canary in ["socks5://canary.test", "http://", "canary:x:y", "ftp://canary"] {
            let (https, _, faults) = proxies(&[("HTTPS_PROXY", canary), ("NO_PROXY", "*.canary")]);
            assert_eq!(https, None, "{canary}");
            let faults = faults.join("; ");
            assert!(
                faults.contains("HTTPS_PROXY: ") && faults.contains("NO_PROXY: item 1"),
                "{faults}"
            );
            assert!(!faults.contains("canary"), "{faults}");
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
