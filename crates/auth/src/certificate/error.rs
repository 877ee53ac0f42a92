//! Why a certificate cannot be presented.

use std::io;
use std::path::PathBuf;

use stocktake_http_stack::{ShownPath, UnreadableFile};

use crate::SecretError;

/// Why a certificate cannot be presented. Never repeats any of the key or the password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("certificate file {} cannot be read", ShownPath(path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What failed.
        #[source]
        source: io::Error,
    },
    /// The content cannot be used.
    #[error("certificate {place}: {problem}")]
    Unusable {
        /// Where it comes from.
        place: String,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
    /// The password of the PFX file cannot be read.
    #[error("the password of the PFX file cannot be read")]
    Password(#[source] SecretError),
    /// The key does not sign.
    #[error("the private key of certificate {thumbprint} does not sign")]
    Signing {
        /// SHA-1 of the certificate.
        thumbprint: String,
    },
}

impl From<UnreadableFile> for CertificateError {
    fn from(UnreadableFile { path, source }: UnreadableFile) -> Self {
        Self::Unreadable { path, source }
    }
}
