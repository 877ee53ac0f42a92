//! Settings of a sink on standard output.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stocktake_connector_core::{Failure, SinkName};

use super::StdoutSink;
use crate::forms::FormChoice;
use crate::{BuiltSink, Faults, FormName, SinkContext, SinkSettings};

/// One event per line on standard output.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StdoutSettings {
    /// How events are written.
    pub form: FormName,
    /// The version of OCSF, where the form is `ocsf`. Not set: 1.5.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ocsf_version: Option<String>,
}

impl StdoutSettings {
    fn form(&self) -> FormChoice<'_> {
        FormChoice { form: self.form, ocsf_version: self.ocsf_version.as_deref() }
    }
}

impl SinkSettings for StdoutSettings {
    const TYPE: &'static str = "stdout";
    const DOCUMENTATION: &'static str = include_str!("docs.md");

    fn validate(&self, faults: &mut Faults) {
        self.form().validate(faults);
    }

    fn build(&self, name: &SinkName, context: &SinkContext) -> Result<BuiltSink, Failure> {
        Ok(BuiltSink::new(name, self.form().build(context), StdoutSink::new()))
    }
}
