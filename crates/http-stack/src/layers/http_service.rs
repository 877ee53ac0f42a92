//! One request and the head of its response, by reqwest.

use std::path::Path;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use tower::Service;

use crate::ApiErrorKind;

use crate::Transport;
use crate::attempt_failure::{AttemptFailure, Retry};
use crate::connection_fault::ConnectionFault;
use crate::layers::Outcome;
use crate::proxies::ProxyRoute;
use crate::transport::SetUp;

#[derive(Debug, Clone)]
pub(crate) struct HttpService {
    transport: Transport,
}

impl HttpService {
    pub(crate) fn new(transport: Transport) -> Self {
        Self { transport }
    }
}

impl Service<Request<Bytes>> for HttpService {
    type Response = reqwest::Response;
    type Error = Box<AttemptFailure>;
    type Future = Outcome<reqwest::Response>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let transport = self.transport.clone();
        Box::pin(async move {
            let mut request = reqwest::Request::try_from(request).map_err(connection_failure)?;
            if request.body().and_then(reqwest::Body::as_bytes).is_some_and(<[u8]>::is_empty) {
                *request.body_mut() = None;
            }
            let client = transport.client_for(request.url()).clone();
            let url = request.url().clone();
            client.execute(request).await.map_err(|error| {
                let SetUp { proxies, options, .. } = &*transport.set_up;
                let proxy = proxies.route_to(&url);
                let host = url.host_str().unwrap_or_default();
                failure(error, host, proxy.as_ref(), options.extra_ca_file.as_deref())
            })
        })
    }
}

/// The failure of a response whose body broke off.
pub(crate) fn connection_failure(error: reqwest::Error) -> Box<AttemptFailure> {
    failure(error, "the host", None, None)
}

/// The failure of a request without a whole response.
fn failure(
    error: reqwest::Error,
    host: &str,
    proxy: Option<&ProxyRoute>,
    extra_ca_file: Option<&Path>,
) -> Box<AttemptFailure> {
    // The URL's query may hold the name of a device.
    let error = error.without_url();
    if error.is_builder() {
        return AttemptFailure::new(
            ApiErrorKind::Refused,
            Retry::Never,
            "the request cannot be sent",
        )
        .because(error);
    }
    let fault = ConnectionFault::of(&error);
    let retry = match fault {
        fault if fault.is_permanent() => Retry::Never,
        // A connection that was made has carried the request, or a part of it.
        _ if error.is_connect() => Retry::Unprocessed,
        _ => Retry::Ambiguous,
    };
    let failure = if fault == ConnectionFault::Broken {
        // The host was reached, so there is nothing to advise.
        let body = error.is_body() || error.is_decode();
        let message = if body { "the response broke off" } else { "the connection broke off" };
        AttemptFailure::new(ApiErrorKind::Unavailable, retry, message)
    } else {
        let (message, advice) = fault.explain(host, proxy, extra_ca_file);
        AttemptFailure::new(ApiErrorKind::Unavailable, retry, message).advise(advice)
    };
    failure.because(error)
}
