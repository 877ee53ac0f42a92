//! Certificates: the application authenticates by an assertion that its private key signs.
//!
//! Facts: *Microsoft identity platform application authentication certificate credentials*
//! (<https://learn.microsoft.com/entra/identity-platform/certificate-credentials>).

mod assertion;
mod error;
mod identity;
mod pem;
#[cfg(feature = "pfx")]
mod pfx;

use std::fmt;
use std::path::PathBuf;

use async_trait::async_trait;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use stocktake_http_stack::Reloadable;

#[cfg(feature = "pfx")]
use crate::SecretSource;
use crate::secret::MAX_FILE_BYTES;
#[cfg(feature = "pfx")]
use crate::secret::{parse_secret, parse_value};
use crate::{
    AuthenticationContext, ClientAuthentication, Credential, CredentialError, SentCredential,
};

pub use error::CertificateError;
pub use identity::CertificateFacts;
use identity::Identity;

/// Where a certificate and its private key come from. Its `Debug` never shows the key.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CertificateSource {
    /// PEM files. Both are read again when one of them changes.
    PemFiles {
        /// The certificate, and its chain if there is one.
        certificate: PathBuf,
        /// The private key (PKCS#8 or PKCS#1, unencrypted). `None`: it is in the same file.
        key: Option<PathBuf>,
    },
    /// The PEM text itself, certificate and private key, from the environment.
    PemText(SecretString),
    /// A PFX (PKCS#12) file. It is read again when it or the file of its password changes.
    #[cfg(feature = "pfx")]
    Pfx {
        /// The file.
        file: PathBuf,
        /// Its password. `None`: an empty one.
        password: Option<SecretSource>,
    },
}

impl fmt::Display for CertificateSource {
    /// Where an operator finds it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PemFiles { certificate, key: None } => write!(f, "{}", certificate.display()),
            Self::PemFiles { certificate, key: Some(key) } => {
                write!(f, "{} with key {}", certificate.display(), key.display())
            }
            Self::PemText(_) => f.write_str("the configured PEM text"),
            #[cfg(feature = "pfx")]
            Self::Pfx { file, .. } => write!(f, "{}", file.display()),
        }
    }
}

/// How an assertion is signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssertionForm {
    /// PS256, the certificate named by its SHA-256 (`x5t#S256`): what Entra recommends.
    #[default]
    Ps256,
    /// RS256, the certificate named by its SHA-1 (`x5t`): the older form, for hosts that accept
    /// nothing else.
    Rs256,
}

/// How a certificate is presented.
#[derive(Debug, Clone)]
pub struct CertificateOptions {
    /// Where it comes from.
    pub source: CertificateSource,
    /// How the assertion is signed. Default: [`AssertionForm::Ps256`].
    pub form: AssertionForm,
    /// Whether the certificates are sent too (`x5c`), as trust by subject name and issuer needs.
    /// Default: no.
    pub send_chain: bool,
}

impl CertificateOptions {
    /// The certificate of `source`, presented as Entra recommends.
    pub fn new(source: CertificateSource) -> Self {
        Self { source, form: AssertionForm::default(), send_chain: false }
    }
}

/// A certificate and its private key.
///
/// Files are read again when they change. While they cannot be used, as when the certificate is
/// already replaced and its key is not, the last good pair stays in use.
pub struct CertificateCredential {
    options: CertificateOptions,
    identity: Reloadable<Identity, CertificateError>,
}

impl CertificateCredential {
    /// Nothing is read before it is used.
    pub fn new(options: CertificateOptions) -> Self {
        Self { identity: reloadable(&options.source), options }
    }

    /// The facts of the certificate in use, for example to warn before it expires.
    ///
    /// # Errors
    /// When no certificate can be used.
    pub fn facts(&self) -> Result<CertificateFacts, CertificateError> {
        self.identity.current().map(|identity| identity.facts.clone())
    }
}

/// The identity that `source` has, read when it is used.
fn reloadable(source: &CertificateSource) -> Reloadable<Identity, CertificateError> {
    let place = source.to_string();
    let usable = move |read: Result<Identity, String>| {
        read.map_err(|problem| CertificateError::Unusable { place: place.clone(), problem })
    };
    match source.clone() {
        CertificateSource::PemFiles { certificate, key: None } => {
            Reloadable::new([certificate], MAX_FILE_BYTES, move |[text]| usable(read_pem(text)))
        }
        CertificateSource::PemFiles { certificate, key: Some(key) } => {
            Reloadable::new([certificate, key], MAX_FILE_BYTES, move |[certificate, key]| {
                usable(read_pem(&Zeroizing::new([certificate, b"\n", key].concat())))
            })
        }
        CertificateSource::PemText(text) => Reloadable::new([], MAX_FILE_BYTES, move |[]| {
            usable(read_pem(text.expose_secret().as_bytes()))
        }),
        #[cfg(feature = "pfx")]
        CertificateSource::Pfx { file, password: Some(SecretSource::File(path)) } => {
            let named = path.clone();
            Reloadable::new([file, path], MAX_FILE_BYTES, move |[file, password]| {
                let password =
                    parse_secret(&named, password).map_err(CertificateError::Password)?;
                usable(read_pfx(file, password.expose_secret()))
            })
        }
        #[cfg(feature = "pfx")]
        CertificateSource::Pfx { file, password } => {
            Reloadable::new([file], MAX_FILE_BYTES, move |[file]| {
                let password = match &password {
                    Some(SecretSource::Value(value)) => parse_value(value),
                    _ => Ok(""),
                };
                usable(read_pfx(file, password.map_err(CertificateError::Password)?))
            })
        }
    }
}

impl fmt::Debug for CertificateCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateCredential")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Credential for CertificateCredential {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
    ) -> Result<ClientAuthentication, CredentialError> {
        let identity = self.identity.current()?;
        let jwt = assertion::sign(&identity, &self.options, context)?;
        let CertificateFacts { thumbprint, not_after, .. } = identity.facts.clone();
        let sent = SentCredential::Certificate { thumbprint, not_after };
        Ok(ClientAuthentication::assertion(jwt, sent))
    }

    fn stamp(&self) -> u64 {
        self.identity.stamp()
    }
}

/// The identity in PEM text; an error says what is wrong with it.
pub(crate) fn read_pem(text: &[u8]) -> Result<Identity, String> {
    pem::read(text).and_then(|found| Identity::new(&found.key, &found.certificates))
}

/// The identity in a PFX file; an error says what is wrong with it.
#[cfg(feature = "pfx")]
pub(crate) fn read_pfx(file: &[u8], password: &str) -> Result<Identity, String> {
    pfx::read(file, password).and_then(|found| Identity::new(&found.key, &found.certificates))
}
