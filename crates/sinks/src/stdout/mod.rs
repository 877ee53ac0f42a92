//! NDJSON on a stream.

#[cfg(feature = "registry")]
mod config;

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stocktake_connector_core::{
    Acknowledgement, Batch, BatchLimits, Check, CycleEnd, Failure, Finding, Sink, SinkDestination,
    SinkError,
};
use tokio::sync::Mutex;

#[cfg(feature = "registry")]
pub use self::config::StdoutSettings;
use crate::ndjson::{FileError, line_bodies, run_blocking, write_lines};

/// How long a reader may take for a batch, and for those of other tenants before it.
const DEADLINE: Duration = Duration::from_secs(10);

/// Writes one event per line to standard output, or to any other writer.
///
/// Batches of several tenants do not mix within a batch. An acknowledgement means that the operating
/// system took the bytes: what the reader of a pipe does with them is not known.
///
/// # Errors
/// When the stream cannot be written, and when its reader takes longer than ten seconds for a batch. The
/// rest of that batch is written when the reader goes on, and the batch is sent again.
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
        let place = || ("write to", "standard output".to_owned());
        let written = run_blocking(DEADLINE, &self.writer, place, move |writer| {
            let written = write_lines(&bodies, writer);
            written.map(drop).map_err(|error| FileError::new("write to", "standard output", error))
        });
        written.await.map_err(Failure::from)?;
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
