//! The runtime, on a system that may not start as many threads as there are processors.

use std::io;
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};

use tokio::runtime::Runtime;

use crate::command_error::CommandError;

/// Threads besides the workers: for files and state, for names of hosts, for exporters.
const OTHERS: usize = 4;

/// A runtime with a worker for each processor, or with fewer where no more threads start.
///
/// # Errors
/// When not even one worker and the other threads start.
pub(crate) fn runtime() -> Result<Runtime, CommandError> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = workers(processors, |wait| Builder::new().spawn(wait))? {
        builder.worker_threads(workers);
    }
    builder
        .enable_all()
        .build()
        .map_err(|error| CommandError::failed(format!("cannot start: {error}")))
}

/// How many workers can start; `None` for as many as there are processors. The runtime panics when
/// one of its threads cannot start, so that is tried before.
fn workers(
    processors: usize,
    mut spawn: impl FnMut(Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>>,
) -> Result<Option<usize>, CommandError> {
    let wanted = processors + OTHERS;
    let mut threads = Vec::with_capacity(wanted);
    let mut failure = None;
    while failure.is_none() && threads.len() < wanted {
        let (hold, held) = mpsc::channel::<()>();
        let wait = move || {
            let _ = held.recv(); // It ends when the sender is dropped.
        };
        match spawn(Box::new(wait)) {
            Ok(thread) => threads.push((hold, thread)),
            Err(error) => failure = Some(error),
        }
    }
    let started = threads.len();
    for (hold, thread) in threads {
        drop(hold);
        let _ = thread.join(); // It does nothing that could panic.
    }
    match (failure, started.saturating_sub(OTHERS)) {
        (None, _) => Ok(None),
        (Some(error), 0) => Err(CommandError::Failed {
            code: None,
            message: format!(
                "cannot start: {} threads are needed at least, and {started} started: {error}",
                OTHERS + 1
            ),
            advice: Some(
                "Raise the limit of processes and threads of this user (ulimit -u, TasksMax) or \
                 container (pids limit), or end other processes of the user."
                    .to_owned(),
            ),
        }),
        (Some(_), workers) => Ok(Some(workers)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts as many threads as the system lets it.
    fn with_limit(limit: usize) -> Result<Option<usize>, CommandError> {
        let mut left = limit;
        workers(8, |wait| {
            left = left.checked_sub(1).ok_or(io::Error::from(io::ErrorKind::WouldBlock))?;
            Builder::new().spawn(wait)
        })
    }

    #[test]
    fn fewer_threads_mean_fewer_workers_and_too_few_are_an_error() {
        assert_eq!(with_limit(100).unwrap(), None);
        assert_eq!(with_limit(8 + OTHERS).unwrap(), None);
        assert_eq!(with_limit(7 + OTHERS).unwrap(), Some(7));
        assert_eq!(with_limit(1 + OTHERS).unwrap(), Some(1));
        for too_few in [0, 1, OTHERS] {
            let error = with_limit(too_few).unwrap_err();
            assert!(error.to_string().contains(&format!("{too_few} started")), "{error}");
            assert!(error.advice().unwrap().contains("ulimit -u"));
        }
    }
}
