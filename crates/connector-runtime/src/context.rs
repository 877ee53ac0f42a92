//! What every command works with.

use crate::command_error::CommandError;
use crate::config::{self, Config, Flags};
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
        let config = config::load(&self.flags, config::variables())?;
        start_log(&config.log, LEVEL)?;
        Ok(config)
    }

    /// Reads the configuration and starts the log, metrics and traces as it says, for what runs
    /// cycles. `level` is the default level of the log.
    pub(crate) fn watched_config(&self, level: &str) -> Result<(Config, Telemetry), CommandError> {
        let config = config::load(&self.flags, config::variables())?;
        let telemetry = Telemetry::start(&config, level)?;
        Ok((config, telemetry))
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
