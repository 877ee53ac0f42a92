//! The store in one SQLite file.
//!
//! ```text
//! scopes ─┬─ delivered          one row per device and sink: what the sink acknowledged
//!         └─ (checkpoint)       columns of the scope, with where its sink delivers, and since when
//!                               it is configured
//! dead_letters                  what can never be delivered as it is
//! removed                       devices that a source no longer knows, and since when
//! inventories, cycle_reports    facts and accounts
//! leases                        which worker runs a tenant's cycles
//! ```
//!
//! Invariants:
//! - One process writes; a lock on the file itself ensures it. Any number may read.
//! - Each change is one transaction, and each write of a cycle checks its fence in it.
//! - Memory is bounded by the page cache and the batch in hand, not by the number of devices.

mod backup;
mod cycles;
mod dead_letters;
mod delivered;
mod error;
mod file;
mod filter;
mod leases;
mod open;
mod purge;
mod schema;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rusqlite::{Transaction, TransactionBehavior};
use stocktake_connector_core::{
    Checkpoint, Clock, CycleClose, CycleId, CycleStore, DeadLetter, DeadLetterFilter, DeadLetterId,
    Delivery, DeviceUid, Fence, Inventory, InventoryFacts, Known, Lease, LeaseStore, NewDeadLetter,
    Purge, Purged, Refusals, ReportPage, Retention, Scope, SinkDestination, StateError,
    StateQueries, SystemClock, TenantName, WorkerName,
};
use tokio::sync::Mutex;

use self::dead_letters::Ended;
use self::error::{RawError, device_uid};
use self::file::FileId;
use self::open::Opened;

pub use backup::Copied;

/// Keeps state in one SQLite file, which a person can open with any SQLite tool.
///
/// # Shape
/// One process writes a file at a time; readers may join with [`SqliteStore::open_read_only`].
///
/// # Durability
/// A commit survives a killed process. A power cut may take back the last commits, each whole: their
/// devices are sent once more.
///
/// # Cancellation
/// Calls run on the blocking threads of tokio, on a runtime with timers. A dropped future leaves its call
/// running; the next call waits for it, and each waits for at most a minute.
pub struct SqliteStore {
    path: PathBuf,
    file: FileId,
    opened: Arc<Mutex<Opened>>,
    clock: Arc<dyn Clock>,
}

/// How long a call may take, the calls before it included. Longer than SQLite waits for a lock.
const DEADLINE: Duration = Duration::from_secs(60);

impl SqliteStore {
    /// Opens the file at `path` for this process alone, and makes it if it is missing.
    ///
    /// Its folder is made too, but none above. File and folder are for their owner only (Unix modes
    /// 0600 and 0700). Pending migrations run first, and leases that an earlier process left end.
    ///
    /// Blocks on the disk: a program calls it once, at its start.
    ///
    /// # Errors
    /// [`StateError::InUse`] while the file is open for writing, in another process or in this one, by
    /// whatever name; [`StateError::NewerSchema`] and [`StateError::Damaged`] before anything was changed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StateError> {
        Self::open_with_clock(path, Arc::new(SystemClock))
    }

    /// As [`SqliteStore::open`], with the clock that leases go by.
    ///
    /// # Errors
    /// As for [`SqliteStore::open`].
    pub fn open_with_clock(
        path: impl AsRef<Path>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StateError> {
        let path = path.as_ref();
        Ok(Self::new(path, open::for_writing(path, schema::MIGRATIONS)?, clock))
    }

    /// Opens the file at `path` for reading, also while another process writes it. Every method that
    /// would change something fails.
    ///
    /// # Errors
    /// As for [`SqliteStore::open`], without [`StateError::InUse`]; a missing file is an error.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, StateError> {
        let path = path.as_ref();
        Ok(Self::new(path, open::for_reading(path)?, Arc::new(SystemClock)))
    }

    /// Prepares the files next to the one at `path`, as [`SqliteStore::open`] does: a program that found the
    /// database read-only leaves them read-only, and then no other can write.
    ///
    /// # Errors
    /// [`StateError::Store`] that names the file and what to do, when its mode cannot be changed.
    pub fn restore_modes(path: impl AsRef<Path>) -> Result<(), StateError> {
        open::restore_modes(path.as_ref())
    }

    /// Copies the file at `path` to `target`, also while another process writes it.
    ///
    /// The copy holds what was committed when it began. It is one compact file without a log, for its
    /// owner only (Unix mode 0600), with the schema of the original, which may be an older one. It is made
    /// under another name in the folder of `target` and gets its name last: `target` is a complete copy or
    /// does not exist.
    ///
    /// Blocks on the disk for as long as reading and writing the whole file takes.
    ///
    /// # Errors
    /// [`StateError::NewerSchema`]; [`StateError::Damaged`] also for a file that cannot be read in whole;
    /// [`StateError::Store`] for a missing file, for a `target` that exists, and for one that cannot be
    /// written. Nothing is left behind then.
    pub fn back_up(path: impl AsRef<Path>, target: impl AsRef<Path>) -> Result<Copied, StateError> {
        backup::back_up(path.as_ref(), target.as_ref())
    }

    fn new(path: &Path, opened: Opened, clock: Arc<dyn Clock>) -> Self {
        let file = opened.file.id();
        Self { path: path.to_owned(), file, opened: Arc::new(Mutex::new(opened)), clock }
    }

    /// Runs `work` in a transaction on a blocking thread. It is rolled back when `work` fails.
    async fn transact<T, W>(
        &self,
        operation: &'static str,
        behaviour: TransactionBehavior,
        work: W,
    ) -> Result<T, StateError>
    where
        T: Send + 'static,
        W: FnOnce(&Transaction<'_>) -> Result<T, RawError> + Send + 'static,
    {
        let working = async {
            // Here, so that no thread waits behind one that hangs in the file system.
            let mut opened = Arc::clone(&self.opened).lock_owned().await;
            let done = tokio::task::spawn_blocking(move || {
                // A panic inside rolls its transaction back, so the connection stays whole.
                let transaction = opened.connection.transaction_with_behavior(behaviour)?;
                let result = work(&transaction)?;
                transaction.commit()?;
                Ok(result)
            });
            done.await.unwrap_or_else(|stopped| Err(RawError::Io(io::Error::other(stopped))))
        };
        let done = tokio::time::timeout(DEADLINE, working).await.unwrap_or_else(|_| {
            let problem =
                format!("the file system does not respond within {} s", DEADLINE.as_secs());
            Err(RawError::Io(io::Error::new(io::ErrorKind::TimedOut, problem)))
        });
        done.map_err(|error: RawError| error.at(&self.path, operation))
    }

    /// Several statements in one read transaction see one state, and take the lock once.
    async fn read<T, W>(&self, operation: &'static str, work: W) -> Result<T, StateError>
    where
        T: Send + 'static,
        W: FnOnce(&Transaction<'_>) -> Result<T, RawError> + Send + 'static,
    {
        self.transact(operation, TransactionBehavior::Deferred, work).await
    }

    async fn write<T, W>(&self, operation: &'static str, work: W) -> Result<T, StateError>
    where
        T: Send + 'static,
        W: FnOnce(&Transaction<'_>) -> Result<T, RawError> + Send + 'static,
    {
        self.transact(operation, TransactionBehavior::Immediate, work).await
    }

    /// Writes under a lease.
    async fn write_fenced<T, W>(
        &self,
        operation: &'static str,
        fence: &Fence,
        work: W,
    ) -> Result<T, StateError>
    where
        T: Send + 'static,
        W: FnOnce(&Transaction<'_>) -> Result<T, RawError> + Send + 'static,
    {
        let fence = fence.clone();
        self.write(operation, move |on| {
            leases::check(on, &fence)?;
            work(on)
        })
        .await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

#[async_trait]
impl CycleStore for SqliteStore {
    async fn known(&self, scope: &Scope, uids: &[DeviceUid]) -> Result<Vec<Known>, StateError> {
        let (scope, uids) = (scope.clone(), uids.to_vec());
        self.read("look up devices", move |on| delivered::known(on, &scope, &uids)).await
    }

    async fn has_delivered(&self, scope: &Scope) -> Result<bool, StateError> {
        let scope = scope.clone();
        self.read("look up a delivered set", move |on| delivered::any(on, &scope)).await
    }

    async fn checkpoint(&self, scope: &Scope) -> Result<Option<Checkpoint>, StateError> {
        let scope = scope.clone();
        self.read("read a checkpoint", move |on| cycles::checkpoint(on, &scope)).await
    }

    async fn facts(&self, inventory: &Inventory) -> Result<InventoryFacts, StateError> {
        let inventory = inventory.clone();
        self.read("read facts", move |on| cycles::facts(on, &inventory)).await
    }

    async fn devices(
        &self,
        inventory: &Inventory,
        after: Option<&DeviceUid>,
        limit: usize,
    ) -> Result<Vec<DeviceUid>, StateError> {
        let (inventory, after) = (inventory.clone(), after.cloned());
        self.read("list devices", move |on| {
            let mut devices = Vec::new();
            if limit > 0 {
                delivered::each_device(on, &inventory, after.as_ref(), |uid| {
                    devices.push(device_uid(uid)?);
                    Ok(devices.len() < limit)
                })?;
            }
            Ok(devices)
        })
        .await
    }

    async fn device_count(&self, inventory: &Inventory) -> Result<u64, StateError> {
        let inventory = inventory.clone();
        self.read("count devices", move |on| {
            let mut count = 0;
            delivered::each_device(on, &inventory, None, |_| {
                count += 1;
                Ok(true)
            })?;
            Ok(count)
        })
        .await
    }

    async fn removed(
        &self,
        inventory: &Inventory,
        after: Option<&DeviceUid>,
        limit: usize,
    ) -> Result<Vec<DeviceUid>, StateError> {
        let (inventory, after) = (inventory.clone(), after.cloned());
        self.read("list removed devices", move |on| {
            cycles::removed(on, &inventory, after.as_ref(), limit)
        })
        .await
    }

    async fn commit(&self, fence: &Fence, delivery: Delivery) -> Result<(), StateError> {
        delivery.check_fence(fence)?;
        self.write_fenced("commit a batch", fence, move |on| {
            let Delivery { cycle, scope, at, mut acknowledged, removed, refused } = delivery;
            // In the order of the key, neighbours share a page.
            acknowledged.sort_unstable_by(|one, other| one.0.cmp(&other.0));
            let devices = acknowledged.iter().map(|(uid, _)| uid);
            dead_letters::end(on, &scope, Ended::Acknowledged, devices)?;
            delivered::acknowledge(on, &scope, at, &acknowledged)?;
            dead_letters::end(on, &scope, Ended::Removed, removed.iter())?;
            delivered::remove(on, &scope, &removed)?;
            dead_letters::keep(on, cycle, at, refused)
        })
        .await
    }

    async fn keep_dead_letters(
        &self,
        fence: &Fence,
        cycle: CycleId,
        at: DateTime<Utc>,
        letters: Vec<NewDeadLetter>,
    ) -> Result<(), StateError> {
        NewDeadLetter::check_fence(&letters, fence)?;
        self.write_fenced("keep dead letters", fence, move |on| {
            dead_letters::keep(on, cycle, at, letters)
        })
        .await
    }

    async fn close_cycle(&self, fence: &Fence, close: CycleClose) -> Result<(), StateError> {
        fence.check_covers(&close.report.tenant)?;
        self.write_fenced("close a cycle", fence, move |on| cycles::close(on, close)).await
    }

    async fn note_destination(
        &self,
        fence: &Fence,
        scope: &Scope,
        destination: &SinkDestination,
        at: DateTime<Utc>,
    ) -> Result<Option<SinkDestination>, StateError> {
        fence.check_covers(&scope.inventory.tenant)?;
        let (scope, destination) = (scope.clone(), destination.clone());
        self.write_fenced("note where a sink delivers", fence, move |on| {
            cycles::note_destination(on, &scope, &destination, at)
        })
        .await
    }

    async fn purge_removed(
        &self,
        fence: &Fence,
        inventory: &Inventory,
        retention: Retention,
    ) -> Result<u64, StateError> {
        fence.check_covers(&inventory.tenant)?;
        let inventory = inventory.clone();
        self.write_fenced("purge removed devices", fence, move |on| {
            purge::removed(on, &inventory, retention)
        })
        .await
    }

    async fn dead_lettered(
        &self,
        inventory: &Inventory,
        before: DateTime<Utc>,
        after: Option<&DeviceUid>,
        limit: usize,
    ) -> Result<Vec<DeviceUid>, StateError> {
        let (inventory, after) = (inventory.clone(), after.cloned());
        self.read("list devices with dead letters", move |on| {
            dead_letters::devices(on, &inventory, before, after.as_ref(), limit)
        })
        .await
    }

    async fn purge_dead_letters(
        &self,
        fence: &Fence,
        inventory: &Inventory,
        before: DateTime<Utc>,
        devices: Vec<DeviceUid>,
    ) -> Result<u64, StateError> {
        fence.check_covers(&inventory.tenant)?;
        let inventory = inventory.clone();
        self.write_fenced("purge dead letters", fence, move |on| {
            dead_letters::purge_old(on, &inventory, before, &devices)
        })
        .await
    }
}

#[async_trait]
impl StateQueries for SqliteStore {
    async fn note_configured(&self, scope: &Scope, at: DateTime<Utc>) -> Result<(), StateError> {
        let scope = scope.clone();
        self.write("note a scope", move |on| cycles::note_configured(on, &scope, at)).await
    }

    async fn configured_since(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StateError> {
        let scope = scope.clone();
        self.read("read a scope", move |on| cycles::configured_since(on, &scope)).await
    }

    async fn destination(&self, scope: &Scope) -> Result<Option<SinkDestination>, StateError> {
        let scope = scope.clone();
        self.read("read a scope", move |on| cycles::destination(on, &scope)).await
    }

    async fn check_writable(&self) -> Result<(), StateError> {
        let (path, file) = (self.path.clone(), self.file.clone());
        self.write("write a trial", move |on| {
            // A file that was moved away can still be written, but is lost with this process.
            file::check_place(&file, &path)?;
            schema::rewrite_version(on)
        })
        .await
    }

    async fn scopes(&self) -> Result<Vec<Scope>, StateError> {
        self.read("list scopes", delivered::scopes).await
    }

    async fn delivered_count(&self, scope: &Scope) -> Result<u64, StateError> {
        let scope = scope.clone();
        self.read("count a delivered set", move |on| delivered::count(on, &scope)).await
    }

    async fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StateError> {
        let filter = filter.clone();
        self.read("list dead letters", move |on| dead_letters::list(on, &filter, limit)).await
    }

    async fn dead_letter(&self, id: DeadLetterId) -> Result<Option<DeadLetter>, StateError> {
        self.read("read a dead letter", move |on| dead_letters::one(on, id)).await
    }

    async fn refusal_count(&self, which: &Refusals) -> Result<u64, StateError> {
        let which = which.clone();
        self.read("count refusals", move |on| dead_letters::refusal_count(on, &which)).await
    }

    async fn purge_refusals(&self, which: &Refusals) -> Result<u64, StateError> {
        let which = which.clone();
        self.write("purge refusals", move |on| dead_letters::purge_refusals(on, &which)).await
    }

    async fn purge_count(&self, what: &Purge) -> Result<Purged, StateError> {
        let what = what.clone();
        self.read("count what a purge deletes", move |on| purge::count(on, &what)).await
    }

    async fn purge(&self, what: &Purge, limit: usize) -> Result<Purged, StateError> {
        let what = what.clone();
        self.write("purge", move |on| purge::purge(on, &what, limit)).await
    }

    async fn reports(
        &self,
        inventory: &Inventory,
        from: Option<u64>,
        limit: usize,
    ) -> Result<ReportPage, StateError> {
        let inventory = inventory.clone();
        self.read("list cycle reports", move |on| cycles::reports(on, &inventory, from, limit))
            .await
    }
}

#[async_trait]
impl LeaseStore for SqliteStore {
    async fn claim(
        &self,
        tenant: &TenantName,
        worker: &WorkerName,
        length: Duration,
    ) -> Result<Option<Lease>, StateError> {
        let (tenant, worker, clock) = (tenant.clone(), worker.clone(), Arc::clone(&self.clock));
        self.write("claim a tenant", move |on| {
            leases::claim(on, &tenant, &worker, clock.now(), length)
        })
        .await
    }

    async fn renew(&self, fence: &Fence, length: Duration) -> Result<DateTime<Utc>, StateError> {
        let (fence, clock) = (fence.clone(), Arc::clone(&self.clock));
        self.write("renew a lease", move |on| leases::renew(on, &fence, clock.now(), length)).await
    }

    async fn release(&self, fence: &Fence) -> Result<(), StateError> {
        let fence = fence.clone();
        self.write("release a lease", move |on| leases::release(on, &fence)).await
    }

    async fn leases(&self) -> Result<Vec<Lease>, StateError> {
        self.read("list leases", leases::list).await
    }
}

#[cfg(test)]
mod tests;
