//! Logs, metrics and traces of this process, as the configuration says.

use stocktake_telemetry::{LogOptions, Registry, RegistryOptions};

use crate::cli::CommandError;
use crate::config::{Config, ConfigError, Fault, LogConfig, LogFormat};

/// Series of one metric for a tenant, at most, besides one for each sink: every API with every
/// outcome.
const SERIES_OF_TENANT: usize = 64;

/// The registry, and what pushes it.
#[derive(Debug)]
pub(crate) struct Telemetry {
    pub(crate) registry: Registry,
    #[cfg(feature = "otlp")]
    otlp: Option<stocktake_telemetry::Otlp>,
}

impl Telemetry {
    /// Starts the log, at `level` where the configuration names none, and the push where it is
    /// configured. On a runtime.
    pub(crate) fn start(config: &Config, level: &str) -> Result<Self, CommandError> {
        let mut options = RegistryOptions::new(env!("CARGO_PKG_VERSION"));
        let of_tenant = SERIES_OF_TENANT.saturating_add(config.sinks.len());
        options.most_series =
            options.most_series.max(config.tenants.len().saturating_mul(of_tenant));
        let Some(endpoint) = &config.telemetry.otlp_endpoint else {
            start_log(&config.log, level)?;
            return Ok(Self::without_push(options));
        };
        push::start(endpoint, config, level, options)
    }

    fn without_push(options: RegistryOptions) -> Self {
        Self {
            registry: Registry::new(options),
            #[cfg(feature = "otlp")]
            otlp: None,
        }
    }

    /// Pushes what is left.
    pub(crate) async fn shut_down(self) {
        #[cfg(feature = "otlp")]
        if let Some(otlp) = self.otlp {
            // It waits for its threads, which wait for this runtime.
            let _ = tokio::task::spawn_blocking(move || otlp.shut_down()).await;
        }
    }
}

/// Starts the log without the push, at `level` where the configuration names none.
pub(crate) fn start_log(log: &LogConfig, level: &str) -> Result<(), CommandError> {
    stocktake_telemetry::init_logs(options(log, level)).map_err(|error| fault(&error))
}

fn options<'a>(log: &'a LogConfig, level: &'a str) -> LogOptions<'a> {
    let format = match log.format {
        LogFormat::Human => stocktake_telemetry::LogFormat::Human,
        LogFormat::Json => stocktake_telemetry::LogFormat::Json,
    };
    LogOptions { format, filter: log.level.as_deref().unwrap_or(level) }
}

fn fault(error: &stocktake_telemetry::LogError) -> CommandError {
    ConfigError(vec![Fault::new("log.level", crate::chain(error))]).into()
}

#[cfg(not(feature = "otlp"))]
mod push {
    use super::{CommandError, Config, ConfigError, Fault, RegistryOptions, Telemetry};

    pub(super) fn start(
        _: &str,
        _: &Config,
        _: &str,
        _: RegistryOptions,
    ) -> Result<Telemetry, CommandError> {
        let problem = "is set, but this program was built without the feature `otlp`";
        Err(ConfigError(vec![Fault::new("telemetry.otlp_endpoint", problem)]).into())
    }
}

#[cfg(feature = "otlp")]
mod push {
    use std::sync::Arc;
    use std::time::Duration;

    use async_trait::async_trait;
    use bytes::Bytes;
    use http::{Request, Response};
    use stocktake_connector_core::BoxError;
    use stocktake_http_stack::{OnceLimits, Transport};
    use stocktake_telemetry::{Otlp, OtlpClient, OtlpOptions, init_logs_and_traces};
    use tokio::runtime::Handle;

    use super::{
        CommandError, Config, ConfigError, Fault, RegistryOptions, Telemetry, fault, options,
    };
    use crate::wiring;

    /// Bounds of one push; a collector's answer is a few bytes.
    const LIMITS: OnceLimits =
        OnceLimits { timeout: Duration::from_secs(10), max_body_bytes: 1024 * 1024 };

    pub(super) fn start(
        endpoint: &str,
        config: &Config,
        level: &str,
        registry: RegistryOptions,
    ) -> Result<Telemetry, CommandError> {
        let transport = wiring::transport(&config.http, None)?;
        let client = Client { transport, runtime: Handle::current() };
        let pushed = OtlpOptions {
            endpoint: endpoint.to_owned(),
            interval: config.telemetry.otlp_interval,
            trace_sample_ratio: config.telemetry.trace_sample_ratio,
            client: Arc::new(client),
        };
        let otlp = Otlp::start(&pushed, registry).map_err(|error| {
            ConfigError(vec![Fault::new("telemetry.otlp_endpoint", crate::chain(&error))])
        })?;
        init_logs_and_traces(options(&config.log, level), &otlp).map_err(|error| fault(&error))?;
        Ok(Telemetry { registry: otlp.registry.clone(), otlp: Some(otlp) })
    }

    /// The exporters' way out: the program's own connections, on its own runtime.
    #[derive(Debug)]
    struct Client {
        transport: Transport,
        runtime: Handle,
    }

    #[async_trait]
    impl OtlpClient for Client {
        async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
            let transport = self.transport.clone();
            // Exporters have threads of their own, where there is no runtime.
            let sent =
                self.runtime.spawn(async move { transport.send_once(request, LIMITS).await });
            let answer: Result<_, BoxError> = match sent.await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(error.into()),
                Err(stopped) => Err(stopped.into()),
            };
            match &answer {
                Ok(answer) if answer.status().is_success() => {}
                Ok(answer) => tracing::warn!(
                    status = answer.status().as_u16(),
                    "the collector does not take the telemetry"
                ),
                Err(error) => {
                    tracing::warn!(
                        error = &**error as &dyn std::error::Error,
                        "telemetry is not pushed"
                    );
                }
            }
            answer
        }
    }
}
