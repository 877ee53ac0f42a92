//! The app secret.

use async_trait::async_trait;

use crate::secret::Secret;
use crate::{Credential, CredentialError, Proof, ProofContext, ProofMark, SecretSource};

/// A client secret.
///
/// One in a file is read again when the file changes. While the file is empty, unreadable or gone,
/// as during a rotation, the last good secret stays in use.
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
    async fn proof(&self, _: &ProofContext<'_>) -> Result<Proof, CredentialError> {
        let form = vec![("client_secret", self.secret.current()?)];
        let file = self.secret.source().file().map(ToOwned::to_owned);
        Ok(Proof { form, mark: ProofMark::Secret { file } })
    }
}
