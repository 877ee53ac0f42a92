//! The way of log lines to standard error: a bounded queue and a thread.
//!
//! A pipe that nobody reads blocks its writers. A log must not stop a cycle, the health server or the
//! end of the program, so lines that find the queue full are dropped and counted, and the log says how
//! many as soon as it is read again.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

/// Lines that wait for a slow reader, at most.
const WAITING: usize = 4_096;

#[derive(Debug)]
enum Entry {
    Line(Vec<u8>),
    /// Closes the channel when everything before it is written.
    Flush(SyncSender<()>),
}

/// Takes lines and never blocks.
#[derive(Debug, Clone)]
pub(crate) struct LogQueue {
    entries: SyncSender<Entry>,
    dropped: Arc<AtomicU64>,
}

impl LogQueue {
    /// Starts the thread that writes to `writer`. It calls `report` with the number of dropped lines
    /// once the queue is empty again.
    ///
    /// # Errors
    /// When the thread cannot start.
    pub(crate) fn start(
        writer: impl Write + Send + 'static,
        report: impl Fn(u64) + Send + 'static,
    ) -> io::Result<Self> {
        let (entries, waiting) = sync_channel(WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&dropped);
        let write = move || write_entries(&waiting, writer, &count, report);
        thread::Builder::new().name("log".to_owned()).spawn(write)?;
        Ok(Self { entries, dropped })
    }

    /// Waits until the lines so far are written, but not longer than `patience`.
    pub(crate) fn flush(&self, patience: Duration) {
        let (written, wait) = sync_channel(0);
        if self.entries.try_send(Entry::Flush(written)).is_ok() {
            // Nothing is ever sent: the channel closes, or the time is over.
            let _ = wait.recv_timeout(patience);
        }
    }
}

/// Each call is a whole line: the subscriber formats it first.
impl Write for LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Err(TrySendError::Full(_)) = self.entries.try_send(Entry::Line(line.to_vec())) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_entries(
    entries: &Receiver<Entry>,
    mut writer: impl Write,
    dropped: &AtomicU64,
    report: impl Fn(u64),
) {
    loop {
        let entry = match entries.try_recv() {
            Ok(entry) => entry,
            Err(TryRecvError::Disconnected) => return,
            // Only now is there surely room for the report.
            Err(TryRecvError::Empty) => match dropped.swap(0, Ordering::Relaxed) {
                0 => match entries.recv() {
                    Ok(entry) => entry,
                    Err(_) => return,
                },
                count => {
                    report(count);
                    continue;
                }
            },
        };
        match entry {
            // There is no other place to report that the log cannot be written.
            Entry::Line(line) => drop(writer.write_all(&line)),
            Entry::Flush(written) => drop(written),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// A writer that waits until it may write.
    struct Gate {
        open: Receiver<()>,
        written: SyncSender<Vec<u8>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.open.recv();
            let _ = self.written.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_log_that_nobody_reads_blocks_nothing_and_counts_what_it_drops() {
        let (opened, open) = sync_channel(0);
        let (written, lines) = sync_channel(2 * WAITING);
        let (report, reports) = sync_channel(1);
        let queue = LogQueue::start(Gate { open, written }, move |count| {
            let _ = report.send(count);
        });
        let mut queue = queue.unwrap();
        // One more may be on its way to the writer.
        let sent = WAITING + 1 + 10;
        for number in 0..sent {
            queue.write_all(format!("{number}\n").as_bytes()).unwrap();
        }
        LogQueue::flush(&queue, Duration::from_millis(1));
        drop(opened);
        let dropped = reports.recv_timeout(LONG).unwrap();
        assert!((10..=11).contains(&dropped), "{dropped}");
        LogQueue::flush(&queue, LONG);
        let lines: Vec<_> = lines.try_iter().collect();
        assert_eq!(lines.len() as u64 + dropped, sent as u64);
        assert_eq!(lines[0], b"0\n");
    }

    #[test]
    fn a_writer_that_fails_ends_nothing() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut queue = LogQueue::start(Full, |_| {}).unwrap();
        for _ in 0..3 {
            queue.write_all(b"x\n").unwrap();
        }
        LogQueue::flush(&queue, LONG);
    }
}
