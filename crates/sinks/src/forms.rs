//! The choice of a form, for sinks that take any.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::{Faults, SettingsProblem};
use stocktake_ocsf_model::Version;

use crate::{EventForm, OcsfForm, SekoiaForm, SinkContext};

/// How events are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormName {
    /// Strict OCSF.
    #[default]
    Ocsf,
    /// What Sekoia.io's models take.
    Sekoia,
}

/// A form as sinks that take any are configured with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FormChoice<'a> {
    pub(crate) form: FormName,
    pub(crate) ocsf_version: Option<&'a str>,
}

impl FormChoice<'_> {
    pub(crate) fn validate(self, faults: &mut Faults) {
        const KEY: &str = "ocsf_version";
        let Some(version) = self.ocsf_version else { return };
        if self.form != FormName::Ocsf {
            faults.invalid(KEY, "goes with the form `ocsf`; remove it, or set `form` to \"ocsf\"");
        }
        if version.parse::<Version>().is_err() {
            let value = version.to_owned();
            let known = Version::ALL.iter().map(ToString::to_string).collect();
            faults.push(KEY, SettingsProblem::UnknownValue { value, known });
        }
    }

    /// The form that was chosen.
    pub(crate) fn build(self, context: &SinkContext) -> Arc<EventForm> {
        let SinkContext { mapping, volatile_fields, .. } = context;
        match self.form {
            FormName::Ocsf => {
                // Validated: one that cannot be read is not set.
                let version = self.ocsf_version.and_then(|version| version.parse().ok());
                Arc::new(OcsfForm::new(version.unwrap_or_default(), *mapping, volatile_fields))
            }
            FormName::Sekoia => Arc::new(SekoiaForm::new(false, *mapping, volatile_fields)),
        }
    }
}
