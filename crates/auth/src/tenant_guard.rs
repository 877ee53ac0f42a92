//! Gives tokens of one directory only.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use stocktake_connector_core::{
    AccessToken, DirectoryId, ErrorCode, Failure, Recovery, TokenProvider, TokenScope,
};
use stocktake_http_stack::clean_text;

use crate::Claims;

/// Gives tokens of one directory only.
///
/// A managed identity and a sign-in open the directory that they live in, whatever the configuration
/// says; one customer's devices must not be sent under another's name.
#[derive(Debug)]
pub struct TenantGuard {
    inner: Arc<dyn TokenProvider>,
    directory_id: DirectoryId,
}

impl TenantGuard {
    /// Passes the tokens of `inner` on that are for `directory_id`.
    pub fn new(inner: Arc<dyn TokenProvider>, directory_id: DirectoryId) -> Self {
        Self { inner, directory_id }
    }
}

#[async_trait]
impl TokenProvider for TenantGuard {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken, Failure> {
        let token = self.inner.token(scope).await?;
        // A token is opaque by contract, and a domain is not an id: then nothing can be compared.
        let found = Claims::decode(&token).ok().and_then(|claims| claims.tid);
        let (Some(found), Ok(wanted)) = (found, Uuid::parse_str(self.directory_id.as_str())) else {
            return Ok(token);
        };
        if Uuid::parse_str(&found).is_ok_and(|found| found == wanted) {
            return Ok(token);
        }
        let message = format!(
            "the token is of directory {}, and the tenant's is {}",
            clean_text(&found),
            self.directory_id
        );
        Err(Failure::new(ErrorCode::TokenRefused, Recovery::Operator, message).with_advice(
            "Correct the tenant id, or use a credential that is registered in the tenant's own \
             directory: a managed identity and a sign-in open their own only.",
        ))
    }

    fn invalidate(&self, scope: &TokenScope, token: &AccessToken) {
        self.inner.invalidate(scope, token);
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    const DIRECTORY: &str = "aaaaaaaa-0000-0000-0000-000000000001";

    async fn guarded(directory: &str, claims: &str) -> Result<AccessToken, Failure> {
        let token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims));
        let inner = Arc::new(AccessToken::new(token, None));
        let guard = TenantGuard::new(inner, DirectoryId::new(directory).unwrap());
        guard.token(&TokenScope::new("scope")).await
    }

    #[tokio::test]
    async fn a_token_of_another_directory_is_refused() {
        let other = r#"{"tid": "aaaaaaaa-0000-0000-0000-000000000002"}"#;
        let failure = guarded(DIRECTORY, other).await.unwrap_err();
        assert_eq!((failure.code, failure.recovery), (ErrorCode::TokenRefused, Recovery::Operator));
        assert!(failure.message.contains("0000002, and the tenant's is"), "{}", failure.message);
        assert!(failure.advice.is_some());
    }

    #[tokio::test]
    async fn a_token_of_the_directory_or_without_a_comparable_id_passes() {
        let own = format!(r#"{{"tid": "{}"}}"#, DIRECTORY.to_uppercase());
        guarded(DIRECTORY, &own).await.unwrap();
        guarded("contoso.example.com", &own).await.unwrap();
        guarded(DIRECTORY, "{}").await.unwrap();
        guarded(DIRECTORY, "not JSON").await.unwrap();
    }
}
