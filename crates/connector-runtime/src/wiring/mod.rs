//! Where concrete types meet: configuration in, collectors out.

mod configured;
mod credential;
mod sinks;
mod tenant;
mod transport;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use stocktake_auth::SecretSource;
use stocktake_connector_core::{Scope, SinkName, StateStore, TenantName};
use stocktake_http_stack::base_url;
use stocktake_state::{MemoryStore, SqliteStore};
use tokio::sync::Semaphore;
use url::Url;

use self::configured::Workshop;
use crate::cli::CommandError;
use crate::config::{Config, ConfigError, Fault, HiddenText, StateConfig, TenantConfig};
use crate::watch::Watch;

pub(crate) use configured::ConfiguredTenant;
pub(crate) use credential::CredentialKind;
pub(crate) use sinks::{BuiltSink, dialect, sinks};
pub(crate) use tenant::{GraphAccess, TenantAccess, TenantCollector, access, encoder, sinks_of};
pub(crate) use transport::{Observer, transport};

/// Remembers nothing when given as the path of state.
const IN_MEMORY: &str = ":memory:";

/// Everything that runs.
#[derive(Debug)]
pub(crate) struct Deployment {
    /// Each tenant, also those that could not be built.
    pub(crate) tenants: Vec<Arc<ConfiguredTenant>>,
    /// A turn for each cycle that may run at the same time.
    pub(crate) turns: Arc<Semaphore>,
    /// Is told of everything that they do.
    pub(crate) watch: Arc<Watch>,
    /// Where they note what was delivered.
    pub(crate) store: Arc<dyn StateStore>,
    /// Why tenants and sinks could not be built at the start.
    pub(crate) broken: Vec<CommandError>,
}

impl Deployment {
    /// Takes up what state knows of the tenants, so that ages are right after a restart. What cannot
    /// be read of one holds no other up: its cycles meet the same failure, and say so too.
    pub(crate) async fn restore(&self) {
        for tenant in &self.tenants {
            if let Err(error) = self.watch.restore(tenant).await {
                tracing::warn!(
                    connector.tenant.name = %tenant.id,
                    error = &error as &dyn std::error::Error,
                    "the age of data is not known from state"
                );
            }
        }
    }

    /// The same without the tenants that cannot be collected now, for who runs each only once.
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

/// Builds the chosen tenants (all when none is chosen) with every sink, watched by `watch`. One that
/// cannot be built costs the others nothing, and is built by a later cycle when it can be.
///
/// # Errors
/// When there is nothing to build, or the state cannot be opened.
pub(crate) fn deploy(
    config: &Config,
    chosen: &[String],
    watch: &Arc<Watch>,
) -> Result<Deployment, CommandError> {
    let chosen = choose(config, chosen)?;
    let observer: Observer = Arc::clone(&watch.figures) as _;
    let transport = transport(&config.http, Some(Arc::clone(&observer)))?;
    let store = open_state(&config.state)?;
    let workshop = Workshop::new(config.clone(), transport, observer, Arc::clone(&store));
    let workshop = Arc::new(workshop);
    let (mut tenants, mut fed) = (Vec::new(), BTreeSet::new());
    for (id, tenant) in chosen {
        let sinks = sinks_of(tenant, config).map(sink_name).collect::<Result<Vec<_>, _>>()?;
        fed.extend(sinks.iter().cloned());
        let workshop = Arc::clone(&workshop);
        tenants.push(Arc::new(ConfiguredTenant::new(id, tenant.clone(), sinks, workshop)));
    }
    // A sink that no tenant feeds is not missed.
    let mut broken: Vec<_> = fed.iter().filter_map(|sink| workshop.sink(sink).err()).collect();
    broken.extend(tenants.iter().filter_map(|tenant| tenant.access_fault()));
    watch.deployed(&tenants, config);
    // More turns than a semaphore can count are as good as its most.
    let turns = config.collection.concurrent_cycles.min(Semaphore::MAX_PERMITS);
    Ok(Deployment {
        tenants,
        turns: Arc::new(Semaphore::new(turns)),
        watch: Arc::clone(watch),
        store,
        broken,
    })
}

/// Every tenant of the configuration at every sink that it feeds.
pub(crate) fn scopes(config: &Config) -> Result<BTreeSet<Scope>, CommandError> {
    let mut scopes = BTreeSet::new();
    for (name, tenant) in &config.tenants {
        let id = TenantName::new(name).map_err(|error| CommandError::of(&error))?;
        for sink in sinks_of(tenant, config) {
            scopes.insert(Scope { tenant: id.clone(), sink: sink_name(sink)? });
        }
    }
    Ok(scopes)
}

fn sink_name(name: &str) -> Result<SinkName, CommandError> {
    SinkName::new(name).map_err(|error| CommandError::of(&error))
}

/// The tenants that `chosen` names; all when it names none. Without a tenant or a sink there is
/// nothing to do.
pub(crate) fn choose<'c>(
    config: &'c Config,
    chosen: &[String],
) -> Result<Vec<(TenantName, &'c TenantConfig)>, CommandError> {
    if config.tenants.is_empty() {
        return Err(ConfigError(vec![Fault::new(
            "tenants",
            "there is no tenant; add a table such as [tenants.contoso], see `stocktake config \
             init`; `stocktake demo` needs none",
        )])
        .into());
    }
    if config.sinks.is_empty() {
        return Err(ConfigError(vec![Fault::new(
            "sinks",
            "there is no sink; add a table such as [sinks.soc], or see `stocktake config init`",
        )])
        .into());
    }
    let known: Vec<&str> = config.tenants.keys().map(String::as_str).collect();
    for name in chosen {
        if !config.tenants.contains_key(name) {
            return Err(ConfigError(vec![Fault::new(
                "--tenant",
                crate::config::unknown("tenant", name, &known),
            )])
            .into());
        }
    }
    config
        .tenants
        .iter()
        .filter(|(name, _)| chosen.is_empty() || chosen.contains(name))
        .map(|(name, tenant)| {
            let id = TenantName::new(name).map_err(|error| CommandError::of(&error))?;
            Ok((id, tenant))
        })
        .collect()
}

fn url(key: &str, text: &str) -> Result<Url, CommandError> {
    base_url(text).map_err(|error| ConfigError(vec![Fault::new(key, crate::chain(&error))]).into())
}

fn secret(
    key: &str,
    name: &str,
    value: Option<&HiddenText>,
    file: Option<&Path>,
) -> Result<SecretSource, CommandError> {
    match (value, file) {
        (Some(value), _) => Ok(SecretSource::Value(value.to_secret())),
        (None, Some(path)) => Ok(SecretSource::File(path.to_owned())),
        // The configuration was checked for this; an embedder's may not have been.
        (None, None) => {
            Err(ConfigError(vec![Fault::new(format!("{key}.{name}"), "is missing")]).into())
        }
    }
}

/// Whether nothing is remembered.
pub(crate) fn is_in_memory(state: &StateConfig) -> bool {
    state.path.as_os_str() == IN_MEMORY
}

/// State to write: this process alone uses it.
pub(crate) fn open_state(state: &StateConfig) -> Result<Arc<dyn StateStore>, CommandError> {
    if is_in_memory(state) {
        return Ok(Arc::new(MemoryStore::default()));
    }
    let store = SqliteStore::open(&state.path).map_err(|error| CommandError::of(&error))?;
    Ok(Arc::new(store))
}

/// State to look at, also while another process writes it.
pub(crate) fn open_state_to_read(state: &StateConfig) -> Result<Arc<dyn StateStore>, CommandError> {
    if is_in_memory(state) {
        return Err(CommandError::failed(
            "state is kept in memory (`state.path`), so there is none to show",
        ));
    }
    let store =
        SqliteStore::open_read_only(&state.path).map_err(|error| CommandError::of(&error))?;
    Ok(Arc::new(store))
}
