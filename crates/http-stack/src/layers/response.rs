//! Tells success from failure, and what may be tried again.

use std::sync::Arc;

use bytes::Bytes;
use http::header::LOCATION;
use http::{Response, StatusCode};
use tower::layer::{Layer, layer_fn};
use url::Url;

use crate::ApiErrorKind;
use stocktake_connector_core::{Clock, chain};

use crate::attempt_failure::{AttemptFailure, Retry};
use crate::layers::service;
use crate::response::{clean_text, retry_after, server_time};
use crate::{ErrorDetail, Origin, ResponsePolicy, SentSecrets, StackOptions};

#[derive(Debug, Clone)]
pub(crate) struct JudgeResponse<S> {
    inner: S,
    policy: Arc<dyn ResponsePolicy>,
    clock: Arc<dyn Clock>,
    /// What the proxy on the route knows.
    proxy_secrets: SentSecrets,
}

pub(crate) fn layer<S>(
    options: &StackOptions,
    proxy_secrets: SentSecrets,
) -> impl Layer<S, Service = JudgeResponse<S>> + use<S> {
    let (policy, clock) = (Arc::clone(&options.responses), Arc::clone(&options.clock));
    layer_fn(move |inner| JudgeResponse {
        inner,
        policy: Arc::clone(&policy),
        clock: Arc::clone(&clock),
        proxy_secrets: proxy_secrets.clone(),
    })
}

service!(JudgeResponse, Response<Bytes>, |this, request| {
    let secrets = request.extensions().get::<SentSecrets>().cloned().unwrap_or_default();
    let secrets = secrets.with(&this.proxy_secrets);
    match this.inner.call(request).await {
        Ok(response) => this.judge(response, &secrets),
        Err(mut failure) => {
            // The last words of a server that ends an HTTP/2 connection are in the library's error.
            if let Some(source) = &failure.source {
                let mut text = chain(&**source);
                if secrets.clear_text(&mut text) {
                    failure.source = Some(text.into());
                }
            }
            Err(failure)
        }
    }
});

impl<S> JudgeResponse<S> {
    /// Nothing reads the response before it is cleared of the request's secrets, so that nothing of it
    /// is cut before.
    fn judge(
        &self,
        mut response: Response<Bytes>,
        secrets: &SentSecrets,
    ) -> Result<Response<Bytes>, Box<AttemptFailure>> {
        secrets.clear(&mut response);
        let status = response.status();
        if status.is_success() {
            return match self.policy.flaw(&response) {
                None => Ok(response),
                Some(flaw) => {
                    let message = clean_text(&flaw.reason);
                    let mut failure =
                        AttemptFailure::new(ApiErrorKind::Malformed, Retry::Ambiguous, message);
                    failure.status = Some(status);
                    Err(failure)
                }
            };
        }
        let mut detail = self.policy.read_error(status, response.headers(), response.body());
        // The header is the standard's; the body's wait is prose or an API's own field.
        detail.retry_after =
            retry_after(response.headers(), self.clock.now()).or(detail.retry_after);
        if status.is_redirection() {
            describe_redirect(&mut detail, &response);
        }
        let texts = [&mut detail.code, &mut detail.inner_code, &mut detail.request_id]
            .into_iter()
            .flatten()
            .chain([&mut detail.message])
            .chain(&mut detail.advice);
        texts.for_each(|text| {
            secrets.clear_text(text);
        });
        let (kind, retry) = classify(status, &detail);
        let message = match clean_text(&detail.message) {
            // Ours, where the API says nothing.
            empty if empty.is_empty() => {
                status.canonical_reason().unwrap_or("no explanation").to_ascii_lowercase()
            }
            message => message,
        };
        detail.message = message;
        detail.code = detail.code.map(|code| clean_text(&code));
        detail.inner_code = detail.inner_code.map(|code| clean_text(&code));
        detail.request_id = detail.request_id.map(|id| clean_text(&id));
        let server_time = server_time(response.headers());
        let status = Some(status);
        Err(Box::new(AttemptFailure { kind, retry, status, server_time, detail, source: None }))
    }
}

/// The one place that says what is tried again.
fn classify(status: StatusCode, detail: &ErrorDetail) -> (ApiErrorKind, Retry) {
    match status.as_u16() {
        429 => (ApiErrorKind::Throttled, Retry::Unprocessed),
        503 if detail.retry_after.is_some() => (ApiErrorKind::Throttled, Retry::Unprocessed),
        408 | 500 | 502 | 503 | 504 => (ApiErrorKind::Unavailable, Retry::Ambiguous),
        _ if detail.transient => (ApiErrorKind::Unavailable, Retry::Unprocessed),
        401 => (ApiErrorKind::Unauthorised, Retry::Never),
        403 => (ApiErrorKind::Forbidden, Retry::Never),
        404 => (ApiErrorKind::NotFound, Retry::Never),
        501 | 505.. => (ApiErrorKind::Unavailable, Retry::Never),
        _ => (ApiErrorKind::Refused, Retry::Never),
    }
}

fn describe_redirect(detail: &mut ErrorDetail, response: &Response<Bytes>) {
    // The origin alone: the rest of the address may hold anything.
    let target = response
        .headers()
        .get(LOCATION)
        .and_then(|location| Url::parse(location.to_str().ok()?).ok())
        .map_or_else(|| "another path".to_owned(), |url| Origin::of(&url).to_string());
    detail.message = format!("redirected to {target}; redirects are not followed");
    detail.advice.get_or_insert_with(|| {
        "Check the base URL in the configuration, and whether a proxy asks for a sign-in."
            .to_owned()
    });
}
