//! Credentials: how the application proves to Entra that it is itself.

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;

use stocktake_connector_core::BoxError;

use crate::secret::Secret;
use crate::{SecretError, SecretSource};

/// Why a credential cannot be presented.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// The secret behind it cannot be had.
    #[error("the app secret cannot be read")]
    Secret(#[from] SecretError),
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

/// Proves to Entra that the application is itself. The seam for certificates, federated identities
/// and others.
///
/// # Shape
/// [`Credential::form`] is called before each request for a token, so a credential that rotates or
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
    /// The form fields that carry the proof, beside `client_id`, `scope` and `grant_type`.
    ///
    /// # Errors
    /// When there is nothing to present. Entra is then not asked.
    async fn form(&self) -> Result<Vec<(&'static str, SecretString)>, CredentialError>;
}

/// A client secret.
#[derive(Debug)]
pub struct AppSecret {
    secret: Secret,
}

impl AppSecret {
    /// A secret from `source`; nothing is read before it is asked for.
    pub fn new(source: SecretSource) -> Self {
        Self { secret: Secret::new(source) }
    }
}

#[async_trait]
impl Credential for AppSecret {
    async fn form(&self) -> Result<Vec<(&'static str, SecretString)>, CredentialError> {
        Ok(vec![("client_secret", self.secret.current()?)])
    }
}
