//! Exports through a fake client.

use std::sync::{Condvar, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry::trace::{Span as _, Tracer as _};
use opentelemetry_http::{HttpClient, HttpError};

use super::*;
use crate::metric;

/// Responds to no push before one of each signal is in flight.
#[derive(Debug, Default)]
struct BothAtOnce {
    in_flight: Mutex<Vec<String>>,
    changed: Condvar,
}

#[async_trait]
impl HttpClient for BothAtOnce {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut in_flight = self.in_flight.lock().unwrap();
        in_flight.push(request.uri().path().to_owned());
        self.changed.notify_all();
        let alone = |in_flight: &mut Vec<String>| {
            in_flight.sort();
            in_flight.dedup();
            in_flight.len() < 2
        };
        drop(self.changed.wait_while(in_flight, alone).unwrap());
        Ok(Response::new(Bytes::new()))
    }
}

fn options(client: Arc<dyn OtlpClient>) -> OtlpOptions {
    OtlpOptions {
        metrics_url: Some("http://collector/v1/metrics".into()),
        traces_url: Some("http://collector/v1/traces".into()),
        interval: Duration::from_secs(3_600),
        trace_sample_ratio: 1.0,
        client,
    }
}

fn start(client: Arc<dyn OtlpClient>) -> Otlp {
    Otlp::start(&options(client), RegistryOptions::new("1.2.3")).unwrap()
}

#[test]
fn the_last_metrics_and_spans_are_pushed_at_the_same_time() {
    let client = Arc::new(BothAtOnce::default());
    let otlp = start(Arc::clone(&client) as _);
    otlp.registry.add(&metric::DEVICES_READ, 1, &["contoso"]);
    otlp.tracer().unwrap().start("cycle").end();
    otlp.shut_down();
    assert_eq!(*client.in_flight.lock().unwrap(), ["/v1/metrics", "/v1/traces"]);
}

#[test]
fn a_signal_without_a_url_is_not_pushed() {
    let client: Arc<dyn OtlpClient> = Arc::new(BothAtOnce::default());
    let mut options = options(client);
    options.traces_url = None;
    let otlp = Otlp::start(&options, RegistryOptions::new("1.2.3")).unwrap();
    assert!(otlp.tracer().is_none());
}
