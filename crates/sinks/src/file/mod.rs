//! NDJSON files.
//!
//! An acknowledged event is on the disk, and a file with a final name is complete. In between there is
//! the partial file of a cycle: hidden, in the same folder, appended to and synced with each batch.
//!
//! ```text
//! batch ──append, sync──▶ .….partial ──finish: rename──▶ final name
//! ```
//!
//! Invariants:
//! - A process locks each partial file that it writes. A file without a lock was left by a process that
//!   died; the next process that uses the folder cuts it to its last whole line and publishes it.
//! - Every change of names in the folder (a new partial file, recovery, publishing) happens under the
//!   folder's lock file, so that no process sees a partial file before it is locked.

#[cfg(feature = "registry")]
mod config;
mod folder;
mod partial;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    Acknowledgement, Batch, BatchLimits, Check, Clock, CycleEnd, CycleId, Finding, Fingerprint,
    Inventory, Sink, SinkDestination, SinkError,
};

#[cfg(feature = "registry")]
pub use self::config::FileSettings;
use self::folder::Folder;
use self::partial::Partial;
use crate::ndjson::{FileError, advice, line_bodies, run_blocking};

/// Writes one event per line to a folder with one file per tenant, source and cycle,
/// `{tenant}.{source}-{start}-{cycle}.ndjson`. A file is complete or absent; a cycle without events
/// leaves no file.
///
/// # Durability
/// An acknowledged event survives a killed process and a power cut.
///
/// # Errors
/// They name the file and what to do. A batch that failed leaves no torn line.
#[derive(Debug)]
pub struct FileSink {
    folder: Arc<Folder>,
    clock: Arc<dyn Clock>,
    /// The partial file of each inventory's current cycle. Batches of several inventories come at the
    /// same time, so each has its own lock.
    slots: Arc<Mutex<HashMap<Inventory, Slot>>>,
}

type Slot = Arc<Mutex<Option<Partial>>>;

impl FileSink {
    /// A sink in the folder `path`. Nothing is created before the first event.
    pub fn new(path: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { folder: Arc::new(Folder::new(path)), clock, slots: Arc::default() }
    }

    fn slot(&self, inventory: Inventory) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(inventory).or_default())
    }
}

/// The final name of a cycle's file, without its extension. The dot ends the tenant's name, as no safe
/// name contains one.
fn stem(inventory: &Inventory, started: DateTime<Utc>, cycle: CycleId) -> String {
    let tenant = safe_name(inventory.tenant.as_str());
    let source = safe_name(inventory.source.as_str());
    format!("{tenant}.{source}-{}-{cycle}", started.format("%Y%m%dT%H%M%SZ"))
}

/// `name` as a part of a file name. Names that differ only in what a file name cannot hold stay apart.
fn safe_name(name: &str) -> String {
    let mut safe: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' })
        .take(64)
        .collect();
    if safe != name {
        let digest = Fingerprint::of([name.as_bytes()]).to_string();
        safe.push('~');
        safe.extend(digest.chars().take(8));
    }
    safe
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError + use<> {
    let path = path.display().to_string();
    move |error| FileError::new(operation, path, error)
}

#[async_trait]
impl Sink for FileSink {
    fn batch_limits(&self) -> BatchLimits {
        // Each batch is one sync; a larger one costs memory only.
        BatchLimits { max_events: 5_000, max_bytes: 8 * 1024 * 1024, max_event_bytes: None }
    }

    async fn destination(&self) -> Option<SinkDestination> {
        let folder = Arc::clone(&self.folder);
        let place = run_blocking(move || Ok(folder.place())).await.ok()?;
        Some(SinkDestination::new(&format!("folder {}", place.display())))
    }

    async fn write_batch(&self, batch: &Batch) -> Result<Acknowledgement, SinkError> {
        let (bodies, acknowledgement) = line_bodies(batch);
        if bodies.is_empty() {
            return Ok(acknowledgement);
        }
        let inventory = Inventory { tenant: batch.tenant.clone(), source: batch.source.clone() };
        let (folder, slot) = (Arc::clone(&self.folder), self.slot(inventory.clone()));
        let (cycle, now) = (batch.cycle, self.clock.now());
        run_blocking(move || {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            // The cycles of an inventory follow each other: one that was never finished is over.
            if slot.as_ref().is_some_and(|partial| partial.cycle != cycle) {
                folder.publish(&mut slot)?;
            }
            let partial = match &mut *slot {
                Some(partial) => partial,
                none => none.insert(folder.create(cycle, &stem(&inventory, now, cycle))?),
            };
            partial.append(&bodies)
        })
        .await?;
        Ok(acknowledgement)
    }

    async fn finish_cycle(&self, end: &CycleEnd) -> Result<Acknowledgement, SinkError> {
        let inventory = Inventory { tenant: end.tenant.clone(), source: end.source.clone() };
        let (folder, slot) = (Arc::clone(&self.folder), self.slot(inventory));
        run_blocking(move || {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            // A cycle without events still publishes what a dead process left.
            if slot.is_some() { folder.publish(&mut slot) } else { folder.recover() }
        })
        .await?;
        Ok(Acknowledgement::ALL)
    }
}

#[async_trait]
impl Check for FileSink {
    /// Creates a file in the folder and removes it.
    async fn check(&self) -> Vec<Finding> {
        let folder = self.folder.path().to_owned();
        let step = format!("write to {}", folder.display());
        let tried = tokio::task::spawn_blocking(move || try_folder(&folder)).await;
        match tried.unwrap_or_else(|stopped| Err(io::Error::other(stopped))) {
            Ok(detail) => vec![Finding::fine(step, detail)],
            Err(error) => {
                let advice = advice(&error).unwrap_or(
                    "Set a path that this program's user may write to, or give it that right.",
                );
                vec![Finding::failed(step, error.to_string(), advice)]
            }
        }
    }
}

fn try_folder(folder: &Path) -> io::Result<&'static str> {
    if !folder.exists() {
        // The first event creates the last folder, and no parent of it.
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        return match fs::metadata(parent.unwrap_or(Path::new("."))) {
            Ok(parent) if parent.is_dir() => Ok("the first event will create the folder"),
            Ok(_) => Err(io::ErrorKind::NotADirectory.into()),
            Err(error) => Err(error),
        };
    }
    let trial = folder.join(format!(".stocktake-check-{}", CycleId::random()));
    fs::File::create_new(&trial)?;
    fs::remove_file(&trial)?;
    Ok("files can be created there")
}
