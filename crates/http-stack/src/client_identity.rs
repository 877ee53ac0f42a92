//! The certificate that we show to servers which ask for one.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, SignatureScheme};

use crate::{Reloadable, ShownPath, UnreadableFile};

/// A certificate and its key, for servers that ask for a client certificate.
///
/// Both files are read again before each handshake that asks, so that a renewed certificate holds
/// from the next connection on. While the new files cannot be used, the last good ones are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// A PEM file with the certificate, and after it those between it and its authority's.
    pub certificate_file: PathBuf,
    /// A PEM file with the certificate's private key, without a passphrase. May be the same file.
    pub key_file: PathBuf,
}

/// Why a client certificate cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientIdentityError {
    /// A file cannot be read.
    #[error("client certificate: {} cannot be read", ShownPath(&.0.path))]
    Unreadable(#[from] UnreadableFile),
    /// A file is not whole PEM.
    #[error("client certificate: {} is not a PEM file", path.display())]
    NotPem {
        /// The configured file.
        path: PathBuf,
        /// What failed.
        #[source]
        source: pem::Error,
    },
    /// There is no certificate in the certificate's file.
    #[error("client certificate: {} holds no certificate; it must be a PEM file", path.display())]
    NoCertificate {
        /// The configured file.
        path: PathBuf,
    },
    /// There is no key in the key's file.
    #[error(
        "client certificate: {} holds no private key; it must be a PEM file, and the key must have \
         no passphrase",
        path.display()
    )]
    NoKey {
        /// The configured file.
        path: PathBuf,
    },
    /// The key belongs to another certificate.
    #[error(
        "client certificate: the key in {} does not belong to the first certificate in {}",
        key_file.display(), certificate_file.display()
    )]
    KeyMismatch {
        /// The certificate's file.
        certificate_file: PathBuf,
        /// The key's file.
        key_file: PathBuf,
    },
    /// The key or the certificate is of a kind that TLS cannot use here.
    #[error(
        "client certificate: {} with the key in {} cannot be used; the key must be RSA, ECDSA or \
         Ed25519",
        certificate_file.display(), key_file.display()
    )]
    Unusable {
        /// The certificate's file.
        certificate_file: PathBuf,
        /// The key's file.
        key_file: PathBuf,
        /// What failed.
        #[source]
        source: rustls::Error,
    },
}

/// Nothing that identifies a client is larger.
const MAX_BYTES: u64 = 1024 * 1024;

/// Shows the certificate that the files hold at the time of a handshake.
#[derive(Debug)]
pub(crate) struct ReloadableIdentity(Reloadable<CertifiedKey, ClientIdentityError>);

impl ReloadableIdentity {
    pub(crate) fn open(
        files: ClientIdentity,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, ClientIdentityError> {
        let paths = [files.certificate_file.clone(), files.key_file.clone()];
        Reloadable::open(paths, MAX_BYTES, move |[certificate, key]| {
            files.read(certificate, key, &provider)
        })
        .map(Self)
    }
}

impl ClientIdentity {
    fn read(
        &self,
        certificate: &[u8],
        key: &[u8],
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, ClientIdentityError> {
        let Self { certificate_file, key_file } = self.clone();
        let certificates =
            CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>().map_err(
                |source| ClientIdentityError::NotPem { path: certificate_file.clone(), source },
            )?;
        if certificates.is_empty() {
            return Err(ClientIdentityError::NoCertificate { path: certificate_file });
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| {
            let path = key_file.clone();
            match error {
                pem::Error::NoItemsFound => ClientIdentityError::NoKey { path },
                source => ClientIdentityError::NotPem { path, source },
            }
        })?;
        CertifiedKey::from_der(certificates, key, provider).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                ClientIdentityError::KeyMismatch { certificate_file, key_file }
            }
            source => ClientIdentityError::Unusable { certificate_file, key_file, source },
        })
    }
}

impl ResolvesClientCert for ReloadableIdentity {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.current().ok()
    }

    fn has_certs(&self) -> bool {
        true
    }
}
