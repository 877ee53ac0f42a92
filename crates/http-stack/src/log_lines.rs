//! What a test logs.

use std::io;
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::format::FmtSpan;

#[derive(Clone, Default)]
pub(crate) struct LogLines(Arc<Mutex<Vec<u8>>>);

impl LogLines {
    /// Everything that this thread logs while the guard lives.
    pub(crate) fn capture() -> (Self, (tracing::Dispatch, DefaultGuard)) {
        Self::capture_at(tracing::Level::INFO, FmtSpan::NONE)
    }

    /// The same from a level on, with events for spans.
    pub(crate) fn capture_at(
        level: tracing::Level,
        spans: FmtSpan,
    ) -> (Self, (tracing::Dispatch, DefaultGuard)) {
        let lines = Self::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_span_events(spans)
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .finish();
        // While there is one subscriber alone, tracing asks the thread that first meets an event
        // whether it is wanted, and that may be another test's (tokio-rs/tracing#3611).
        let second = tracing::Dispatch::new(tracing_subscriber::registry());
        (lines, (second, tracing::subscriber::set_default(subscriber)))
    }

    /// What was logged since the last call.
    pub(crate) fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl io::Write for LogLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
