//! Connections from their configuration.

use std::sync::Arc;

use stocktake_connector_core::chain;
use stocktake_http_stack::{
    AttemptObserver, Backoff, Limits, ShownPath, Transport, TransportOptions,
};
use stocktake_sinks::RedactedText;
use url::Url;

use crate::command_error::CommandError;
use crate::config::{ConfigError, ConfigFault, HttpConfig};

/// Sees every request on the wire.
pub(crate) type Observer = Arc<dyn AttemptObserver>;

/// One connection pool for everything without its own settings, and the options that it is made from.
pub(crate) fn connections(
    http: &HttpConfig,
    observer: Option<Observer>,
) -> Result<(Transport, TransportOptions), CommandError> {
    let options = options(http, observer)?;
    let transport = Transport::new(&options)
        .map_err(|error| ConfigError(vec![ConfigFault::new("http", chain(&error))]))?;
    Ok((transport, options))
}

fn options(
    http: &HttpConfig,
    observer: Option<Observer>,
) -> Result<TransportOptions, CommandError> {
    let mut options = TransportOptions { observer, ..TransportOptions::default() };
    options.extra_ca_file.clone_from(&http.extra_ca_file);
    if let Some(proxy) = &http.proxy {
        options.proxy = Some(proxy_url(proxy, http)?);
        options.no_proxy.clone_from(&http.no_proxy);
    }
    Ok(options)
}

/// The proxy with the password of its user. No error repeats any of it.
fn proxy_url(proxy: &RedactedText, http: &HttpConfig) -> Result<Url, CommandError> {
    let fault = |key: &str, problem: String| {
        CommandError::from(ConfigError(vec![ConfigFault::new(format!("http.{key}"), problem)]))
    };
    let mut url = Url::parse(proxy.expose()).map_err(|error| {
        let problem = "write it like http://USER:PASSWORD@HOST:PORT";
        fault("proxy", format!("is not a URL ({error}); {problem}"))
    })?;
    let Some(path) = &http.proxy_password_file else { return Ok(url) };
    let password = std::fs::read_to_string(path).map_err(|error| {
        fault("proxy_password_file", format!("{} cannot be read: {error}", ShownPath(path)))
    })?;
    if url.username().is_empty() {
        return Err(fault(
            "proxy_password_file",
            "goes with a user in `proxy`, as in http://user@proxy.example:8080".into(),
        ));
    }
    url.set_password(Some(password.trim()))
        .map_err(|()| fault("proxy", "cannot have a password".into()))?;
    Ok(url)
}

/// The limits of every call.
pub(super) fn limits(http: &HttpConfig) -> Limits {
    Limits {
        call_deadline: http.call_deadline,
        attempt_timeout: http.attempt_timeout,
        max_retries: http.max_retries,
        backoff: Backoff { base: http.backoff, ..Backoff::default() },
        max_body_bytes: http.max_body_bytes,
    }
}
