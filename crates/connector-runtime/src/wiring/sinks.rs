//! Sinks from their configuration.

use std::sync::Arc;

use stocktake_auth::ApiKey;
use stocktake_connector_core::{
    ErrorCode, Failure, Fingerprint, Recovery, SinkName, TokenProvider,
};
use stocktake_http_stack::{Transport, TransportOptions};
use stocktake_sinks::{BuiltSink, HttpContext, SecretResolver, SecretSetting, SinkContext};

use super::secret_source;
use super::transport::limits;
use crate::clock::ProgramClock;
use crate::config::Config;

/// What every sink is built from: `transport` was made from `options`.
pub(crate) fn context(
    config: &Config,
    mapping: Fingerprint,
    transport: &Transport,
    options: &TransportOptions,
) -> SinkContext {
    SinkContext {
        clock: Arc::new(ProgramClock),
        mapping,
        volatile_fields: config.collection.volatile_fields.clone(),
        secrets: Arc::new(Secrets),
        http: HttpContext {
            transport: transport.clone(),
            options: options.clone(),
            limits: limits(&config.http),
        },
    }
}

/// Builds one sink of the configuration.
pub(crate) fn sink(
    name: &SinkName,
    config: &Config,
    context: &SinkContext,
) -> Result<BuiltSink, Failure> {
    // Configurations are read before anything is built; an embedder's may not have been.
    let settings = config.sinks.get(name.as_str()).and_then(|sink| sink.settings());
    let settings = settings.ok_or_else(|| {
        let message = format!("`sinks.{name}` is missing");
        Failure::new(ErrorCode::Configuration, Recovery::Operator, message)
    })?;
    settings.build(name, context)
}

/// Reads secrets as those of tenants are read: a file again when it changes.
#[derive(Debug)]
struct Secrets;

impl SecretResolver for Secrets {
    fn resolve(&self, secret: SecretSetting) -> Arc<dyn TokenProvider> {
        Arc::new(ApiKey::new(secret_source(secret)))
    }
}
