//! Certificates: the application authenticates by an assertion that its private key signs.
//!
//! Facts: *Microsoft identity platform application authentication certificate credentials*
//! (<https://learn.microsoft.com/entra/identity-platform/certificate-credentials>).

mod assertion;
mod error;
mod files;
mod identity;
#[cfg(feature = "pfx")]
mod pfx;

use std::fmt;
use std::iter;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use stocktake_http_stack::{FileRemark, Reloadable};

use crate::secret::{MAX_FILE_BYTES, parse_secret, parse_value};
use crate::{
    AuthenticationContext, ClientAuthentication, Credential, CredentialError, SecretSource,
    SentCredential,
};

pub use error::CertificateError;
use files::Found;
pub use identity::CertificateFacts;
use identity::Identity;

/// Where a certificate and its private key come from. Its `Debug` never shows the key.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CertificateSource {
    /// Files, read again when one of them changes. Their content says what they are, not their names:
    /// PEM, DER, PFX (PKCS#12), base64 of these, and JSON of Azure Key Vault (see [`CertificateFile`]).
    ///
    /// [`CertificateFile`]: stocktake_http_stack::CertificateFile
    Files {
        /// The certificate, its chain if there is one, and its private key where `key` has no file.
        certificate: PathBuf,
        /// The private key, unencrypted.
        key: Option<PathBuf>,
        /// The password of a PFX. `None`: an empty one.
        password: Option<SecretSource>,
    },
    /// The same content as text, certificate and private key, from the environment.
    Text(SecretString),
}

impl CertificateSource {
    /// One file with certificate and private key, and without a password.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::Files { certificate: path.into(), key: None, password: None }
    }
}

impl fmt::Display for CertificateSource {
    /// Where an operator finds it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files { certificate, key: Some(key), .. } => {
                write!(f, "{} with key {}", certificate.display(), key.display())
            }
            Self::Files { certificate, .. } => write!(f, "{}", certificate.display()),
            Self::Text(_) => f.write_str("the configured text"),
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

    /// Remarks about parts of the files that are of no use, without their content: `section 2
    /// (CERTIFICATE) is damaged`. Empty while no certificate can be used.
    pub fn remarks(&self) -> Vec<String> {
        self.identity.current().map(|identity| identity.remarks.clone()).unwrap_or_default()
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
    let (certificate, key, password) = match source.clone() {
        CertificateSource::Files { certificate, key, password } => (certificate, key, password),
        CertificateSource::Text(text) => {
            return Reloadable::new([], MAX_FILE_BYTES, move |[]| {
                let content = text.expose_secret().as_bytes();
                identity(&[(content, Path::new("FILE"))], None, &place)
            });
        }
    };
    let (file, key_file) = (certificate.clone(), key.clone());
    let (password_file, value) = match password {
        Some(SecretSource::File(path)) => (Some(path), None),
        Some(SecretSource::Value(value)) => (None, Some(value)),
        None => (None, None),
    };
    let named = password_file.clone();
    let make = move |content: &[u8], key: Option<&[u8]>, password: Option<&[u8]>| {
        let password = match (&named, password, &value) {
            (Some(path), Some(bytes), _) => Some(parse_secret(path, bytes)),
            (_, _, Some(value)) => Some(parse_value(value).map(SecretString::from)),
            _ => None,
        };
        let password = password.transpose().map_err(CertificateError::Password)?;
        let password = password.as_ref().map(ExposeSecret::expose_secret);
        let key = key.zip(key_file.as_deref());
        let files: Vec<_> = iter::once((content, file.as_path())).chain(key).collect();
        identity(&files, password, &place)
    };
    // A file that has both is read once.
    match (key.filter(|key| *key != certificate), password_file) {
        (None, None) => Reloadable::new([certificate], MAX_FILE_BYTES, move |[content]| {
            make(content, None, None)
        }),
        (Some(key), None) => {
            Reloadable::new([certificate, key], MAX_FILE_BYTES, move |[content, key]| {
                make(content, Some(key), None)
            })
        }
        (None, Some(password)) => {
            Reloadable::new([certificate, password], MAX_FILE_BYTES, move |[content, password]| {
                make(content, None, Some(password))
            })
        }
        (Some(key), Some(password)) => Reloadable::new(
            [certificate, key, password],
            MAX_FILE_BYTES,
            move |[content, key, password]| make(content, Some(key), Some(password)),
        ),
    }
}

/// The identity in the contents of files; logs what is of no use in them.
fn identity(
    files: &[(&[u8], &Path)],
    password: Option<&str>,
    place: &str,
) -> Result<Identity, CertificateError> {
    let identity = read(files, password)
        .map_err(|problem| CertificateError::Unusable { place: place.to_owned(), problem })?;
    FileRemark::log(Path::new(place), identity.remarks.clone());
    Ok(identity)
}

/// The identity in the contents of files; an error says what is wrong with them.
pub(crate) fn read(files: &[(&[u8], &Path)], password: Option<&str>) -> Result<Identity, String> {
    let mut found = Found::default();
    for (content, path) in files {
        found.add(content, path, password);
    }
    Identity::new(found)
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
