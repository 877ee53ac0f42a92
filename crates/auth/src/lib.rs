//! Microsoft Entra ID access tokens: acquire, cache, renew, diagnose.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use stocktake_auth::{AppSecret, EntraOptions, EntraTokens, GLOBAL_LOGIN_URL, SecretSource};
//! use stocktake_connector_core::{SystemClock, TenantId, TokenProvider, TokenScope};
//! use stocktake_http_stack::{Transport, TransportOptions};
//!
//! let tokens = EntraTokens::new(
//!     &Transport::new(&TransportOptions::default())?,
//!     EntraOptions {
//!         login_url: GLOBAL_LOGIN_URL.parse()?,
//!         tenant_id: "00000000-0000-0000-0000-000000000001".into(),
//!         app_id: "00000000-0000-0000-0000-000000000002".into(),
//!         tenant: TenantId::new("contoso")?,
//!         credential: Arc::new(AppSecret::new(SecretSource::File("/run/secrets/contoso".into()))),
//!         clock: Arc::new(SystemClock),
//!     },
//! )?;
//! let token = tokens.token(&TokenScope::new("https://graph.microsoft.com/.default")).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Main types
//! [`EntraTokens`] gives tokens for one application in one tenant; a [`Credential`] proves that the
//! application is itself, and [`AppSecret`] is the one there is. [`ApiKey`] gives the fixed key that
//! a sink takes. Both read their secret from a [`SecretSource`] and follow a file that is rotated.
//! [`Claims`] tell what a token permits, so that a missing permission can be named.
//!
//! A refusal becomes an [`EntraError`] with Entra's own code; as a token provider's error it carries
//! a sentence that tells the operator what to do.
//!
//! # Secrets
//! No secret reaches a log, an error or a `Debug`.
//!
//! # Not here
//! Retry, quotas and the connection (`http-stack`); sending the token (its authorisation layer).

mod aadsts;
mod answers;
mod api_key;
mod app_secret;
mod azure_cli;
mod cache;
mod certificate;
mod claims;
mod concealment;
mod credential;
mod entra;
mod error;
mod federated;
mod follow;
mod managed_identity;
mod renewal;
mod secret;
mod token_answer;

pub use api_key::ApiKey;
pub use app_secret::AppSecret;
pub use azure_cli::{AzureCli, AzureCliError, AzureCliOptions};
pub use certificate::{
    AssertionForm, CertificateCredential, CertificateError, CertificateFacts, CertificateOptions,
    CertificateSource,
};
pub use claims::{Claims, OpaqueToken};
pub use credential::{Credential, CredentialError, Proof, ProofContext, ProofMark};
pub use entra::{EntraOptions, EntraTokens, GLOBAL_LOGIN_URL, InvalidEntraOptions};
pub use error::EntraError;
pub use federated::{FederatedToken, WorkloadIdentity, WorkloadIdentityError};
pub use managed_identity::{
    AssignedIdentity, IMDS_URL, InvalidManagedIdentityOptions, ManagedIdentity,
    ManagedIdentityError, ManagedIdentityHost, ManagedIdentityOptions,
};
pub use secret::{SecretError, SecretSource};
