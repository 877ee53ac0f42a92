//! NDJSON files.
//!
//! A file with a final name is complete, and events are acknowledged only when they are in one. Before
//! there is the partial file of a cycle: hidden, in the same folder, appended to with each batch.
//!
//! ```text
//! batch ──append──▶ .….partial ──finish: sync, rename, check──▶ final name
//! ```
//!
//! Invariants:
//! - A process locks each partial file that it writes. A file without a lock was left by a process that
//!   died; the next cycle removes it. Its events were not acknowledged, and come again.
//! - A publication is checked at the path where readers look. What another program moved, replaced or
//!   cut meanwhile is not acknowledged.
//! - No link in the folder is followed, and nothing of others is changed or stops the sink.
//! - Every call to the file system is made on a thread of its own that is waited for until [`DEADLINE`].

#[cfg(feature = "registry")]
mod config;
mod folder;
mod mode;
mod partial;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    Acknowledgement, Batch, BatchLimits, Check, Clock, CycleEnd, CycleId, Durability, Failure,
    Finding, Fingerprint, Inventory, Sink, SinkCapabilities, SinkDestination, SinkError, chain,
};
use tokio::sync::Mutex;

#[cfg(feature = "registry")]
pub use self::config::FileSettings;
pub use self::mode::FileMode;
use self::partial::Partial;
use crate::ndjson::{FileError, line_bodies, run_blocking};

/// The extension of published files.
const FINAL: &str = ".ndjson";

/// The end of the names of partial files. The folder may hold partial files of other programs.
const PARTIAL: &str = ".ndjson.partial";

/// How long a batch or a publication may take. A batch is copied to the system's cache; a publication
/// waits until at most [`STAGED_BYTES`] and a batch are on the disk.
const DEADLINE: Duration = Duration::from_secs(20);

/// Bytes at which a file is published before the end of the cycle. What is staged is kept in memory,
/// and sent again after a crash.
const STAGED_BYTES: u64 = 32 * 1024 * 1024;

/// Writes one event per line to a folder, with a file for each tenant, source and cycle,
/// `{tenant}.{source}-{start}-{cycle}.ndjson`; a large cycle makes several, numbered from 2. A file is
/// complete or absent; a cycle without events leaves no file.
///
/// # Durability
/// Batches are staged until their file has its final name. An acknowledged event is on the disk under
/// that name, and survives a killed process and a power cut.
///
/// # Errors
/// They name the file and what to do. A call that takes longer than 20 seconds is an error, too.
#[derive(Debug)]
pub struct FileSink {
    path: Arc<Path>,
    mode: FileMode,
    clock: Arc<dyn Clock>,
    /// The partial file of each inventory's current cycle. Batches of several inventories come at the
    /// same time, so each has its own lock; a thread that hangs keeps the lock.
    slots: std::sync::Mutex<HashMap<Inventory, Arc<Mutex<Slot>>>>,
}

impl FileSink {
    /// A sink in the folder `path`, whose files only their owner may read. Nothing is created before
    /// the first event.
    pub fn new(path: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { path: path.into(), mode: FileMode::default(), clock, slots: Default::default() }
    }

    /// The same sink, whose files others may read.
    pub fn with_mode(self, mode: FileMode) -> Self {
        Self { mode, ..self }
    }

    fn slot(&self, inventory: Inventory) -> Arc<Mutex<Slot>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(inventory).or_default())
    }

    async fn run<S: Send + 'static, T: Send + 'static>(
        &self,
        operation: &'static str,
        shared: &Arc<Mutex<S>>,
        work: impl FnOnce(&mut S) -> Result<T, FileError> + Send + 'static,
    ) -> Result<T, FileError> {
        let place = self.path.display();
        run_blocking(DEADLINE, shared, || (operation, place.to_string()), work).await
    }
}

/// What an inventory's current cycle has written.
#[derive(Debug, Default)]
struct Slot {
    partial: Option<Partial>,
    /// A cycle whose staged events are in no file.
    lost: Option<CycleId>,
    /// The cycle that has looked for what dead processes left: the folder may hold very many files.
    looked: Option<CycleId>,
}

/// The file that a batch goes to.
struct Target {
    path: Arc<Path>,
    mode: FileMode,
    cycle: CycleId,
    stem: String,
}

impl Slot {
    fn write(&mut self, target: Target, bodies: &[Bytes]) -> Result<Durability, FileError> {
        let Target { path, mode, cycle, stem } = target;
        self.check_lost(&path, cycle)?;
        // The cycles of an inventory follow each other: one that was never finished is over, and what
        // it staged is sent again.
        self.partial.take_if(|partial| partial.cycle != cycle);
        let partial = match &mut self.partial {
            Some(partial) => partial,
            none => none.insert(Partial::create(&path, mode, cycle, stem)?),
        };
        if self.looked.replace(cycle) != Some(cycle) {
            partial.remove_leftovers();
        }
        partial.append(bodies)?;
        if partial.whole < STAGED_BYTES {
            return Ok(Durability::Staged);
        }
        self.publish(cycle)?;
        Ok(Durability::Safe)
    }

    fn finish(&mut self, path: &Path, cycle: CycleId) -> Result<(), FileError> {
        self.check_lost(path, cycle)?;
        self.publish(cycle)
    }

    /// Publishes what `cycle` has staged, and drops what an earlier cycle left.
    fn publish(&mut self, cycle: CycleId) -> Result<(), FileError> {
        let Some(partial) = self.partial.take() else { return Ok(()) };
        if partial.cycle != cycle {
            return Ok(());
        }
        partial.publish().map(drop).inspect_err(|_| self.lost = Some(cycle))
    }

    fn check_lost(&self, path: &Path, cycle: CycleId) -> Result<(), FileError> {
        if self.lost != Some(cycle) {
            return Ok(());
        }
        Err(failed("publish", path)(io::Error::other("earlier events of the cycle were lost")))
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

fn failed<E: Into<io::Error>>(
    operation: &'static str,
    path: &Path,
) -> impl FnOnce(E) -> FileError + use<E> {
    let path = path.display().to_string();
    move |error| FileError::new(operation, path, error.into())
}

#[async_trait]
impl Sink for FileSink {
    fn batch_limits(&self) -> BatchLimits {
        // A larger batch costs memory only.
        BatchLimits { max_events: 5_000, max_bytes: 8 * 1024 * 1024, max_event_bytes: None }
    }

    fn capabilities(&self) -> SinkCapabilities {
        let mut capabilities = SinkCapabilities::default();
        capabilities.staging = true;
        capabilities
    }

    async fn destination(&self) -> Option<SinkDestination> {
        let (path, alone) = (Arc::clone(&self.path), Arc::default());
        let place = self.run("look at", &alone, move |(): &mut ()| Ok(folder::place(&path)));
        Some(SinkDestination::new(&format!("folder {}", place.await.ok()?.display())))
    }

    async fn write_batch(&self, batch: &Batch) -> Result<Acknowledgement, SinkError> {
        let (bodies, mut acknowledgement) = line_bodies(batch);
        if bodies.is_empty() {
            // Nothing that was staged before is safe because of it.
            acknowledgement.durability = Durability::Staged;
            return Ok(acknowledgement);
        }
        let inventory = Inventory { tenant: batch.tenant.clone(), source: batch.source.clone() };
        let target = Target {
            path: Arc::clone(&self.path),
            mode: self.mode,
            cycle: batch.cycle,
            stem: stem(&inventory, self.clock.now(), batch.cycle),
        };
        let slot = self.slot(inventory);
        let written = self.run("write to", &slot, move |slot| slot.write(target, &bodies)).await;
        acknowledgement.durability = written.map_err(Failure::from)?;
        Ok(acknowledgement)
    }

    async fn finish_cycle(&self, end: &CycleEnd) -> Result<Acknowledgement, SinkError> {
        let inventory = Inventory { tenant: end.tenant.clone(), source: end.source.clone() };
        let (path, cycle, slot) = (Arc::clone(&self.path), end.cycle, self.slot(inventory));
        let finished = self.run("publish in", &slot, move |slot| slot.finish(&path, cycle)).await;
        finished.map_err(Failure::from)?;
        Ok(Acknowledgement::ALL)
    }
}

#[async_trait]
impl Check for FileSink {
    /// Does what a cycle does: makes the folder, writes, publishes, and removes what it made.
    async fn check(&self) -> Vec<Finding> {
        let step = format!("write to {}", self.path.display());
        let (path, mode) = (Arc::clone(&self.path), self.mode);
        let alone = Arc::default();
        let tried = self.run("try", &alone, move |(): &mut ()| try_folder(&path, mode)).await;
        match tried {
            Ok(detail) => vec![Finding::fine(step, detail)],
            Err(error) => {
                let failure = Failure::from(error);
                let advice = failure.advice.clone().unwrap_or_else(|| {
                    "Set a path that this program's user may write to, or give it that right."
                        .into()
                });
                vec![Finding::failed(step, chain(&failure), advice)]
            }
        }
    }
}

fn try_folder(path: &Path, mode: FileMode) -> Result<&'static str, FileError> {
    let cycle = CycleId::random();
    // Hidden, so that no reader takes it.
    let mut trial = Partial::create(path, mode, cycle, format!(".stocktake-check-{cycle}"))?;
    let has_new_folder = trial.has_new_folder();
    let tried = trial.append(&[Bytes::from_static(b"{}")]).and_then(|()| trial.publish());
    let removed = tried.and_then(|published| match published {
        Some(published) => fs::remove_file(&published).map_err(failed("remove", &published)),
        None => Ok(()),
    });
    if has_new_folder {
        fs::remove_dir(path).map_err(failed("remove", path))?;
    }
    removed?;
    Ok(if has_new_folder {
        "the first event will create the folder"
    } else {
        "files can be published there"
    })
}
