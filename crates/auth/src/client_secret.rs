//! The client secret.

use async_trait::async_trait;

use crate::secret::Secret;
use crate::{
    AuthenticationContext, ClientAuthentication, Credential, CredentialError, SecretSource,
    SentCredential,
};

/// A client secret.
///
/// One in a file is read again when the file changes. While the file is empty, unreadable or gone,
/// as during a rotation, the last good secret stays in use.
#[derive(Debug)]
pub struct ClientSecret {
    secret: Secret,
}

impl ClientSecret {
    /// A secret from `source`; nothing is read before it is used.
    pub fn new(source: SecretSource) -> Self {
        Self { secret: Secret::new(source) }
    }
}

#[async_trait]
impl Credential for ClientSecret {
    async fn authenticate(
        &self,
        _: &AuthenticationContext<'_>,
    ) -> Result<ClientAuthentication, CredentialError> {
        let form = vec![("client_secret", self.secret.current()?)];
        let file = self.secret.file().map(ToOwned::to_owned);
        Ok(ClientAuthentication { form, sent: SentCredential::Secret { file } })
    }

    fn stamp(&self) -> u64 {
        self.secret.stamp()
    }
}
