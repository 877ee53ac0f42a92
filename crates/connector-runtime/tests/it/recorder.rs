//! A server that records every request and responds with success, or as a test wants.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The number of the connection that it came on.
    pub(crate) connection: usize,
}

/// Responds to everything with 200 and an empty JSON object.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    address: SocketAddr,
    recorded: Arc<Mutex<Vec<Recorded>>>,
    manner: Manner,
}

/// How it responds.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// With success.
    Content,
    /// With 503 to the first request for each path, and then with success.
    LateForEachPath,
    /// Never.
    Silent,
    /// By what came.
    By(fn(&Recorded) -> Response<Full<Bytes>>),
}

impl Recorder {
    pub(crate) async fn start() -> Self {
        Self::with_manner(Manner::Content).await
    }

    /// It responds with 503 to the first request for each path.
    pub(crate) async fn late_for_each_path() -> Self {
        Self::with_manner(Manner::LateForEachPath).await
    }

    /// It takes requests and never responds.
    pub(crate) async fn silent() -> Self {
        Self::with_manner(Manner::Silent).await
    }

    /// It makes each response of the request.
    pub(crate) async fn responding(by: fn(&Recorded) -> Response<Full<Bytes>>) -> Self {
        Self::with_manner(Manner::By(by)).await
    }

    async fn with_manner(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let recorder = Self { address, recorded: Arc::default(), manner };
        let noting = recorder.clone();
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let noting = noting.clone();
                let service = service_fn(move |request| noting.clone().note(connection, request));
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        recorder
    }

    async fn note(
        self,
        connection: usize,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let path = head.uri.path().to_owned();
        let is_first = self.at(&path).is_empty();
        let recorded = Recorded { path, headers: head.headers, body, connection };
        self.recorded.lock().unwrap().push(recorded.clone());
        match self.manner {
            Manner::By(by) => return Ok(by(&recorded)),
            Manner::Silent => std::future::pending().await,
            Manner::LateForEachPath if is_first => {
                let mut response = Response::new(Full::default());
                *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
                return Ok(response);
            }
            Manner::LateForEachPath | Manner::Content => {}
        }
        // To an exporter an empty protobuf message is success too, whatever it is called.
        let body = if self.is_otlp() { Bytes::new() } else { Bytes::from_static(b"{}") };
        Ok(Response::new(Full::new(body)))
    }

    fn is_otlp(&self) -> bool {
        self.recorded.lock().unwrap().last().is_some_and(|last| last.path.starts_with("/v1/"))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came to a path.
    pub(crate) fn at(&self, path: &str) -> Vec<Recorded> {
        let recorded = self.recorded.lock().unwrap();
        recorded.iter().filter(|recorded| recorded.path.starts_with(path)).cloned().collect()
    }
}
