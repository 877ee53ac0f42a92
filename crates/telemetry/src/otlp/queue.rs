//! The bounded queue in front of the exporter of spans, and what it had no room for.
//!
//! The SDK's own queue drops in silence. This one is as long, stands in front of it and counts.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor,
};

use super::Reminder;

/// The specification's variable for the queue's length.
const LENGTH_VARIABLE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";

/// The specification's default for it.
const DEFAULT_LENGTH: usize = 2_048;

/// What waits, and what found no room.
#[derive(Debug)]
pub(super) struct Queue {
    length: usize,
    waiting: AtomicUsize,
    dropped: AtomicU64,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    dropped: u64,
    reminder: Reminder,
}

impl Queue {
    /// A queue as long as the environment says.
    pub(super) fn of_environment() -> Arc<Self> {
        let length = std::env::var(LENGTH_VARIABLE).ok().and_then(|length| length.parse().ok());
        Self::new(length.unwrap_or(DEFAULT_LENGTH))
    }

    fn new(length: usize) -> Arc<Self> {
        Arc::new(Self {
            length: length.max(1),
            waiting: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
            told: Mutex::default(),
        })
    }

    /// What takes spans in front of `exporter`.
    pub(super) fn before<E: SpanExporter + 'static>(self: &Arc<Self>, exporter: E) -> Entrance {
        let config = BatchConfigBuilder::default().with_max_queue_size(self.length).build();
        let exit = Exit { queue: Arc::clone(self), exporter };
        let batches = BatchSpanProcessor::builder(exit).with_batch_config(config).build();
        Entrance { queue: Arc::clone(self), batches }
    }

    /// Takes a place, if there is one.
    fn enter(&self) -> bool {
        let entered = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
            (waiting < self.length).then_some(waiting + 1)
        });
        if entered.is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        entered.is_ok()
    }

    fn leave(&self, count: usize) {
        self.waiting.fetch_sub(count, Ordering::Relaxed);
    }

    /// Logs what was dropped since it was last told, once in a while.
    ///
    /// Never where a span ends: that is within the subscriber.
    fn tell(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if self.dropped.load(Ordering::Relaxed) > told.dropped && told.reminder.is_due() {
            self.tell_now(&mut told);
        }
    }

    /// Logs at the end what is not told yet.
    pub(super) fn tell_rest(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if self.dropped.load(Ordering::Relaxed) > told.dropped {
            self.tell_now(&mut told);
        }
    }

    fn tell_now(&self, told: &mut Told) {
        told.dropped = self.dropped.load(Ordering::Relaxed);
        tracing::warn!(
            dropped = told.dropped,
            queue = self.length,
            "spans were dropped: more ended than the collector took"
        );
    }
}

/// Where ended spans come in.
#[derive(Debug)]
pub(super) struct Entrance {
    queue: Arc<Queue>,
    batches: BatchSpanProcessor,
}

impl SpanProcessor for Entrance {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.batches.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        // What is not sampled goes nowhere and takes no place.
        if span.span_context.is_sampled() && self.queue.enter() {
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

/// Where they go out, in batches.
#[derive(Debug)]
struct Exit<E> {
    queue: Arc<Queue>,
    exporter: E,
}

impl<E: SpanExporter> SpanExporter for Exit<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.queue.leave(batch.len());
        self.queue.tell();
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
