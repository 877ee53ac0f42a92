//! Configuration: what can be set, where it comes from, and what is wrong with it.
//!
//! Built-in defaults, then `stocktake.toml` (or YAML), then `STOCKTAKE_*` environment variables (`__`
//! nests), then flags; later ones win. Every key is checked: an unknown one is an error that names
//! the nearest known key. No error repeats a value: a secret may be in the place of anything.

mod cloud;
mod credentials;
mod describe;
mod endpoints;
mod environment;
mod error;
mod file;
mod load;
mod server;
mod sinks;
mod telemetry;
mod template;
mod tenant;
#[cfg(test)]
mod tests;
mod tree;
mod validate;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use cloud::{Cloud, Region};
pub(crate) use credentials::{
    AppSecretConfig, CertificateConfig, CredentialConfig, ManagedIdentityConfig,
    SignatureAlgorithm, WorkloadIdentityConfig,
};
pub(crate) use endpoints::Endpoints;
pub(crate) use environment::Variables;
pub(crate) use error::{ConfigError, ConfigFault, unknown};
#[cfg(feature = "fuzzing")]
pub(crate) use load::check_yaml;
pub(crate) use load::{Flags, Loaded, PartDigests, Rereading, check_text, from_value, load};
pub(crate) use server::ServerConfig;
pub(crate) use sinks::{SinkConfig, schema};
pub(crate) use telemetry::TelemetryConfig;
pub(crate) use template::TEMPLATE;
pub(crate) use tenant::{FilterConfig, TenantConfig};
pub(crate) use tree::Overridden;

use stocktake_engine::Emit;
use stocktake_sinks::RedactedText;
use stocktake_sinks::settings::duration;

/// Everything that can be set.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "stocktake configuration")]
pub(crate) struct Config {
    /// The Microsoft Entra directories to collect, by name. The name is the key of their state.
    pub(crate) tenants: BTreeMap<String, TenantConfig>,
    /// Credentials that tenants name, each for one tenant or for many.
    pub(crate) credentials: BTreeMap<String, CredentialConfig>,
    /// How machines are collected.
    pub(crate) collection: CollectionConfig,
    /// What is joined to them.
    pub(crate) enrichment: EnrichmentConfig,
    /// Where events go, by name. The name is the key of the sink's delivered set.
    pub(crate) sinks: BTreeMap<String, SinkConfig>,
    /// The record of what was delivered.
    pub(crate) state: StateConfig,
    /// HTTP calls.
    pub(crate) http: HttpConfig,
    /// Logs, on standard error.
    pub(crate) log: LogConfig,
    /// Health, status and metrics of `stocktake run`, over HTTP.
    pub(crate) server: ServerConfig,
    /// Metrics and traces pushed to an OpenTelemetry collector.
    pub(crate) telemetry: TelemetryConfig,
    /// How `stocktake run` shuts down.
    pub(crate) shutdown: ShutdownConfig,
}

/// How machines are collected.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CollectionConfig {
    /// Time between the starts of two cycles of a tenant in `stocktake run`.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub(crate) interval: Duration,
    /// Time after which a cycle reads every machine again instead of those seen since the checkpoint.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub(crate) full_every: Duration,
    /// The wait after a first failure that may pass by itself; it doubles with each further failure, up
    /// to `interval`. Failures that need an operator wait 5 times as long, and up to the longer of
    /// `interval` and 60 times this. A server's `Retry-After` is always honored.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub(crate) retry_after: Duration,
    /// Most cycles that run at the same time; other tenants wait. Each cycle may hold some pages in
    /// memory.
    pub(crate) concurrent_cycles: usize,
    /// When a device is sent.
    pub(crate) emit: Emit,
    /// Sends an unchanged device again after this long. Not set: never.
    #[serde(with = "duration::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(crate) refresh_after: Option<Duration>,
    /// How far an incremental cycle reaches back behind the checkpoint.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub(crate) overlap: Duration,
    /// Machines per page (1 to 10000), by `$top` and `$skip`. Not set: the server's pages and links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) page_size: Option<u32>,
    /// Most pages of one listing.
    pub(crate) max_pages: u64,
    /// Largest share of a tenant's devices (0 to 1) that may vanish at once and still be marked removed.
    pub(crate) removal_guard: f64,
    /// Most vanished devices that one cycle looks up by id.
    pub(crate) removal_look_ups: usize,
    /// Time after which a device that was marked removed is purged from state. One that comes back
    /// later is sent as a new one.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub(crate) purge_removed_after: Duration,
    /// Paths of the event whose change alone does not send a device again.
    pub(crate) volatile_fields: Vec<String>,
}

impl Default for CollectionConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(3 * 60 * 60),
            full_every: Duration::from_secs(24 * 60 * 60),
            retry_after: Duration::from_secs(60),
            concurrent_cycles: 32,
            emit: Emit::Changed,
            refresh_after: None,
            overlap: Duration::from_secs(60 * 60),
            page_size: None,
            max_pages: 10_000,
            removal_guard: 0.2,
            removal_look_ups: 500,
            // Three months as durations are read and shown: of 30.44 days each.
            purge_removed_after: Duration::from_secs(3 * 2_630_016),
            volatile_fields: stocktake_sinks::VOLATILE.map(str::to_owned).to_vec(),
        }
    }
}

/// What is joined to machines.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EnrichmentConfig {
    /// Intune managed devices, from Graph.
    pub(crate) intune: IntuneMode,
    /// Reads from Intune, in batches, what its lists leave out of the devices that are about to be
    /// sent: Ethernet address, memory, `iccid` and `udid`. The first cycle then takes about 6
    /// hours for a million devices. A change of these alone is noticed when something else changes,
    /// or when `collection.refresh_after` passes.
    pub(crate) intune_details: bool,
    /// Cycles in a row in which Intune, after it has answered before, has to refuse until events go out
    /// without it. Until then such a cycle fails and nothing is sent. The same number holds for a list
    /// that is suddenly shorter than `collection.removal_guard` allows, and for a record that does not
    /// say which device it is: until then, sinks keep what they have of Intune.
    pub(crate) refusals: u32,
    /// The time that it has to last, in addition.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub(crate) refused_after: Duration,
}

impl Default for EnrichmentConfig {
    fn default() -> Self {
        Self {
            intune: IntuneMode::default(),
            intune_details: false,
            refusals: 3,
            refused_after: Duration::from_secs(24 * 60 * 60),
        }
    }
}

/// Whether Intune is queried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IntuneMode {
    /// Queried; a tenant that never had license or permission is collected without it, and the report
    /// says so.
    #[default]
    Auto,
    /// Not queried.
    Off,
}

/// The record of what was delivered.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StateConfig {
    /// A SQLite file, or `:memory:` to remember nothing.
    pub(crate) path: PathBuf,
}

impl Default for StateConfig {
    fn default() -> Self {
        Self { path: PathBuf::from("stocktake.db") }
    }
}

/// HTTP calls.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HttpConfig {
    /// Time for one call, its retries and waits included.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub(crate) call_deadline: Duration,
    /// Time for one attempt, from connecting to the last byte.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub(crate) attempt_timeout: Duration,
    /// Most retries of a call, token requests included.
    pub(crate) max_retries: u32,
    /// Longest wait before the first retry; it doubles with each further one.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub(crate) backoff: Duration,
    /// Largest response body, in bytes.
    pub(crate) max_body_bytes: usize,
    /// Most calls to Defender per minute.
    pub(crate) defender_per_minute: u32,
    /// Most calls to Defender per hour.
    pub(crate) defender_per_hour: u32,
    /// Most calls to Graph per 20 seconds.
    pub(crate) graph_per_20s: u32,
    /// A proxy for every call, with a user if it requires one. Not set: `HTTPS_PROXY` and
    /// `NO_PROXY` are honored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proxy: Option<RedactedText>,
    /// A file that holds the password of the proxy's user; read at the start only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proxy_password_file: Option<PathBuf>,
    /// Hosts that are called without the configured proxy, separated by commas and read as curl reads
    /// them: names with all below them, addresses, networks, or `*` alone. Not set: `NO_PROXY` itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) no_proxy: Option<String>,
    /// A PEM file of certificate authorities that are trusted in addition to the system's; read again
    /// when it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extra_ca_file: Option<PathBuf>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            call_deadline: Duration::from_secs(5 * 60),
            attempt_timeout: Duration::from_secs(60),
            max_retries: 6,
            backoff: Duration::from_millis(500),
            max_body_bytes: 64 * 1024 * 1024,
            defender_per_minute: 50,
            defender_per_hour: 1_500,
            graph_per_20s: 1_000,
            proxy: None,
            proxy_password_file: None,
            no_proxy: None,
            extra_ca_file: None,
        }
    }
}

/// Logs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LogConfig {
    /// What is logged: `error`, `warn`, `info`, `debug`, `trace`, or a filter such as
    /// `info,stocktake_http_stack=debug`. Not set: `info` for `run`, `warn` for other commands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) level: Option<String>,
    /// The format of log lines.
    pub(crate) format: LogFormat,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: None, format: LogFormat::Human }
    }
}

/// The format of log lines.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

impl LogFormat {
    /// As it is written in the configuration.
    fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
        }
    }
}

/// How `stocktake run` shuts down.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ShutdownConfig {
    /// Time after SIGTERM to deliver what has been read.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub(crate) grace: Duration,
}

impl Default for ShutdownConfig {
    fn default() -> Self {
        Self { grace: Duration::from_secs(25) }
    }
}
