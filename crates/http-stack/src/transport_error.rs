//! Why no transport could be built.

use std::path::PathBuf;

use stocktake_connector_core::BoxError;

use crate::client_identity::ClientIdentityError;
use crate::reloadable::{ShownPath, UnreadableFile};

/// Why no transport could be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The extra certificates cannot be read.
    #[error("extra CA file {} cannot be read", ShownPath(&.0.path))]
    ExtraCa(#[from] UnreadableFile),
    /// No certificate can be read from the extra certificates' file.
    #[error("extra CA file {}: {problem}", path.display())]
    ExtraCaUnusable {
        /// The configured file.
        path: PathBuf,
        /// What the file is, and how it is converted. Nothing of its content.
        problem: String,
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
    /// The proxy's URL cannot be used. It is not repeated: its password may be in any part of it.
    #[error("the configured proxy {0}")]
    Proxy(&'static str),
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
