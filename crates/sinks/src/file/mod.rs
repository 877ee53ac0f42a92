//! NDJSON files.
//!
//! An acknowledged event lies on the disk, and a file with a final name is complete. Between the two
//! stands the partial file of a cycle: hidden, in the same folder, appended to and synced with each
//! batch.
//!
//! ```text
//! batch ──append, sync──▶ .….partial ──finish: rename──▶ final name        (layout `directory`)
//!                                    ──finish: copy, add, sync, rename──▶ the file  (`single`)
//! ```
//!
//! Invariants:
//! - A process holds a lock on each partial file that it writes. One that nobody holds was left by a
//!   process that died; the next one to come by cuts it to its last whole line and publishes it.
//! - What changes the names in the folder (a new partial file, recovery, publishing) is done under the
//!   folder's lock file, so that a partial file is never seen before it is held.

mod partial;
mod publish;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    Acknowledgement, Batch, BatchLimits, Check, Clock, CycleId, Finding, Fingerprint, Sink,
    SinkError, TenantName,
};

use self::partial::Partial;
use self::publish::Place;
use crate::lines::{FileFault, blocking, lines};

/// What lies at [`FileOptions::path`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FileLayout {
    /// A folder with one file per tenant and cycle, `{tenant}-{start}-{cycle}.ndjson`. A file is
    /// complete or absent; a cycle without events leaves none.
    #[default]
    Directory,
    /// One file, which each cycle replaces by a copy with its events added. Costs one copy of the file
    /// per cycle.
    Single,
}

/// Where files go.
#[derive(Debug, Clone)]
pub struct FileOptions {
    /// The folder, or with [`FileLayout::Single`] the file.
    pub path: PathBuf,
    /// What lies there.
    pub layout: FileLayout,
}

/// Writes one event a line to files.
///
/// # Durability
/// An acknowledged event survives a killed process and a power cut.
///
/// # Errors
/// [`SinkError::File`] names the file and what to do. A batch that failed leaves no torn line.
#[derive(Debug)]
pub struct FileSink {
    place: Arc<Place>,
    clock: Arc<dyn Clock>,
    /// The partial file of each tenant's present cycle. Batches of several tenants come at the same
    /// time, so each has a lock of its own.
    open: Arc<Mutex<HashMap<TenantName, Slot>>>,
}

type Slot = Arc<Mutex<Option<Partial>>>;

impl FileSink {
    /// A sink at `options.path`. Nothing is made before the first event.
    pub fn new(options: FileOptions, clock: Arc<dyn Clock>) -> Self {
        Self { place: Arc::new(Place::new(options)), clock, open: Arc::default() }
    }

    fn slot(&self, tenant: &TenantName) -> Slot {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(open.entry(tenant.clone()).or_default())
    }
}

/// The name that a cycle's file gets, without its ending.
fn stem(tenant: &TenantName, started: DateTime<Utc>, cycle: CycleId) -> String {
    let name = tenant.as_str();
    let mut safe: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' })
        .take(64)
        .collect();
    // Two tenants that differ only in what a file name cannot carry stay apart.
    if safe != name {
        let digest = Fingerprint::of([name.as_bytes()]).to_string();
        safe.push('~');
        safe.extend(digest.chars().take(8));
    }
    format!("{safe}-{}-{cycle}", started.format("%Y%m%dT%H%M%SZ"))
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileFault + use<> {
    let path = path.display().to_string();
    move |error| FileFault::new(operation, path, error)
}

#[async_trait]
impl Sink for FileSink {
    fn batch_limits(&self) -> BatchLimits {
        // Each batch is one sync; a larger one costs memory only.
        BatchLimits { max_events: 5_000, max_bytes: 8 * 1024 * 1024 }
    }

    async fn write_batch(&self, batch: &Batch) -> Result<Acknowledgement, SinkError> {
        let (bodies, acknowledgement) = lines(batch);
        if bodies.is_empty() {
            return Ok(acknowledgement);
        }
        let (place, slot) = (Arc::clone(&self.place), self.slot(&batch.tenant));
        let (tenant, cycle, now) = (batch.tenant.clone(), batch.cycle, self.clock.now());
        blocking(move || {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            // A tenant's cycles follow each other: one that was never finished is over.
            if slot.as_ref().is_some_and(|partial| partial.cycle != cycle) {
                place.publish(&mut slot)?;
            }
            let partial = match &mut *slot {
                Some(partial) => partial,
                none => none.insert(place.start(cycle, &stem(&tenant, now, cycle))?),
            };
            partial.append(&bodies)
        })
        .await?;
        Ok(acknowledgement)
    }

    async fn finish_cycle(&self, tenant: &TenantName, _: CycleId) -> Result<(), SinkError> {
        let (place, slot) = (Arc::clone(&self.place), self.slot(tenant));
        blocking(move || {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            // Without events of its own a cycle still brings out what a dead process left.
            if slot.is_some() { place.publish(&mut slot) } else { place.recover() }
        })
        .await
    }
}

#[async_trait]
impl Check for FileSink {
    /// Makes a file in the folder and takes it away again.
    async fn check(&self) -> Vec<Finding> {
        let folder = self.place.folder().to_owned();
        let step = format!("write to {}", folder.display());
        let tried = tokio::task::spawn_blocking(move || try_folder(&folder)).await;
        match tried.unwrap_or_else(|stopped| Err(io::Error::other(stopped))) {
            Ok(detail) => vec![Finding::fine(step, detail)],
            Err(error) => vec![Finding::failed(
                step,
                error.to_string(),
                "Set a path that this program's user may write to, or give it that right.",
            )],
        }
    }
}

fn try_folder(folder: &Path) -> io::Result<&'static str> {
    if !folder.exists() {
        // The first event makes the last folder, and none above it.
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
        return match fs::metadata(above.unwrap_or(Path::new("."))) {
            Ok(above) if above.is_dir() => Ok("the folder will be made with the first event"),
            Ok(_) => Err(io::ErrorKind::NotADirectory.into()),
            Err(error) => Err(error),
        };
    }
    let trial = folder.join(format!(".stocktake-check-{}", CycleId::random()));
    fs::File::create_new(&trial)?;
    fs::remove_file(&trial)?;
    Ok("files can be made there")
}
