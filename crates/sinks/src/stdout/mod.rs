//! NDJSON on a stream.

#[cfg(feature = "registry")]
mod config;

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use stocktake_connector_core::{
    Acknowledgement, Batch, BatchLimits, Check, CycleEnd, Finding, Sink, SinkDestination, SinkError,
};

#[cfg(feature = "registry")]
pub use self::config::StdoutSettings;
use crate::ndjson::{FileError, line_bodies, run_blocking, write_lines};

/// Writes one event per line to standard output, or to any other writer.
///
/// Batches of several tenants do not mix within a batch. An acknowledgement means that the operating
/// system took the bytes: what the reader of a pipe does with them is not known.
pub struct StdoutSink<W = io::Stdout> {
    writer: Arc<Mutex<W>>,
}

impl StdoutSink {
    /// A sink on standard output.
    pub fn new() -> Self {
        Self::with_writer(io::stdout())
    }
}

impl Default for StdoutSink {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: Write + Send + 'static> StdoutSink<W> {
    /// A sink on `writer`.
    pub fn with_writer(writer: W) -> Self {
        Self { writer: Arc::new(Mutex::new(writer)) }
    }
}

impl<W> fmt::Debug for StdoutSink<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StdoutSink").finish_non_exhaustive()
    }
}

#[async_trait]
impl<W: Write + Send + 'static> Sink for StdoutSink<W> {
    fn batch_limits(&self) -> BatchLimits {
        // A reader sees events soon, and a batch that is written twice after a crash is small.
        BatchLimits { max_events: 500, max_bytes: 1024 * 1024, max_event_bytes: None }
    }

    async fn destination(&self) -> Option<SinkDestination> {
        Some(SinkDestination::new("standard output"))
    }

    async fn write_batch(&self, batch: &Batch) -> Result<Acknowledgement, SinkError> {
        let (bodies, acknowledgement) = line_bodies(batch);
        let writer = Arc::clone(&self.writer);
        // A pipe whose reader is slow blocks.
        run_blocking(move || {
            let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            write_lines(&bodies, &mut *writer)
                .map(drop)
                .map_err(|error| FileError::new("write to", "standard output", error))
        })
        .await?;
        Ok(acknowledgement)
    }

    async fn finish_cycle(&self, _: &CycleEnd) -> Result<Acknowledgement, SinkError> {
        Ok(Acknowledgement::ALL)
    }
}

#[async_trait]
impl<W: Write + Send + 'static> Check for StdoutSink<W> {
    async fn check(&self) -> Vec<Finding> {
        vec![Finding::fine("write to standard output", "one event per line")]
    }
}
