//! Token providers from a tenant's credential.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use stocktake_auth::{AppSecret, Credential, EntraOptions, EntraTokens};
use stocktake_connector_core::{SystemClock, TenantId, TokenProvider};
use stocktake_http_stack::{CallCounts, Transport};

use super::{secret, url};
use crate::cli::CommandError;
use crate::config::{
    Config, ConfigError, CredentialConfig, Endpoints, Fault, HiddenText, TenantConfig,
};

/// Who gives a tenant's tokens, and how often it had to ask.
pub(crate) struct Tokens {
    pub(crate) provider: Arc<dyn TokenProvider>,
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

/// The tenant's own secret, or the credential that it names.
pub(super) fn tokens(
    tenant: &TenantId,
    config: &TenantConfig,
    endpoints: &Endpoints,
    all: &Config,
    transport: &Transport,
) -> Result<Tokens, CommandError> {
    let (app_id, credential) = credential(tenant, config, all)?;
    let key = format!("tenants.{tenant}");
    let options = EntraOptions {
        login_url: url(&format!("{key}.login_url"), &endpoints.login_url)?,
        tenant_id: config.tenant_id.clone(),
        app_id,
        tenant: tenant.clone(),
        credential,
        clock: Arc::new(SystemClock),
    };
    let tokens = EntraTokens::new(transport, options)
        .map_err(|error| ConfigError(vec![Fault::new(key.as_str(), crate::chain(&error))]))?;
    let tokens = Arc::new(tokens);
    let counted = Arc::clone(&tokens);
    Ok(Tokens { provider: tokens, calls: Arc::new(move || counted.calls()) })
}

fn credential(
    tenant: &TenantId,
    config: &TenantConfig,
    all: &Config,
) -> Result<(String, Arc<dyn Credential>), CommandError> {
    let Some(name) = &config.credential else {
        let key = format!("tenants.{tenant}");
        let app_id = config.app_id.clone().unwrap_or_default();
        return app_secret(
            &key,
            app_id,
            config.app_secret.as_ref(),
            config.app_secret_file.as_deref(),
        );
    };
    let key = format!("credentials.{name}");
    match all.credentials.get(name) {
        Some(CredentialConfig::AppSecret(own)) => app_secret(
            &key,
            own.app_id.clone(),
            own.app_secret.as_ref(),
            own.app_secret_file.as_deref(),
        ),
        _ => Err(ConfigError(vec![Fault::new(key, "is of a kind that cannot be used yet")]).into()),
    }
}

fn app_secret(
    key: &str,
    app_id: String,
    value: Option<&HiddenText>,
    file: Option<&Path>,
) -> Result<(String, Arc<dyn Credential>), CommandError> {
    let secret = secret(key, "app_secret", value, file)?;
    Ok((app_id, Arc::new(AppSecret::new(secret))))
}
