//! The hook through which a program watches what goes over the wire.

use std::fmt;
use std::time::Duration;

use stocktake_connector_core::{ApiErrorKind, TenantId};

use crate::failure::kind_name;

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
    pub tenant: Option<&'a TenantId>,
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
