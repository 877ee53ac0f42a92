//! Tries again what may succeed, after a wait.
//!
//! The wait is drawn at random from a step that doubles; a wait that the remote names is a lower
//! bound. A wait that would pass the call's deadline ends the call at once, with the failure as it
//! is. A budget keeps a remote that fails everything from being asked many times over.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::time::{Sleep, sleep};
use tower::retry::budget::{Budget, TpsBudget};
use tower::retry::{Policy, RetryLayer};

use crate::ApiErrorKind;
use stocktake_telemetry::field;

use crate::attempt_failure::{AttemptFailure, Retry, kind_name};
use crate::call::Call;
use crate::{Backoff, Limits};

/// Retries in any ten seconds beyond those that successes earn.
const FREE_RETRIES_PER_SECOND: u32 = 5;
/// Retries that each success earns.
const RETRIES_PER_SUCCESS: f32 = 0.5;

/// What is tried again, how often and when.
#[derive(Clone)]
pub(crate) struct HonourRetryAfter {
    max_retries: u32,
    backoff: Backoff,
    budget: Arc<TpsBudget>,
}

pub(crate) fn layer(limits: &Limits) -> RetryLayer<HonourRetryAfter> {
    let budget =
        TpsBudget::new(Duration::from_secs(10), FREE_RETRIES_PER_SECOND, RETRIES_PER_SUCCESS);
    RetryLayer::new(HonourRetryAfter {
        max_retries: limits.max_retries,
        backoff: limits.backoff,
        budget: Arc::new(budget),
    })
}

impl Policy<Request<Bytes>, Response<Bytes>, Box<AttemptFailure>> for HonourRetryAfter {
    type Future = Sleep;

    fn retry(
        &mut self,
        request: &mut Request<Bytes>,
        result: &mut Result<Response<Bytes>, Box<AttemptFailure>>,
    ) -> Option<Sleep> {
        let failure = match result {
            Ok(_) => {
                self.budget.deposit();
                return None;
            }
            Err(failure) => failure,
        };
        let mut call = Call::of(request);
        if failure.retry == Retry::Never || call.retries >= self.max_retries {
            return None;
        }
        let wait =
            self.backoff.draw(call.retries).max(failure.detail.retry_after.unwrap_or_default());
        if call.ends_before(wait) {
            return None;
        }
        // A remote that throttles says itself when it wants to be asked again, and the pause holds
        // the other calls back; the budget is for one that fails.
        if failure.kind != ApiErrorKind::Throttled && !self.budget.withdraw() {
            failure.detail.message.push_str("; not tried again, because too many calls fail");
            return None;
        }
        tracing::warn!(
            { field::ERROR_TYPE } = kind_name(failure.kind),
            { field::HTTP_RESPONSE_STATUS_CODE } = failure.status.map(|status| status.as_u16()),
            { field::HTTP_REQUEST_RESEND_COUNT } = call.retries + 1,
            { field::WAIT_MS } = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "a call failed and is tried again"
        );
        call.retries += 1;
        request.extensions_mut().insert(call);
        Some(sleep(wait))
    }

    fn clone_request(&mut self, request: &Request<Bytes>) -> Option<Request<Bytes>> {
        Some(request.clone()) // Cheap: the body is shared.
    }
}
