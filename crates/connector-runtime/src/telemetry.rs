//! Logs, metrics and traces of this process, as the configuration says.

use stocktake_telemetry::{LogError, LogOptions, Registry, RegistryOptions};

use crate::command_error::CommandError;
use crate::config::{Config, ConfigError, ConfigFault, LogConfig, LogFormat};
use stocktake_connector_core::chain;
use stocktake_engine::Stop;

/// Largest number of series of one metric for a tenant, in addition to one for each sink. The metric
/// with the most is the duration of HTTP requests: each API with each method, status and error type
/// that occurs.
const SERIES_PER_TENANT: usize = 64;

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
        let per_tenant = SERIES_PER_TENANT.saturating_add(config.sinks.len());
        options.max_series =
            options.max_series.max(config.tenants.len().saturating_mul(per_tenant));
        if config.telemetry.metrics_url().is_none() && config.telemetry.traces_url().is_none() {
            start_log(&config.log, level)?;
            return Ok(Self::without_push(options));
        }
        push::start(config, level, options)
    }

    fn without_push(options: RegistryOptions) -> Self {
        Self {
            registry: Registry::new(options),
            #[cfg(feature = "otlp")]
            otlp: None,
        }
    }

    /// Pushes what is left for at most three seconds, or until `stop` is immediate: the end of
    /// the program does not hang on a collector.
    pub(crate) async fn shut_down(self, stop: &Stop) {
        #[cfg(feature = "otlp")]
        if let Some(otlp) = self.otlp {
            push::finish(otlp, stop).await;
        }
        #[cfg(not(feature = "otlp"))]
        let _ = stop;
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

fn fault(error: &LogError) -> CommandError {
    match error {
        LogError::Thread(_) => CommandError::from_error(error),
        _ => ConfigError(vec![ConfigFault::new("log.level", chain(error))]).into(),
    }
}

#[cfg(not(feature = "otlp"))]
mod push {
    use super::{CommandError, Config, ConfigError, ConfigFault, RegistryOptions, Telemetry};

    pub(super) fn start(
        _: &Config,
        _: &str,
        _: RegistryOptions,
    ) -> Result<Telemetry, CommandError> {
        let problem = "is set, but this program was built without the feature `otlp`";
        Err(ConfigError(vec![ConfigFault::new("telemetry.otlp_endpoint", problem)]).into())
    }
}

#[cfg(feature = "otlp")]
mod push {
    use std::sync::Arc;
    use std::time::Duration;

    use async_trait::async_trait;
    use bytes::Bytes;
    use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
    use stocktake_auth::{ApiKey, SecretSource};
    use stocktake_connector_core::{BoxError, TokenProvider, TokenScope, chain};
    use stocktake_http_stack::{OnceLimits, Transport};
    use stocktake_telemetry::{Otlp, OtlpClient, OtlpError, OtlpOptions, init_logs_and_traces};
    use tokio::runtime::Handle;
    use tokio::sync::oneshot;

    use super::{
        CommandError, Config, ConfigError, ConfigFault, RegistryOptions, Telemetry, fault, options,
    };
    use crate::wiring;
    use stocktake_engine::Stop;

    /// Limits of one push; a collector's response is a few bytes.
    const LIMITS: OnceLimits =
        OnceLimits { timeout: Duration::from_secs(10), max_body_bytes: 1024 * 1024 };

    /// The time for the last push. A collector that works takes it within a moment.
    const LAST_PUSH: Duration = Duration::from_secs(3);

    pub(super) fn start(
        config: &Config,
        level: &str,
        registry: RegistryOptions,
    ) -> Result<Telemetry, CommandError> {
        let (transport, _) = wiring::connections(&config.http, None)?;
        let transport = transport
            .without_reuse()
            .map_err(|error| ConfigError(vec![ConfigFault::new("http", chain(&error))]))?;
        let telemetry = &config.telemetry;
        let headers = telemetry.otlp_headers_file.clone().map(SecretSource::File);
        let client =
            Client { transport, runtime: Handle::current(), headers: headers.map(Headers::new) };
        let pushed = OtlpOptions {
            metrics_url: telemetry.metrics_url(),
            traces_url: telemetry.traces_url(),
            interval: telemetry.otlp_interval,
            trace_sample_ratio: telemetry.trace_sample_ratio,
            client: Arc::new(client),
        };
        let otlp = Otlp::start(&pushed, registry).map_err(|error| {
            let key = match &error {
                OtlpError::Variable { name, .. } => name,
                _ => "telemetry.otlp_endpoint",
            };
            ConfigError(vec![ConfigFault::new(key, chain(&error))])
        })?;
        init_logs_and_traces(options(&config.log, level), &otlp).map_err(|error| fault(&error))?;
        Ok(Telemetry { registry: otlp.registry.clone(), otlp: Some(otlp) })
    }

    /// Pushes what is left, as long as there is time for it.
    pub(super) async fn finish(otlp: Otlp, stop: &Stop) {
        let (done, is_done) = oneshot::channel();
        // A separate thread: unlike those of the runtime, it does not delay the end of the program
        // while a collector hangs.
        let last_push = std::thread::Builder::new().name("last push".to_owned()).spawn(move || {
            otlp.shut_down();
            let _ = done.send(()); // The receiver may have stopped waiting.
        });
        if let Err(error) = last_push {
            tracing::warn!(%error, "the last metrics and spans were not pushed: no thread started");
            return;
        }
        tokio::select! {
            biased;
            _ = is_done => return,
            () = tokio::time::sleep(LAST_PUSH) => {}
            () = stop.immediate.cancelled() => {}
        }
        tracing::warn!("the last metrics and spans were not pushed: there was no time left");
    }

    /// The HTTP client of the exporters: the program's transport and runtime, with a new connection for
    /// each push.
    #[derive(Debug)]
    struct Client {
        transport: Transport,
        runtime: Handle,
        headers: Option<Headers>,
    }

    #[async_trait]
    impl OtlpClient for Client {
        async fn send_bytes(
            &self,
            mut request: Request<Bytes>,
        ) -> Result<Response<Bytes>, BoxError> {
            if let Some(headers) = &self.headers {
                request.headers_mut().extend(headers.current().await?);
            }
            let transport = self.transport.clone();
            // Exporters have threads of their own, where there is no runtime.
            let sent =
                self.runtime.spawn(async move { transport.send_once(request, LIMITS).await });
            match sent.await {
                Ok(response) => Ok(response?),
                Err(gone) if gone.is_cancelled() => {
                    Err("the program ended before the collector responded".into())
                }
                Err(panic) => Err(panic.into()),
            }
        }
    }

    /// Headers that a collector asks for, from a file that is followed as every secret's is.
    #[derive(Debug)]
    struct Headers {
        line: ApiKey,
        scope: TokenScope,
    }

    impl Headers {
        fn new(source: SecretSource) -> Self {
            // A key has no scope.
            Self { line: ApiKey::new(source), scope: TokenScope::new("otlp") }
        }

        async fn current(&self) -> Result<HeaderMap, BoxError> {
            let line = self.line.token(&self.scope).await?;
            parse(line.expose()).ok_or_else(|| {
                "the file of `telemetry.otlp_headers_file` holds no headers; write them like \
                 authorization=Bearer abc,x-scope-orgid=1"
                    .into()
            })
        }
    }

    /// Reads `name=value` pairs between commas; `%2C` in a value is a comma, and so on. The
    /// fault is not reported, because the value is a secret.
    fn parse(line: &str) -> Option<HeaderMap> {
        let pairs = line.split(',').filter(|pair| !pair.trim().is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=')?;
                let name = HeaderName::try_from(name.trim()).ok()?;
                let mut value = HeaderValue::from_bytes(&unescaped(value.trim())).ok()?;
                value.set_sensitive(true);
                Some((name, value))
            })
            .collect()
    }

    fn unescaped(text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, escaped)) = rest.split_once('%') {
            bytes.extend_from_slice(before.as_bytes());
            let byte = escaped.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
            rest = match (byte, escaped.get(2..)) {
                (Some(byte), Some(after)) => {
                    bytes.push(byte);
                    after
                }
                _ => {
                    bytes.push(b'%');
                    escaped
                }
            };
        }
        bytes.extend_from_slice(rest.as_bytes());
        bytes
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn headers_are_read_as_the_usual_variable_has_them() {
            let headers = parse("authorization=Bearer a%2Cb%3d=, x-scope-orgid = 1 ,").unwrap();
            assert_eq!(headers["authorization"], "Bearer a,b==");
            assert_eq!(headers["x-scope-orgid"], "1");
            assert!(!format!("{headers:?}").contains("Bearer"));
            assert!(parse("Bearer abc").is_none());
            assert_eq!(unescaped("50% of %zz%é"), "50% of %zz%é".as_bytes());
        }
    }
}
