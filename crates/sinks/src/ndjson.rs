//! NDJSON: one event per line.

use std::io::{self, BufWriter, Write};

use bytes::Bytes;
use stocktake_connector_core::{
    Acknowledgement, Batch, ErrorCode, Failure, Recovery, Refusal, SinkError,
};

/// Bytes that are collected before they are written. They are still in the processor's cache when the
/// system copies them, which the eight megabytes of a batch are not.
const BUFFER: usize = 128 * 1024;

/// The bodies of a batch that fit on a line, and the acknowledgement that refuses the others.
pub(crate) fn line_bodies(batch: &Batch) -> (Vec<Bytes>, Acknowledgement) {
    let mut bodies = Vec::with_capacity(batch.events.len());
    let mut refused = Vec::new();
    for (index, event) in batch.events.iter().enumerate() {
        // Written as it is, it would become two broken events.
        if event.body.contains(&b'\n') {
            let reason = "the event contains a line break, and this sink writes one event per line";
            refused.push(Refusal { index, reason: reason.into() });
            continue;
        }
        bodies.push(event.body.clone());
    }
    (bodies, Acknowledgement { refused, ..Acknowledgement::ALL })
}

/// Writes each body and a line end. Returns the number of bytes.
pub(crate) fn write_lines(bodies: &[Bytes], writer: impl Write) -> io::Result<u64> {
    let mut writer = BufWriter::with_capacity(BUFFER, writer);
    let mut bytes = 0;
    for body in bodies {
        writer.write_all(body)?;
        writer.write_all(b"\n")?;
        bytes += body.len() as u64 + 1;
    }
    writer.flush()?;
    Ok(bytes)
}

/// What to do about an error of the operating system.
pub(crate) fn advice(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "Give the user that runs this program the right to write there."
        }
        io::ErrorKind::NotFound => "Make the folder, or set another path.",
        io::ErrorKind::NotADirectory => "Set the path of a folder.",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "Make room; the next cycle sends what is missing."
        }
        io::ErrorKind::ReadOnlyFilesystem => "Set a path that can be written.",
        io::ErrorKind::BrokenPipe => "The program that reads the events has ended; start it again.",
        _ => return None,
    })
}

/// An error of the file system, before it becomes a [`SinkError`], which is large.
#[derive(Debug)]
pub(crate) struct FileError {
    operation: &'static str,
    path: String,
    source: io::Error,
}

impl FileError {
    pub(crate) fn new(operation: &'static str, path: impl Into<String>, source: io::Error) -> Self {
        Self { operation, path: path.into(), source }
    }
}

impl From<FileError> for Failure {
    /// An operator fixes a full disk or a missing right.
    fn from(FileError { operation, path, source }: FileError) -> Self {
        let message = format!("{operation} {path}");
        let mut failure = Self::new(ErrorCode::SinkFile, Recovery::Operator, message);
        failure.advice = advice(&source).map(str::to_owned);
        failure.because(source)
    }
}

/// Runs `work` on a thread that may block.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T, SinkError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| Failure::from(error).into()),
        Err(stopped) => {
            let message = "the thread that writes events was stopped";
            let failure = Failure::new(ErrorCode::SinkFailed, Recovery::Retry, message);
            Err(failure.because(stopped).into())
        }
    }
}
