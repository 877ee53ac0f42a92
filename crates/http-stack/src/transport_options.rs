//! How connections are made.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::client_identity::ClientIdentity;
use crate::{AttemptObserver, Origin};

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
    /// The hosts that are asked without the configured proxy, written as in `NO_PROXY` and read as curl
    /// reads it: names with all that is below them, addresses and networks, separated by commas, or `*`
    /// alone.
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

/// A URL as it may be shown: scheme, host and port. `user:password@host` is a URL without a host, and all
/// of it may be secret.
pub(crate) fn without_secrets(url: &Url) -> String {
    match url.host_str() {
        Some(_) => Origin::of(url).to_string(),
        None => "(without a host)".to_owned(),
    }
}
