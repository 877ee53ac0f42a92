//! Token providers from a tenant's credential.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use stocktake_auth::{
    AppSecret, AssertionForm, AssignedIdentity, AzureCli, AzureCliOptions, CertificateCredential,
    CertificateOptions, CertificateSource, Credential, EntraOptions, EntraTokens, FederatedToken,
    ManagedIdentity, ManagedIdentityHost, ManagedIdentityOptions, SecretSource,
};
use stocktake_connector_core::{SystemClock, TenantId, TokenProvider};
use stocktake_http_stack::{CallCounts, Transport};

use super::{secret, url};
use crate::cli::CommandError;
use crate::config::{
    CertificateConfig, Config, ConfigError, CredentialConfig, Endpoints, Fault, HiddenText,
    ManagedIdentityConfig, SignatureAlgorithm, TenantConfig, WorkloadIdentityConfig,
};

/// What kind of proof a tenant's tokens are got with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialKind {
    AppSecret,
    Certificate,
    WorkloadIdentity,
    ManagedIdentity,
    AzureCli,
}

/// Who gives a tenant's tokens, and what is known of the credential behind.
pub(crate) struct Tokens {
    pub(crate) provider: Arc<dyn TokenProvider>,
    pub(crate) kind: CredentialKind,
    /// `None` where the configuration does not tell it.
    pub(crate) app_id: Option<String>,
    /// For its expiry; `None` for another kind.
    pub(crate) certificate: Option<Arc<CertificateCredential>>,
    calls: Arc<dyn Fn() -> CallCounts + Send + Sync>,
}

impl Tokens {
    /// What was asked so far.
    pub(crate) fn calls(&self) -> CallCounts {
        (self.calls)()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// What an application proves itself to Entra with.
struct Application {
    kind: CredentialKind,
    app_id: String,
    credential: Arc<dyn Credential>,
    certificate: Option<Arc<CertificateCredential>>,
}

/// The tenant's own secret, or the credential that it names.
pub(super) fn tokens(
    tenant: &TenantId,
    config: &TenantConfig,
    endpoints: &Endpoints,
    all: &Config,
    transport: &Transport,
) -> Result<Tokens, CommandError> {
    let key = format!("tenants.{tenant}");
    let Some(name) = &config.credential else {
        let application = app_secret(
            &key,
            config.app_id.clone().unwrap_or_default(),
            config.app_secret.as_ref(),
            config.app_secret_file.as_deref(),
        )?;
        return entra(application, tenant, config, endpoints, transport);
    };
    let key = format!("credentials.{name}");
    let application = match all.credentials.get(name) {
        Some(CredentialConfig::AppSecret(own)) => app_secret(
            &key,
            own.app_id.clone(),
            own.app_secret.as_ref(),
            own.app_secret_file.as_deref(),
        )?,
        Some(CredentialConfig::Certificate(own)) => certificate(own),
        Some(CredentialConfig::WorkloadIdentity(own)) => workload_identity(&key, own)?,
        Some(CredentialConfig::ManagedIdentity(own)) => {
            return managed_identity(&key, own, tenant, transport);
        }
        Some(CredentialConfig::AzureCli(_)) => return Ok(azure_cli(config)),
        // The configuration was checked for this.
        None => return Err(fault(&key, "is missing")),
    };
    entra(application, tenant, config, endpoints, transport)
}

fn fault(key: &str, problem: impl Into<String>) -> CommandError {
    ConfigError(vec![Fault::new(key, problem)]).into()
}

fn entra(
    application: Application,
    tenant: &TenantId,
    config: &TenantConfig,
    endpoints: &Endpoints,
    transport: &Transport,
) -> Result<Tokens, CommandError> {
    let Application { kind, app_id, credential, certificate } = application;
    let key = format!("tenants.{tenant}");
    let options = EntraOptions {
        login_url: url(&format!("{key}.login_url"), &endpoints.login_url)?,
        tenant_id: config.tenant_id.clone(),
        app_id: app_id.clone(),
        tenant: tenant.clone(),
        credential,
        clock: Arc::new(SystemClock),
    };
    let tokens =
        EntraTokens::new(transport, options).map_err(|error| fault(&key, crate::chain(&error)))?;
    let tokens = Arc::new(tokens);
    let counted = Arc::clone(&tokens);
    Ok(Tokens {
        provider: tokens,
        kind,
        app_id: Some(app_id),
        certificate,
        calls: Arc::new(move || counted.calls()),
    })
}

fn app_secret(
    key: &str,
    app_id: String,
    value: Option<&HiddenText>,
    file: Option<&Path>,
) -> Result<Application, CommandError> {
    let secret = secret(key, "app_secret", value, file)?;
    Ok(Application {
        kind: CredentialKind::AppSecret,
        app_id,
        credential: Arc::new(AppSecret::new(secret)),
        certificate: None,
    })
}

fn certificate(config: &CertificateConfig) -> Application {
    let file = config.certificate_file.clone();
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let is_pfx = ["pfx", "p12"].iter().any(|known| ending.eq_ignore_ascii_case(known));
    let password = match (&config.password, &config.password_file) {
        (Some(value), _) => Some(SecretSource::Value(value.to_secret())),
        (None, Some(path)) => Some(SecretSource::File(path.clone())),
        (None, None) => None,
    };
    // A password goes with a PFX whatever the file is called.
    let source = if is_pfx || password.is_some() {
        CertificateSource::Pfx { file, password }
    } else {
        CertificateSource::PemFiles { certificate: file, key: config.private_key_file.clone() }
    };
    let mut options = CertificateOptions::new(source);
    options.send_chain = config.send_chain;
    options.form = match config.algorithm {
        SignatureAlgorithm::Ps256 => AssertionForm::Ps256,
        SignatureAlgorithm::Rs256 => AssertionForm::Rs256,
    };
    let certificate = Arc::new(CertificateCredential::new(options));
    Application {
        kind: CredentialKind::Certificate,
        app_id: config.app_id.clone(),
        credential: Arc::clone(&certificate) as _,
        certificate: Some(certificate),
    }
}

fn workload_identity(
    key: &str,
    config: &WorkloadIdentityConfig,
) -> Result<Application, CommandError> {
    let or_variable = |name: &str, set: Option<String>, variable: &str| {
        set.or_else(|| variable_named(variable)).ok_or_else(|| {
            fault(
                &format!("{key}.{name}"),
                format!(
                    "is missing, and {variable} is not set; in Kubernetes the pod needs the label \
                     `azure.workload.identity/use: \"true\"`, and its service account the annotation \
                     `azure.workload.identity/client-id`"
                ),
            )
        })
    };
    let app_id = or_variable("app_id", config.app_id.clone(), "AZURE_CLIENT_ID")?;
    let file = config.token_file.as_ref().map(|file| file.display().to_string());
    let file = or_variable("token_file", file, "AZURE_FEDERATED_TOKEN_FILE")?;
    Ok(Application {
        kind: CredentialKind::WorkloadIdentity,
        app_id,
        credential: Arc::new(FederatedToken::new(file)),
        certificate: None,
    })
}

fn managed_identity(
    key: &str,
    config: &ManagedIdentityConfig,
    tenant: &TenantId,
    transport: &Transport,
) -> Result<Tokens, CommandError> {
    let ManagedIdentityConfig { client_id, object_id, resource_id } = config.clone();
    let identity = match (client_id.clone(), object_id, resource_id) {
        (Some(id), _, _) => AssignedIdentity::ClientId(id),
        (None, Some(id), _) => AssignedIdentity::ObjectId(id),
        (None, None, Some(id)) => AssignedIdentity::ResourceId(id),
        (None, None, None) => AssignedIdentity::System,
    };
    let host = ManagedIdentityHost::detect(variable_named)
        .map_err(|error| fault(key, crate::chain(&error)))?;
    let options = ManagedIdentityOptions {
        host,
        identity,
        tenant: tenant.clone(),
        clock: Arc::new(SystemClock),
    };
    let tokens = ManagedIdentity::new(transport, options)
        .map_err(|error| fault(key, crate::chain(&error)))?;
    let tokens = Arc::new(tokens);
    let counted = Arc::clone(&tokens);
    Ok(Tokens {
        provider: tokens,
        kind: CredentialKind::ManagedIdentity,
        app_id: client_id,
        certificate: None,
        calls: Arc::new(move || counted.calls()),
    })
}

fn azure_cli(config: &TenantConfig) -> Tokens {
    let options = AzureCliOptions::new(config.tenant_id.clone(), Arc::new(SystemClock));
    Tokens {
        provider: Arc::new(AzureCli::new(options)),
        kind: CredentialKind::AzureCli,
        app_id: None,
        certificate: None,
        // The program makes the calls, and does not tell how many.
        calls: Arc::new(CallCounts::default),
    }
}

/// A variable that others set for this process, as Azure's hosts do.
fn variable_named(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
