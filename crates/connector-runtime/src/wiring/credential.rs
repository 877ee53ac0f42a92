//! Token providers from a tenant's credential.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use stocktake_auth::{
    AppSecret, AssertionForm, AssignedIdentity, AzureCli, AzureCliOptions, CertificateCredential,
    CertificateOptions, CertificateSource, Claims, Credential, CredentialError, EntraOptions,
    EntraTokens, FederatedToken, GLOBAL_LOGIN_URL, ManagedIdentity, ManagedIdentityHost,
    ManagedIdentityOptions, ProofContext, SecretSource,
};
use stocktake_connector_core::{
    AccessToken, Clock, Recovery, SystemClock, TenantName, TokenError, TokenProvider, TokenScope,
};
use stocktake_http_stack::{CallCounts, Transport};
use url::Url;
use uuid::Uuid;

use super::{secret, url};
use crate::command_error::CommandError;
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
    /// What the application proves itself with; `None` where nothing is sent to Entra.
    credential: Option<Arc<dyn Credential>>,
    calls: Arc<dyn Fn() -> CallCounts + Send + Sync>,
}

impl Tokens {
    /// Makes the proof that would be sent, to see whether its files can be used. Nobody is asked.
    pub(crate) async fn try_proof(&self) -> Result<(), CredentialError> {
        let (Some(credential), Some(app_id)) = (&self.credential, &self.app_id) else {
            return Ok(());
        };
        let token_endpoint = Url::parse(GLOBAL_LOGIN_URL).map_err(|error| {
            CredentialError::Other { message: "no login URL".into(), source: Some(error.into()) }
        })?;
        let now = SystemClock.now();
        credential.proof(&ProofContext { token_endpoint: &token_endpoint, app_id, now }).await?;
        Ok(())
    }

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
            return managed_identity(&key, own, tenant, config, transport);
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
    tenant: &TenantName,
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
        credential: Arc::clone(&credential),
        clock: Arc::new(SystemClock),
    };
    let tokens =
        EntraTokens::new(transport, options).map_err(|error| fault(&key, chain(&error)))?;
    let tokens = Arc::new(tokens);
    let counted = Arc::clone(&tokens);
    Ok(Tokens {
        provider: tokens,
        kind,
        app_id: Some(app_id),
        certificate,
        credential: Some(credential),
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
    let password = match (&config.password, &config.password_file) {
        (Some(value), _) => Some(SecretSource::Value(value.to_secret())),
        (None, Some(path)) => Some(SecretSource::File(path.clone())),
        (None, None) => None,
    };
    let source = if config.is_pfx() {
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
    tenant: &TenantName,
    config_of_tenant: &TenantConfig,
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
        .map_err(|error| fault(key, chain(&error)))?;
    let options = ManagedIdentityOptions {
        host,
        identity,
        tenant: tenant.clone(),
        clock: Arc::new(SystemClock),
    };
    let tokens = ManagedIdentity::new(transport, options)
        .map_err(|error| fault(key, chain(&error)))?;
    let tokens = Arc::new(tokens);
    let counted = Arc::clone(&tokens);
    Ok(Tokens {
        provider: Arc::new(OfDirectory::new(tokens, config_of_tenant)),
        kind: CredentialKind::ManagedIdentity,
        app_id: client_id,
        certificate: None,
        credential: None,
        calls: Arc::new(move || counted.calls()),
    })
}

fn azure_cli(config: &TenantConfig) -> Tokens {
    let options = AzureCliOptions::new(config.tenant_id.clone(), Arc::new(SystemClock));
    Tokens {
        provider: Arc::new(OfDirectory::new(Arc::new(AzureCli::new(options)), config)),
        kind: CredentialKind::AzureCli,
        app_id: None,
        certificate: None,
        credential: None,
        // The program makes the calls, and does not tell how many.
        calls: Arc::new(CallCounts::default),
    }
}

/// Gives tokens of one directory only: those of a platform's identity open the directory that the
/// identity lives in, whatever the configuration says, and one customer's devices must not go out
/// under another's name.
#[derive(Debug)]
struct OfDirectory {
    inner: Arc<dyn TokenProvider>,
    tenant_id: String,
}

impl OfDirectory {
    fn new(inner: Arc<dyn TokenProvider>, config: &TenantConfig) -> Self {
        Self { inner, tenant_id: config.tenant_id.clone() }
    }
}

#[async_trait]
impl TokenProvider for OfDirectory {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken, TokenError> {
        let token = self.inner.token(scope).await?;
        // A token is opaque by contract, and a domain is no id: then there is nothing to compare.
        let found = Claims::of(&token).ok().and_then(|claims| claims.tid);
        let (Some(found), Ok(wanted)) = (found, Uuid::parse_str(&self.tenant_id)) else {
            return Ok(token);
        };
        if Uuid::parse_str(&found).is_ok_and(|found| found == wanted) {
            return Ok(token);
        }
        Err(TokenError {
            message: format!(
                "the token is of directory {found}, and the tenant's is {}",
                self.tenant_id
            ),
            advice: Some(
                "Correct the tenant id, or use a credential that is registered in the tenant's own \
                 directory: a managed identity and a sign-in open their own only."
                    .to_owned(),
            ),
            recovery: Recovery::Operator,
            source: None,
        })
    }

    fn invalidate(&self, scope: &TokenScope, token: &AccessToken) {
        self.inner.invalidate(scope, token);
    }
}

/// A variable that others set for this process, as Azure's hosts do.
fn variable_named(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
