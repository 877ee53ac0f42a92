//! The certificate that we show to servers which ask for one.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, SignatureScheme};

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
    #[error("client certificate: {} cannot be read", path.display())]
    Unreadable {
        /// The configured file.
        path: PathBuf,
        /// What failed.
        #[source]
        source: io::Error,
    },
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

/// What the two files hold.
#[derive(PartialEq, Eq)]
struct Content {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Content {
    fn read(files: &ClientIdentity) -> Result<Self, ClientIdentityError> {
        let read = |path: &Path| {
            fs::read(path)
                .map_err(|source| ClientIdentityError::Unreadable { path: path.to_owned(), source })
        };
        Ok(Self { certificate: read(&files.certificate_file)?, key: read(&files.key_file)? })
    }

    fn parse(
        &self,
        files: &ClientIdentity,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, ClientIdentityError> {
        let certificates = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|source| ClientIdentityError::NotPem {
                path: files.certificate_file.clone(),
                source,
            })?;
        if certificates.is_empty() {
            return Err(ClientIdentityError::NoCertificate {
                path: files.certificate_file.clone(),
            });
        }
        let path = || files.key_file.clone();
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| match error {
            pem::Error::NoItemsFound => ClientIdentityError::NoKey { path: path() },
            source => ClientIdentityError::NotPem { path: path(), source },
        })?;
        CertifiedKey::from_der(certificates, key, provider).map_err(|error| {
            let certificate_file = files.certificate_file.clone();
            let key_file = files.key_file.clone();
            match error {
                rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    ClientIdentityError::KeyMismatch { certificate_file, key_file }
                }
                source => ClientIdentityError::Unusable { certificate_file, key_file, source },
            }
        })
    }
}

struct Held {
    shown: Arc<CertifiedKey>,
    /// What `shown` was read from. Compared whole, because a time stamp can miss a quick change.
    content: Content,
    /// Why the files of now are not shown; kept so that each reason is logged once.
    fault: Option<String>,
}

/// Shows the certificate that the files hold at the time of a handshake.
pub(crate) struct WatchedIdentity {
    files: ClientIdentity,
    provider: Arc<CryptoProvider>,
    held: Mutex<Held>,
}

impl WatchedIdentity {
    pub(crate) fn open(
        files: ClientIdentity,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, ClientIdentityError> {
        let content = Content::read(&files)?;
        let shown = Arc::new(content.parse(&files, &provider)?);
        Ok(Self { files, provider, held: Mutex::new(Held { shown, content, fault: None }) })
    }

    fn look_again(&self, held: &mut Held) -> Result<(), ClientIdentityError> {
        let content = Content::read(&self.files)?;
        if content != held.content {
            held.shown = Arc::new(content.parse(&self.files, &self.provider)?);
            held.content = content;
            tracing::info!(
                file = %self.files.certificate_file.display(),
                "the client certificate has been read again"
            );
        }
        Ok(())
    }
}

impl ResolvesClientCert for WatchedIdentity {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        // Whoever panicked with the lock left a whole value: fields are replaced one by one, and
        // any mix of them is read again by the next handshake.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        // Two small files, once for each connection that asks: not worth a thread of its own.
        let fault = self.look_again(&mut held).err().map(|error| error.to_string());
        if let Some(fault) = &fault
            && held.fault.as_ref() != Some(fault)
        {
            tracing::warn!(%fault, "the client certificate of before is still shown");
        }
        held.fault = fault;
        Some(Arc::clone(&held.shown))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl fmt::Debug for WatchedIdentity {
    // By hand, because the content holds the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchedIdentity").field("files", &self.files).finish_non_exhaustive()
    }
}
