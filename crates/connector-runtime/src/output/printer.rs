//! Cycle reports on standard output, while cycles go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use stocktake_connector_core::CycleReport;
use tokio::sync::oneshot;

use super::{Format, Output, ReportText};
use crate::command_error::CommandError;

/// Reports that wait for a slow reader, at most: every tenant of a large installation may end a cycle
/// at the same time.
const WAITING: usize = 1_000;

/// How long the end of the program waits for a slow reader.
const PATIENCE: Duration = Duration::from_secs(1);

/// Prints reports on a separate thread.
///
/// The log is the record of cycles; reports on standard output are a convenience. Standard output that
/// is full, closed or not read loses reports but never stops a cycle.
#[derive(Debug)]
pub(crate) struct ReportPrinter {
    reports: SyncSender<CycleReport>,
    /// Resolves when the thread has ended.
    ended: oneshot::Receiver<()>,
    /// Whether the log says that some reports were not printed.
    dropped: AtomicBool,
}

impl ReportPrinter {
    /// A printer for the format that was asked for; none when none was.
    pub(crate) fn start(output: Output) -> std::io::Result<Option<Self>> {
        let Some(format) = output.asked() else { return Ok(None) };
        let (reports, waiting) = sync_channel(WAITING);
        let (living, ended) = oneshot::channel();
        std::thread::Builder::new().name("reports".to_owned()).spawn(move || {
            if let Err(error) = print(&output, format, &waiting) {
                tracing::warn!(%error, "reports are not printed any more; cycles go on");
            }
            drop(living);
        })?;
        Ok(Some(Self { reports, ended, dropped: AtomicBool::new(false) }))
    }

    /// Prints a report as soon as standard output takes it.
    pub(crate) fn print(&self, report: CycleReport) {
        match self.reports.try_send(report) {
            Err(TrySendError::Full(_)) if !self.dropped.swap(true, Ordering::Relaxed) => {
                tracing::warn!("standard output is not read, so some reports are not printed");
            }
            // The log says already why reports cannot be printed.
            Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
        }
    }

    /// Prints what still waits, unless that takes too long.
    pub(crate) async fn finish(self) {
        drop(self.reports);
        // The thread ends with the process when it is held up.
        let _ = tokio::time::timeout(PATIENCE, self.ended).await;
    }
}

fn print(
    output: &Output,
    format: Format,
    reports: &Receiver<CycleReport>,
) -> Result<(), CommandError> {
    reports.iter().try_for_each(|report| {
        match format {
            Format::Text => output.text(ReportText(&report)),
            Format::Json => output.json_line(&report),
        }?;
        if output.is_closed() {
            return Err(CommandError::failed("the reader of standard output has left"));
        }
        Ok(())
    })
}
