//! `[server]`.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Listens nowhere when given as the address.
const OFF: &str = "off";

/// Health, status and metrics of `stocktake run`, over HTTP.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ServerConfig {
    /// Address and port for `/livez`, `/readyz`, `/startupz`, `/metrics` and `/status`, or `off`. Port
    /// 0 takes one that is free, which the log names. Whoever reaches it reads the names of tenants
    /// and sinks, how their cycles went, and the errors of the last ones, which may tell paths of files,
    /// application ids and what an API answered; so it is loopback unless set otherwise.
    pub(crate) listen: String,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self { listen: "127.0.0.1:9464".into() }
    }
}

impl ServerConfig {
    /// Where to listen; `None` for nowhere.
    ///
    /// # Errors
    /// What is wrong with the value, and what to do.
    pub(crate) fn address(&self) -> Result<Option<SocketAddr>, String> {
        if self.listen.eq_ignore_ascii_case(OFF) {
            return Ok(None);
        }
        self.listen.parse().map(Some).map_err(|_| {
            format!(
                "`{}` is no address with a port; write it like 127.0.0.1:9464, 0.0.0.0:9464 or \
                 [::1]:9464, or `off`",
                self.listen
            )
        })
    }
}
