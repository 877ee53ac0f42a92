//! What can be set for each tenant.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stocktake_sinks::RedactedText;

use super::{Cloud, Region};

/// One tenant.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantConfig {
    /// The directory: a GUID or a verified domain.
    pub(crate) tenant_id: String,
    /// The app registration's application (client) id: a GUID. Goes with an app secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) app_id: Option<String>,
    /// The app registration's secret value. Better kept in a file or the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) app_secret: Option<RedactedText>,
    /// A file that holds the secret value; read again when it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) app_secret_file: Option<PathBuf>,
    /// The name of a table in `credentials`, instead of an app id and secret here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) credential: Option<String>,
    /// The cloud that the directory is in: sets every host and scope below.
    #[serde(default)]
    pub(crate) cloud: Cloud,
    /// The region of the Defender API: us, eu, uk, au, swa, ina or aea.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<Region>,
    /// The Defender API. Not set: that of `cloud` and `region`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) base_url: Option<String>,
    /// The scope of the Defender token. Not set: the audience of `cloud`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) defender_scope: Option<String>,
    /// The Entra login service. Not set: that of `cloud`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) login_url: Option<String>,
    /// The Graph API. Not set: that of `cloud`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) graph_url: Option<String>,
    /// The scope of the Graph token. Not set: the host of the Graph API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) graph_scope: Option<String>,
    /// The sinks that get this tenant's events. Not set: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sinks: Option<Vec<String>>,
    /// Which machines are collected. Not set: all.
    #[serde(default, skip_serializing_if = "FilterConfig::is_empty")]
    pub(crate) filter: FilterConfig,
    /// Quotas of this tenant, instead of those in `http`.
    #[serde(default, skip_serializing_if = "QuotaConfig::is_empty")]
    pub(crate) limits: QuotaConfig,
}

/// Which machines are collected: those that match every list that is not empty. Case is ignored;
/// a `*` at the end of a word matches any ending.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FilterConfig {
    /// Defender's health status: `Active`, `Inactive`, `ImpairedCommunication`, …
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) health_status: Vec<String>,
    /// Names of Defender's device groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) rbac_groups: Vec<String>,
    /// Defender's platforms: `Windows11`, `WindowsServer*`, `macOS`, …
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) os_platforms: Vec<String>,
    /// Tags; the machine has at least one of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
}

impl FilterConfig {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Quotas of one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct QuotaConfig {
    /// Most calls to Defender per minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) defender_per_minute: Option<u32>,
    /// Most calls to Defender per hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) defender_per_hour: Option<u32>,
    /// Most calls to Graph per 20 seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) graph_per_20s: Option<u32>,
}

impl QuotaConfig {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
