//! The transport: one connection pool, TLS and proxies, shared by every stack.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect;
use rustls::ClientConfig;
use rustls::pki_types::pem;
use url::Url;

use stocktake_connector_core::BoxError;

use crate::client_identity::{ClientIdentity, ClientIdentityError};
use crate::origin::is_loopback;
use crate::proxies::{Proxies, without_secrets};
use crate::tls::TlsSetUp;
use crate::{AttemptObserver, UnreadableFile};

/// How connections are made.
#[derive(Clone)]
pub struct TransportOptions {
    /// The `User-Agent` of every request. Default: `stocktake/<version>`.
    pub user_agent: String,
    /// A PEM file with certificates to trust in addition to those of the system, as a TLS-inspecting proxy
    /// needs. Read again before each handshake; while a new file cannot be used, the last good one
    /// counts. Default: none.
    pub extra_ca_file: Option<PathBuf>,
    /// What is presented to a server that asks for a client certificate. Default: nothing.
    pub client_identity: Option<ClientIdentity>,
    /// The proxy for every host but loopback, `http://` or `https://`, with user and password where
    /// it asks for them. Default: `HTTPS_PROXY` or `ALL_PROXY` from the environment.
    pub proxy: Option<Url>,
    /// The hosts that are asked without the configured proxy, written as in `NO_PROXY`: names with
    /// all that is below them, addresses and networks, separated by commas.
    /// Default: `NO_PROXY` from the environment.
    pub no_proxy: Option<String>,
    /// How long a connection may take to be made, its TLS handshake included. Default: 10 s.
    pub connect_timeout: Duration,
    /// How long an idle connection is kept. Default: 90 s.
    pub idle_timeout: Duration,
    /// Observes every request that a stack sends over these connections. Default: `None`.
    pub observer: Option<Arc<dyn AttemptObserver>>,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            user_agent: concat!("stocktake/", env!("CARGO_PKG_VERSION")).to_owned(),
            extra_ca_file: None,
            client_identity: None,
            proxy: None,
            no_proxy: None,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(90),
            observer: None,
        }
    }
}

impl fmt::Debug for TransportOptions {
    // By hand, because the proxy's URL may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportOptions")
            .field("user_agent", &self.user_agent)
            .field("extra_ca_file", &self.extra_ca_file)
            .field("client_identity", &self.client_identity)
            .field("proxy", &self.proxy.as_ref().map(without_secrets))
            .field("no_proxy", &self.no_proxy)
            .field("connect_timeout", &self.connect_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .finish_non_exhaustive()
    }
}

/// Why no transport could be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The extra certificates cannot be read.
    #[error("extra CA file {} cannot be read", .0.path.display())]
    ExtraCa(#[from] UnreadableFile),
    /// The file of the extra certificates is not whole PEM.
    #[error("extra CA file {} is not a PEM file with certificates", path.display())]
    ExtraCaPem {
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
    /// A block of the file is labelled as a certificate and is not one.
    #[error(
        "extra CA file {} holds something that is no certificate; every block of it must be the \
         certificate of an authority",
        path.display()
    )]
    ExtraCaCertificate {
        /// The configured file.
        path: PathBuf,
        /// What failed.
        #[source]
        source: rustls::Error,
    },
    /// The certificates that are trusted cannot be set up.
    #[error(
        "no usable trusted certificates; install the system's CA certificates, or name a PEM file \
         as extra CA file"
    )]
    Trust(#[source] rustls::Error),
    /// The client certificate cannot be used.
    #[error(transparent)]
    ClientIdentity(#[from] ClientIdentityError),
    /// The proxy's URL cannot be used.
    #[error("proxy {proxy} cannot be used")]
    Proxy {
        /// The proxy, without user and password.
        proxy: String,
        /// What failed.
        #[source]
        source: BoxError,
    },
    /// Hosts are excepted from a proxy that is not configured.
    #[error(
        "no_proxy is set without a proxy; name the proxy too, or set NO_PROXY together with HTTPS_PROXY in \
         the environment"
    )]
    NoProxyAlone,
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
    pub(crate) set_up: Arc<SetUp>,
}

/// What clients are made from.
#[derive(Debug)]
pub(crate) struct SetUp {
    pub(crate) options: TransportOptions,
    pub(crate) tls: TlsSetUp,
    pub(crate) proxies: Proxies,
}

impl SetUp {
    /// A client with an empty pool for loopback, or for everything else.
    pub(crate) fn client(
        &self,
        tls: ClientConfig,
        loopback: bool,
    ) -> Result<reqwest::Client, reqwest::Error> {
        self.builder(tls, loopback).build().map_err(reqwest::Error::without_url)
    }

    fn builder(&self, tls: ClientConfig, loopback: bool) -> reqwest::ClientBuilder {
        let mut builder = reqwest::Client::builder();
        if loopback {
            builder = builder.no_proxy();
        } else if let Some(proxy) = &self.proxies.configured {
            builder = builder.proxy(proxy.clone());
        }
        builder
            .tls_backend_preconfigured(tls)
            .user_agent(&self.options.user_agent)
            .connect_timeout(self.options.connect_timeout)
            .pool_idle_timeout(self.options.idle_timeout)
            // A redirect could carry a token to another host; it is a response like any other.
            .redirect(redirect::Policy::none())
            .referer(false)
    }
}

impl Transport {
    /// Sets up TLS, proxies and an empty pool; nothing is connected.
    ///
    /// # Errors
    /// [`TransportError`] names the option at fault.
    pub fn new(options: &TransportOptions) -> Result<Self, TransportError> {
        let set_up = SetUp {
            options: options.clone(),
            tls: TlsSetUp::new(options)?,
            proxies: Proxies::new(options)?,
        };
        Self::pooling(Arc::new(set_up), |builder| builder)
    }

    /// The same with a connection of its own for every request, which ends with it.
    ///
    /// For what sends rarely and for as long as the program lives, such as the export of telemetry: a
    /// connection that is never idle for long would go on under a certificate, or by an authority, that
    /// has been replaced since.
    ///
    /// # Errors
    /// [`TransportError::Client`], as for [`Transport::new`].
    pub fn without_reuse(&self) -> Result<Self, TransportError> {
        Self::pooling(Arc::clone(&self.set_up), |builder| builder.pool_max_idle_per_host(0))
    }

    fn pooling(
        set_up: Arc<SetUp>,
        change: fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, TransportError> {
        let client = |loopback| {
            change(set_up.builder(set_up.tls.config.clone(), loopback))
                .build()
                .map_err(|error| TransportError::Client(error.without_url().into()))
        };
        Ok(Self { proxied: client(false)?, direct: client(true)?, set_up })
    }

    /// The same without a proxy for any call, as an endpoint on the own machine's link needs.
    /// [`Transport::probe`] still reports the route of other calls.
    pub fn without_proxy(&self) -> Self {
        Self {
            proxied: self.direct.clone(),
            direct: self.direct.clone(),
            set_up: Arc::clone(&self.set_up),
        }
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
