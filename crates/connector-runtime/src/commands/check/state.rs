//! Whether state can be written.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;

use stocktake_connector_core::{CycleId, Finding, StateStore, chain};
use stocktake_state::SqliteStore;

use crate::config::StateConfig;
use crate::wiring;

const STEP: &str = "state";

/// State if it exists; a check does not create it.
pub(super) fn check(config: &StateConfig) -> (Option<Arc<dyn StateStore>>, Finding) {
    let path = &config.path;
    let shown = path.display();
    if wiring::is_in_memory(config) {
        return (None, Finding::fine(STEP, "kept in memory; each start sends everything again"));
    }
    if let Err(error) = try_to_write(path) {
        let finding = Finding::failed(
            STEP,
            format!("{shown} cannot be written: {error}"),
            "Set state.path to a file that this program's user may write, in a folder that is there.",
        );
        return (None, finding);
    }
    if !path.exists() {
        return (None, Finding::fine(STEP, format!("{shown} will be made by the first cycle")));
    }
    if let Err(error) = SqliteStore::restore_modes(path) {
        let advice = "Do what the error says; without it no cycle can write state.";
        return (None, Finding::failed(STEP, chain(&error), advice));
    }
    match wiring::open_state_to_read(config) {
        Ok(store) => (Some(store), Finding::fine(STEP, format!("{shown} can be read and written"))),
        Err(error) => {
            let advice = "Restore the file from a backup, or set state.path to another one; without \
                          it every device is sent once again.";
            (None, Finding::failed(STEP, error.to_string(), advice))
        }
    }
}

/// Tries what a cycle does to files, and leaves no trace. The log next to the database needs the right
/// to make files, not only to write one.
fn try_to_write(path: &Path) -> io::Result<()> {
    let folder = parent_folder(path);
    if !folder.exists() {
        // The first cycle creates the last folder, but none above it.
        let above = parent_folder(folder);
        return if above.is_dir() {
            try_folder(above)
        } else {
            Err(io::ErrorKind::NotFound.into())
        };
    }
    try_folder(folder)?;
    match path.metadata() {
        // The opening of a pipe or a device can wait for ever.
        Ok(found) if !found.is_file() => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
        }
        Ok(_) => OpenOptions::new().write(true).open(path).map(drop),
        Err(_) => Ok(()),
    }
}

fn try_folder(folder: &Path) -> io::Result<()> {
    let trial = folder.join(format!(".stocktake-check-{}", CycleId::random()));
    fs::File::create_new(&trial)?;
    fs::remove_file(&trial)
}

fn parent_folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
