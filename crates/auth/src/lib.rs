//! Microsoft Entra ID access tokens: acquire, cache, renew, diagnose.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use stocktake_auth::{AppSecret, EntraOptions, EntraTokens, GLOBAL_LOGIN_URL, SecretSource};
//! use stocktake_connector_core::{SystemClock, TenantName, TokenProvider, TokenScope};
//! use stocktake_http_stack::{Transport, TransportOptions};
//!
//! let tokens = EntraTokens::new(
//!     &Transport::new(&TransportOptions::default())?,
//!     EntraOptions {
//!         login_url: GLOBAL_LOGIN_URL.parse()?,
//!         tenant_id: "00000000-0000-0000-0000-000000000001".into(),
//!         app_id: "00000000-0000-0000-0000-000000000002".into(),
//!         tenant: TenantName::new("contoso")?,
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
//! application is itself:
//!
//! | credential | proof |
//! |---|---|
//! | [`AppSecret`] | a client secret, from a [`SecretSource`] |
//! | [`CertificateCredential`] | an assertion signed by a certificate's private key, from PEM or PFX |
//! | [`FederatedToken`] | a token of another issuer, as Kubernetes projects it; [`WorkloadIdentity`] reads the `AZURE_*` variables |
//!
//! Two providers need no application registration of their own: [`ManagedIdentity`] asks the Azure
//! host that the program runs on, [`AzureCli`] the person who is logged in on a laptop. [`ApiKey`]
//! gives the fixed key that a sink takes. All are a
//! [`TokenProvider`](stocktake_connector_core::TokenProvider), and so is what an embedder brings:
//!
//! ```
//! use async_trait::async_trait;
//! use stocktake_connector_core::{AccessToken, TokenError, TokenProvider, TokenScope};
//!
//! /// Tokens that another part of the program keeps.
//! #[derive(Debug)]
//! struct Broker;
//!
//! #[async_trait]
//! impl TokenProvider for Broker {
//!     async fn token(&self, _scope: &TokenScope) -> Result<AccessToken, TokenError> {
//!         Ok(AccessToken::new("from the broker", None))
//!     }
//!
//!     fn invalidate(&self, _scope: &TokenScope, _token: &AccessToken) {
//!         // Tell the broker that an API rejected its token.
//!     }
//! }
//! # let _: Box<dyn TokenProvider> = Box::new(Broker);
//! ```
//!
//! [`Claims`] tell what a token permits, so that a missing permission can be named;
//! [`CertificateCredential::facts`] tells when a certificate ends.
//!
//! A refusal becomes an [`EntraError`] with Entra's own code; as a token provider's error it carries
//! a sentence that tells the operator what to do about the credential that was sent.
//!
//! # Rotation
//! Files are read again when they change. While they cannot be used, as when the certificate is
//! already replaced and its key is not, the last good content stays in use and a warning is logged.
//!
//! # Secrets
//! No secret reaches a log, an error or a `Debug`.
//!
//! # Features
//! | feature | gives | default |
//! |---|---|---|
//! | `pfx` | [`CertificateSource::Pfx`] | on |
//!
//! # Not here
//! Retry, quotas and the connection (`http-stack`); sending the token (its authorisation layer);
//! managed identities of Azure Arc and Service Fabric.

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
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
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
