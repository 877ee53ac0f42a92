//! Logs when a collector stops and starts accepting pushes.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, Uri};
use opentelemetry_http::{HttpClient, HttpError};

use super::Throttle;

/// Sends the pushes of one signal, and logs when the collector stops and starts accepting them: a
/// collector that is down for a night is worth a few lines, not one per attempt.
pub(super) struct OutageLog {
    client: Arc<dyn HttpClient>,
    /// `metrics` or `traces`.
    signal: &'static str,
    outage: Mutex<Option<Outage>>,
}

/// A time in which every push failed.
#[derive(Debug)]
struct Outage {
    since: Instant,
    attempts: u64,
    throttle: Throttle,
}

/// Why an attempt failed.
enum Problem<'p> {
    Status(u16),
    Error(&'p (dyn Error + 'static)),
}

impl OutageLog {
    pub(super) fn new(client: Arc<dyn HttpClient>, signal: &'static str) -> Self {
        Self { client, signal, outage: Mutex::default() }
    }

    fn succeeded(&self, url: &str) {
        let outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Outage { since, attempts, .. }) = outage else { return };
        tracing::warn!(
            signal = self.signal,
            url,
            failed_attempts = attempts,
            seconds = since.elapsed().as_secs(),
            "the collector accepts telemetry again"
        );
    }

    fn failed(&self, url: &str, problem: &Problem<'_>) {
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        let outage = outage.get_or_insert_with(|| Outage {
            since: Instant::now(),
            attempts: 0,
            throttle: Throttle::default(),
        });
        outage.attempts += 1;
        if !outage.throttle.is_due() {
            return;
        }
        let (signal, failed_attempts) = (self.signal, outage.attempts);
        match problem {
            Problem::Status(status) => tracing::warn!(
                signal,
                url,
                failed_attempts,
                status,
                "telemetry was not pushed: the collector rejected it"
            ),
            Problem::Error(error) => {
                tracing::warn!(
                    signal,
                    url,
                    failed_attempts,
                    error = *error,
                    "telemetry was not pushed"
                )
            }
        }
    }
}

impl fmt::Debug for OutageLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt(f)
    }
}

#[async_trait]
impl HttpClient for OutageLog {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let url = without_query(request.uri());
        let response = self.client.send_bytes(request).await;
        match &response {
            Ok(response) if response.status().is_success() => self.succeeded(&url),
            Ok(response) => self.failed(&url, &Problem::Status(response.status().as_u16())),
            Err(error) => self.failed(&url, &Problem::Error(&**error)),
        }
        response
    }
}

/// A URL for the log; some collectors expect a key in the query.
fn without_query(uri: &Uri) -> String {
    let text = uri.to_string();
    text.split_once('?').map_or(text.as_str(), |(before, _)| before).to_owned()
}
