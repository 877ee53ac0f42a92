//! Settings of a sink at Sekoia.io.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stocktake_connector_core::{Failure, SinkName, TokenScope};
use stocktake_http_stack::{ApiStack, Authentication, ErrorCodes, Origin, StackOptions};
use uuid::Uuid;

use super::{API, SekoiaOptions, SekoiaSink};
use crate::context::unusable;
use crate::http::read_base_url;
use crate::settings::duration;
use crate::{
    BuiltSink, Faults, RedactedText, Remote, SecretSetting, SekoiaForm, SinkContext, SinkSettings,
    TlsSettings, validate_base_url,
};

/// The asset-connector API of Sekoia.io.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SekoiaSettings {
    /// The region's API, for example `https://api.sekoia.io`.
    #[serde(default = "default_base_url")]
    pub base_url: String,
    /// The asset connector's UUID.
    pub connector_uuid: String,
    /// The API key. Better kept in a file or the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<RedactedText>,
    /// A file that holds the API key; read again when it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_file: Option<PathBuf>,
    /// Adds the fields that Sekoia's models take beyond the mapping table.
    #[serde(default)]
    pub extra_fields: bool,
    /// Events in a batch, at most.
    #[serde(default = "default_max_items")]
    pub max_items: usize,
    /// Bytes in a batch, at most.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: usize,
    /// Time for Sekoia to finish the task of one batch.
    #[serde(default = "default_task_deadline", with = "duration")]
    #[schemars(with = "String")]
    pub task_deadline: Duration,
    /// How the receiver is connected to, beyond what `http` says.
    #[serde(default, skip_serializing_if = "TlsSettings::is_empty")]
    pub tls: TlsSettings,
}

fn default_base_url() -> String {
    "https://api.sekoia.io".into()
}

fn default_max_items() -> usize {
    SekoiaOptions::MAX_ITEMS
}

fn default_max_bytes() -> usize {
    SekoiaOptions::MAX_BYTES
}

fn default_task_deadline() -> Duration {
    SekoiaOptions::TASK_DEADLINE
}

impl SinkSettings for SekoiaSettings {
    const TYPE: &'static str = "sekoia";
    const APIS: &'static [&'static str] = &[API];
    const DOCUMENTATION: &'static str = include_str!("docs.md");

    fn validate(&self, faults: &mut Faults) {
        validate_base_url("base_url", &self.base_url, faults);
        if self.connector_uuid.parse::<Uuid>().is_err() {
            let problem = "is not a UUID; copy it from the asset connector's page";
            faults.invalid("connector_uuid", problem);
        }
        faults.one_secret("api_key", self.api_key.as_ref(), self.api_key_file.as_deref());
        faults.at_least("max_items", self.max_items, 1);
        faults.at_least("max_bytes", self.max_bytes, 1);
        self.tls.validate(faults);
    }

    fn build(&self, name: &SinkName, context: &SinkContext) -> Result<BuiltSink, Failure> {
        let url = read_base_url(name, "base_url", &self.base_url)?;
        let connector = self
            .connector_uuid
            .parse()
            .map_err(|error: uuid::Error| unusable(name, "connector_uuid", error))?;
        let secret = SecretSetting::new(self.api_key.as_ref(), self.api_key_file.as_deref())
            .ok_or_else(|| unusable(name, "api_key", "is missing"))?;
        let credential = context.secrets.resolve(secret);
        let transport = self.tls.transport(name, &context.http)?;
        let origin = Origin::of(&url);
        let mut stack = StackOptions::new(API, origin.clone());
        stack.authentication = Some(Authentication::bearer(
            Arc::clone(&credential),
            // An API key has no scope; the receiver names it well enough.
            TokenScope::new(origin.to_string()),
        ));
        stack.error_codes = ErrorCodes::SINK;
        stack.limits = context.http.limits;
        stack.sends_trace_context = true;
        stack.clock = Arc::clone(&context.clock);
        let mut options = SekoiaOptions::new(url.clone(), connector);
        options.max_items = self.max_items;
        options.max_bytes = self.max_bytes;
        options.task_deadline = self.task_deadline;
        let sink = SekoiaSink::new(options, ApiStack::new(&transport, stack));
        let form = SekoiaForm::new(self.extra_fields, context.mapping, &context.volatile_fields);
        let remote = Remote { url, transport, credential };
        Ok(BuiltSink::new(name, Arc::new(form), sink).with_remote(remote))
    }
}
