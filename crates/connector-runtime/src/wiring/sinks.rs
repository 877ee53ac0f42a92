//! Sinks from their configuration.

use std::sync::Arc;

use stocktake_auth::ApiKey;
use stocktake_connector_core::{Check, Sink, SinkName, SystemClock, TokenProvider, TokenScope};
use stocktake_http_stack::{ApiStack, Authorisation, Origin, StackOptions, Transport};
use stocktake_ocsf_model::Dialect;
use stocktake_sinks::{FileOptions, FileSink, SekoiaOptions, SekoiaSink, StdoutSink};
use url::Url;

use super::transport::{Observer, limits, transport_for};
use super::{secret, url};
use crate::command_error::CommandError;
use crate::config::{
    Config, ConfigError, DialectName, Fault, FileConfig, FileLayout, SekoiaConfig, SinkConfig,
};

/// A sink with its dialect.
#[derive(Debug, Clone)]
pub(crate) struct BuiltSink {
    pub(crate) name: SinkName,
    pub(crate) dialect: Dialect,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) check: Arc<dyn Check>,
    /// `None` for a sink on this machine.
    pub(crate) remote: Option<Remote>,
}

/// The way to a receiver.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    pub(crate) url: Url,
    pub(crate) transport: Transport,
    /// Gives the key that the receiver takes.
    pub(crate) key: Arc<dyn TokenProvider>,
}

/// Builds one sink of the configuration.
pub(super) fn sink(
    name: &str,
    config: &Config,
    transport: &Transport,
    observer: Option<&Observer>,
) -> Result<BuiltSink, CommandError> {
    match config.sinks.get(name) {
        Some(sink) => build(name, sink, config, transport, observer),
        // The configuration was checked for this.
        None => Err(ConfigError(vec![Fault::new(format!("sinks.{name}"), "is missing")]).into()),
    }
}

/// Builds every sink, each by itself.
pub(crate) fn sinks<'c>(
    config: &'c Config,
    transport: &Transport,
    observer: Option<&Observer>,
) -> Vec<(&'c str, Result<BuiltSink, CommandError>)> {
    config
        .sinks
        .iter()
        .map(|(name, sink)| (name.as_str(), build(name, sink, config, transport, observer)))
        .collect()
}

fn build(
    name: &str,
    sink: &SinkConfig,
    config: &Config,
    transport: &Transport,
    observer: Option<&Observer>,
) -> Result<BuiltSink, CommandError> {
    let key = format!("sinks.{name}");
    let name = SinkName::new(name).map_err(|error| CommandError::from_error(&error))?;
    // One line for each kind of sink.
    match sink {
        SinkConfig::Stdout(stdout) => {
            Ok(built(name, dialect(stdout.dialect, false), StdoutSink::new()))
        }
        SinkConfig::File(file) => Ok(built(name, dialect(file.dialect, false), file_sink(file))),
        SinkConfig::Sekoia(sekoia) => {
            let url = url(&format!("{key}.base_url"), &sekoia.base_url)?;
            let transport =
                transport_for(&key, &sekoia.tls, &config.http, transport, observer.cloned())?;
            let key_source =
                secret(&key, "api_key", sekoia.api_key.as_ref(), sekoia.api_key_file.as_deref())?;
            let remote = Remote { url, transport, key: Arc::new(ApiKey::new(key_source)) };
            let sink = sekoia_sink(&key, sekoia, config, &remote)?;
            let dialect = dialect(DialectName::Sekoia, sekoia.extra_fields);
            Ok(BuiltSink { remote: Some(remote), ..built(name, dialect, sink) })
        }
    }
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
    remote: &Remote,
) -> Result<SekoiaSink, CommandError> {
    let connector = config.connector_uuid.parse().map_err(|error| {
        ConfigError(vec![Fault::new(format!("{key}.connector_uuid"), format!("{error}"))])
    })?;
    let origin = Origin::of(&remote.url);
    let mut stack = StackOptions::new("sekoia", origin.clone());
    stack.authorisation = Some(Authorisation {
        provider: Arc::clone(&remote.key),
        // An API key has no scope; what it is used at names it well enough.
        scope: TokenScope::new(origin.to_string()),
    });
    stack.limits = limits(&all.http);
    stack.sends_trace_context = true;
    let mut options = SekoiaOptions::new(remote.url.clone(), connector);
    options.max_items = config.max_items;
    options.max_bytes = config.max_bytes;
    options.task_deadline = config.task_deadline;
    Ok(SekoiaSink::new(options, ApiStack::new(&remote.transport, stack)))
}

fn built<S: Sink + Check + 'static>(name: SinkName, dialect: Dialect, sink: S) -> BuiltSink {
    let sink = Arc::new(sink);
    BuiltSink { name, dialect, sink: Arc::clone(&sink) as _, check: sink as _, remote: None }
}

/// How events are written, from the words of the configuration.
pub(crate) fn dialect(name: DialectName, extra_fields: bool) -> Dialect {
    match name {
        DialectName::Ocsf => Dialect::Ocsf,
        DialectName::Sekoia => Dialect::Sekoia { extra_fields },
    }
}
