//! The transport: one connection pool, TLS and proxies, shared by every stack.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use url::Url;

use stocktake_connector_core::BoxError;

use crate::origin::is_loopback;

/// How connections are made.
#[derive(Clone)]
pub struct TransportOptions {
    /// The `User-Agent` of every request. Default: `stocktake/<version>`.
    pub user_agent: String,
    /// A PEM file with certificates to trust beside those of the system, as a TLS-inspecting proxy
    /// needs. Default: none.
    pub extra_ca_file: Option<PathBuf>,
    /// The proxy for every host but loopback; hosts in `NO_PROXY` are asked directly.
    /// Default: `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY` from the environment.
    pub proxy: Option<Url>,
    /// How long a connection may take to be made, its TLS handshake included. Default: 10 s.
    pub connect_timeout: Duration,
    /// How long an idle connection is kept. Default: 90 s.
    pub idle_timeout: Duration,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            user_agent: concat!("stocktake/", env!("CARGO_PKG_VERSION")).to_owned(),
            extra_ca_file: None,
            proxy: None,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(90),
        }
    }
}

impl fmt::Debug for TransportOptions {
    // By hand, because the proxy's URL may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportOptions")
            .field("user_agent", &self.user_agent)
            .field("extra_ca_file", &self.extra_ca_file)
            .field("proxy", &self.proxy.as_ref().map(without_secrets))
            .field("connect_timeout", &self.connect_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .finish()
    }
}

/// Why no transport could be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The extra certificates cannot be read.
    #[error("extra CA file {} cannot be read; it must be a PEM file with certificates", path.display())]
    ExtraCa {
        /// The configured file.
        path: PathBuf,
        /// What failed.
        #[source]
        source: pem::Error,
    },
    /// The file has no certificate in it.
    #[error("extra CA file {} holds no certificate; it must be a PEM file", path.display())]
    EmptyExtraCa {
        /// The configured file.
        path: PathBuf,
    },
    /// The certificates that are trusted cannot be set up.
    #[error(
        "no usable trusted certificates; install the system's CA certificates, or name a PEM file \
         as extra CA file"
    )]
    Trust(#[source] rustls::Error),
    /// The proxy's URL cannot be used.
    #[error("proxy {proxy} cannot be used")]
    Proxy {
        /// The proxy, without user and password.
        proxy: String,
        /// What failed.
        #[source]
        source: BoxError,
    },
    /// The HTTP client refuses the other options, for example a user agent with a line break.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] BoxError),
}

/// One connection pool, shared by all stacks. Cheap to clone.
#[derive(Clone)]
pub struct Transport {
    proxied: reqwest::Client,
    /// Plain `http` is allowed to loopback only, and a proxy would carry it over the network.
    direct: reqwest::Client,
}

impl Transport {
    /// Sets up TLS, proxies and an empty pool; nothing is connected.
    ///
    /// # Errors
    /// [`TransportError`] names the option at fault.
    pub fn new(options: &TransportOptions) -> Result<Self, TransportError> {
        let tls = trust(options)?;
        let build = |builder: reqwest::ClientBuilder| {
            builder
                .tls_backend_preconfigured(tls.clone())
                .user_agent(&options.user_agent)
                .connect_timeout(options.connect_timeout)
                .pool_idle_timeout(options.idle_timeout)
                // A redirect could carry a token to another host; it is an answer like any other.
                .redirect(redirect::Policy::none())
                .referer(false)
                .build()
                .map_err(|error| TransportError::Client(error.without_url().into()))
        };
        let mut proxied = reqwest::Client::builder();
        if let Some(url) = &options.proxy {
            let proxy =
                reqwest::Proxy::all(url.clone()).map_err(|error| TransportError::Proxy {
                    proxy: without_secrets(url),
                    source: error.without_url().into(),
                })?;
            proxied = proxied.proxy(proxy.no_proxy(reqwest::NoProxy::from_env()));
        }
        Ok(Self { proxied: build(proxied)?, direct: build(reqwest::Client::builder().no_proxy())? })
    }

    /// The same without a proxy for any host, as an endpoint on the own machine's link needs.
    pub fn without_proxy(&self) -> Self {
        Self { proxied: self.direct.clone(), direct: self.direct.clone() }
    }

    pub(crate) fn client_for(&self, url: &Url) -> &reqwest::Client {
        if is_loopback(url) { &self.direct } else { &self.proxied }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}

/// The system's certificates and the extra ones, on `ring`.
///
/// The provider is passed on rather than installed for the process: a program that embeds this
/// crate may have its own.
fn trust(options: &TransportOptions) -> Result<ClientConfig, TransportError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let extra = match &options.extra_ca_file {
        None => Vec::new(),
        Some(path) => {
            let failed = |source| TransportError::ExtraCa { path: path.clone(), source };
            let found = CertificateDer::pem_file_iter(path)
                .map_err(failed)?
                .collect::<Result<Vec<_>, _>>()
                .map_err(failed)?;
            if found.is_empty() {
                return Err(TransportError::EmptyExtraCa { path: path.clone() });
            }
            found
        }
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TransportError::Trust)?;
    let mut tls = match Verifier::new_with_extra_roots(extra, provider) {
        Ok(verifier) => builder
            .dangerous() // The verifier is the one that reqwest uses itself.
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth(),
        // A bare container has no certificates at all. What stays on this machine works there; every
        // other host is refused as untrusted, and the log says why.
        Err(error) if options.extra_ca_file.is_none() => {
            tracing::warn!(
                %error,
                "the system has no CA certificates, so no other host can be trusted; install them, \
                 or name a PEM file as extra CA file"
            );
            builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
        }
        Err(error) => return Err(TransportError::Trust(error)),
    };
    // A preconfigured TLS set-up must name its protocols itself, or HTTP/2 is never offered.
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}

fn without_secrets(url: &Url) -> String {
    let mut shown = url.clone();
    // Both fail only for URLs that have no authority, and those have no password either.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_query(None);
    shown.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_password_is_never_shown() {
        let options = TransportOptions {
            proxy: Some(Url::parse("http://me:hunter2@proxy.example:8080/").unwrap()),
            ..TransportOptions::default()
        };
        let shown = format!("{options:?} {:?}", Transport::new(&options));
        assert!(shown.contains("proxy.example:8080"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_missing_ca_file_is_named() {
        let options = TransportOptions {
            extra_ca_file: Some("/nonexistent/ca.pem".into()),
            ..TransportOptions::default()
        };
        let error = Transport::new(&options).unwrap_err().to_string();
        assert!(error.contains("/nonexistent/ca.pem"), "{error}");
    }

    #[test]
    fn a_ca_file_without_a_certificate_is_refused() {
        let options = TransportOptions {
            extra_ca_file: Some(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into()),
            ..TransportOptions::default()
        };
        let error = Transport::new(&options).unwrap_err().to_string();
        assert!(error.contains("holds no certificate"), "{error}");
    }

    #[test]
    fn a_proxy_can_be_left_out_for_every_host() {
        let options = TransportOptions {
            proxy: Some(Url::parse("http://proxy.example:8080/").unwrap()),
            ..TransportOptions::default()
        };
        let transport = Transport::new(&options).unwrap();
        let shown = |transport: &Transport| {
            format!("{:?}", transport.client_for(&Url::parse("http://169.254.169.254/").unwrap()))
        };
        assert!(shown(&transport).contains("proxy.example"), "{}", shown(&transport));
        assert!(!shown(&transport.without_proxy()).contains("proxy.example"));
    }

    #[test]
    fn loopback_is_asked_without_the_proxy() {
        let transport = Transport::new(&TransportOptions::default()).unwrap();
        let client =
            |url: &str| std::ptr::from_ref(transport.client_for(&Url::parse(url).unwrap()));
        assert_eq!(client("http://127.0.0.1:1/"), &raw const transport.direct);
        assert_eq!(client("https://graph.microsoft.com/"), &raw const transport.proxied);
    }
}
