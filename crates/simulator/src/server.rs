//! The server: a listener on loopback and a task for each connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::assertion::IssuerKey;
use crate::cloud::{Cloud, Handle};
use crate::options::SimulatorOptions;
use crate::service::respond;

/// How long calls under way may take when the simulator stops. A hanging one would never end.
const GRACE: Duration = Duration::from_secs(1);

/// Why a simulator does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulatorError {
    /// It would be reachable from outside, and it checks no secret worth the name.
    #[error("the simulator listens on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// The system's word.
        #[source]
        source: std::io::Error,
    },
    /// The system gives no random numbers.
    #[error("cannot make a key for simulated issuers of tokens")]
    Key,
}

/// The emulated cloud.
#[derive(Debug)]
pub struct Simulator;

impl Simulator {
    /// Starts on the current tokio runtime and returns when calls are responded.
    pub async fn start(options: SimulatorOptions) -> Result<Running, SimulatorError> {
        let address = options.listen;
        if !address.ip().is_loopback() {
            return Err(SimulatorError::NotLoopback(address));
        }
        let failed = |source| SimulatorError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let key = IssuerKey::generate().ok_or(SimulatorError::Key)?;
        let handle = Handle(Arc::new(Cloud::new(options, address, key)));
        let (stop, stopped) = watch::channel(());
        let server = tokio::spawn(serve(listener, Arc::clone(&handle.0), stopped));
        Ok(Running { handle, address, stop, server })
    }
}

/// A running simulator. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct Running {
    handle: Handle,
    address: SocketAddr,
    /// Closed to stop.
    stop: watch::Sender<()>,
    server: JoinHandle<()>,
}

impl Running {
    /// The origin of every emulated API, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Controls it.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Stops: no new call is taken, those under way get a second to end.
    pub async fn stop(self) {
        drop(self.stop);
        // The task neither panics nor is aborted; if it were, there would be nothing left to stop.
        let _ = self.server.await;
    }
}

async fn serve(listener: TcpListener, cloud: Arc<Cloud>, mut stopped: watch::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A failed accept concerns one peer, or passes (no file handles left).
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve_connection(stream, Arc::clone(&cloud), stopped.clone()));
                }
            }
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

async fn serve_connection(stream: TcpStream, cloud: Arc<Cloud>, mut stopped: watch::Receiver<()>) {
    // Small responses must not wait for one another; without the option they are only slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| respond(Arc::clone(&cloud), request));
    // The cloud has a date of its own.
    let mut http = http1::Builder::new();
    let connection = http.auto_date_header(false).serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // An error here is the client's leaving or a fault that closed the connection: both are meant.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
