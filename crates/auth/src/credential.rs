//! Credentials: how the application authenticates to Entra.

use std::fmt;
use std::path::PathBuf;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use url::Url;

use stocktake_connector_core::BoxError;

use crate::{CertificateError, SecretError};

/// The kind of assertion that certificates and federated identities send
/// (RFC 7523, section 2.2).
const ASSERTION_TYPE: &str = "client_assertion_type";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Why a credential cannot be presented.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// The secret cannot be read.
    #[error("the app secret cannot be read")]
    Secret(#[from] SecretError),
    /// The certificate or its key cannot be used.
    #[error("the app's certificate cannot be used")]
    Certificate(#[from] CertificateError),
    /// The projected token cannot be read.
    #[error("the federated token cannot be read")]
    FederatedToken(#[source] SecretError),
    /// Another failure of a third party's credential.
    #[error("{message}")]
    Other {
        /// The fact, in one line. Never a secret.
        message: String,
        /// The failure below.
        #[source]
        source: Option<BoxError>,
    },
}

/// What the authentication of a client is made for.
#[derive(Debug, Clone, Copy)]
pub struct AuthenticationContext<'a> {
    /// The token endpoint: the audience of a client assertion.
    pub token_endpoint: &'a Url,
    /// The application (client) id: issuer and subject of a client assertion.
    pub client_id: &'a str,
    /// The time.
    pub now: DateTime<Utc>,
}

/// What a credential sends, and what may be shown of it when Entra refuses.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientAuthentication {
    /// Its form fields, next to `client_id`, `scope` and `grant_type`.
    pub form: Vec<(&'static str, SecretString)>,
    /// What may be shown of it.
    pub sent: SentCredential,
}

impl ClientAuthentication {
    /// Authentication by these fields, of a kind that this crate does not know.
    pub fn new(form: Vec<(&'static str, SecretString)>) -> Self {
        Self { form, sent: SentCredential::Other }
    }

    /// The values that a response must not repeat.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = SecretString> + '_ {
        let is_secret = |(name, _): &&(&'static str, SecretString)| *name != ASSERTION_TYPE;
        self.form.iter().filter(is_secret).map(|(_, value)| value.clone())
    }

    /// Authentication by a signed client assertion.
    pub fn assertion(jwt: SecretString, sent: SentCredential) -> Self {
        let form = vec![(ASSERTION_TYPE, JWT_BEARER.into()), ("client_assertion", jwt)];
        Self { form, sent }
    }
}

/// What identifies a credential that was sent; nothing of it is secret. An error names it, so that
/// the operator can compare it with what the portal shows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SentCredential {
    /// A client secret.
    Secret {
        /// Its file; `None` for a value of the configuration.
        file: Option<PathBuf>,
    },
    /// A certificate's client assertion.
    Certificate {
        /// SHA-1 of the certificate in upper-case hexadecimal digits, as the portal shows it.
        thumbprint: String,
        /// When the certificate expires.
        not_after: DateTime<Utc>,
    },
    /// A federated identity's client assertion, with its claims as far as they can be read.
    Federated {
        /// The claim `iss`.
        issuer: Option<String>,
        /// The claim `sub`.
        subject: Option<String>,
        /// The claim `aud`.
        audience: Option<String>,
        /// Its file.
        file: PathBuf,
    },
    /// Nothing: the host of a managed identity sends it.
    ManagedIdentity {
        /// Which identity, in words.
        identity: String,
    },
    /// A third party's credential.
    Other,
}

/// Authenticates the application to Entra. The seam for an embedder's own kinds.
///
/// # Shape
/// [`Credential::authenticate`] is called before each request for a token, so a credential that
/// rotates or expires gives its newest form.
///
/// # Secrets
/// `Debug` must not show them.
///
/// # Facts
/// The fields are those of the client credentials grant
/// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>).
#[async_trait]
pub trait Credential: fmt::Debug + Send + Sync {
    /// The form fields to send with one request.
    ///
    /// # Errors
    /// When there is nothing to present. Entra is then not asked.
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
    ) -> Result<ClientAuthentication, CredentialError>;

    /// A number that changes when a file of the credential changes, appears or disappears. Another
    /// number than before the last attempt means that an operator changed a file, so that a refused
    /// token is worth another attempt. Costs one `stat` a file; nothing is read. Default: no files.
    fn stamp(&self) -> u64 {
        0
    }
}
