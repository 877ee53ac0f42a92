//! Tries again what may succeed: see [`RetryPolicy`] for when, and [`Idempotent`] for what.
//!
//! A wait that would pass the call's deadline ends the call at once, with the failure as it is.

use bytes::Bytes;
use http::{Request, Response};
use tokio::time::{Sleep, sleep};
use tower::retry::{Policy, RetryLayer};

use stocktake_telemetry::field;

use crate::ApiErrorKind;
use crate::attempt_failure::{AttemptFailure, Retry, kind_name};
use crate::call::{Call, Idempotent, RetryResponsesOnly};
use crate::retry_policy::{NoRetry, RetryPolicy};

/// Applies the policy to the requests of a stack.
#[derive(Clone)]
pub(crate) struct StackRetry(RetryPolicy);

pub(crate) fn layer(policy: RetryPolicy) -> RetryLayer<StackRetry> {
    RetryLayer::new(StackRetry(policy))
}

impl Policy<Request<Bytes>, Response<Bytes>, Box<AttemptFailure>> for StackRetry {
    type Future = Sleep;

    fn retry(
        &mut self,
        request: &mut Request<Bytes>,
        result: &mut Result<Response<Bytes>, Box<AttemptFailure>>,
    ) -> Option<Sleep> {
        let failure = match result {
            Ok(_) => {
                self.0.record_success();
                return None;
            }
            Err(failure) => failure,
        };
        if failure.status.is_none() && request.extensions().get::<RetryResponsesOnly>().is_some() {
            return None;
        }
        match failure.retry {
            Retry::Unprocessed => {}
            Retry::Ambiguous if Idempotent::applies_to(request) => {}
            Retry::Ambiguous => {
                failure
                    .detail
                    .message
                    .push_str("; not sent again, because it may have been processed");
                return None;
            }
            Retry::Never => return None,
        }
        let mut call = Call::of(request);
        // A response that is malformed, here, is one that may be whole the next time.
        let kind = match failure.kind {
            ApiErrorKind::Malformed => ApiErrorKind::Unavailable,
            kind => kind,
        };
        let wait = self.0.decide(call.retries, kind, failure.detail.retry_after, call.deadline);
        let wait = match wait {
            Ok(wait) => wait,
            Err(NoRetry::Final | NoRetry::PastDeadline) => return None,
            Err(NoRetry::Budget) => {
                failure.detail.message.push_str("; not tried again, because too many calls fail");
                return None;
            }
        };
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
