//! The stack on real sockets: what only a wire can do wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bytes_on_the_wire;
mod certificate_files;
mod client_certificates;
mod probe;
mod proxies;
mod proxy_server;
mod secure_connections;
mod tls_server;

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use stocktake_http_stack::{
    ApiError, ApiStack, Backoff, Origin, StackOptions, Transport, TransportOptions,
};

/// A stack whose waits are too short to notice; time is real here.
fn stack_to(base: &str, transport: &TransportOptions) -> ApiStack {
    let mut options = StackOptions::new("defender", Origin::parse(base).unwrap());
    options.limits.backoff =
        Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(1) };
    options.limits.attempt_timeout = Duration::from_millis(1500);
    ApiStack::new(&Transport::new(transport).unwrap(), options)
}

async fn get(stack: &ApiStack, url: &str) -> Result<Response<Bytes>, ApiError> {
    stack.call("list machines", Request::get(url).body(Bytes::new()).unwrap()).await
}
