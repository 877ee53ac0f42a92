//! Keys that do not expire, as sinks take them.

use async_trait::async_trait;

use stocktake_connector_core::{
    AccessToken, ErrorCode, Failure, Recovery, TokenProvider, TokenScope,
};

use crate::SecretSource;
use crate::secret::Secret;

/// A fixed key, for every scope. A key in a file follows the file.
#[derive(Debug)]
pub struct ApiKey {
    secret: Secret,
}

impl ApiKey {
    /// A key from `source`; nothing is read before it is used.
    pub fn new(source: SecretSource) -> Self {
        Self { secret: Secret::new(source) }
    }

    /// As [`Credential::stamp`](crate::Credential::stamp).
    pub fn stamp(&self) -> u64 {
        self.secret.stamp()
    }
}

#[async_trait]
impl TokenProvider for ApiKey {
    async fn token(&self, _scope: &TokenScope) -> Result<AccessToken, Failure> {
        let secret = self.secret.current().map_err(|error| {
            let message = "the API key cannot be read";
            Failure::new(ErrorCode::SinkKeyRefused, Recovery::Operator, message)
                .with_advice("Put the key, and nothing else, into its file or setting.")
                .because(error)
        })?;
        Ok(AccessToken::new(secret, None))
    }

    /// Reads the file again next time. An unchanged key is given again.
    fn invalidate(&self, _scope: &TokenScope, _token: &AccessToken) {
        self.secret.invalidate();
    }
}
