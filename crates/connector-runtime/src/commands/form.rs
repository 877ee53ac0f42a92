//! The form in which a command writes events.

use std::sync::Arc;

use stocktake_connector_core::Fingerprint;
use stocktake_ocsf_model::Version;
use stocktake_sinks::{EventForm, OcsfForm, SekoiaForm};

use crate::command_error::CommandError;
use crate::config::{ConfigError, ConfigFault, unknown};

/// How events are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FormName {
    /// Strict OCSF.
    #[default]
    Ocsf,
    /// What Sekoia.io's models take.
    Sekoia,
}

/// Which form.
#[derive(Debug, clap::Args)]
pub(super) struct FormArguments {
    /// How events are written
    #[arg(long, value_enum, default_value = "ocsf")]
    form: FormName,
    /// The version of OCSF, with the form `ocsf` [default: 1.5.0]
    #[arg(long, value_name = "VERSION")]
    ocsf_version: Option<String>,
    /// Add the fields that Sekoia's models take beyond the mapping table, with the form `sekoia`
    #[arg(long)]
    extra_fields: bool,
}

impl FormArguments {
    /// The form, with every field in the comparison.
    pub(super) fn build(&self, mapping: Fingerprint) -> Result<Arc<EventForm>, CommandError> {
        let unfit = |flag: &str, form: &str| {
            let problem = format!("goes with `--form {form}` alone");
            CommandError::from(ConfigError(vec![ConfigFault::new(flag, problem)]))
        };
        const NONE_VOLATILE: [&str; 0] = [];
        match self.form {
            FormName::Ocsf if self.extra_fields => Err(unfit("--extra-fields", "sekoia")),
            FormName::Sekoia if self.ocsf_version.is_some() => Err(unfit("--ocsf-version", "ocsf")),
            FormName::Ocsf => Ok(Arc::new(OcsfForm::new(self.version()?, mapping, NONE_VOLATILE))),
            FormName::Sekoia => {
                Ok(Arc::new(SekoiaForm::new(self.extra_fields, mapping, NONE_VOLATILE)))
            }
        }
    }

    fn version(&self) -> Result<Version, CommandError> {
        let Some(version) = &self.ocsf_version else { return Ok(Version::default()) };
        version.parse().map_err(|_| {
            let known = Version::ALL.map(Version::as_str);
            let problem = unknown("version", version, &known);
            ConfigError(vec![ConfigFault::new("--ocsf-version", problem)]).into()
        })
    }
}
