//! Credentials: how the application proves to Entra that it is itself.

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
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Why a credential cannot be presented.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// The secret behind it cannot be had.
    #[error("the app secret cannot be read")]
    Secret(#[from] SecretError),
    /// The certificate or its key cannot be used.
    #[error("the app's certificate cannot be used")]
    Certificate(#[from] CertificateError),
    /// The projected token cannot be had.
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

/// What a proof is made for.
#[derive(Debug, Clone, Copy)]
pub struct ProofContext<'a> {
    /// The token endpoint that is about to be asked: the audience of an assertion.
    pub token_endpoint: &'a Url,
    /// The application that has to prove itself: issuer and subject of an assertion.
    pub app_id: &'a str,
    /// The time.
    pub now: DateTime<Utc>,
}

/// What a credential sends, and what may be told of it when Entra refuses.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Proof {
    /// The form fields that carry it, beside `client_id`, `scope` and `grant_type`.
    pub form: Vec<(&'static str, SecretString)>,
    /// What it is known by.
    pub mark: ProofMark,
}

impl Proof {
    /// A proof by these fields, of a kind that this crate does not know.
    pub fn new(form: Vec<(&'static str, SecretString)>) -> Self {
        Self { form, mark: ProofMark::Other }
    }

    /// A proof by a signed assertion.
    pub fn assertion(jwt: SecretString, mark: ProofMark) -> Self {
        let form = vec![("client_assertion_type", JWT_BEARER.into()), ("client_assertion", jwt)];
        Self { form, mark }
    }
}

/// What a proof is known by; nothing of it is secret. An error names it, so that the operator can
/// compare it with what the portal shows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofMark {
    /// A client secret.
    Secret {
        /// The file that it stands in; `None` for a value of the configuration.
        file: Option<PathBuf>,
    },
    /// A certificate's assertion.
    Certificate {
        /// SHA-1 of the certificate in upper-case hexadecimal digits, as the portal shows it.
        thumbprint: String,
        /// When the certificate ends.
        not_after: DateTime<Utc>,
    },
    /// A federated identity's assertion; what it says of itself, as far as it can be read.
    Federated {
        /// The claim `iss`.
        issuer: Option<String>,
        /// The claim `sub`.
        subject: Option<String>,
        /// The claim `aud`.
        audience: Option<String>,
        /// The file that it stands in.
        file: PathBuf,
    },
    /// A third party's credential.
    Other,
}

/// Proves to Entra that the application is itself. The seam for an embedder's own kinds.
///
/// # Shape
/// [`Credential::proof`] is called before each request for a token, so a credential that rotates or
/// expires gives its newest form.
///
/// # Secrets
/// `Debug` must not show them.
///
/// # Facts
/// The fields are those of the client credentials grant
/// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>).
#[async_trait]
pub trait Credential: fmt::Debug + Send + Sync {
    /// The proof to send with one request.
    ///
    /// # Errors
    /// When there is nothing to present. Entra is then not asked.
    async fn proof(&self, context: &ProofContext<'_>) -> Result<Proof, CredentialError>;
}
