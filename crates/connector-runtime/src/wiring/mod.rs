//! Where concrete types meet: configuration in, collectors out.

mod configured;
mod credential;
mod files;
mod settings;
mod sinks;
mod tenant;
mod transport;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use stocktake_auth::SecretSource;
use stocktake_connector_core::{
    Inventory, Mapper as _, Scope, SinkName, StateStore, TenantName, chain,
};
use stocktake_http_stack::base_url;
use stocktake_sinks::{BuiltSink, RedactedText, SecretSetting, SinkContext};
use stocktake_state::{MemoryStore, SqliteStore};
use url::Url;

use self::configured::CollectorFactory;
use self::settings::{Follower, Settings};
use crate::command_error::CommandError;
use crate::config::{Config, ConfigError, ConfigFault, Rereading, StateConfig, TenantConfig};

pub(crate) use configured::ConfiguredTenant;
pub(crate) use credential::CredentialKind;
pub(crate) use tenant::{GraphAccess, TenantAccess, access, mapper, source_name, tenant_sinks};
pub(crate) use transport::{Observer, connections};

/// As the path of state: keep it in memory.
const IN_MEMORY: &str = ":memory:";

/// Everything that runs.
#[derive(Debug)]
pub(crate) struct Deployment {
    /// Each tenant, also those that could not be built.
    pub(crate) tenants: Vec<Arc<ConfiguredTenant>>,
    /// Records what was delivered.
    pub(crate) store: Arc<dyn StateStore>,
    /// Why tenants and sinks could not be built at the start.
    pub(crate) broken: Vec<CommandError>,
}

impl Deployment {
    /// Removes the tenants that cannot be built, for a command that runs each once.
    ///
    /// # Errors
    /// The first reason when no tenant is left.
    pub(crate) fn built_only(mut self) -> Result<Self, CommandError> {
        self.tenants.retain(|tenant| tenant.collector().is_ok());
        if self.tenants.is_empty() {
            let first = self.broken.into_iter().next();
            return Err(
                first.unwrap_or_else(|| CommandError::failed("there is nothing to collect"))
            );
        }
        Ok(self)
    }
}

/// Builds the chosen tenants (all when none is chosen) with every sink. One that cannot be built
/// does not affect the others; a later cycle tries to build it again. `observer` sees every request.
/// With `rereading`, tenants can be built anew from a changed configuration.
///
/// # Errors
/// When there is nothing to build, or the state cannot be opened.
pub(crate) fn deploy(
    config: &Config,
    chosen: &[String],
    observer: Observer,
    rereading: Option<Rereading>,
) -> Result<Deployment, CommandError> {
    let chosen = choose(config, chosen)?;
    let settings = Settings::new(config.clone(), Arc::clone(&observer))?;
    let store = open_state(&config.state)?;
    let follower = rereading.map(|rereading| Follower::new(rereading, observer));
    let factory = Arc::new(CollectorFactory::new(settings, Arc::clone(&store), follower));
    let (mut tenants, mut fed) = (Vec::new(), BTreeSet::new());
    for (name, tenant) in chosen {
        let sinks = tenant_sinks(tenant, config).map(sink_name).collect::<Result<Vec<_>, _>>()?;
        fed.extend(sinks.iter().cloned());
        let tenant = ConfiguredTenant::new(name, tenant.clone(), sinks, &factory)?;
        tenants.push(Arc::new(tenant));
    }
    // A sink that no tenant feeds is not reported.
    let mut broken: Vec<_> =
        fed.iter().filter_map(|sink| factory.sink_failure(sink)).map(CommandError::from).collect();
    broken.extend(tenants.iter().filter_map(|tenant| tenant.access_error()));
    Ok(Deployment { tenants, store, broken })
}

/// What sinks are built from.
pub(crate) fn sink_context(
    config: &Config,
    observer: Option<Observer>,
) -> Result<SinkContext, CommandError> {
    let (transport, options) = connections(&config.http, observer)?;
    // The fingerprint of the mapping does not depend on the directory.
    let mapping = mapper(config, None).fingerprint();
    Ok(sinks::context(config, mapping, &transport, &options))
}

/// Builds every sink of the configuration, each by itself.
pub(crate) fn sinks<'c>(
    config: &'c Config,
    context: &SinkContext,
) -> impl Iterator<Item = (&'c str, Result<BuiltSink, CommandError>)> {
    config.sinks.keys().map(move |name| {
        let built = sink_name(name).and_then(|key| Ok(sinks::sink(&key, config, context)?));
        (name.as_str(), built)
    })
}

/// Every tenant of the configuration at every sink that it feeds.
pub(crate) fn scopes(config: &Config) -> Result<BTreeSet<Scope>, CommandError> {
    let mut scopes = BTreeSet::new();
    for (name, tenant) in &config.tenants {
        let tenant_name =
            TenantName::new(name).map_err(|error| CommandError::from_error(&error))?;
        let inventory = Inventory { tenant: tenant_name, source: tenant::source_name()? };
        for sink in tenant_sinks(tenant, config) {
            scopes.insert(inventory.at(&sink_name(sink)?));
        }
    }
    Ok(scopes)
}

fn sink_name(name: &str) -> Result<SinkName, CommandError> {
    SinkName::new(name).map_err(|error| CommandError::from_error(&error))
}

/// The tenants that `chosen` names; all when it names none. Without a tenant or a sink there is
/// nothing to do.
pub(crate) fn choose<'c>(
    config: &'c Config,
    chosen: &[String],
) -> Result<Vec<(TenantName, &'c TenantConfig)>, CommandError> {
    if config.tenants.is_empty() {
        return Err(ConfigError(vec![ConfigFault::new(
            "tenants",
            "there is no tenant; add a table such as [tenants.contoso], or see `stocktake config \
             init`; `stocktake demo` needs none",
        )])
        .into());
    }
    if config.sinks.is_empty() {
        return Err(ConfigError(vec![ConfigFault::new(
            "sinks",
            "there is no sink; add a table such as [sinks.soc], or see `stocktake config init`",
        )])
        .into());
    }
    let known: Vec<&str> = config.tenants.keys().map(String::as_str).collect();
    for name in chosen {
        if !config.tenants.contains_key(name) {
            return Err(ConfigError(vec![ConfigFault::new(
                "--tenant",
                format!(
                    "`{}`: {}",
                    name.escape_debug(),
                    crate::config::unknown("tenant", name, &known)
                ),
            )])
            .into());
        }
    }
    config
        .tenants
        .iter()
        .filter(|(name, _)| chosen.is_empty() || chosen.contains(name))
        .map(|(name, tenant)| {
            let id = TenantName::new(name).map_err(|error| CommandError::from_error(&error))?;
            Ok((id, tenant))
        })
        .collect()
}

fn url(key: &str, text: &str) -> Result<Url, CommandError> {
    base_url(text).map_err(|error| ConfigError(vec![ConfigFault::new(key, chain(&error))]).into())
}

fn secret(
    key: &str,
    name: &str,
    value: Option<&RedactedText>,
    file: Option<&Path>,
) -> Result<SecretSource, CommandError> {
    // The configuration was checked for this; an embedder's may not have been.
    let missing = || ConfigError(vec![ConfigFault::new(format!("{key}.{name}"), "is missing")]);
    Ok(SecretSetting::new(value, file).map(secret_source).ok_or_else(missing)?)
}

fn secret_source(setting: SecretSetting) -> SecretSource {
    match setting {
        SecretSetting::Value(value) => SecretSource::Value(value),
        SecretSetting::File(path) => SecretSource::File(path),
    }
}

/// Whether state is kept in memory.
pub(crate) fn is_in_memory(state: &StateConfig) -> bool {
    state.path.as_os_str() == IN_MEMORY
}

/// State to write: this process alone uses it.
pub(crate) fn open_state(state: &StateConfig) -> Result<Arc<dyn StateStore>, CommandError> {
    if is_in_memory(state) {
        return Ok(Arc::new(MemoryStore::default()));
    }
    Ok(Arc::new(SqliteStore::open(&state.path)?))
}

/// State to read, also while another process writes it.
pub(crate) fn open_state_to_read(state: &StateConfig) -> Result<Arc<dyn StateStore>, CommandError> {
    if is_in_memory(state) {
        return Err(CommandError::failed(
            "state is kept in memory (`state.path`), so there is none to show",
        ));
    }
    Ok(Arc::new(SqliteStore::open_read_only(&state.path)?))
}
