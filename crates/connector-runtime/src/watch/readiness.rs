//! Whether the program can do its work: it has started, and state can be written.
//!
//! Remote APIs are not part of it: a program that is not ready because Microsoft is down would be
//! restarted for nothing.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use stocktake_connector_core::{StateStore, chain};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How long the result of a trial write is reused, so that frequent probes cost nothing.
const FRESH: Duration = Duration::from_secs(1);

/// The longest wait for a trial write, which may queue behind the commit of a large batch.
const PATIENCE: Duration = Duration::from_secs(5);

/// Knows whether the program is ready.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    store: OnceLock<Arc<dyn StateStore>>,
    last: Mutex<Option<(Instant, Result<(), String>)>>,
}

impl Readiness {
    /// Everything is set up, and works with `store`.
    pub(crate) fn started(&self, store: Arc<dyn StateStore>) {
        // A second start changes nothing.
        let _ = self.store.set(store);
    }

    /// Whether the program is set up.
    pub(crate) fn has_started(&self) -> bool {
        self.store.get().is_some()
    }

    /// Tries state, unless that was done just before.
    ///
    /// # Errors
    /// Why the program cannot do its work, in one line.
    pub(crate) async fn check(&self) -> Result<(), String> {
        let Some(store) = self.store.get() else {
            return Err("the program is starting".to_owned());
        };
        let mut last = self.last.lock().await;
        if let Some((at, outcome)) = &*last
            && at.elapsed() < FRESH
        {
            return outcome.clone();
        }
        let outcome = match timeout(PATIENCE, store.check_writable()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(chain(&error)),
            Err(_) => Err(format!("state wrote nothing within {PATIENCE:?}")),
        };
        *last = Some((Instant::now(), outcome.clone()));
        outcome
    }
}
