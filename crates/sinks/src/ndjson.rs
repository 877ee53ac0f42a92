//! NDJSON: one event per line.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use stocktake_connector_core::{Acknowledgement, Batch, ErrorCode, Failure, Recovery, Refusal};
use tokio::sync::{Mutex, oneshot};

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
fn advice(error: &io::Error) -> Option<&'static str> {
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
        io::ErrorKind::TimedOut => {
            "Check the file system, or the program that reads the events; the next cycle sends what \
             is missing."
        }
        // Ours: see `FileError`.
        io::ErrorKind::Other => {
            "Check which other program changes files there; the next cycle sends what is missing."
        }
        _ => return None,
    })
}

/// An error of the file system, before it becomes a [`stocktake_connector_core::SinkError`], which is
/// large. Of the kind `Other` where the system refused nothing, but another program interfered.
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
    fn from(FileError { operation, path, source }: FileError) -> Self {
        let message = format!("{operation} {path}");
        let recovery = match source.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::Other => Recovery::Retry,
            // An operator fixes a full disk or a missing right.
            _ => Recovery::Operator,
        };
        let mut failure = Self::new(ErrorCode::SinkFile, recovery, message);
        failure.advice = advice(&source).map(str::to_owned);
        failure.because(source)
    }
}

/// Runs `work` on `shared`, on a thread of its own, and waits for it until `deadline`. `describe` gives
/// the operation and its place for errors.
///
/// A thread that hangs in the system cannot be stopped. It keeps the lock of `shared`, so that no
/// second one waits behind it, and neither a runtime nor the end of the process waits for it.
pub(crate) async fn run_blocking<S: Send + 'static, T: Send + 'static>(
    deadline: Duration,
    shared: &Arc<Mutex<S>>,
    describe: impl Fn() -> (&'static str, String),
    work: impl FnOnce(&mut S) -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    let failed = |error| {
        let (operation, place) = describe();
        FileError::new(operation, place, error)
    };
    let working = async {
        let mut shared = Arc::clone(shared).lock_owned().await;
        let (sender, done) = oneshot::channel();
        let thread = thread::Builder::new().name("sink".into()).spawn(move || {
            let result = work(&mut shared);
            drop(shared);
            // Nobody waits for a thread that took too long.
            let _ = sender.send(result);
        });
        thread.map_err(failed)?;
        let panicked = || Err(failed(io::Error::other("the thread that writes panicked")));
        done.await.unwrap_or_else(|_| panicked())
    };
    tokio::time::timeout(deadline, working).await.unwrap_or_else(|_| {
        let problem = format!("not done within {} s", deadline.as_secs());
        Err(failed(io::Error::new(io::ErrorKind::TimedOut, problem)))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(20);

    async fn run<T: Send + 'static>(
        shared: &Arc<Mutex<u32>>,
        work: impl FnOnce(&mut u32) -> Result<T, FileError> + Send + 'static,
    ) -> Result<T, FileError> {
        run_blocking(DEADLINE, shared, || ("write", "there".into()), work).await
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_hangs_is_given_up_and_holds_back_only_what_shares_its_state() {
        let (shared, other) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
        let (go_on, waiting) = mpsc::channel::<()>();
        let hangs = move |number: &mut u32| {
            let _ = waiting.recv();
            *number += 1;
            Ok(())
        };
        let hung = run(&shared, hangs).await.unwrap_err();
        assert_eq!(hung.source.kind(), io::ErrorKind::TimedOut);
        let second =
            run(&shared, |_| -> Result<(), _> { panic!("the first one still works") }).await;
        assert_eq!(second.unwrap_err().source.kind(), io::ErrorKind::TimedOut);

        tokio::time::resume();
        assert_eq!(run(&other, |number| Ok(*number)).await.unwrap(), 0);
        go_on.send(()).unwrap();
        assert_eq!(run(&shared, |number| Ok(*number)).await.unwrap(), 1, "it went on");
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error() {
        let shared = Arc::default();
        let panicked = run(&shared, |_| -> Result<(), _> { panic!("on purpose") }).await;
        assert_eq!((panicked.unwrap_err().operation, *shared.lock().await), ("write", 0));
    }
}
