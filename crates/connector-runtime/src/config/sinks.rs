//! What can be set for each kind of sink.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HiddenText, span};

/// One sink. Its `type` says which kind.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum SinkConfig {
    /// One event a line on standard output.
    Stdout(StdoutConfig),
    /// One event a line in files.
    File(FileConfig),
    /// Sekoia.io's asset connector.
    Sekoia(SekoiaConfig),
}

/// How events are written.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DialectName {
    /// Strict OCSF 1.5.0.
    Ocsf,
    /// What Sekoia.io's models take.
    Sekoia,
}

/// A sink on standard output.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StdoutConfig {
    /// How events are written.
    pub(crate) dialect: DialectName,
}

impl Default for StdoutConfig {
    fn default() -> Self {
        Self { dialect: DialectName::Ocsf }
    }
}

/// A sink in files.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileConfig {
    /// The folder, or with the layout `single` the file.
    pub(crate) path: PathBuf,
    /// What is at `path`.
    #[serde(default)]
    pub(crate) layout: FileLayout,
    /// How events are written.
    #[serde(default = "ocsf")]
    pub(crate) dialect: DialectName,
}

fn ocsf() -> DialectName {
    DialectName::Ocsf
}

/// How a file sink arranges events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FileLayout {
    /// A folder with one file per tenant and cycle. A file is complete or absent.
    #[default]
    Directory,
    /// One file, which each cycle replaces by a copy with its events added.
    Single,
}

/// A sink at Sekoia.io.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SekoiaConfig {
    /// The region's API, for example `https://api.sekoia.io`.
    #[serde(default = "sekoia_url")]
    pub(crate) base_url: String,
    /// The asset connector's UUID.
    pub(crate) connector_uuid: String,
    /// The API key. Better kept in a file or the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) api_key: Option<HiddenText>,
    /// A file that holds the API key; read again when it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) api_key_file: Option<PathBuf>,
    /// Adds the fields that Sekoia's models take beyond the mapping table.
    #[serde(default)]
    pub(crate) extra_fields: bool,
    /// Events in a batch, at most.
    #[serde(default = "sekoia_items")]
    pub(crate) max_items: usize,
    /// Bytes in a batch, at most.
    #[serde(default = "sekoia_bytes")]
    pub(crate) max_bytes: usize,
    /// Time for Sekoia to finish the task of one batch.
    #[serde(default = "sekoia_task", with = "span")]
    #[schemars(with = "String")]
    pub(crate) task_deadline: Duration,
    /// How the receiver is connected to, beyond what `http` says.
    #[serde(default, skip_serializing_if = "TlsConfig::is_empty")]
    pub(crate) tls: TlsConfig,
}

/// How one receiver is connected to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TlsConfig {
    /// A PEM file of certificate authorities that are trusted for this receiver, besides the system's
    /// and instead of `http.extra_ca_file`; read again when it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extra_ca_file: Option<PathBuf>,
    /// A PEM file with the certificate that this program shows to the receiver; read again when it
    /// changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_certificate_file: Option<PathBuf>,
    /// A PEM file with the private key of that certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_key_file: Option<PathBuf>,
}

impl TlsConfig {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn sekoia_url() -> String {
    "https://api.sekoia.io".into()
}

fn sekoia_items() -> usize {
    100
}

fn sekoia_bytes() -> usize {
    2 * 1024 * 1024
}

fn sekoia_task() -> Duration {
    Duration::from_secs(5 * 60)
}
