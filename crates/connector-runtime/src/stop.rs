//! Signals: those that end the program, and the one that does not.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use stocktake_engine::Stop;

/// Turns SIGTERM and SIGINT into a [`Stop`]: graceful at the first signal, immediate when `grace` has
/// passed or at a second signal.
pub(crate) fn on_signals(grace: Duration) -> std::io::Result<Stop> {
    let stop = Stop::default();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stopping = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!(grace = ?grace, "asked to stop; delivering what was read");
        stopping.graceful.cancel();
        tokio::select! {
            () = tokio::time::sleep(grace) => {}
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stopping.immediate.cancel();
    });
    Ok(stop)
}

/// Handles SIGHUP, which would end the program: operators send it to reload the configuration, and a
/// terminal that closes sends it too.
pub(crate) fn outlive_hangups() -> std::io::Result<()> {
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
