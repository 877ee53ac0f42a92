//! The bounded queue in front of the exporter of spans, which counts the spans that it drops.
//!
//! The SDK's own queue drops spans silently. This one has the same length, sits in front of it and
//! counts.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor,
};

use super::Throttle;

/// OpenTelemetry's variable for the length of the queue.
const LENGTH_VARIABLE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";

/// OpenTelemetry's default.
const DEFAULT_LENGTH: usize = 2_048;

/// Counts the spans that wait, and those that were dropped.
#[derive(Debug)]
pub(super) struct Queue {
    length: usize,
    waiting: AtomicUsize,
    dropped: AtomicU64,
    reported: Mutex<Reported>,
}

#[derive(Debug, Default)]
struct Reported {
    dropped: u64,
    throttle: Throttle,
}

impl Queue {
    /// A queue of the length that the environment sets.
    pub(super) fn from_env() -> Arc<Self> {
        let length = std::env::var(LENGTH_VARIABLE).ok().and_then(|length| length.parse().ok());
        Self::new(length.unwrap_or(DEFAULT_LENGTH))
    }

    fn new(length: usize) -> Arc<Self> {
        Arc::new(Self {
            length: length.max(1),
            waiting: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
            reported: Mutex::default(),
        })
    }

    /// A processor that passes spans through the queue to `exporter`.
    pub(super) fn processor<E>(self: &Arc<Self>, exporter: E) -> QueueSender
    where
        E: SpanExporter + 'static,
    {
        let config = BatchConfigBuilder::default().with_max_queue_size(self.length).build();
        let receiver = QueueReceiver { queue: Arc::clone(self), exporter };
        let batches = BatchSpanProcessor::builder(receiver).with_batch_config(config).build();
        QueueSender { queue: Arc::clone(self), batches }
    }

    /// Reserves a place, unless the queue is full.
    fn reserve(&self) -> bool {
        let reserved = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
            (waiting < self.length).then_some(waiting + 1)
        });
        if reserved.is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        reserved.is_ok()
    }

    fn release(&self, count: usize) {
        self.waiting.fetch_sub(count, Ordering::Relaxed);
    }

    /// Logs the number of dropped spans, at most once an hour.
    ///
    /// Never call it where a span ends: that is inside the subscriber.
    fn report(&self) {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if self.dropped.load(Ordering::Relaxed) > reported.dropped && reported.throttle.is_due() {
            self.report_now(&mut reported);
        }
    }

    /// Logs at shutdown what was not reported yet.
    pub(super) fn report_rest(&self) {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if self.dropped.load(Ordering::Relaxed) > reported.dropped {
            self.report_now(&mut reported);
        }
    }

    fn report_now(&self, reported: &mut Reported) {
        reported.dropped = self.dropped.load(Ordering::Relaxed);
        tracing::warn!(
            dropped = reported.dropped,
            queue = self.length,
            "spans were dropped: more ended than the collector accepted"
        );
    }
}

/// Puts ended spans into the queue.
#[derive(Debug)]
pub(super) struct QueueSender {
    queue: Arc<Queue>,
    batches: BatchSpanProcessor,
}

impl SpanProcessor for QueueSender {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.batches.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        // A span that is not sampled is not exported.
        if span.span_context.is_sampled() && self.queue.reserve() {
            self.batches.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.batches.set_resource(resource);
    }
}

/// Takes them out of the queue, in batches.
#[derive(Debug)]
struct QueueReceiver<E> {
    queue: Arc<Queue>,
    exporter: E,
}

impl<E: SpanExporter> SpanExporter for QueueReceiver<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.queue.release(batch.len());
        self.queue.report();
        self.exporter.export(batch).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
