//! Token providers from a tenant's credential.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use stocktake_auth::{
    AssertionForm, AssignedIdentity, AuthenticationContext, AzureCli, AzureCliOptions,
    CertificateCredential, CertificateOptions, CertificateSource, ClientSecret, Credential,
    CredentialError, ENTRA_LIMITS, EntraOptions, EntraTokens, FederatedToken, GLOBAL_LOGIN_URL,
    MANAGED_IDENTITY_LIMITS, ManagedIdentity, ManagedIdentityHost, ManagedIdentityOptions,
    TenantGuard,
};
use stocktake_connector_core::{Clock, DirectoryId, SystemClock, TenantName, TokenProvider, chain};
use stocktake_http_stack::{CallCounts, Limits, Transport};
use stocktake_sinks::{RedactedText, SecretSetting};
use url::Url;

use super::{secret, secret_source, url};
use crate::clock::ProgramClock;
use crate::command_error::CommandError;
use crate::config::{
    CertificateConfig, Config, ConfigError, ConfigFault, CredentialConfig, Endpoints,
    ManagedIdentityConfig, SignatureAlgorithm, TenantConfig, WorkloadIdentityConfig,
};

/// How a tenant's application authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialKind {
    ClientSecret,
    Certificate,
    WorkloadIdentity,
    ManagedIdentity,
    AzureCli,
}

/// The source of a tenant's tokens, and facts about its credential.
pub(crate) struct Tokens {
    pub(crate) provider: Arc<dyn TokenProvider>,
    pub(crate) kind: CredentialKind,
    /// `None` where the configuration does not have it.
    pub(crate) client_id: Option<String>,
    /// For its expiry; `None` for another kind.
    pub(crate) certificate: Option<Arc<CertificateCredential>>,
    /// Authenticates the application; `None` where nothing is sent to Entra.
    credential: Option<Arc<dyn Credential>>,
    calls: Arc<dyn Fn() -> CallCounts + Send + Sync>,
}

impl Tokens {
    /// Builds the request to Entra without sending it, to find out whether its files can be used.
    pub(crate) async fn try_credential(&self) -> Result<(), CredentialError> {
        let (Some(credential), Some(client_id)) = (&self.credential, &self.client_id) else {
            return Ok(());
        };
        let token_endpoint = Url::parse(GLOBAL_LOGIN_URL).map_err(|error| {
            CredentialError::Other { message: "no login URL".into(), source: Some(error.into()) }
        })?;
        let now = SystemClock.now();
        let context = AuthenticationContext { token_endpoint: &token_endpoint, client_id, now };
        credential.authenticate(&context).await?;
        Ok(())
    }

    /// Token requests so far.
    pub(crate) fn calls(&self) -> CallCounts {
        (self.calls)()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// An application, and how it authenticates to Entra.
struct Application {
    kind: CredentialKind,
    client_id: String,
    credential: Arc<dyn Credential>,
    certificate: Option<Arc<CertificateCredential>>,
}

/// The tenant's own secret, or the credential that it names.
pub(super) fn tokens(
    tenant: &TenantName,
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
        return entra(application, tenant, config, endpoints, all, transport);
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
            return managed_identity(&key, own, tenant, config, all, transport);
        }
        Some(CredentialConfig::AzureCli(_)) => return azure_cli(tenant, config),
        // The configuration was checked for this.
        None => return Err(fault(&key, "is missing")),
    };
    entra(application, tenant, config, endpoints, all, transport)
}

fn fault(key: &str, problem: impl Into<String>) -> CommandError {
    ConfigError(vec![ConfigFault::new(key, problem)]).into()
}

fn entra(
    application: Application,
    tenant: &TenantName,
    config: &TenantConfig,
    endpoints: &Endpoints,
    all: &Config,
    transport: &Transport,
) -> Result<Tokens, CommandError> {
    let Application { kind, client_id, credential, certificate } = application;
    let key = format!("tenants.{tenant}");
    let options = EntraOptions {
        login_url: url(&format!("{key}.login_url"), &endpoints.login_url)?,
        directory_id: directory_id(tenant, config)?,
        client_id: client_id.clone(),
        tenant: tenant.clone(),
        credential: Arc::clone(&credential),
        limits: token_limits(ENTRA_LIMITS, all),
        clock: Arc::new(ProgramClock),
    };
    let tokens =
        EntraTokens::new(transport, options).map_err(|error| fault(&key, chain(&error)))?;
    let tokens = Arc::new(tokens);
    let counted = Arc::clone(&tokens);
    Ok(Tokens {
        provider: tokens,
        kind,
        client_id: Some(client_id),
        certificate,
        credential: Some(credential),
        calls: Arc::new(move || counted.calls()),
    })
}

/// The directory of the tenant.
pub(super) fn directory_id(
    tenant: &TenantName,
    config: &TenantConfig,
) -> Result<DirectoryId, CommandError> {
    DirectoryId::new(&config.tenant_id)
        .map_err(|error| fault(&format!("tenants.{tenant}.tenant_id"), error.to_string()))
}

/// The limits of token requests, with the configured number of retries.
fn token_limits(limits: Limits, all: &Config) -> Limits {
    Limits { max_retries: all.http.max_retries, ..limits }
}

fn app_secret(
    key: &str,
    client_id: String,
    value: Option<&RedactedText>,
    file: Option<&Path>,
) -> Result<Application, CommandError> {
    let secret = secret(key, "app_secret", value, file)?;
    Ok(Application {
        kind: CredentialKind::ClientSecret,
        client_id,
        credential: Arc::new(ClientSecret::new(secret)),
        certificate: None,
    })
}

fn certificate(config: &CertificateConfig) -> Application {
    let password = SecretSetting::new(config.password.as_ref(), config.password_file.as_deref())
        .map(secret_source);
    let mut options = CertificateOptions::new(CertificateSource::Files {
        certificate: config.certificate_file.clone(),
        key: config.private_key_file.clone(),
        password,
    });
    options.send_chain = config.send_chain;
    options.form = match config.algorithm {
        SignatureAlgorithm::Ps256 => AssertionForm::Ps256,
        SignatureAlgorithm::Rs256 => AssertionForm::Rs256,
    };
    let certificate = Arc::new(CertificateCredential::new(options));
    Application {
        kind: CredentialKind::Certificate,
        client_id: config.app_id.clone(),
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
    let client_id = or_variable("app_id", config.app_id.clone(), "AZURE_CLIENT_ID")?;
    let file = config.token_file.as_ref().map(|file| file.display().to_string());
    let file = or_variable("token_file", file, "AZURE_FEDERATED_TOKEN_FILE")?;
    Ok(Application {
        kind: CredentialKind::WorkloadIdentity,
        client_id,
        credential: Arc::new(FederatedToken::new(file)),
        certificate: None,
    })
}

fn managed_identity(
    key: &str,
    config: &ManagedIdentityConfig,
    tenant: &TenantName,
    config_of_tenant: &TenantConfig,
    all: &Config,
    transport: &Transport,
) -> Result<Tokens, CommandError> {
    let ManagedIdentityConfig { client_id, object_id, resource_id } = config.clone();
    let identity = match (client_id.clone(), object_id, resource_id) {
        (Some(id), _, _) => AssignedIdentity::ClientId(id),
        (None, Some(id), _) => AssignedIdentity::ObjectId(id),
        (None, None, Some(id)) => AssignedIdentity::ResourceId(id),
        (None, None, None) => AssignedIdentity::System,
    };
    let host =
        ManagedIdentityHost::detect(variable_named).map_err(|error| fault(key, chain(&error)))?;
    let options = ManagedIdentityOptions {
        host,
        identity,
        tenant: tenant.clone(),
        limits: token_limits(MANAGED_IDENTITY_LIMITS, all),
        clock: Arc::new(ProgramClock),
    };
    let tokens =
        ManagedIdentity::new(transport, options).map_err(|error| fault(key, chain(&error)))?;
    let tokens = Arc::new(tokens);
    let counted = Arc::clone(&tokens);
    Ok(Tokens {
        provider: Arc::new(TenantGuard::new(tokens, directory_id(tenant, config_of_tenant)?)),
        kind: CredentialKind::ManagedIdentity,
        client_id,
        certificate: None,
        credential: None,
        calls: Arc::new(move || counted.calls()),
    })
}

fn azure_cli(tenant: &TenantName, config: &TenantConfig) -> Result<Tokens, CommandError> {
    let directory = directory_id(tenant, config)?;
    let options = AzureCliOptions::new(directory.clone(), Arc::new(ProgramClock));
    Ok(Tokens {
        provider: Arc::new(TenantGuard::new(Arc::new(AzureCli::new(options)), directory)),
        kind: CredentialKind::AzureCli,
        client_id: None,
        certificate: None,
        credential: None,
        // The program makes the calls, and does not report how many.
        calls: Arc::new(CallCounts::default),
    })
}

/// A variable that the platform sets for this process, as Azure's hosts do.
fn variable_named(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
