//! What every command works with.

use crate::command_error::CommandError;
use crate::config::{self, Config, Flags, Loaded, Variables};
use crate::output::Output;
use crate::telemetry::{Telemetry, start_log};

/// The default level of the log.
pub(crate) const LEVEL: &str = "warn";

/// What every command works with.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) flags: Flags,
    pub(crate) output: Output,
}

impl Context {
    /// Reads the configuration and starts the log as it says.
    pub(crate) fn config(&self) -> Result<Config, CommandError> {
        Ok(self.loaded()?.config)
    }

    /// The same, with where the configuration comes from.
    pub(crate) fn loaded(&self) -> Result<Loaded, CommandError> {
        let loaded = config::load(&self.flags, &Variables::of_process())?;
        start_log(&loaded.config.log, LEVEL)?;
        log_notes(&loaded);
        Ok(loaded)
    }

    /// Reads the configuration and starts the log, metrics and traces as it says, for what runs
    /// cycles. `level` is the default level of the log.
    pub(crate) fn watched(&self, level: &str) -> Result<(Loaded, Telemetry), CommandError> {
        let loaded = config::load(&self.flags, &Variables::of_process())?;
        let telemetry = Telemetry::start(&loaded.config, level)?;
        log_notes(&loaded);
        Ok((loaded, telemetry))
    }

    /// Starts the log as the flags say, or else at `level`, for commands without a configuration.
    pub(crate) fn log_by_flags(&self, level: &str) -> Result<(), CommandError> {
        let mut log = config::LogConfig::default();
        log.level.clone_from(&self.flags.log_level);
        if let Some(format) = self.flags.log_format {
            log.format = format;
        }
        start_log(&log, level)
    }
}

fn log_notes(loaded: &Loaded) {
    for note in &loaded.notes {
        tracing::warn!(%note, "a part of the environment has no effect");
    }
}
