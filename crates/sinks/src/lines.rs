//! NDJSON: one event a line.

use std::io;

use stocktake_connector_core::{Acknowledgement, Batch, Recovery, Refusal, SinkError};

/// The batch as lines, and what is not fit for a line.
pub(crate) fn lines(batch: &Batch) -> (Vec<u8>, Acknowledgement) {
    let mut text = Vec::with_capacity(batch.bytes() + batch.events.len());
    let mut refused = Vec::new();
    for (index, event) in batch.events.iter().enumerate() {
        // Written as it is, it would become two broken events.
        if event.body.contains(&b'\n') {
            let reason = "the event holds a line break, and this sink writes one event a line";
            refused.push(Refusal { index, reason: reason.into() });
            continue;
        }
        text.extend_from_slice(&event.body);
        text.push(b'\n');
    }
    (text, Acknowledgement { refused })
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
