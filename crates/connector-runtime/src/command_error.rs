//! How a command ends: its exit status, and why it could not do its work.

use std::fmt;
use std::process::ExitCode;

use stocktake_connector_core::{ErrorCode, Failure, FailureRecord, StateError, chain};
use stocktake_telemetry::Escaped;

use crate::config::ConfigError;

/// How a command ended. The numbers are documented: scripts depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    Success,
    Failed,
    UsageError,
    /// Finished, but not with everything: dead letters, records that cannot be used, or an input that
    /// is not the whole list.
    DeadLetters,
    /// A signal ended it before everything was read; the next cycle goes on.
    Interrupted,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Success => 0,
            ExitStatus::Failed => 1,
            ExitStatus::UsageError => 2,
            ExitStatus::DeadLetters => 3,
            ExitStatus::Interrupted => 4,
        })
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// The configuration cannot be used, or the arguments do not fit it.
    Config(ConfigError),
    /// The work failed.
    Failed {
        /// What the error is looked up by; `None` for what the catalogue does not have.
        code: Option<ErrorCode>,
        /// What failed, with its causes.
        message: String,
        /// What the operator can do, as a sentence.
        advice: Option<String>,
    },
}

impl CommandError {
    /// A failure with its causes, which the catalogue does not have.
    pub(crate) fn from_error(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::failed(chain(error))
    }

    /// A failure with this message.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed { code: None, message: message.into(), advice: None }
    }

    /// What the error is looked up by.
    pub(crate) fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Config(_) => Some(ErrorCode::Configuration),
            Self::Failed { code, .. } => *code,
        }
    }

    /// What the operator can do, as a sentence.
    pub(crate) fn advice(&self) -> Option<&str> {
        match self {
            Self::Failed { advice, .. } => advice.as_deref(),
            Self::Config(_) => None,
        }
    }

    /// The exit status of a command that ends with it.
    pub(crate) fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Config(_) => ExitStatus::UsageError,
            Self::Failed { .. } => ExitStatus::Failed,
        }
    }
}

impl std::error::Error for CommandError {}

impl fmt::Display for CommandError {
    /// The message with the code at its end, for people; programs read [`CommandError::code`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => fmt::Display::fmt(error, f),
            Self::Failed { code: Some(code), message, .. } => {
                write!(f, "{} [{code}]", Escaped(message))
            }
            Self::Failed { code: None, message, .. } => fmt::Display::fmt(&Escaped(message), f),
        }
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<FailureRecord> for CommandError {
    fn from(failure: FailureRecord) -> Self {
        let FailureRecord { code, message, advice, .. } = failure;
        Self::Failed { code: Some(code), message, advice }
    }
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        failure.record().into()
    }
}

impl From<StateError> for CommandError {
    fn from(error: StateError) -> Self {
        Failure::from(error).into()
    }
}

impl From<CommandError> for FailureRecord {
    /// What cannot be built waits for an operator: a file, a variable or a setting has to change.
    fn from(error: CommandError) -> Self {
        let code = error.code().unwrap_or(ErrorCode::Configuration);
        let message = match &error {
            CommandError::Failed { message, .. } => message.clone(),
            CommandError::Config(config) => config.without_code(),
        };
        Self {
            code,
            recovery: stocktake_connector_core::Recovery::Operator,
            retry_at: None,
            advice: error.advice().map(str::to_owned),
            message,
        }
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self::from_error(&error)
    }
}
