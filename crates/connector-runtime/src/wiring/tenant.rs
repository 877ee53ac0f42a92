//! A tenant's clients and collector from its configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use stocktake_auth::CertificateCredential;
use stocktake_connector_core::{
    Calls, Clock, CycleStore, DirectoryId, FailureRecord, Inventory, ProcessFigures, SinkName,
    SourceName, StateStore, TenantName, TokenScope,
};
use stocktake_defender_api::{DefenderClient, DefenderOptions, MachineFilter};
use stocktake_engine::{BuildError, CallMeter, Collector, Options};
use stocktake_graph_api::{GraphClient, GraphOptions, IntuneEnricher};
use stocktake_http_stack::{ApiStack, Authentication, Quota, Transport};
use stocktake_mapper::{DefenderMapper, MapperOptions};
use stocktake_sinks::BuiltSink;
use url::Url;

use super::credential::{self, CredentialKind, Tokens};
use super::transport::limits;
use super::url;
use crate::clock::ProgramClock;
use crate::command_error::CommandError;
use crate::config::{
    Config, ConfigError, CredentialConfig, FilterConfig, IntuneMode, TenantConfig,
};
use crate::process;

/// What collects one tenant of Defender and Intune.
pub(crate) type TenantCollector = Collector<DefenderClient, IntuneEnricher, DefenderMapper>;

/// A tenant's access to the two APIs.
#[derive(Debug)]
pub(crate) struct TenantAccess {
    pub(crate) tenant: TenantName,
    pub(crate) tokens: Tokens,
    /// The login host; `None` where tokens come from elsewhere.
    pub(crate) login_url: Option<Url>,
    pub(crate) defender_scope: TokenScope,
    pub(crate) defender_stack: ApiStack,
    pub(crate) defender_options: DefenderOptions,
    /// `None` when Intune is not queried.
    pub(crate) graph: Option<GraphAccess>,
}

impl TenantAccess {
    /// What can be read of it while it works.
    pub(super) fn probe(&self) -> TenantProbe {
        let graph = self.graph.as_ref().map(|graph| graph.stack.clone());
        TenantProbe {
            tenant: self.tenant.clone(),
            stacks: [self.defender_stack.clone()].into_iter().chain(graph).collect(),
            certificate: self.tokens.certificate.clone(),
        }
    }
}

/// What can be read of a tenant's clients while they work.
#[derive(Debug)]
pub(crate) struct TenantProbe {
    pub(crate) tenant: TenantName,
    /// Those that have quotas.
    pub(crate) stacks: Vec<ApiStack>,
    /// For its expiry; `None` for another kind of credential.
    pub(crate) certificate: Option<Arc<CertificateCredential>>,
}

/// The source of every tenant: Defender's machines.
pub(crate) fn source_name() -> Result<SourceName, CommandError> {
    SourceName::new("defender").map_err(|error| CommandError::from_error(&error))
}

/// A tenant's access to Graph.
#[derive(Debug)]
pub(crate) struct GraphAccess {
    pub(crate) scope: TokenScope,
    pub(crate) stack: ApiStack,
    pub(crate) client: GraphClient,
}

/// Credentials and clients of one tenant.
pub(crate) fn access(
    tenant: &TenantName,
    config: &TenantConfig,
    all: &Config,
    transport: &Transport,
) -> Result<TenantAccess, CommandError> {
    let key = format!("tenants.{tenant}");
    let clock: Arc<dyn Clock> = Arc::new(ProgramClock);
    let endpoints = config.endpoints(&key).map_err(ConfigError)?;
    let tokens = credential::tokens(tenant, config, &endpoints, all, transport)?;
    let provider = Arc::clone(&tokens.provider);
    let login_url = match tokens.kind {
        CredentialKind::ManagedIdentity | CredentialKind::AzureCli => None,
        _ => Some(url(&format!("{key}.login_url"), &endpoints.login_url)?),
    };

    let mut options =
        DefenderOptions::new(url(&format!("{key}.base_url"), &endpoints.defender_url)?);
    options.tenant = Some(tenant.clone());
    options.page_size = all.collection.page_size;
    options.max_pages = all.collection.max_pages;
    options.filter = machine_filter(&config.filter);
    options.overlap = all.collection.overlap;
    options.clock = Arc::clone(&clock);
    let defender_scope = TokenScope::new(endpoints.defender_scope);
    let mut stack = options
        .stack_options(Some(Authentication::bearer(Arc::clone(&provider), defender_scope.clone())));
    stack.limits = limits(&all.http);
    let quotas = &config.limits;
    stack.quotas = vec![
        Quota::per_minute(quotas.defender_per_minute.unwrap_or(all.http.defender_per_minute)),
        Quota::per_hour(quotas.defender_per_hour.unwrap_or(all.http.defender_per_hour)),
    ];
    stack.clock = Arc::clone(&clock);
    let defender_stack = ApiStack::new(transport, stack);
    let defender_options = options;

    let graph = match all.enrichment.intune {
        IntuneMode::Off => None,
        IntuneMode::Auto => {
            let base = url(&format!("{key}.graph_url"), &endpoints.graph_url)?;
            let scope = TokenScope::new(endpoints.graph_scope);
            let mut options = GraphOptions::new(base);
            options.tenant = Some(tenant.clone());
            options.max_pages = all.collection.max_pages;
            let mut stack =
                options.stack_options(Some(Authentication::bearer(provider, scope.clone())));
            stack.limits = limits(&all.http);
            let calls = config.limits.graph_per_20s.unwrap_or(all.http.graph_per_20s);
            stack.quotas = vec![Quota { calls, per: Duration::from_secs(20) }];
            stack.clock = clock;
            let stack = ApiStack::new(transport, stack);
            Some(GraphAccess { scope, client: GraphClient::new(stack.clone(), options), stack })
        }
    };
    Ok(TenantAccess {
        tenant: tenant.clone(),
        tokens,
        login_url,
        defender_scope,
        defender_stack,
        defender_options,
        graph,
    })
}

/// The names of the sinks that a tenant feeds.
pub(crate) fn tenant_sinks<'c>(
    tenant: &'c TenantConfig,
    config: &'c Config,
) -> impl Iterator<Item = &'c str> {
    let takes = |name: &&str| {
        tenant.sinks.as_ref().is_none_or(|names| names.iter().any(|taken| taken == name))
    };
    config.sinks.keys().map(String::as_str).filter(takes)
}

/// The APIs that are called for a tenant, by the names that their clients give them.
pub(super) fn tenant_apis(tenant: &TenantConfig, config: &Config) -> Vec<&'static str> {
    let named = tenant.credential.as_ref().and_then(|name| config.credentials.get(name));
    let tokens = match named {
        Some(CredentialConfig::ManagedIdentity(_)) => Some("managed-identity"),
        // The Azure CLI runs as a program; nothing is called over HTTP.
        Some(CredentialConfig::AzureCli(_)) => None,
        _ => Some("entra"),
    };
    let graph = (config.enrichment.intune == IntuneMode::Auto).then_some("graph");
    let sinks: BTreeSet<_> = tenant_sinks(tenant, config)
        .filter_map(|name| config.sinks.get(name)?.settings())
        .flat_map(|settings| settings.apis())
        .copied()
        .collect();
    tokens.into_iter().chain(["defender"]).chain(graph).chain(sinks).collect()
}

/// Which machines are collected, as the client takes it.
fn machine_filter(config: &FilterConfig) -> MachineFilter {
    let FilterConfig { health_status, rbac_groups, os_platforms, tags } = config.clone();
    MachineFilter { health_status, rbac_groups, os_platforms, tags }
}

/// Puts together what collects one tenant for those of its sinks that could be built.
pub(super) fn collector(
    access: &Arc<TenantAccess>,
    inventory: Inventory,
    config: &Config,
    tenant: &TenantConfig,
    sinks: &[BuiltSink],
    failures: BTreeMap<SinkName, FailureRecord>,
    store: &Arc<dyn StateStore>,
) -> Result<TenantCollector, CommandError> {
    let enricher = match &access.graph {
        Some(graph) => {
            let enricher = IntuneEnricher::new(graph.client.clone());
            if config.enrichment.intune_details { enricher.with_details() } else { enricher }
        }
        None => IntuneEnricher::off(),
    };
    let source =
        DefenderClient::new(access.defender_stack.clone(), access.defender_options.clone());
    let directory = credential::directory_id(&inventory.tenant, tenant)?;
    let mapper = mapper(config, Some(directory));
    let cycles = Arc::clone(store) as Arc<dyn CycleStore>;
    let mut collector = Collector::new(inventory, source, enricher, mapper, cycles);
    for built in sinks {
        collector.add_sink(built.name.clone(), Arc::clone(&built.form), Arc::clone(&built.sink));
    }
    collector.unbuilt =
        failures.into_iter().map(|(sink, failure)| (sink, BuildError { failure })).collect();
    collector.clock = Arc::new(ProgramClock);
    collector.meter = Arc::new(Meter(Arc::clone(access)));
    let collection = &config.collection;
    collector.options = Options {
        emit: collection.emit,
        refresh_after: collection.refresh_after,
        full_every: collection.full_every,
        removal_guard: collection.removal_guard,
        removal_look_ups: collection.removal_look_ups,
        purge_removed_after: collection.purge_removed_after,
        refusals: config.enrichment.refusals,
        refused_after: config.enrichment.refused_after,
    };
    Ok(collector)
}

/// The mapper of one directory.
pub(crate) fn mapper(config: &Config, directory: Option<DirectoryId>) -> DefenderMapper {
    let mut options = MapperOptions::default();
    options.tenant_uid = directory;
    options.details = config.enrichment.intune_details;
    DefenderMapper::new(options)
}

/// Counts the calls of one tenant.
#[derive(Debug)]
struct Meter(Arc<TenantAccess>);

impl CallMeter for Meter {
    fn calls(&self) -> Calls {
        let token = self.0.tokens.calls();
        let source = self.0.defender_stack.calls();
        let enricher = self.0.graph.as_ref().map(|graph| graph.stack.calls()).unwrap_or_default();
        Calls {
            token: token.attempts,
            source: source.attempts,
            enricher: enricher.attempts,
            retries: token.retries + source.retries + enricher.retries,
            throttled: token.throttled + source.throttled + enricher.throttled,
        }
    }

    fn process(&self) -> Option<ProcessFigures> {
        process::figures()
    }
}
