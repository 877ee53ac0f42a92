//! Failures: what went wrong, and what the caller should do.
//!
//! A failure keeps its type from the place where it happens to the place where it is acted on. Retry,
//! the scheduler, the log, the cycle report and the metrics read its fields; nothing parses a message.

use std::error::Error;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ErrorCode;

/// Any error, boxed.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What the caller of a failed operation should do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recovery {
    /// Try again later, but not before [`Failure::retry_at`]. Retries within the call are spent.
    Retry,
    /// Wait for an operator: a permission, a credential or a setting has to change. Trying again is
    /// harmless, and useless until then, so it happens less and less often.
    Operator,
    /// The remote broke its contract, or this program has a defect: trying again is not expected to
    /// help.
    Defect,
}

impl Recovery {
    /// The recovery in one word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Operator => "operator",
            Self::Defect => "defect",
        }
    }
}

/// Why an operation failed for good, its retries included.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What the error is looked up by; it has a page in the error catalogue.
    pub code: ErrorCode,
    /// What the caller should do.
    pub recovery: Recovery,
    /// When the operation may be tried again at the earliest, by the remote's own wish.
    pub retry_at: Option<DateTime<Utc>>,
    /// What the operator can do, as a sentence.
    pub advice: Option<String>,
    /// The fact, in one line. Never repeats `source`, never holds a secret.
    pub message: String,
    /// The failure below.
    #[source]
    pub source: Option<BoxError>,
}

impl Failure {
    /// A failure without advice, cause or a time to try again.
    pub fn new(code: ErrorCode, recovery: Recovery, message: impl Into<String>) -> Self {
        Self { code, recovery, retry_at: None, advice: None, message: message.into(), source: None }
    }

    /// A defect of this program or of a remote: see [`Recovery::Defect`].
    pub fn defect(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::new(code, Recovery::Defect, message)
    }

    /// The same failure with advice for the operator.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// The same failure with the time before which the operation must not be tried again.
    #[must_use]
    pub fn with_retry_at(mut self, retry_at: Option<DateTime<Utc>>) -> Self {
        self.retry_at = retry_at;
        self
    }

    /// The same failure with its cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The failure without its live cause, for reports and for state.
    pub fn record(&self) -> FailureRecord {
        FailureRecord {
            code: self.code,
            recovery: self.recovery,
            retry_at: self.retry_at,
            advice: self.advice.clone(),
            message: chain(self),
        }
    }
}

impl From<&Failure> for FailureRecord {
    fn from(failure: &Failure) -> Self {
        failure.record()
    }
}

impl From<Failure> for FailureRecord {
    fn from(failure: Failure) -> Self {
        failure.record()
    }
}

/// A failure as reports, state and `/status` keep it: its causes are part of the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRecord {
    /// What the error is looked up by.
    pub code: ErrorCode,
    /// What the caller should do.
    pub recovery: Recovery,
    /// When the operation may be tried again at the earliest, by the remote's own wish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<DateTime<Utc>>,
    /// What the operator can do, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The fact and its causes, in one line.
    pub message: String,
}

impl std::fmt::Display for FailureRecord {
    /// The message with the code at its end, for people; programs read the fields.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} [{}]", self.message, self.code)
    }
}

/// An error and its causes in one line, separated by colons. A cause that the line ends with already
/// is not repeated.
pub fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !line.ends_with(&text) {
            // Writing to a string cannot fail.
            let _ = write!(line, ": {text}");
        }
        source = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_keeps_every_field_and_the_causes() {
        let at = DateTime::from_timestamp(1_790_000_000, 0);
        let failure = Failure::new(ErrorCode::ApiThrottled, Recovery::Retry, "throttled")
            .with_advice("Wait.")
            .with_retry_at(at)
            .because(std::io::Error::other("slow down"));
        let record = failure.record();
        assert_eq!(record.message, "throttled: slow down");
        assert_eq!(record.to_string(), "throttled: slow down [ST0301]");
        assert_eq!((record.retry_at, record.advice.as_deref()), (at, Some("Wait.")));
        let json = serde_json::to_value(&record).unwrap();
        assert_eq!((&json["code"], &json["recovery"]), (&"ST0301".into(), &"retry".into()));
        assert_eq!(serde_json::from_value::<FailureRecord>(json).unwrap(), record);
    }

    #[test]
    fn a_cause_that_is_quoted_already_is_not_repeated() {
        #[derive(Debug, thiserror::Error)]
        #[error("open: {source}")]
        struct Quoting {
            source: std::io::Error,
        }
        let error = Quoting { source: std::io::Error::other("denied") };
        assert_eq!(chain(&error), "open: denied");
    }
}
