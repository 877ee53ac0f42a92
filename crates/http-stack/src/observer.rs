//! The hook through which a program watches what goes over the wire.

use std::fmt;
use std::time::Duration;

use crate::ApiErrorKind;
use stocktake_connector_core::TenantName;

use crate::attempt_failure::kind_name;

/// How a request on the wire ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// With an answer that is a success.
    Answered,
    /// With a failure of this kind.
    Failed(ApiErrorKind),
    /// Not at all: the call was given up before an answer came, by its deadline or its caller.
    GivenUp,
}

impl AttemptOutcome {
    /// Every outcome, for who counts them: what was never seen cannot be seen to grow.
    pub const ALL: [Self; 12] = [
        Self::Answered,
        Self::Failed(ApiErrorKind::Throttled),
        Self::Failed(ApiErrorKind::Unavailable),
        Self::Failed(ApiErrorKind::DeadlineExceeded),
        Self::Failed(ApiErrorKind::NoToken),
        Self::Failed(ApiErrorKind::Unauthorised),
        Self::Failed(ApiErrorKind::Forbidden),
        Self::Failed(ApiErrorKind::NotFound),
        Self::Failed(ApiErrorKind::Refused),
        Self::Failed(ApiErrorKind::TooLarge),
        Self::Failed(ApiErrorKind::Malformed),
        Self::GivenUp,
    ];

    /// One word of a small, fixed set.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "ok",
            Self::Failed(kind) => kind_name(kind),
            Self::GivenUp => "given_up",
        }
    }
}

/// A request on the wire that has ended.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// The API, as [`StackOptions::api`](crate::StackOptions::api) names it.
    pub api: &'static str,
    /// For whom; `None` for what serves all tenants.
    pub tenant: Option<&'a TenantName>,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Whether it repeated an earlier one of the same call.
    pub is_retry: bool,
    /// From its start to the last byte of the answer. Waits before it are not part of it.
    pub duration: Duration,
}

/// Is told of every request on the wire.
///
/// # Shape
/// It is called on the way of each answer, so it must be quick and must not block.
pub trait AttemptObserver: fmt::Debug + Send + Sync {
    /// A request has ended.
    fn attempt_ended(&self, attempt: &Attempt<'_>);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The place of an outcome in the list. Without a wildcard, so that a new one is put into both.
    fn place(outcome: AttemptOutcome) -> usize {
        match outcome {
            AttemptOutcome::Answered => 0,
            AttemptOutcome::Failed(kind) => match kind {
                ApiErrorKind::Throttled => 1,
                ApiErrorKind::Unavailable => 2,
                ApiErrorKind::DeadlineExceeded => 3,
                ApiErrorKind::NoToken => 4,
                ApiErrorKind::Unauthorised => 5,
                ApiErrorKind::Forbidden => 6,
                ApiErrorKind::NotFound => 7,
                ApiErrorKind::Refused => 8,
                ApiErrorKind::TooLarge => 9,
                ApiErrorKind::Malformed => 10,
            },
            AttemptOutcome::GivenUp => 11,
        }
    }

    #[test]
    fn every_outcome_is_listed_once_with_a_word_of_its_own() {
        let places: Vec<_> = AttemptOutcome::ALL.into_iter().map(place).collect();
        assert_eq!(places, (0..=11).collect::<Vec<_>>());
        let words: BTreeSet<_> =
            AttemptOutcome::ALL.into_iter().map(AttemptOutcome::name).collect();
        assert_eq!(words.len(), AttemptOutcome::ALL.len());
    }
}
