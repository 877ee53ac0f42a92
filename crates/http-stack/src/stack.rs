//! The stack: its layers in their order, and the handle that calls it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderValue, Request, Response};
use tower::util::BoxCloneSyncService;
use tower::{ServiceBuilder, ServiceExt};
use url::Url;

use crate::{ApiError, ApiErrorKind};
use stocktake_connector_core::TenantName;

use crate::attempt_failure::{AttemptFailure, Retry};
use crate::call::{Call, CallCounts, Counters};
use crate::layers::exchange::Exchange;
use crate::layers::rate_limit::Quotas;
use crate::layers::{
    Attempt, answer, attempt_span, attempt_timeout, authorise, body_bound, call_span, deadline,
    pause, rate_limit, retry,
};
use crate::{AttemptObserver, Origin, RetryPolicy, StackOptions, Transport};

type Calls = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, Box<AttemptFailure>>;

/// Calls one API for one tenant. Cheap to clone; clones share quotas, pauses, budget and counts.
#[derive(Clone)]
pub struct ApiStack {
    options: Arc<StackOptions>,
    counters: Arc<Counters>,
    quotas: Arc<Quotas>,
    retry_policy: RetryPolicy,
    calls: Calls,
    /// For whom, instead of the options' tenant.
    on_behalf_of: Option<TenantName>,
}

impl ApiStack {
    /// Builds the stack over `transport`.
    pub fn new(transport: &Transport, options: StackOptions) -> Self {
        let observer = transport.set_up.options.observer.clone();
        Self::watched(Exchange::new(transport.clone()), options, observer)
    }

    /// Builds the stack over anything that gives answers.
    fn watched<S>(
        exchange: S,
        options: StackOptions,
        observer: Option<Arc<dyn AttemptObserver>>,
    ) -> Self
    where
        S: Attempt<reqwest::Response> + Sync,
    {
        let counters = Arc::new(Counters::default());
        let quotas = Arc::new(Quotas::new(&options.quotas));
        let limits = &options.limits;
        let retry_policy = RetryPolicy::new(limits.max_retries, limits.backoff);
        let calls = layers(exchange, &options, &counters, &quotas, &retry_policy, observer);
        Self {
            options: Arc::new(options),
            counters,
            quotas,
            retry_policy,
            calls,
            on_behalf_of: None,
        }
    }

    /// The same stack, calling for `tenant`: errors, spans and the observer name it.
    pub fn on_behalf_of(&self, tenant: &TenantName) -> Self {
        Self { on_behalf_of: Some(tenant.clone()), ..self.clone() }
    }

    /// Sends `request` and gives the answer, its body read whole.
    ///
    /// `operation` says in words what is asked, for spans and errors: `list machines`. The request's
    /// URI is absolute. `Accept: application/json`, a user agent, a request id and the token are
    /// added. A request that carries several has a [`Weight`](crate::Weight) in its extensions.
    ///
    /// # Errors
    /// [`ApiError`] for everything but a 2xx. Retries are spent: do not call again, but act on
    /// [`ApiError::recovery`].
    ///
    /// # Cancellation
    /// Dropping the future gives the request up, on the wire too.
    pub async fn call(
        &self,
        operation: &'static str,
        mut request: Request<Bytes>,
    ) -> Result<Response<Bytes>, ApiError> {
        Counters::add(&self.counters.calls);
        let mut call = Call::new(operation);
        call.tenant.clone_from(&self.on_behalf_of);
        call.weight = request.extensions().get().copied().unwrap_or_default();
        if let Err(failure) = self.check_origin(&request) {
            return Err(failure.into_error(&self.options, &call));
        }
        request.headers_mut().entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        request.extensions_mut().insert(call.clone());
        let answer = self.calls.clone().oneshot(request).await;
        answer.map_err(|failure| failure.into_error(&self.options, &call))
    }

    /// A failure of this API that its caller found, to be filled in by field.
    pub fn error(&self, operation: &'static str, kind: ApiErrorKind) -> ApiError {
        let options = &self.options;
        let mut error = ApiError::new(options.api, &options.error_codes, operation, kind);
        error.tenant = self.on_behalf_of.clone().or_else(|| options.tenant.clone());
        error
    }

    /// What was called so far.
    pub fn calls(&self) -> CallCounts {
        self.counters.counts()
    }

    /// The share of the longest quota's burst, from 0 to 1, that is free now: at 0, calls wait. `None`
    /// without a quota.
    pub fn quota_left(&self) -> Option<f64> {
        self.quotas.left()
    }

    /// The policy by which this stack tries its calls again, for calls that are carried inside another.
    pub fn retry_policy(&self) -> &RetryPolicy {
        &self.retry_policy
    }

    /// The options that the stack was built from.
    pub fn options(&self) -> &StackOptions {
        &self.options
    }

    /// A token goes to no other host than the configured one, whatever the caller was led to ask.
    fn check_origin(&self, request: &Request<Bytes>) -> Result<(), Box<AttemptFailure>> {
        let found = Url::parse(&request.uri().to_string()).map(|url| Origin::of(&url));
        match found {
            Ok(found) if found == self.options.origin => Ok(()),
            Ok(found) => Err(AttemptFailure::new(
                ApiErrorKind::Refused,
                Retry::Never,
                format!(
                    "the request is for {found}, which is not the configured {}; it was not sent",
                    self.options.origin
                ),
            )),
            Err(error) => Err(AttemptFailure::new(
                ApiErrorKind::Refused,
                Retry::Never,
                "the request has no absolute URL; it was not sent",
            )
            .because(error)),
        }
    }
}

/// The layers. The first sees the request first and the answer last; above the retry is once per
/// call, below it once per attempt.
fn layers<S>(
    exchange: S,
    options: &StackOptions,
    counters: &Arc<Counters>,
    quotas: &Arc<Quotas>,
    retry_policy: &RetryPolicy,
    observer: Option<Arc<dyn AttemptObserver>>,
) -> Calls
where
    S: Attempt<reqwest::Response> + Sync,
{
    let limits = &options.limits;
    let stack = ServiceBuilder::new()
        // One span for the whole call, so that its attempts appear as children.
        .layer(call_span::layer(options))
        // Bounds the call, every wait between attempts included.
        .layer(deadline::layer(limits.call_deadline))
        .layer(retry::layer(retry_policy.clone()))
        // Below the retry, because every attempt spends quota.
        .layer(rate_limit::layer(quotas))
        // Below the quota, so that a call that waited for quota still sees the newest pause.
        .layer(pause::layer(limits.backoff, Arc::clone(counters)))
        // Below every wait, so that the token is still valid when it is sent.
        .layer(authorise::layer(options.authorisation.clone(), Arc::clone(&options.clock)))
        // One for each request on the wire, the one after a 401 included.
        .layer(attempt_span::layer(options, Arc::clone(counters), observer))
        // Outside the timeout, so that everything below fails in the same way.
        .layer(answer::layer(options))
        // Reading the body is part of the attempt.
        .layer(attempt_timeout::layer(limits.attempt_timeout))
        .layer(body_bound::layer(limits.max_body_bytes))
        .service(exchange);
    BoxCloneSyncService::new(stack)
}

impl fmt::Debug for ApiStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiStack").field("options", &self.options).finish_non_exhaustive()
    }
}

#[cfg(test)]
impl ApiStack {
    /// A stack that nobody watches.
    fn over<S>(exchange: S, options: StackOptions) -> Self
    where
        S: Attempt<reqwest::Response> + Sync,
    {
        Self::watched(exchange, options, None)
    }
}

#[cfg(test)]
mod tests;
