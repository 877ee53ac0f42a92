//! The choice of a form, for sinks that take any.

use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use stocktake_ocsf_model::Version;

use crate::settings::Faults;
use crate::{EventForm, OcsfForm, SinkContext};

/// How events are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormName {
    /// Strict OCSF.
    #[default]
    Ocsf,
    /// What Sekoia.io's models take.
    #[cfg(feature = "sekoia")]
    Sekoia,
}

impl FormName {
    /// Notes a version of OCSF next to another form.
    pub fn validate(self, ocsf_version: Option<Version>, faults: &mut Faults) {
        if self != Self::Ocsf && ocsf_version.is_some() {
            let problem = "goes with the form `ocsf`; remove it, or set `form` to \"ocsf\"";
            faults.invalid("ocsf_version", problem);
        }
    }

    /// The form, for the events of this program.
    pub fn build(self, ocsf_version: Option<Version>, context: &SinkContext) -> Arc<EventForm> {
        let SinkContext { mapping, volatile_fields, .. } = context;
        match self {
            Self::Ocsf => {
                let version = ocsf_version.unwrap_or_default();
                Arc::new(OcsfForm::new(version, *mapping, volatile_fields))
            }
            #[cfg(feature = "sekoia")]
            Self::Sekoia => Arc::new(crate::SekoiaForm::new(false, *mapping, volatile_fields)),
        }
    }
}

/// The schema of a setting that holds a version of OCSF.
pub fn ocsf_version_schema(_: &mut SchemaGenerator) -> Schema {
    let versions =
        Version::ALL.map(Version::as_str).map(|version| json_schema!({ "const": version }));
    json_schema!({ "oneOf": versions })
}
