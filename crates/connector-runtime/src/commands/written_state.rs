//! State that a command changes.

use std::sync::Arc;

use stocktake_connector_core::{Failure, SinkName, StateError, StateStore, TenantName};
use stocktake_state::SqliteStore;
use stocktake_telemetry::Escaped;

use crate::command_error::CommandError;
use crate::config::{ConfigError, ConfigFault, StateConfig};
use crate::wiring;

/// Opens state for this process alone.
///
/// # Errors
/// While `run` or `sync` uses state, with advice. State that does not exist is an error too: there is
/// nothing to change.
pub(crate) fn open(state: &StateConfig) -> Result<Arc<dyn StateStore>, CommandError> {
    // Open for reading first: opening for writing creates a missing file.
    drop(wiring::open_state_to_read(state)?);
    match SqliteStore::open(&state.path) {
        Ok(store) => Ok(Arc::new(store)),
        Err(error @ StateError::InUse { .. }) => Err(Failure::from(error)
            .with_advice(
                "Stop `stocktake run`, run this command again, and restart it; nothing is missed \
                 meanwhile. On Kubernetes, scale the StatefulSet to 0 and run this command in a Job \
                 with the same volume.",
            )
            .into()),
        Err(error) => Err(error.into()),
    }
}

/// The tenant that a flag names, whether or not it is configured.
pub(crate) fn tenant(name: Option<String>) -> Result<Option<TenantName>, ConfigError> {
    name.map(TenantName::new).transpose().map_err(|error| misnamed("--tenant", &error))
}

/// The sink that a flag names, whether or not it is configured.
pub(crate) fn sink(name: Option<String>) -> Result<Option<SinkName>, ConfigError> {
    name.map(SinkName::new).transpose().map_err(|error| misnamed("--sink", &error))
}

fn misnamed(flag: &str, error: &dyn std::fmt::Display) -> ConfigError {
    ConfigError(vec![ConfigFault::new(flag, Escaped(&error.to_string()).to_string())])
}
