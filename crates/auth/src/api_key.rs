//! Keys that do not expire, as sinks take them.

use async_trait::async_trait;

use stocktake_connector_core::{AccessToken, Recovery, TokenError, TokenProvider, TokenScope};

use crate::SecretSource;
use crate::secret::Secret;

/// A fixed key, for every scope. A key in a file follows the file.
#[derive(Debug)]
pub struct ApiKey {
    secret: Secret,
}

impl ApiKey {
    /// A key from `source`; nothing is read before it is asked for.
    pub fn new(source: SecretSource) -> Self {
        Self { secret: Secret::new(source) }
    }
}

#[async_trait]
impl TokenProvider for ApiKey {
    async fn token(&self, _scope: &TokenScope) -> Result<AccessToken, TokenError> {
        match self.secret.current() {
            Ok(secret) => Ok(AccessToken::new(secret, None)),
            Err(error) => Err(TokenError {
                message: "the API key cannot be read".to_owned(),
                advice: Some("Put the key, and nothing else, into its file or setting.".to_owned()),
                recovery: Recovery::Operator,
                source: Some(error.into()),
            }),
        }
    }

    /// Reads the file again next time. An unchanged key comes back as it was.
    fn invalidate(&self, _scope: &TokenScope, _token: &AccessToken) {
        self.secret.forget();
    }
}
