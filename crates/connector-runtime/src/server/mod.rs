//! The server that tells of a running program: health, status and metrics.
//!
//! It has no secret to guard and no caller to trust, so all it takes is bounded: the size of a
//! request's head, the time of a connection and the number of connections. Each answer ends its
//! connection. Whoever comes is let in, at the cost of who has been there without a word: a probe that
//! waited behind idle peers would take the program for dead.

mod answer;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::config::{ConfigError, Fault};
use crate::watch::Watch;

/// Connections at the same time; for one more, an older one is given up.
const MOST_CONNECTIONS: usize = 64;

/// How long a connection stays, however many wait, until its request has come. One that is given up
/// sooner may be a probe that is slow to speak, while idle peers come again and again.
const PATIENCE_FOR_HEAD: Duration = Duration::from_millis(100);

/// The same for one whose request has come, until it has taken its answer.
const PATIENCE_FOR_ANSWER: Duration = Duration::from_secs(1);

/// The largest head of a request.
const MOST_HEAD_BYTES: usize = 8 * 1024;

/// The time for a request's head.
const HEAD_TIME: Duration = Duration::from_secs(1);

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
    let mut connections = Connections::default();
    loop {
        let wait = connections.until_room();
        let accepted = async {
            tokio::time::sleep(wait).await;
            listener.accept().await
        };
        tokio::select! {
            accepted = accepted => match accepted {
                Ok((stream, _)) => connections.add(stream, &watch),
                // It concerns one peer, or no file handle is left: then a moment's rest lets others
                // give theirs back.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            Some(_) = connections.tasks.join_next() => {}
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    let tasks = &mut connections.tasks;
    let all = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all).await.is_err() {
        tasks.shutdown().await;
    }
}

/// The connections that are open.
#[derive(Debug, Default)]
struct Connections {
    tasks: JoinSet<()>,
    /// The oldest first. Some may have ended already.
    open: VecDeque<Connection>,
}

#[derive(Debug)]
struct Connection {
    task: AbortHandle,
    since: Instant,
    /// Whether the head of its request has come.
    has_asked: Arc<AtomicBool>,
}

impl Connections {
    /// How long until there is room for one more.
    fn until_room(&mut self) -> Duration {
        self.open.retain(|connection| !connection.task.is_finished());
        match self.dispensable() {
            Some((_, until)) => until.saturating_duration_since(Instant::now()),
            None => Duration::ZERO,
        }
    }

    /// Where there is no room, the place of the connection that gives way, and when: the oldest that
    /// has asked for nothing yet, and where all have asked, the oldest.
    fn dispensable(&self) -> Option<(usize, Instant)> {
        if self.open.len() < MOST_CONNECTIONS {
            return None;
        }
        let mut open = self.open.iter();
        let silent = open.position(|connection| !connection.has_asked.load(Ordering::Relaxed));
        let patience = if silent.is_some() { PATIENCE_FOR_HEAD } else { PATIENCE_FOR_ANSWER };
        let place = silent.unwrap_or(0);
        self.open.get(place).map(|connection| (place, connection.since + patience))
    }

    /// Serves a peer, in the place of another one where there is no room.
    fn add(&mut self, stream: TcpStream, watch: &Arc<Watch>) {
        if let Some((place, _)) = self.dispensable()
            && let Some(given_up) = self.open.remove(place)
        {
            given_up.task.abort();
        }
        let has_asked = Arc::new(AtomicBool::new(false));
        let served = serve_connection(stream, Arc::clone(watch), Arc::clone(&has_asked));
        let task = self.tasks.spawn(served);
        self.open.push_back(Connection { task, since: Instant::now(), has_asked });
    }
}

async fn serve_connection(stream: TcpStream, watch: Arc<Watch>, has_asked: Arc<AtomicBool>) {
    let service = service_fn(move |request| {
        has_asked.store(true, Ordering::Relaxed);
        answer::answer(Arc::clone(&watch), request)
    });
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
