//! One request and its answer's head, by reqwest.

use std::error::Error;
use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use tower::Service;

use stocktake_connector_core::ApiErrorKind;

use crate::Transport;
use crate::failure::{Failure, Retry};
use crate::layers::Outcome;

#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    transport: Transport,
}

impl Exchange {
    pub(crate) fn new(transport: Transport) -> Self {
        Self { transport }
    }
}

impl Service<Request<Bytes>> for Exchange {
    type Response = reqwest::Response;
    type Error = Box<Failure>;
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
            client.execute(request).await.map_err(connection_failure)
        })
    }
}

/// What became of a request that got no whole answer.
pub(crate) fn connection_failure(error: reqwest::Error) -> Box<Failure> {
    // The URL's query may hold the name of a device.
    let error = error.without_url();
    if error.is_builder() {
        return Failure::new(ApiErrorKind::Refused, Retry::Never, "the request cannot be sent")
            .because(error);
    }
    if is_untrusted(&error) {
        return Failure::new(
            ApiErrorKind::Unavailable,
            Retry::Never,
            "the server's certificate is not trusted",
        )
        .advise(
            "If a proxy inspects TLS, name its CA certificate as extra CA file; else check the host \
             and the machine's clock.",
        )
        .because(error);
    }
    let (message, advice) = if error.is_timeout() {
        ("no connection in time", Some(REACH))
    } else if error.is_connect() {
        ("no connection", Some(REACH))
    } else if error.is_body() || error.is_decode() {
        ("the answer broke off", None)
    } else {
        ("the connection broke off", None)
    };
    let failure = Failure::new(ApiErrorKind::Unavailable, Retry::Again, message).because(error);
    match advice {
        Some(advice) => failure.advise(advice),
        None => failure,
    }
}

const REACH: &str =
    "Check that the host can be reached from here: its name, the network, and the proxy.";

/// Whether TLS refused the server's certificate: trying again cannot help.
fn is_untrusted(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
            return true;
        }
        // An I/O error's `source` skips the error that it wraps, and they nest here.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    false
}
