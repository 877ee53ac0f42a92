//! Access tokens: how a client asks for one, and for a new one.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::Failure;

/// What a token is asked for: `https://api.securitycenter.microsoft.com/.default`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenScope(String);

impl TokenScope {
    /// Takes a scope as the identity provider spells it.
    pub fn new(scope: impl Into<String>) -> Self {
        Self(scope.into())
    }

    /// The scope as it goes over the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A bearer token. Its `Debug` never shows the secret.
#[derive(Debug, Clone)]
pub struct AccessToken {
    secret: SecretString,
    expires_at: Option<DateTime<Utc>>,
}

impl AccessToken {
    /// Wraps a secret. `expires_at` is `None` for keys that do not expire.
    pub fn new(secret: impl Into<SecretString>, expires_at: Option<DateTime<Utc>>) -> Self {
        Self { secret: secret.into(), expires_at }
    }

    /// The secret, for an `Authorization` header and nothing else.
    pub fn expose(&self) -> &str {
        self.secret.expose_secret()
    }

    /// When it stops working, if that is known.
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.expires_at
    }

    /// Whether both are the same secret.
    pub fn same_as(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

/// Gives access tokens.
///
/// # Shape
/// [`TokenProvider::token`] is called before every attempt and must be cheap: providers cache.
///
/// # Cancellation
/// Dropping the future leaves the provider usable.
#[async_trait]
pub trait TokenProvider: fmt::Debug + Send + Sync {
    /// A token for `scope` that is valid now.
    ///
    /// # Errors
    /// [`Failure`]; its `recovery` tells a bad credential from an identity provider that is down.
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken, Failure>;

    /// Tells the provider that an API rejected `token` for `scope`: with 401, or with 403, as a
    /// permission that was granted meanwhile shows only in a new token. The next
    /// [`TokenProvider::token`] gives another one; if the cache already holds a newer one, it stays.
    fn invalidate(&self, scope: &TokenScope, token: &AccessToken);
}

/// A token that someone else got, for a short-lived program: it is given as it is and never renewed.
#[async_trait]
impl TokenProvider for AccessToken {
    async fn token(&self, _: &TokenScope) -> Result<AccessToken, Failure> {
        Ok(self.clone())
    }

    fn invalidate(&self, _: &TokenScope, _: &AccessToken) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_secret() {
        let token = AccessToken::new("s3cret", None);
        assert!(!format!("{token:?}").contains("s3cret"));
    }
}
