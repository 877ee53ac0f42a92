//! The transport: one connection pool, TLS and proxies, shared by every stack.

use std::fmt;
use std::sync::Arc;

use reqwest::redirect;
use rustls::ClientConfig;
use url::Url;

use crate::file_remark::FileRemark;
use crate::origin::is_loopback;
use crate::proxies::Proxies;
use crate::tls::TlsSetUp;
use crate::transport_error::TransportError;
use crate::transport_options::TransportOptions;

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
        // Its own look at the environment goes by other rules.
        builder = builder.no_proxy();
        if !loopback && let Some(proxy) = self.proxies.for_client() {
            builder = builder.proxy(proxy);
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

    /// Remarks about parts of the extra CA file and of the client certificate's files that are of no
    /// use, as the files are now. The log has each of them once.
    pub fn file_remarks(&self) -> Vec<FileRemark> {
        self.set_up.tls.remarks()
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
        let client = |transport: &Transport| {
            let client = transport.client_for(&Url::parse("http://169.254.169.254/").unwrap());
            format!("{client:?}")
        };
        assert!(client(&transport).contains("proxies"), "{}", client(&transport));
        assert!(!client(&transport.without_proxy()).contains("proxies"));
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
