//! How an application proves that it is itself.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stocktake_sinks::RedactedText;

/// One credential, for one tenant or for many. Its `type` says which kind.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum CredentialConfig {
    /// A client secret.
    AppSecret(AppSecretConfig),
    /// A certificate whose private key signs each request for a token.
    Certificate(CertificateConfig),
    /// A token that Kubernetes or another platform issues to the workload.
    WorkloadIdentity(WorkloadIdentityConfig),
    /// The identity of the Azure resource that the program runs on.
    ManagedIdentity(ManagedIdentityConfig),
    /// Whoever is signed in to the Azure CLI; for trying things on a laptop.
    AzureCli(AzureCliConfig),
}

/// A client secret.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppSecretConfig {
    /// The app registration's application (client) id: a GUID.
    pub(crate) app_id: String,
    /// The app registration's secret value. Better kept in a file or the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) app_secret: Option<RedactedText>,
    /// A file that holds the secret value; read again when it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) app_secret_file: Option<PathBuf>,
}

/// A certificate with its private key.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateConfig {
    /// The app registration's application (client) id: a GUID.
    pub(crate) app_id: String,
    /// The certificate, with the private key in it or in `private_key_file`: PEM, DER or PFX, or base64
    /// text of these, as Azure Key Vault gives it; the content decides, not the name. Read again when it
    /// changes.
    pub(crate) certificate_file: PathBuf,
    /// The private key without a passphrase, where it is not in `certificate_file`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) private_key_file: Option<PathBuf>,
    /// The password of a PFX. Better kept in a file or the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<RedactedText>,
    /// A file that holds the password of a PFX.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password_file: Option<PathBuf>,
    /// How requests are signed.
    #[serde(default)]
    pub(crate) algorithm: SignatureAlgorithm,
    /// Whether the certificate goes along, as an app registration needs that trusts a subject name
    /// and issuer.
    #[serde(default)]
    pub(crate) send_chain: bool,
}

/// How an assertion is signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SignatureAlgorithm {
    /// RSASSA-PSS with SHA-256, which Microsoft recommends.
    #[default]
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, for login services that do not take the other.
    Rs256,
}

/// A federated token.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WorkloadIdentityConfig {
    /// The app registration's application (client) id. Not set: `AZURE_CLIENT_ID`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) app_id: Option<String>,
    /// The file with the token; read again when it changes. Not set: `AZURE_FEDERATED_TOKEN_FILE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_file: Option<PathBuf>,
}

/// A managed identity. The system-assigned one, where none is named.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ManagedIdentityConfig {
    /// The client id of a user-assigned identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<String>,
    /// The object id of a user-assigned identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) object_id: Option<String>,
    /// The Azure resource id of a user-assigned identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource_id: Option<String>,
}

/// The Azure CLI's sign-in.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AzureCliConfig {}
