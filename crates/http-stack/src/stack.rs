//! The stack.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};

use stocktake_connector_core::{ApiError, ApiErrorKind};

use crate::{StackOptions, Transport};

/// Counts since the stack was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// Calls of [`ApiStack::call`].
    pub calls: u64,
    /// Requests on the wire.
    pub attempts: u64,
    /// Attempts that repeated an earlier one of the same call.
    pub retries: u64,
    /// Answers that asked to slow down.
    pub throttled: u64,
}

/// Calls one API for one tenant. Cheap to clone; clones share quotas, pauses and counts.
#[derive(Clone)]
pub struct ApiStack {
    options: StackOptions,
}

impl ApiStack {
    /// Builds the stack over `transport`.
    pub fn new(transport: &Transport, options: StackOptions) -> Self {
        let _ = transport;
        Self { options }
    }

    /// Sends `request` and gives the answer, its body read whole.
    ///
    /// `operation` says in words what is asked, for spans and errors: `list machines`.
    ///
    /// # Errors
    /// [`ApiError`] for everything but a 2xx.
    pub async fn call(
        &self,
        operation: &'static str,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, ApiError> {
        let _ = request;
        Err(ApiError::new(self.options.api, operation, ApiErrorKind::Unavailable))
    }

    /// What was called so far.
    pub fn calls(&self) -> CallCounts {
        CallCounts::default()
    }
}

impl fmt::Debug for ApiStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiStack").field("options", &self.options).finish_non_exhaustive()
    }
}
