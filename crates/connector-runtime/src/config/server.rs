//! `[server]`.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// As the address: do not listen.
const OFF: &str = "off";

/// Health, status and metrics of `stocktake run`, over HTTP.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ServerConfig {
    /// Address and port for `/livez`, `/readyz`, `/startupz`, `/metrics` and `/status`, or `off`. Port
    /// 0 takes a free one, which the log names. Anyone who can reach it can read the names of tenants
    /// and sinks, the results of their cycles, and the last errors, which may contain file paths,
    /// application ids and responses of APIs; the default is therefore loopback.
    pub(crate) listen: String,
    /// Names by which the server may be called, without ports. IP addresses and names of loopback
    /// (`localhost`) are always allowed; a request under any other name is refused, so that a web page
    /// cannot read the server through a name that it controls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) hosts: Vec<String>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self { listen: "127.0.0.1:9464".into(), hosts: Vec::new() }
    }
}

impl ServerConfig {
    /// Where to listen; `None` when it is off.
    ///
    /// # Errors
    /// What is wrong with the value, and what to do.
    pub(crate) fn address(&self) -> Result<Option<SocketAddr>, &'static str> {
        if self.listen.eq_ignore_ascii_case(OFF) {
            return Ok(None);
        }
        self.listen.parse().map(Some).map_err(|_| {
            "is not an address with a port; write it like 127.0.0.1:9464, 0.0.0.0:9464 or \
             [::1]:9464, or `off`"
        })
    }
}
