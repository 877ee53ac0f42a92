//! NDJSON: one event a line.

use std::io::{self, BufWriter, Write};

use bytes::Bytes;
use stocktake_connector_core::{Acknowledgement, Batch, Recovery, Refusal, SinkError};

/// Bytes that are put together before they are written. They are still in the processor's cache when
/// the system copies them, which the eight megabytes of a batch are not.
const WRITTEN_AT_ONCE: usize = 128 * 1024;

/// The bodies of a batch that are fit for a line, and what is not.
pub(crate) fn lines(batch: &Batch) -> (Vec<Bytes>, Acknowledgement) {
    let mut bodies = Vec::with_capacity(batch.events.len());
    let mut refused = Vec::new();
    for (index, event) in batch.events.iter().enumerate() {
        // Written as it is, it would become two broken events.
        if event.body.contains(&b'\n') {
            let reason = "the event holds a line break, and this sink writes one event a line";
            refused.push(Refusal { index, reason: reason.into() });
            continue;
        }
        bodies.push(event.body.clone());
    }
    (bodies, Acknowledgement { refused })
}

/// Writes each body and a line end; the number of bytes.
pub(crate) fn write_lines(bodies: &[Bytes], to: impl Write) -> io::Result<u64> {
    let mut out = BufWriter::with_capacity(WRITTEN_AT_ONCE, to);
    let mut bytes = 0;
    for body in bodies {
        out.write_all(body)?;
        out.write_all(b"\n")?;
        bytes += body.len() as u64 + 1;
    }
    out.flush()?;
    Ok(bytes)
}

/// The system's word and what to do about it.
fn advised(error: io::Error) -> io::Error {
    let advice = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "give the user that runs this program the right to write there"
        }
        io::ErrorKind::NotFound => "make the folder, or set another path",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room; the next cycle sends what is missing"
        }
        io::ErrorKind::ReadOnlyFilesystem => "set a path that can be written",
        io::ErrorKind::BrokenPipe => "the program that reads the events has ended",
        _ => return error,
    };
    io::Error::new(error.kind(), format!("{error}; {advice}"))
}

/// A file system that failed, before it becomes a [`SinkError`], which is too large to hand around.
#[derive(Debug)]
pub(crate) struct FileFault {
    operation: &'static str,
    path: String,
    source: io::Error,
}

impl FileFault {
    pub(crate) fn new(operation: &'static str, path: impl Into<String>, error: io::Error) -> Self {
        Self { operation, path: path.into(), source: advised(error) }
    }
}

impl From<FileFault> for SinkError {
    fn from(FileFault { operation, path, source }: FileFault) -> Self {
        Self::File { operation, path, source }
    }
}

/// Runs `work` on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileFault> + Send + 'static,
) -> Result<T, SinkError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(stopped) => Err(SinkError::Other {
            message: "the thread that writes events was stopped".into(),
            recovery: Recovery::NextCycle { after: None },
            source: Some(stopped.into()),
        }),
    }
}
