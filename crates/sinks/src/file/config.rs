//! Settings of a sink in files.

use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stocktake_connector_core::{Failure, SinkName};
use stocktake_ocsf_model::Version;

use super::{FileMode, FileSink};
use crate::{BuiltSink, Faults, FormName, SinkContext, SinkSettings, ocsf_version_schema};

/// One event per line in files: one file per tenant, source and cycle.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSettings {
    /// The folder of the files. A file is complete or absent.
    pub path: PathBuf,
    /// Who may read the files, as a mode of Unix: "0640" adds the group of the program's user, or that of
    /// a folder that hands its group down.
    #[serde(default)]
    pub mode: FileMode,
    /// How events are written.
    #[serde(default)]
    pub form: FormName,
    /// The version of OCSF, where the form is `ocsf`. Default: 1.5.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "ocsf_version_schema")]
    pub ocsf_version: Option<Version>,
}

impl SinkSettings for FileSettings {
    const TYPE: &'static str = "file";
    const DOCUMENTATION: &'static str = include_str!("docs.md");
    const REMOVED_KEYS: &'static [(&'static str, &'static str)] = &[(
        "layout",
        "does not exist any more: `path` is always a folder, with one file per tenant, source and \
         cycle; remove `layout`, and set `path` to a folder",
    )];

    fn validate(&self, faults: &mut Faults) {
        if self.path.as_os_str().is_empty() {
            faults.invalid("path", "is empty; set the folder of the files");
        }
        self.form.validate(self.ocsf_version, faults);
    }

    fn build(&self, name: &SinkName, context: &SinkContext) -> Result<BuiltSink, Failure> {
        let sink =
            FileSink::new(self.path.clone(), Arc::clone(&context.clock)).with_mode(self.mode);
        Ok(BuiltSink::new(name, self.form.build(self.ocsf_version, context), sink))
    }
}
