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
mod cache;
mod claims;
mod credential;
mod entra;
mod error;
mod secret;

pub use api_key::ApiKey;
pub use claims::{Claims, OpaqueToken};
pub use credential::{AppSecret, Credential, CredentialError};
pub use entra::{EntraOptions, EntraTokens, GLOBAL_LOGIN_URL, InvalidEntraOptions};
pub use error::EntraError;
pub use secret::{SecretError, SecretSource};
