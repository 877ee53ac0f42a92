//! Settings of a sink on standard output.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stocktake_connector_core::{Failure, SinkName};
use stocktake_ocsf_model::Version;

use super::StdoutSink;
use crate::{BuiltSink, Faults, FormName, SinkContext, SinkSettings, ocsf_version_schema};

/// One event per line on standard output.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StdoutSettings {
    /// How events are written.
    pub form: FormName,
    /// The version of OCSF, where the form is `ocsf`. Default: 1.5.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "ocsf_version_schema")]
    pub ocsf_version: Option<Version>,
}

impl SinkSettings for StdoutSettings {
    const TYPE: &'static str = "stdout";
    const DOCUMENTATION: &'static str = include_str!("docs.md");

    fn validate(&self, faults: &mut Faults) {
        self.form.validate(self.ocsf_version, faults);
    }

    fn build(&self, name: &SinkName, context: &SinkContext) -> Result<BuiltSink, Failure> {
        Ok(BuiltSink::new(name, self.form.build(self.ocsf_version, context), StdoutSink::new()))
    }
}
