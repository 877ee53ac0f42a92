//! Signals: those that end the program, and the one that does not.

use std::io;
use std::time::Duration;

use stocktake_engine::Stop;
use stocktake_telemetry::flush_logs;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long the end of the program may take after it was asked to stop at once.
const LEEWAY: Duration = Duration::from_secs(2);

/// How long the end of the program waits for somebody to read its log.
pub(crate) const LOG_PATIENCE: Duration = Duration::from_secs(1);

/// Turns SIGTERM and SIGINT into a [`Stop`]: graceful at the first signal, immediate when `grace` has
/// passed or at a second signal. A program that has not ended two seconds later is ended, whatever hangs.
///
/// Signals have a thread and a runtime of their own: the threads of the other one may all hang in calls to
/// the system.
pub(crate) fn on_signals(grace: Duration) -> io::Result<Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let signals = {
        let _entered = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    let stop = Stop::default();
    let stopping = stop.clone();
    let wait = move || runtime.block_on(end_in_time(signals, grace, stopping));
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait)?;
    Ok(stop)
}

async fn end_in_time(
    (mut terminate, mut interrupt): (Signal, Signal),
    grace: Duration,
    stop: Stop,
) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!(grace = ?grace, "asked to stop; delivering what was read");
    stop.graceful.cancel();
    tokio::select! {
        () = tokio::time::sleep(grace) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    stop.immediate.cancel();
    tokio::time::sleep(LEEWAY).await;
    tracing::error!(
        "ended before everything had stopped: a file system or a standard stream does not respond; what \
         was not acknowledged is sent again"
    );
    flush_logs(LOG_PATIENCE);
    end_now();
}

#[expect(clippy::disallowed_methods, reason = "the main thread may hang in a call to the system")]
fn end_now() -> ! {
    std::process::exit(1)
}

/// Handles SIGHUP, which would end the program: operators send it to reload the configuration, and a
/// terminal that closes sends it too.
pub(crate) fn outlive_hangups() -> io::Result<()> {
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            tracing::warn!(
                "SIGHUP does not read the configuration again: restart the program to have it read; \
                 files of secrets and certificates are read again without it"
            );
        }
    });
    Ok(())
}
