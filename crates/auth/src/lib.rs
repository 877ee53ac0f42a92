//! Microsoft Entra ID access tokens: acquire, cache, renew, diagnose.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use stocktake_auth::{
//!     ClientSecret, ENTRA_LIMITS, EntraOptions, EntraTokens, GLOBAL_LOGIN_URL, SecretSource,
//! };
//! use stocktake_connector_core::{
//!     DirectoryId, SystemClock, TenantName, TokenProvider, TokenScope,
//! };
//! use stocktake_http_stack::{Transport, TransportOptions};
//!
//! let secret = ClientSecret::new(SecretSource::File("/run/secrets/contoso".into()));
//! let tokens = EntraTokens::new(
//!     &Transport::new(&TransportOptions::default())?,
//!     EntraOptions {
//!         login_url: GLOBAL_LOGIN_URL.parse()?,
//!         directory_id: DirectoryId::new("00000000-0000-0000-0000-000000000001")?,
//!         client_id: "00000000-0000-0000-0000-000000000002".into(),
//!         tenant: TenantName::new("contoso")?,
//!         credential: Arc::new(secret),
//!         limits: ENTRA_LIMITS,
//!         clock: Arc::new(SystemClock),
//!     },
//! )?;
//! let token = tokens.token(&TokenScope::new("https://graph.microsoft.com/.default")).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Main types
//! [`EntraTokens`] gives tokens for one application in one tenant; a [`Credential`] authenticates the
//! application:
//!
//! | credential | sends |
//! |---|---|
//! | [`ClientSecret`] | a client secret, from a [`SecretSource`] |
//! | [`CertificateCredential`] | an assertion signed by a certificate's private key, from PEM or PFX |
//! | [`FederatedToken`] | a token of another issuer, as Kubernetes projects it; [`WorkloadIdentity`] reads the `AZURE_*` variables |
//!
//! Two providers need no application registration of their own: [`ManagedIdentity`] gets tokens from
//! the Azure host that the program runs on, [`AzureCli`] those of the person who is signed in on a
//! laptop; [`TenantGuard`] keeps either to one directory. [`ApiKey`] gives the fixed key of a sink.
//! All are a [`TokenProvider`](stocktake_connector_core::TokenProvider), and so is what an embedder
//! brings:
//!
//! ```
//! use async_trait::async_trait;
//! use stocktake_connector_core::{AccessToken, Failure, TokenProvider, TokenScope};
//!
//! /// Tokens that another part of the program keeps.
//! #[derive(Debug)]
//! struct Broker;
//!
//! #[async_trait]
//! impl TokenProvider for Broker {
//!     async fn token(&self, _scope: &TokenScope) -> Result<AccessToken, Failure> {
//!         Ok(AccessToken::new("from the broker", None))
//!     }
//!
//!     fn invalidate(&self, _scope: &TokenScope, _token: &AccessToken) {
//!         // The broker drops the token that an API rejected.
//!     }
//! }
//! # let _: Box<dyn TokenProvider> = Box::new(Broker);
//! ```
//!
//! [`Claims`] show what a token permits, so that a missing permission can be named;
//! [`CertificateCredential::facts`] shows when a certificate expires.
//!
//! # Errors
//! Every failure is a [`Failure`](stocktake_connector_core::Failure) with code, recovery, the time
//! before which the login host wants no other request, and one sentence of advice about the credential
//! that was sent. Its source is an [`EntraError`] (or [`ManagedIdentityError`], [`AzureCliError`]);
//! [`EntraError::fix`] names the page of the portal and the command that fix it. The table behind it,
//! in this crate, is the only one of Entra's codes.
//!
//! # Retries
//! The HTTP stack retries; its limits and waits are part of the options. Nothing here loops. A failure
//! that an operator must fix is worth another attempt when [`Credential::stamp`] differs from its value
//! before the attempt: a file was replaced.
//!
//! # Rotation
//! Files are read again when they change. While they cannot be used, as when the certificate is
//! already replaced and its key is not, the last good content stays in use and a warning is logged.
//!
//! # Secrets
//! No secret reaches a log, an error or a `Debug`.
//!
//! # Features
//! | feature | adds | default |
//! |---|---|---|
//! | `pfx` | certificates and keys in PFX (PKCS#12) | on |
//!
//! # Not here
//! Retry, quotas and the connection (`http-stack`); sending the token (its authentication layer);
//! managed identities of Azure Arc and Service Fabric.

mod aadsts;
mod api_key;
mod azure_cli;
mod cache;
mod certificate;
mod claims;
mod client_secret;
mod credential;
mod entra;
mod error;
mod federated;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod managed_identity;
mod renewal;
mod responses;
mod secret;
mod tenant_guard;
mod token_response;

pub use aadsts::{Fix, FixNames, PortalPage};
pub use api_key::ApiKey;
pub use azure_cli::{AzureCli, AzureCliError, AzureCliOptions};
pub use certificate::{
    AssertionForm, CertificateCredential, CertificateError, CertificateFacts, CertificateOptions,
    CertificateSource,
};
pub use claims::{Claims, OpaqueToken};
pub use client_secret::ClientSecret;
pub use credential::{
    AuthenticationContext, ClientAuthentication, Credential, CredentialError, SentCredential,
};
pub use entra::{ENTRA_LIMITS, EntraOptions, EntraTokens, GLOBAL_LOGIN_URL, InvalidEntraOptions};
pub use error::EntraError;
pub use federated::{FederatedToken, WorkloadIdentity, WorkloadIdentityError};
pub use managed_identity::{
    AssignedIdentity, IMDS_URL, InvalidManagedIdentityOptions, MANAGED_IDENTITY_LIMITS,
    ManagedIdentity, ManagedIdentityError, ManagedIdentityHost, ManagedIdentityOptions,
};
pub use secret::{SecretError, SecretSource};
pub use tenant_guard::TenantGuard;
