//! The health server of a running program: probes, status and metrics.
//!
//! It has no secrets and no authentication, so every resource is bounded: the size of a request's
//! head, the time for it, the time of a connection, and the number of connections. A connection
//! carries one request. Idle peers lose their place after a second, so they delay a probe only as
//! long as they fill every place.

mod hosts;
mod routes;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

pub(crate) use self::hosts::Hosts;
use crate::config::{ConfigError, ConfigFault};
use crate::watch::Watch;

/// Concurrent connections; further ones wait.
const MAX_CONNECTIONS: usize = 128;

/// The largest head of a request.
const MAX_HEAD_BYTES: usize = 8 * 1024;

/// The time for a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(1);

/// The time of a whole connection.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// The time for responses in flight when the server stops.
const GRACE: Duration = Duration::from_secs(1);

/// A server that owns its port and does not respond yet.
#[derive(Debug)]
pub(crate) struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listening {
    /// Binds the port.
    ///
    /// # Errors
    /// [`ConfigError`] that names the key when the address is not available.
    pub(crate) async fn on(address: SocketAddr) -> Result<Self, ConfigError> {
        let failed = |error: std::io::Error| {
            let problem = format!(
                "cannot listen on {address}: {error}; choose another address or port, or \"off\""
            );
            ConfigError(vec![ConfigFault::new("server.listen", problem)])
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Responds from now on, to requests under an IP address or one of `hosts`.
    pub(crate) fn serve(self, watch: Arc<Watch>, hosts: Hosts) -> Serving {
        tracing::info!(address = %self.address, "health server is listening");
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(self.listener, routes::router(watch, hosts), stop.clone()));
        Serving { stop, task }
    }
}

/// A server that responds.
#[derive(Debug)]
pub(crate) struct Serving {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Serving {
    /// Stops. Responses in flight get a second to finish.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        // The task neither panics nor is aborted; if it did, there would be nothing left to stop.
        let _ = self.task.await;
    }
}

async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .keep_alive(false);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    let service = TowerToHyperService::new(router.clone());
                    let connection = http.serve_connection(TokioIo::new(stream), service);
                    connections.spawn(timeout(CONNECTION_TIMEOUT, connection));
                }
                // The peer has left, or there is no free file descriptor: wait for one.
                Err(_) => sleep(Duration::from_millis(100)).await,
            },
            Some(_) = connections.join_next() => {}
            () = stop.cancelled() => break,
        }
    }
    drop(listener);
    // What is left after the grace is aborted with the set.
    let _ = timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
}
