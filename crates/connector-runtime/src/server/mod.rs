//! The server that tells of a running program: health, status and metrics.
//!
//! It has no secret to guard and no caller to trust, so all it takes is bounded: the size of a
//! request's head, the time of a connection and the number of connections. Each answer ends its
//! connection.

mod answer;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::config::{ConfigError, Fault};
use crate::watch::Watch;

/// Connections at the same time; more wait in the system's queue.
const MOST_CONNECTIONS: usize = 32;

/// The largest head of a request.
const MOST_HEAD_BYTES: usize = 8 * 1024;

/// The time for a request's head.
const HEAD_TIME: Duration = Duration::from_secs(5);

/// The time of a whole connection.
const CONNECTION_TIME: Duration = Duration::from_secs(30);

/// How long answers under way may take when the server stops.
const GRACE: Duration = Duration::from_secs(1);

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub(crate) struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listening {
    /// Takes the port.
    ///
    /// # Errors
    /// [`ConfigError`] that names the key when the address cannot be listened on.
    pub(crate) async fn on(address: SocketAddr) -> Result<Self, ConfigError> {
        let failed = |error: std::io::Error| {
            let problem = format!(
                "cannot listen on {address}: {error}; choose another address or port, or \"off\""
            );
            ConfigError(vec![Fault::new("server.listen", problem)])
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Answers from now on.
    pub(crate) fn serve(self, watch: Arc<Watch>) -> Serving {
        tracing::info!(address = %self.address, "health server listens");
        let (stop, stopped) = watch::channel(());
        Serving { stop, task: tokio::spawn(serve(self.listener, watch, stopped)) }
    }
}

/// A server that answers. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub(crate) struct Serving {
    /// Closed to stop.
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl Serving {
    /// Stops: answers under way get a second to end.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        // The task neither panics nor is aborted; if it were, there would be nothing left to stop.
        let _ = self.task.await;
    }
}

async fn serve(listener: TcpListener, watch: Arc<Watch>, mut stopped: watch::Receiver<()>) {
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            // The semaphore is never closed.
            let place = Arc::clone(&room).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        tokio::select! {
            (place, accepted) = accepted => match accepted {
                Ok((stream, _)) => {
                    let answers = serve_connection(stream, Arc::clone(&watch));
                    connections.spawn(async move {
                        let _place = place;
                        answers.await;
                    });
                }
                // It concerns one peer, or no file handle is left: then a moment's rest lets others
                // give theirs back.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            Some(_) = connections.join_next() => {}
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all).await.is_err() {
        connections.shutdown().await;
    }
}

async fn serve_connection(stream: TcpStream, watch: Arc<Watch>) {
    let service = service_fn(move |request| answer::answer(Arc::clone(&watch), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(MOST_HEAD_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // An error is the peer's leaving, or its breach of a bound: either way it has its answer.
    let _ = tokio::time::timeout(CONNECTION_TIME, connection).await;
}

#[cfg(test)]
mod tests;
