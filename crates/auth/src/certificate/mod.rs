//! Certificates: the application proves itself by an assertion that its private key signs.
//!
//! Facts: *Microsoft identity platform application authentication certificate credentials*
//! (<https://learn.microsoft.com/entra/identity-platform/certificate-credentials>).

mod assertion;
mod identity;
mod pem;
#[cfg(feature = "pfx")]
mod pfx;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

#[cfg(feature = "pfx")]
use crate::SecretSource;
use crate::follow::Followed;
#[cfg(feature = "pfx")]
use crate::secret::Secret;
use crate::{Credential, CredentialError, Proof, ProofContext, ProofMark, SecretError};

use identity::Identity;

/// Where a certificate and its private key come from. Its `Debug` never shows the key.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CertificateSource {
    /// PEM files. Both are read again when one of them changes.
    PemFiles {
        /// The certificate, and those that vouch for it if there are any.
        certificate: PathBuf,
        /// The private key (PKCS#8 or PKCS#1, unencrypted). `None`: it stands in the same file.
        key: Option<PathBuf>,
    },
    /// The PEM text itself, certificate and private key, from the environment.
    PemText(SecretString),
    /// A PFX (PKCS#12) file. It is read again when it or the file of its password changes.
    #[cfg(feature = "pfx")]
    Pfx {
        /// The file.
        file: PathBuf,
        /// Its password. `None`: it has an empty one.
        password: Option<SecretSource>,
    },
}

impl CertificateSource {
    fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::PemFiles { certificate, key } => {
                [Some(certificate), key.as_ref()].into_iter().flatten().cloned().collect()
            }
            Self::PemText(_) => Vec::new(),
            #[cfg(feature = "pfx")]
            Self::Pfx { file, password } => {
                let password = password.as_ref().and_then(SecretSource::file);
                [Some(file.as_path()), password].into_iter().flatten().map(Into::into).collect()
            }
        }
    }
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
    /// PS256, the certificate named by its SHA-256 (`x5t#S256`): what Entra asks for today.
    #[default]
    Ps256,
    /// RS256, the certificate named by its SHA-1 (`x5t`): the older form, for hosts that take no
    /// other.
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
    /// The certificate of `source`, presented as Entra asks for it.
    pub fn new(source: CertificateSource) -> Self {
        Self { source, form: AssertionForm::default(), send_chain: false }
    }
}

/// Why a certificate cannot be presented. Never repeats any of the key or the password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("certificate file {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What failed.
        #[source]
        source: io::Error,
    },
    /// What was read is of no use.
    #[error("certificate {place}: {problem}")]
    Unusable {
        /// Where it was read.
        place: String,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
    /// The password of the PFX file cannot be had.
    #[error("the password of the PFX file cannot be read")]
    Password(#[source] SecretError),
    /// The key does not sign.
    #[error("the private key of certificate {thumbprint} does not sign")]
    Signing {
        /// SHA-1 of the certificate.
        thumbprint: String,
    },
}

/// What is known of a certificate; none of it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateFacts {
    /// SHA-1 in upper-case hexadecimal digits, as the portal shows it.
    pub thumbprint: String,
    /// SHA-256 in upper-case hexadecimal digits.
    pub sha256: String,
    /// When it begins.
    pub not_before: DateTime<Utc>,
    /// When it ends. Entra takes no assertion after that.
    pub not_after: DateTime<Utc>,
}

/// A certificate and its private key.
///
/// Files are read again when they change. While they cannot be used, as when the certificate is
/// already replaced and its key is not, the last good pair stays in use.
pub struct CertificateCredential {
    options: CertificateOptions,
    #[cfg(feature = "pfx")]
    password: Option<Secret>,
    identity: Followed<Arc<Identity>>,
}

impl CertificateCredential {
    /// Nothing is read before it is asked for.
    pub fn new(options: CertificateOptions) -> Self {
        Self {
            #[cfg(feature = "pfx")]
            password: match &options.source {
                CertificateSource::Pfx { password, .. } => password.clone().map(Secret::new),
                _ => None,
            },
            identity: Followed::new(options.source.files()),
            options,
        }
    }

    /// What is known of the certificate in use, for example to warn before it ends.
    ///
    /// # Errors
    /// When there is none that can be used.
    pub fn facts(&self) -> Result<CertificateFacts, CertificateError> {
        self.current().map(|identity| identity.facts.clone())
    }

    fn current(&self) -> Result<Arc<Identity>, CertificateError> {
        self.identity.current(|| self.read().map(Arc::new))
    }

    fn read(&self) -> Result<Identity, CertificateError> {
        let place = self.options.source.to_string();
        let found = match &self.options.source {
            CertificateSource::PemFiles { certificate, key } => {
                let mut text = read_file(certificate)?;
                if let Some(key) = key {
                    text.push(b'\n');
                    text.extend_from_slice(&read_file(key)?);
                }
                read_pem(&text)
            }
            CertificateSource::PemText(text) => read_pem(text.expose_secret().as_bytes()),
            #[cfg(feature = "pfx")]
            CertificateSource::Pfx { file, .. } => {
                let password = self.password.as_ref().map(Secret::current).transpose();
                let password = password.map_err(CertificateError::Password)?;
                let password = password.as_ref().map_or("", |password| password.expose_secret());
                read_pfx(&read_file(file)?, password)
            }
        };
        found.map_err(|problem| CertificateError::Unusable { place, problem })
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
    async fn proof(&self, context: &ProofContext<'_>) -> Result<Proof, CredentialError> {
        let identity = self.current()?;
        let jwt = assertion::sign(&identity, &self.options, context)?;
        let CertificateFacts { thumbprint, not_after, .. } = identity.facts.clone();
        Ok(Proof::assertion(jwt, ProofMark::Certificate { thumbprint, not_after }))
    }
}

/// The identity in PEM text; an error says in words what is wrong with it.
pub(crate) fn read_pem(text: &[u8]) -> Result<Identity, String> {
    pem::read(text).and_then(|found| Identity::new(&found.key, &found.certificates))
}

/// The identity in a PFX file; an error says in words what is wrong with it.
#[cfg(feature = "pfx")]
pub(crate) fn read_pfx(file: &[u8], password: &str) -> Result<Identity, String> {
    pfx::read(file, password).and_then(|found| Identity::new(&found.key, &found.certificates))
}

fn read_file(
    path: &std::path::Path,
) -> Result<secrecy::zeroize::Zeroizing<Vec<u8>>, CertificateError> {
    crate::follow::read_bounded(path)
        .map_err(|source| CertificateError::Unreadable { path: path.to_owned(), source })
}
