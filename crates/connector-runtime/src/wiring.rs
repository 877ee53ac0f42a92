//! Where concrete types meet: configuration in, collectors out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use stocktake_auth::{ApiKey, AppSecret, EntraOptions, EntraTokens, SecretSource};
use stocktake_connector_core::{
    Calls, Check, Clock, Fingerprint, Mapper, Sink, SinkName, StateStore, SystemClock, TenantId,
    TokenProvider, TokenScope,
};
use stocktake_defender_api::{DefenderClient, DefenderOptions};
use stocktake_graph_api::{GraphClient, GraphOptions, IntuneEnricher};
use stocktake_http_stack::{
    ApiStack, Authorisation, Backoff, Limits, Origin, Quota, StackOptions, Transport,
    TransportOptions, base_url,
};
use stocktake_mapper::{DefenderMapper, MapperOptions};
use stocktake_ocsf_model::Dialect;
use stocktake_sinks::{
    DialectEncoder, FileOptions, FileSink, SekoiaOptions, SekoiaSink, StdoutSink,
};
use stocktake_state::{MemoryStore, SqliteStore};
use url::Url;

use crate::cli::CommandError;
use crate::config::{
    Config, ConfigError, DialectName, Fault, FileConfig, FileLayout, HiddenText, HttpConfig,
    IntuneMode, SekoiaConfig, SinkConfig, StateConfig, TenantConfig,
};
use crate::cycle::{CallMeter, Collector, Options, Rendering};

/// What collects one tenant of Defender and Intune.
pub(crate) type TenantCollector = Collector<DefenderClient, IntuneEnricher, DefenderMapper>;

/// Remembers nothing when given as the path of state.
const IN_MEMORY: &str = ":memory:";

/// Everything that runs.
#[derive(Debug)]
pub(crate) struct Deployment {
    /// One for each tenant.
    pub(crate) collectors: Vec<Arc<TenantCollector>>,
}

/// A tenant's access to the two APIs.
#[derive(Debug)]
pub(crate) struct TenantAccess {
    pub(crate) tenant: TenantId,
    pub(crate) tokens: Arc<EntraTokens>,
    pub(crate) defender_scope: TokenScope,
    pub(crate) defender_stack: ApiStack,
    pub(crate) defender_options: DefenderOptions,
    /// `None` when Intune is not asked.
    pub(crate) graph: Option<GraphAccess>,
}

/// A tenant's access to Graph.
#[derive(Debug)]
pub(crate) struct GraphAccess {
    pub(crate) scope: TokenScope,
    pub(crate) stack: ApiStack,
    pub(crate) client: GraphClient,
}

/// A sink with its dialect.
#[derive(Debug, Clone)]
pub(crate) struct BuiltSink {
    pub(crate) name: SinkName,
    pub(crate) dialect: Dialect,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) check: Arc<dyn Check>,
}

/// Builds the chosen tenants (all when none is chosen) with every sink.
pub(crate) fn deploy(config: &Config, chosen: &[String]) -> Result<Deployment, CommandError> {
    let tenants = choose(config, chosen)?;
    if config.sinks.is_empty() {
        return Err(ConfigError(vec![Fault::new(
            "sinks",
            "there is no sink; add a table such as [sinks.soc], or see `stocktake config init`",
        )])
        .into());
    }
    let transport = transport(&config.http)?;
    let sinks = sinks(config, &transport)?;
    let store = open_state(&config.state)?;
    let mut collectors = Vec::new();
    for (name, tenant) in tenants {
        let access = access(&name, tenant, config, &transport)?;
        collectors.push(Arc::new(collector(access, tenant, config, &sinks, &store)));
    }
    Ok(Deployment { collectors })
}

/// The tenants that `chosen` names; all when it names none.
pub(crate) fn choose<'c>(
    config: &'c Config,
    chosen: &[String],
) -> Result<Vec<(TenantId, &'c TenantConfig)>, CommandError> {
    if config.tenants.is_empty() {
        return Err(ConfigError(vec![Fault::new(
            "tenants",
            "there is no tenant; add a table such as [tenants.contoso], see `stocktake config \
             init`; `stocktake demo` needs none",
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
            let id = TenantId::new(name).map_err(|error| CommandError::of(&error))?;
            Ok((id, tenant))
        })
        .collect()
}

/// One connection pool for everything.
pub(crate) fn transport(http: &HttpConfig) -> Result<Transport, CommandError> {
    let mut options = TransportOptions::default();
    options.extra_ca_file.clone_from(&http.extra_ca_file);
    if let Some(proxy) = &http.proxy {
        // The text may hold a password, so it is not repeated.
        options.proxy = Some(Url::parse(proxy.expose()).map_err(|error| {
            ConfigError(vec![Fault::new("http.proxy", format!("is not a URL: {error}"))])
        })?);
    }
    Transport::new(&options)
        .map_err(|error| ConfigError(vec![Fault::new("http", crate::chain(&error))]).into())
}

fn limits(http: &HttpConfig) -> Limits {
    Limits {
        call_deadline: http.call_deadline,
        attempt_timeout: http.attempt_timeout,
        max_retries: http.max_retries,
        backoff: Backoff { base: http.backoff, ..Backoff::default() },
        max_body_bytes: http.max_body_bytes,
    }
}

fn url(key: &str, text: &str) -> Result<Url, CommandError> {
    base_url(text).map_err(|error| ConfigError(vec![Fault::new(key, crate::chain(&error))]).into())
}

/// Credentials and clients of one tenant.
pub(crate) fn access(
    tenant: &TenantId,
    config: &TenantConfig,
    all: &Config,
    transport: &Transport,
) -> Result<TenantAccess, CommandError> {
    let key = format!("tenants.{tenant}");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let secret =
        secret(&key, "app_secret", config.app_secret.as_ref(), config.app_secret_file.as_deref())?;
    let entra = EntraOptions {
        login_url: url(&format!("{key}.login_url"), &config.login_url)?,
        tenant_id: config.tenant_id.clone(),
        app_id: config.app_id.clone(),
        tenant: tenant.clone(),
        credential: Arc::new(AppSecret::new(secret)),
        clock: Arc::clone(&clock),
    };
    let tokens = EntraTokens::new(transport, entra)
        .map_err(|error| ConfigError(vec![Fault::new(key.as_str(), crate::chain(&error))]))?;
    let tokens = Arc::new(tokens);
    let provider: Arc<dyn TokenProvider> = Arc::clone(&tokens) as _;

    let mut options = DefenderOptions::new(url(&format!("{key}.base_url"), &config.base_url)?);
    options.tenant = Some(tenant.clone());
    options.page_size = all.collection.page_size;
    options.max_pages = all.collection.max_pages;
    let defender_scope = TokenScope::new(defender_scope(config));
    let mut stack = options.stack_options(Some(Authorisation {
        provider: Arc::clone(&provider),
        scope: defender_scope.clone(),
    }));
    stack.limits = limits(&all.http);
    stack.quotas = vec![
        Quota::per_minute(all.http.defender_per_minute),
        Quota::per_hour(all.http.defender_per_hour),
    ];
    stack.clock = Arc::clone(&clock);
    let defender_stack = ApiStack::new(transport, stack);
    let defender_options = options;

    let graph = match all.enrichment.intune {
        IntuneMode::Off => None,
        IntuneMode::Auto => {
            let base = url(&format!("{key}.graph_url"), &config.graph_url)?;
            let scope = TokenScope::new(format!("{}/.default", Origin::of(&base)));
            let mut options = GraphOptions::new(base);
            options.tenant = Some(tenant.clone());
            options.max_pages = all.collection.max_pages;
            let mut stack =
                options.stack_options(Some(Authorisation { provider, scope: scope.clone() }));
            stack.limits = limits(&all.http);
            stack.quotas = vec![Quota {
                calls: all.http.graph_per_20s,
                per: std::time::Duration::from_secs(20),
            }];
            stack.clock = clock;
            let stack = ApiStack::new(transport, stack);
            Some(GraphAccess { scope, client: GraphClient::new(stack.clone(), options), stack })
        }
    };
    Ok(TenantAccess {
        tenant: tenant.clone(),
        tokens,
        defender_scope,
        defender_stack,
        defender_options,
        graph,
    })
}

/// A token for the global audience serves every host of the public cloud, the newer names too; the
/// hosts of the US government's clouds are asked for by their own name.
fn defender_scope(config: &TenantConfig) -> String {
    if let Some(scope) = &config.defender_scope {
        return scope.clone();
    }
    let base = config.base_url.trim_end_matches('/');
    if base.ends_with(".securitycenter.microsoft.us") {
        format!("{base}/.default")
    } else {
        DefenderOptions::DEFAULT_SCOPE.to_owned()
    }
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

fn collector(
    access: TenantAccess,
    tenant: &TenantConfig,
    config: &Config,
    sinks: &[BuiltSink],
    store: &Arc<dyn StateStore>,
) -> TenantCollector {
    let enricher = match &access.graph {
        Some(graph) => {
            let enricher = IntuneEnricher::new(graph.client.clone());
            if config.enrichment.intune_details { enricher.with_details() } else { enricher }
        }
        None => IntuneEnricher::off(),
    };
    let mut by_dialect: Vec<(Dialect, Rendering<DefenderMapper>)> = Vec::new();
    for built in sinks {
        let place = by_dialect.iter().position(|(dialect, _)| *dialect == built.dialect);
        let place = place.unwrap_or_else(|| {
            by_dialect.push((built.dialect, rendering(built.dialect, tenant, config)));
            by_dialect.len() - 1
        });
        if let Some((_, rendering)) = by_dialect.get_mut(place) {
            rendering.sinks.insert(built.name.clone(), Arc::clone(&built.sink));
        }
    }
    let renderings = by_dialect.into_iter().map(|(_, rendering)| rendering).collect();
    let collection = &config.collection;
    Collector {
        tenant: access.tenant.clone(),
        source: DefenderClient::new(access.defender_stack.clone(), access.defender_options.clone()),
        enricher,
        renderings,
        store: Arc::clone(store),
        clock: Arc::new(SystemClock),
        meter: Arc::new(Meter(access)),
        options: Options {
            emit: collection.emit,
            refresh_after: collection.refresh_after,
            overlap: collection.overlap,
            full_every: collection.full_every,
            removal_guard: collection.removal_guard,
            removal_look_ups: collection.removal_look_ups,
        },
    }
}

/// A form of events, without sinks yet.
fn rendering(
    dialect: Dialect,
    tenant: &TenantConfig,
    config: &Config,
) -> Rendering<DefenderMapper> {
    let mut options = MapperOptions::new(dialect).with_tenant_uid(tenant.tenant_id.clone());
    options.details = config.enrichment.intune_details;
    let mapper = DefenderMapper::new(options);
    let encoder = encoder(&mapper, dialect, &config.collection.volatile_fields);
    Rendering { mapper, encoder: Arc::new(encoder), sinks: BTreeMap::new() }
}

/// Counts the calls of one tenant.
#[derive(Debug)]
struct Meter(TenantAccess);

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
}

/// How events are written, from the words of the configuration.
pub(crate) fn dialect(name: DialectName, extra_fields: bool) -> Dialect {
    match name {
        DialectName::Ocsf => Dialect::Ocsf,
        DialectName::Sekoia => Dialect::Sekoia { extra_fields },
    }
}

/// Writes the events of a mapper.
pub(crate) fn encoder(
    mapper: &DefenderMapper,
    dialect: Dialect,
    volatile: &[String],
) -> DialectEncoder {
    let mapping: Fingerprint = mapper.fingerprint();
    DialectEncoder::new(dialect, mapping, volatile.iter().cloned())
}

/// Builds every sink.
pub(crate) fn sinks(
    config: &Config,
    transport: &Transport,
) -> Result<Vec<BuiltSink>, CommandError> {
    config
        .sinks
        .iter()
        .map(|(name, sink)| {
            let key = format!("sinks.{name}");
            let name = SinkName::new(name).map_err(|error| CommandError::of(&error))?;
            // One line for each kind of sink.
            match sink {
                SinkConfig::Stdout(stdout) => {
                    Ok(built(name, dialect(stdout.dialect, false), StdoutSink::new()))
                }
                SinkConfig::File(file) => {
                    Ok(built(name, dialect(file.dialect, false), file_sink(file)))
                }
                SinkConfig::Sekoia(sekoia) => Ok(built(
                    name,
                    dialect(DialectName::Sekoia, sekoia.extra_fields),
                    sekoia_sink(&key, sekoia, config, transport)?,
                )),
            }
        })
        .collect()
}

fn file_sink(config: &FileConfig) -> FileSink {
    let layout = match config.layout {
        FileLayout::Directory => stocktake_sinks::FileLayout::Directory,
        FileLayout::Single => stocktake_sinks::FileLayout::Single,
    };
    let options = FileOptions { path: config.path.clone(), layout };
    FileSink::new(options, Arc::new(SystemClock))
}

fn sekoia_sink(
    key: &str,
    config: &SekoiaConfig,
    all: &Config,
    transport: &Transport,
) -> Result<SekoiaSink, CommandError> {
    let base = url(&format!("{key}.base_url"), &config.base_url)?;
    let connector = config.connector_uuid.parse().map_err(|error| {
        ConfigError(vec![Fault::new(format!("{key}.connector_uuid"), format!("{error}"))])
    })?;
    let secret = secret(key, "api_key", config.api_key.as_ref(), config.api_key_file.as_deref())?;
    let origin = Origin::of(&base);
    let mut stack = StackOptions::new("sekoia", origin.clone());
    stack.authorisation = Some(Authorisation {
        provider: Arc::new(ApiKey::new(secret)),
        // An API key has no scope; what it is used at names it well enough.
        scope: TokenScope::new(origin.to_string()),
    });
    stack.limits = limits(&all.http);
    let mut options = SekoiaOptions::new(base, connector);
    options.max_items = config.max_items;
    options.max_bytes = config.max_bytes;
    options.task_deadline = config.task_deadline;
    Ok(SekoiaSink::new(options, ApiStack::new(transport, stack)))
}

fn built<S: Sink + Check + 'static>(name: SinkName, dialect: Dialect, sink: S) -> BuiltSink {
    let sink = Arc::new(sink);
    BuiltSink { name, dialect, sink: Arc::clone(&sink) as _, check: sink as _ }
}

/// State to write: this process alone uses it.
pub(crate) fn open_state(state: &StateConfig) -> Result<Arc<dyn StateStore>, CommandError> {
    if state.path.as_os_str() == IN_MEMORY {
        return Ok(Arc::new(MemoryStore::default()));
    }
    let store = SqliteStore::open(&state.path).map_err(|error| CommandError::of(&error))?;
    Ok(Arc::new(store))
}

/// State to look at, also while another process writes it.
pub(crate) fn open_state_to_read(state: &StateConfig) -> Result<Arc<dyn StateStore>, CommandError> {
    if state.path.as_os_str() == IN_MEMORY {
        return Err(CommandError::failed(
            "state is kept in memory (`state.path`), so there is none to show",
        ));
    }
    let store =
        SqliteStore::open_read_only(&state.path).map_err(|error| CommandError::of(&error))?;
    Ok(Arc::new(store))
}
