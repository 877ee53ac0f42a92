//! The stack: its layers in their order, and the handle that calls it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderValue, Request, Response};
use tower::util::BoxCloneSyncService;
use tower::{ServiceBuilder, ServiceExt};
use url::Url;

use stocktake_connector_core::TenantName;

use crate::attempt_failure::{AttemptFailure, Retry};
use crate::call::{Call, CallCounts, Counters};
use crate::layers::http_service::HttpService;
use crate::layers::rate_limit::Quotas;
use crate::layers::{
    Attempt, attempt_timeout, authenticate, body_bound, call_span, compress, deadline, rate_limit,
    request_span, response, retry, retry_after_gate,
};
use crate::{
    ApiError, ApiErrorKind, AttemptObserver, Origin, RetryPolicy, SentSecrets, StackOptions,
    Transport,
};

type Calls = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, Box<AttemptFailure>>;

/// Calls one API for one tenant. Cheap to clone; clones share quotas, gate, budget and counts.
#[derive(Clone)]
pub struct ApiStack {
    options: Arc<StackOptions>,
    counters: Arc<Counters>,
    quotas: Arc<Quotas>,
    retry_policy: RetryPolicy,
    calls: Calls,
    /// The tenant, instead of the options'.
    on_behalf_of: Option<TenantName>,
}

impl ApiStack {
    /// Builds the stack over `transport`.
    pub fn new(transport: &Transport, options: StackOptions) -> Self {
        let observer = transport.set_up.options.observer.clone();
        let proxy_secrets = transport.set_up.proxies.secrets_for(&options.origin);
        Self::observed(HttpService::new(transport.clone()), options, proxy_secrets, observer)
    }

    /// Builds the stack over anything that gives responses.
    fn observed<S>(
        http: S,
        options: StackOptions,
        proxy_secrets: SentSecrets,
        observer: Option<Arc<dyn AttemptObserver>>,
    ) -> Self
    where
        S: Attempt<reqwest::Response> + Sync,
    {
        let counters = Arc::new(Counters::default());
        let quotas = Arc::new(Quotas::new(&options.quotas));
        let limits = &options.limits;
        let retry_policy = RetryPolicy::new(limits.max_retries, limits.backoff);
        let shared = Shared { counters: &counters, quotas: &quotas, retry_policy: &retry_policy };
        let calls = layers(http, &options, &shared, proxy_secrets, observer);
        Self {
            options: Arc::new(options),
            counters,
            quotas,
            retry_policy,
            calls,
            on_behalf_of: None,
        }
    }

    /// The same stack on behalf of `tenant`, which errors, spans and the observer name.
    pub fn on_behalf_of(&self, tenant: &TenantName) -> Self {
        Self { on_behalf_of: Some(tenant.clone()), ..self.clone() }
    }

    /// Sends `request` and returns the response with its whole body.
    ///
    /// `operation` names the call in spans and errors: `list machines`. The request's URI is absolute.
    /// `Accept: application/json`, a user agent, a request id and the authentication are added.
    ///
    /// The request's extensions may hold a [`UrlTemplate`](crate::UrlTemplate) for spans,
    /// [`Idempotent`](crate::Idempotent) for a `POST` that may be repeated, and a
    /// [`Weight`](crate::Weight) for one that carries several calls.
    ///
    /// # Errors
    /// [`ApiError`] for everything but a 2xx. Retries are spent: do not call again, but act on
    /// [`ApiError::recovery`].
    ///
    /// # Cancellation
    /// Dropping the future cancels the request, on the wire too.
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
        let response = self.calls.clone().oneshot(request).await;
        response.map_err(|failure| failure.into_error(&self.options, &call))
    }

    /// A failure of this API that its caller found; set its other fields one by one.
    pub fn error(&self, operation: &'static str, kind: ApiErrorKind) -> ApiError {
        let options = &self.options;
        let mut error = ApiError::new(options.api, &options.error_codes, operation, kind);
        error.tenant = self.on_behalf_of.clone().or_else(|| options.tenant.clone());
        error
    }

    /// The counts so far.
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

    /// A token goes to the configured host only, whatever URL the caller was given.
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

/// What the handle and the layers have in common.
struct Shared<'a> {
    counters: &'a Arc<Counters>,
    quotas: &'a Arc<Quotas>,
    retry_policy: &'a RetryPolicy,
}

/// The layers. The first sees the request first and the response last; above the retry is once per
/// call, below it once per attempt.
fn layers<S>(
    http: S,
    options: &StackOptions,
    shared: &Shared<'_>,
    proxy_secrets: SentSecrets,
    observer: Option<Arc<dyn AttemptObserver>>,
) -> Calls
where
    S: Attempt<reqwest::Response> + Sync,
{
    let Shared { counters, quotas, retry_policy } = shared;
    let limits = &options.limits;
    let stack = ServiceBuilder::new()
        // One span for the whole call, with its requests as children.
        .layer(call_span::layer(options))
        // Bounds the call, every wait between attempts included.
        .layer(deadline::layer(limits.call_deadline))
        // Above the retry, so that a call is compressed once.
        .layer(compress::layer(options.request_encoding))
        .layer(retry::layer(RetryPolicy::clone(retry_policy)))
        // Below the retry, because every attempt spends quota.
        .layer(rate_limit::layer(quotas))
        // Below the quota, so that a call that waited for quota still finds the gate closed.
        .layer(retry_after_gate::layer(limits.backoff, Arc::clone(counters)))
        // Below every wait, so that the secret is still valid when it is sent, and below compression,
        // so that it signs the final bytes.
        .layer(authenticate::layer(options.authentication.clone(), Arc::clone(&options.clock)))
        // One for each request on the wire, the one after a 401 included.
        .layer(request_span::layer(options, Arc::clone(counters), observer))
        // Outside the timeout, so that everything below fails in the same way.
        .layer(response::layer(options, proxy_secrets))
        // Reading the body is part of the attempt.
        .layer(attempt_timeout::layer(limits.attempt_timeout))
        .layer(body_bound::layer(limits.max_body_bytes))
        .service(http);
    BoxCloneSyncService::new(stack)
}

impl fmt::Debug for ApiStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiStack").field("options", &self.options).finish_non_exhaustive()
    }
}

#[cfg(test)]
impl ApiStack {
    /// A stack without an observer.
    fn over<S>(http: S, options: StackOptions) -> Self
    where
        S: Attempt<reqwest::Response> + Sync,
    {
        Self::observed(http, options, SentSecrets::default(), None)
    }
}

#[cfg(test)]
mod tests;
