//! What the configuration says about a sink of the type `webhook`.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stocktake_connector_core::{ErrorCode, Failure, Recovery, SinkName, TokenScope};
use stocktake_http_stack::{ApiStack, Authentication, ErrorCodes, Origin, StackOptions, base_url};
use stocktake_sinks::schemars::{self, JsonSchema};
use stocktake_sinks::{
    BuiltSink, Faults, FormName, RedactedText, Remote, SecretSetting, SinkContext, SinkSettings,
    validate_base_url,
};

use super::sink::Webhook;

/// Posts events to a URL.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookSettings {
    /// Where events are posted.
    url: String,
    /// The token.
    #[serde(default)]
    token: Option<RedactedText>,
    /// A file that holds the token.
    #[serde(default)]
    token_file: Option<PathBuf>,
}

impl SinkSettings for WebhookSettings {
    const TYPE: &'static str = "webhook";
    const APIS: &'static [&'static str] = &["webhook"];
    const DOCUMENTATION: &'static str = include_str!("docs.md");

    fn validate(&self, faults: &mut Faults) {
        validate_base_url("url", &self.url, faults);
        faults.one_secret("token", self.token.as_ref(), self.token_file.as_deref());
    }

    fn build(&self, name: &SinkName, context: &SinkContext) -> Result<BuiltSink, Failure> {
        let unusable = |problem: String| {
            Failure::new(ErrorCode::Configuration, Recovery::Operator, format!("{name}: {problem}"))
        };
        let url = base_url(&self.url).map_err(|error| unusable(error.to_string()))?;
        let secret = SecretSetting::new(self.token.as_ref(), self.token_file.as_deref());
        let secret = secret.ok_or_else(|| unusable("no token".into()))?;
        let credential = context.secrets.resolve(secret);
        let mut stack = StackOptions::new("webhook", Origin::of(&url));
        stack.error_codes = ErrorCodes::SINK;
        stack.limits = context.http.limits;
        let scope = TokenScope::new(self.url.as_str());
        stack.authentication = Some(Authentication::bearer(Arc::clone(&credential), scope));
        let transport = context.http.transport.clone();
        let uri = url.as_str().parse().map_err(|_| unusable("`url` is not a URI".into()))?;
        let sink = Webhook { uri, stack: ApiStack::new(&transport, stack) };
        let form = FormName::Ocsf.build(None, context);
        Ok(BuiltSink::new(name, form, sink).with_remote(Remote { url, transport, credential }))
    }
}
