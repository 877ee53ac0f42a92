//! How a command ends: its exit status, and why it could not do its work.

use std::fmt;
use std::process::ExitCode;

use stocktake_connector_core::{ErrorCode, Failure, FailureRecord, StateError, chain};

use crate::config::ConfigError;

/// How a command ended. The numbers are documented: scripts depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    Success,
    Failed,
    UsageError,
    DeadLetters,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Success => 0,
            ExitStatus::Failed => 1,
            ExitStatus::UsageError => 2,
            ExitStatus::DeadLetters => 3,
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
    /// The reader of the output has closed it, so there is nothing to report to.
    OutputClosed,
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
            Self::OutputClosed => None,
        }
    }

    /// What the operator can do, as a sentence.
    pub(crate) fn advice(&self) -> Option<&str> {
        match self {
            Self::Failed { advice, .. } => advice.as_deref(),
            Self::Config(_) | Self::OutputClosed => None,
        }
    }

    /// The exit status of a command that ends with it.
    pub(crate) fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Config(_) => ExitStatus::UsageError,
            Self::Failed { .. } => ExitStatus::Failed,
            Self::OutputClosed => ExitStatus::Success,
        }
    }
}

impl std::error::Error for CommandError {}

impl fmt::Display for CommandError {
    /// The message with the code at its end, for people; programs read [`CommandError::code`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => fmt::Display::fmt(error, f),
            Self::Failed { code: Some(code), message, .. } => write!(f, "{message} [{code}]"),
            Self::Failed { code: None, message, .. } => f.write_str(message),
            Self::OutputClosed => f.write_str("output closed"),
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
            CommandError::OutputClosed => error.to_string(),
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
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::OutputClosed
        } else {
            Self::failed(format!("standard output: {error}"))
        }
    }
}
