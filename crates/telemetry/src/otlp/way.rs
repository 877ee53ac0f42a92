//! The way of one signal to its collector, and what the log is told of it.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, Uri};
use opentelemetry_http::{HttpClient, HttpError};

use super::Reminder;

/// Sends the pushes of one signal, and logs when the collector stops and starts to take them: a
/// collector that is down for a night is worth one line, not one for each try.
pub(super) struct Way {
    client: Arc<dyn HttpClient>,
    /// `metrics` or `traces`.
    signal: &'static str,
    outage: Mutex<Option<Outage>>,
}

/// A time without a push that was taken.
#[derive(Debug)]
struct Outage {
    since: Instant,
    tries: u64,
    reminder: Reminder,
}

/// What came of a try that failed.
enum Problem<'p> {
    Status(u16),
    Error(&'p (dyn Error + 'static)),
}

impl Way {
    pub(super) fn new(client: Arc<dyn HttpClient>, signal: &'static str) -> Self {
        Self { client, signal, outage: Mutex::default() }
    }

    fn works(&self, url: &str) {
        let outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Outage { since, tries, .. }) = outage else { return };
        tracing::warn!(
            signal = self.signal,
            url,
            failed_tries = tries,
            seconds = since.elapsed().as_secs(),
            "telemetry is pushed again"
        );
    }

    fn fails(&self, url: &str, problem: &Problem<'_>) {
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        let outage = outage.get_or_insert_with(|| Outage {
            since: Instant::now(),
            tries: 0,
            reminder: Reminder::default(),
        });
        outage.tries += 1;
        if !outage.reminder.is_due() {
            return;
        }
        let (signal, failed_tries) = (self.signal, outage.tries);
        match problem {
            Problem::Status(status) => tracing::warn!(
                signal,
                url,
                failed_tries,
                status,
                "telemetry is not pushed: the collector does not take it"
            ),
            Problem::Error(error) => {
                tracing::warn!(signal, url, failed_tries, error = *error, "telemetry is not pushed")
            }
        }
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt(f)
    }
}

#[async_trait]
impl HttpClient for Way {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let url = without_query(request.uri());
        let answer = self.client.send_bytes(request).await;
        match &answer {
            Ok(answer) if answer.status().is_success() => self.works(&url),
            Ok(answer) => self.fails(&url, &Problem::Status(answer.status().as_u16())),
            Err(error) => self.fails(&url, &Problem::Error(&**error)),
        }
        answer
    }
}

/// A URL for the log; some collectors take a key in the query.
fn without_query(uri: &Uri) -> String {
    let text = uri.to_string();
    text.split_once('?').map_or(text.as_str(), |(before, _)| before).to_owned()
}
