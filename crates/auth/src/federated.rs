//! Workload identity federation: a token of another issuer, as Kubernetes projects it into a pod.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use stocktake_connector_core::{DirectoryId, InvalidName};
use stocktake_http_stack::{UrlError, base_url};

use crate::claims::payload;
use crate::secret::Secret;
use crate::{
    AuthenticationContext, ClientAuthentication, Credential, CredentialError, GLOBAL_LOGIN_URL,
    SecretSource, SentCredential,
};

/// A projected token, read again when its file changes, which is about once an hour.
///
/// While the file is empty, unreadable or gone, the last good token stays in use.
#[derive(Debug)]
pub struct FederatedToken {
    file: PathBuf,
    token: Secret,
}

impl FederatedToken {
    /// The token in `file`; nothing is read before it is used.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        let file = file.into();
        Self { token: Secret::new(SecretSource::File(file.clone())), file }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

#[async_trait]
impl Credential for FederatedToken {
    async fn authenticate(
        &self,
        _: &AuthenticationContext<'_>,
    ) -> Result<ClientAuthentication, CredentialError> {
        let token = self.token.current().map_err(CredentialError::FederatedToken)?;
        let sent = describe(&token, &self.file);
        Ok(ClientAuthentication::assertion(token, sent))
    }

    fn stamp(&self) -> u64 {
        self.token.stamp()
    }
}

/// The claims of the token.
fn describe(token: &SecretString, file: &Path) -> SentCredential {
    let claims = payload(token.expose_secret()).unwrap_or_default();
    let claim = |name: &str| match claims.get(name)? {
        Value::String(text) => Some(text.clone()),
        // Kubernetes writes its audiences as a list.
        Value::Array(values) => {
            let texts: Vec<_> = values.iter().filter_map(Value::as_str).collect();
            Some(texts.join(", "))
        }
        _ => None,
    };
    SentCredential::Federated {
        issuer: claim("iss"),
        subject: claim("sub"),
        audience: claim("aud"),
        file: file.to_owned(),
    }
}

/// The variables that the workload identity webhook of Kubernetes and some CI systems set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkloadIdentity {
    /// `AZURE_AUTHORITY_HOST`; the global cloud's login host where it is not set.
    pub login_url: Url,
    /// `AZURE_TENANT_ID`.
    pub directory_id: DirectoryId,
    /// `AZURE_CLIENT_ID`.
    pub client_id: String,
    /// `AZURE_FEDERATED_TOKEN_FILE`.
    pub token_file: PathBuf,
}

/// Why the environment describes no workload identity.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkloadIdentityError {
    /// Variables are not set.
    #[error(
        "{} not set; in Kubernetes the pod needs the label `azure.workload.identity/use: \"true\"` \
         and a service account with the annotation `azure.workload.identity/client-id`",
        names.join(", ")
    )]
    Missing {
        /// Their names.
        names: Vec<&'static str>,
    },
    /// The login host cannot be used.
    #[error("AZURE_AUTHORITY_HOST cannot be used")]
    AuthorityHost(#[source] UrlError),
    /// The directory cannot be used.
    #[error("AZURE_TENANT_ID cannot be used")]
    TenantId(#[source] InvalidName),
}

impl WorkloadIdentity {
    /// Reads the variables through `lookup`, which is `|name| std::env::var(name).ok()` in a program.
    ///
    /// # Errors
    /// [`WorkloadIdentityError`] names every variable that is missing.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, WorkloadIdentityError> {
        let mut names = Vec::new();
        let mut need = |name: &'static str| match lookup(name).filter(|value| !value.is_empty()) {
            Some(value) => value,
            None => {
                names.push(name);
                String::new()
            }
        };
        let (directory_id, client_id) = (need("AZURE_TENANT_ID"), need("AZURE_CLIENT_ID"));
        let token_file = need("AZURE_FEDERATED_TOKEN_FILE").into();
        if !names.is_empty() {
            return Err(WorkloadIdentityError::Missing { names });
        }
        let login = lookup("AZURE_AUTHORITY_HOST").filter(|value| !value.is_empty());
        let login_url = base_url(login.as_deref().unwrap_or(GLOBAL_LOGIN_URL))
            .map_err(WorkloadIdentityError::AuthorityHost)?;
        let directory_id =
            DirectoryId::new(directory_id).map_err(WorkloadIdentityError::TenantId)?;
        Ok(Self { login_url, directory_id, client_id, token_file })
    }

    /// The credential.
    pub fn credential(&self) -> FederatedToken {
        FederatedToken::new(&self.token_file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<WorkloadIdentity, WorkloadIdentityError> {
        WorkloadIdentity::read(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    const COMPLETE: [(&str, &str); 3] = [
        ("AZURE_TENANT_ID", "t"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_FEDERATED_TOKEN_FILE", "/var/run/secrets/azure/tokens/azure-identity-token"),
    ];

    #[test]
    fn the_standard_variables_describe_the_identity() {
        let found = read(&COMPLETE).unwrap();
        assert_eq!((found.directory_id.as_str(), found.client_id.as_str()), ("t", "c"));
        assert_eq!(found.login_url.as_str(), "https://login.microsoftonline.com/");
        assert_eq!(found.credential().file(), Path::new(COMPLETE[2].1));
        let host = ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/");
        let found = read(&[&COMPLETE[..], &[host]].concat()).unwrap();
        assert_eq!(found.login_url.as_str(), "https://login.microsoftonline.us/");
    }

    #[test]
    fn every_missing_variable_is_named() {
        let error = read(&[COMPLETE[0], ("AZURE_CLIENT_ID", "")]).unwrap_err().to_string();
        assert!(
            error.starts_with("AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE not set"),
            "{error}"
        );
    }

    #[test]
    fn an_insecure_login_host_is_refused() {
        let host = ("AZURE_AUTHORITY_HOST", "http://login.example.com");
        let error = read(&[&COMPLETE[..], &[host]].concat()).unwrap_err();
        assert!(matches!(error, WorkloadIdentityError::AuthorityHost(_)), "{error}");
    }
}
