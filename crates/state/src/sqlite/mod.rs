//! The store in one SQLite file.
//!
//! ```text
//! scopes ─┬─ delivered       one row per device and sink: what the sink acknowledged
//!         └─ (checkpoint)    columns of the scope, with the time since when it is wanted
//! dead_letters               what can never be delivered as it is
//! removed                    devices that the source no longer knows, and since when
//! tenants, cycle_reports     facts and accounts
//! ```
//!
//! Invariants:
//! - One process writes; a lock file beside the store sees to it. Any number may read.
//! - Each change is one transaction.
//! - Memory is bounded by the page cache and the batch in hand, not by the number of devices.

mod backup;
mod cycles;
mod dead_letters;
mod delivered;
mod forget;
mod open;
mod schema;

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use stocktake_connector_core::{
    Checkpoint, CycleClose, CycleId, CycleReport, DeadLetter, DeadLetterFilter, DeadLetterId,
    Delivery, DeviceUid, Fingerprint, Forgetting, Forgotten, Known, NewDeadLetter, Refusals, Scope,
    StateError, StateStore, TenantFacts, TenantName,
};

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
/// Calls run on the blocking threads of tokio. A dropped future leaves its call running; the next
/// call waits for it.
pub struct SqliteStore {
    path: PathBuf,
    connection: Arc<Mutex<Connection>>,
    /// Held until the store is dropped; `None` for readers.
    _lock: Option<File>,
}

impl SqliteStore {
    /// Opens the file at `path` for this process alone, and makes it when there is none.
    ///
    /// Its folder is made too, but none above. File and folder are for their owner only (Unix modes
    /// 0600 and 0700). Older schemas are brought up to date.
    ///
    /// Blocks on the disk: a program calls it once, at its start.
    ///
    /// # Errors
    /// [`StateError::InUse`] while another process has it open for writing;
    /// [`StateError::NewerSchema`] and [`StateError::Damaged`] before anything was changed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StateError> {
        Self::open_with(path.as_ref(), schema::STEPS)
    }

    fn open_with(path: &Path, steps: &[&str]) -> Result<Self, StateError> {
        let (connection, lock) = open::for_writing(path, steps)?;
        Ok(Self::over(path, connection, Some(lock)))
    }

    /// Opens the file at `path` for reading, also while another process writes it. Every method that
    /// would change something fails.
    ///
    /// # Errors
    /// As for [`SqliteStore::open`], without [`StateError::InUse`]; a missing file is an error.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, StateError> {
        let path = path.as_ref();
        Ok(Self::over(path, open::for_reading(path)?, None))
    }

    /// Copies the file at `path` to `target`, also while another process writes it.
    ///
    /// The copy holds what was committed when it began. It is one file without a log, for its owner
    /// only (Unix mode 0600), and of the original's schema, which may be an older one. It is made
    /// under another name in the folder of `target`, read again in whole, and gets its name last: at
    /// `target` is a whole copy or nothing.
    ///
    /// Blocks on the disk for as long as reading and writing the whole file takes.
    ///
    /// # Errors
    /// [`StateError::NewerSchema`], and [`StateError::Damaged`] also when the copy does not pass
    /// SQLite's check; [`StateError::Store`] for a file that is missing, for a `target` that is there
    /// already, and for one that cannot be written. Nothing is left behind then.
    pub fn back_up(path: impl AsRef<Path>, target: impl AsRef<Path>) -> Result<Copied, StateError> {
        backup::back_up(path.as_ref(), target.as_ref())
    }

    fn over(path: &Path, connection: Connection, lock: Option<File>) -> Self {
        let connection = Arc::new(Mutex::new(connection));
        Self { path: path.to_owned(), connection, _lock: lock }
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
        W: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let connection = Arc::clone(&self.connection);
        let done = tokio::task::spawn_blocking(move || {
            // A panic inside rolled its transaction back, so the connection is whole.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = connection.transaction_with_behavior(behaviour)?;
            let answer = work(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        });
        done.await
            .unwrap_or_else(|stopped| Err(Fault::Io(io::Error::other(stopped))))
            .map_err(|fault: Fault| fault.at(&self.path, operation))
    }

    /// Several statements in one read transaction see one state, and take the lock once.
    async fn read<T, W>(&self, operation: &'static str, work: W) -> Result<T, StateError>
    where
        T: Send + 'static,
        W: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.transact(operation, TransactionBehavior::Deferred, work).await
    }

    async fn write<T, W>(&self, operation: &'static str, work: W) -> Result<T, StateError>
    where
        T: Send + 'static,
        W: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.transact(operation, TransactionBehavior::Immediate, work).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

#[async_trait]
impl StateStore for SqliteStore {
    async fn known(&self, scope: &Scope, uids: &[DeviceUid]) -> Result<Vec<Known>, StateError> {
        let (scope, uids) = (scope.clone(), uids.to_vec());
        self.read("look up devices", move |on| delivered::known(on, &scope, &uids)).await
    }

    async fn commit(&self, delivery: Delivery) -> Result<(), StateError> {
        self.write("commit a batch", move |on| {
            let Delivery { cycle, scope, at, mut acknowledged, refused } = delivery;
            // In the order of the key, neighbours share a page.
            acknowledged.sort_unstable_by(|one, other| one.0.cmp(&other.0));
            dead_letters::end(on, &scope, &acknowledged)?;
            delivered::acknowledge(on, &scope, at, &acknowledged)?;
            dead_letters::keep(on, cycle, at, refused)
        })
        .await
    }

    async fn keep_dead_letters(
        &self,
        cycle: CycleId,
        at: DateTime<Utc>,
        letters: Vec<NewDeadLetter>,
    ) -> Result<(), StateError> {
        self.write("keep dead letters", move |on| dead_letters::keep(on, cycle, at, letters)).await
    }

    async fn close_cycle(&self, close: CycleClose) -> Result<(), StateError> {
        self.write("close a cycle", move |on| cycles::close(on, close)).await
    }

    async fn want(&self, scope: &Scope, at: DateTime<Utc>) -> Result<(), StateError> {
        let scope = scope.clone();
        self.write("note a scope", move |on| cycles::want(on, &scope, at)).await
    }

    async fn wanted_since(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StateError> {
        let scope = scope.clone();
        self.read("read a scope", move |on| cycles::wanted_since(on, &scope)).await
    }

    async fn check_writable(&self) -> Result<(), StateError> {
        let path = self.path.clone();
        self.write("write a trial", move |on| {
            // A file that was taken away can still be written, but is lost with this process.
            path.metadata()?;
            schema::rewrite_version(on)
        })
        .await
    }

    async fn checkpoint(&self, scope: &Scope) -> Result<Option<Checkpoint>, StateError> {
        let scope = scope.clone();
        self.read("read a checkpoint", move |on| cycles::checkpoint(on, &scope)).await
    }

    async fn facts(&self, tenant: &TenantName) -> Result<TenantFacts, StateError> {
        let tenant = tenant.clone();
        self.read("read facts", move |on| cycles::facts(on, &tenant)).await
    }

    async fn devices(
        &self,
        tenant: &TenantName,
        after: Option<&DeviceUid>,
        limit: usize,
    ) -> Result<Vec<DeviceUid>, StateError> {
        let (tenant, after) = (tenant.clone(), after.cloned());
        self.read("list devices", move |on| {
            let mut devices = Vec::new();
            if limit > 0 {
                delivered::each_device(on, &tenant, after.as_ref(), |uid| {
                    devices.push(device_uid(uid)?);
                    Ok(devices.len() < limit)
                })?;
            }
            Ok(devices)
        })
        .await
    }

    async fn device_count(&self, tenant: &TenantName) -> Result<u64, StateError> {
        let tenant = tenant.clone();
        self.read("count devices", move |on| {
            let mut count = 0;
            delivered::each_device(on, &tenant, None, |_| {
                count += 1;
                Ok(true)
            })?;
            Ok(count)
        })
        .await
    }

    async fn removed(
        &self,
        tenant: &TenantName,
        after: Option<&DeviceUid>,
        limit: usize,
    ) -> Result<Vec<DeviceUid>, StateError> {
        let (tenant, after) = (tenant.clone(), after.cloned());
        self.read("list removed devices", move |on| {
            cycles::removed(on, &tenant, after.as_ref(), limit)
        })
        .await
    }

    async fn delivered_count(&self, scope: &Scope) -> Result<u64, StateError> {
        let scope = scope.clone();
        self.read("count a delivered set", move |on| delivered::count(on, &scope)).await
    }

    async fn scopes(&self) -> Result<Vec<Scope>, StateError> {
        self.read("list scopes", delivered::scopes).await
    }

    async fn dead_letters(&self, filter: &DeadLetterFilter) -> Result<Vec<DeadLetter>, StateError> {
        let filter = filter.clone();
        self.read("list dead letters", move |on| dead_letters::list(on, &filter)).await
    }

    async fn dead_letter(&self, id: DeadLetterId) -> Result<Option<DeadLetter>, StateError> {
        self.read("read a dead letter", move |on| dead_letters::one(on, id)).await
    }

    async fn refusal_count(&self, which: &Refusals) -> Result<u64, StateError> {
        let which = which.clone();
        self.read("count refusals", move |on| dead_letters::refusal_count(on, &which)).await
    }

    async fn forget_refusals(&self, which: &Refusals) -> Result<u64, StateError> {
        let which = which.clone();
        self.write("forget refusals", move |on| dead_letters::forget_refusals(on, &which)).await
    }

    async fn forgettable(&self, what: &Forgetting) -> Result<Forgotten, StateError> {
        let what = what.clone();
        self.read("count what can be forgotten", move |on| forget::count(on, &what)).await
    }

    async fn forget(&self, what: &Forgetting) -> Result<Forgotten, StateError> {
        let what = what.clone();
        self.write("forget a tenant or a sink", move |on| forget::forget(on, &what)).await
    }

    async fn forget_removed(
        &self,
        tenant: &TenantName,
        before: DateTime<Utc>,
    ) -> Result<u64, StateError> {
        let tenant = tenant.clone();
        self.write("forget removed devices", move |on| forget::removed(on, &tenant, before)).await
    }

    async fn reports(
        &self,
        tenant: &TenantName,
        limit: usize,
    ) -> Result<Vec<CycleReport>, StateError> {
        let tenant = tenant.clone();
        self.read("list cycle reports", move |on| cycles::reports(on, &tenant, limit)).await
    }
}

/// A failure before its place and operation are known.
#[derive(Debug)]
enum Fault {
    Sqlite(rusqlite::Error),
    Io(io::Error),
    /// A row or a file that this program did not write.
    Damaged(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Fault {
    /// Whether the file is at fault, and not the disk or another program.
    fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(_) => true,
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            ),
            Self::Io(_) => false,
        }
    }

    fn at(self, path: &Path, operation: &'static str) -> StateError {
        let place = path.display().to_string();
        let is_damage = self.is_damage();
        match self {
            Self::Damaged(problem) => StateError::Damaged { place, problem },
            Self::Sqlite(error) if is_damage => {
                StateError::Damaged { place, problem: error.to_string() }
            }
            Self::Sqlite(error) => StateError::Store { place, operation, source: error.into() },
            Self::Io(error) => StateError::Store { place, operation, source: error.into() },
        }
    }
}

/// A time as it is stored. What is finer than a millisecond is cut off, never rounded up.
fn millis(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

fn time(millis: i64) -> Result<DateTime<Utc>, Fault> {
    DateTime::from_timestamp_millis(millis)
        .ok_or_else(|| Fault::Damaged(format!("{millis} is no time in milliseconds")))
}

fn fingerprint(bytes: &[u8]) -> Result<Fingerprint, Fault> {
    bytes
        .try_into()
        .map(Fingerprint::from_bytes)
        .map_err(|_| Fault::Damaged(format!("a fingerprint has {} bytes, not 16", bytes.len())))
}

fn device_uid(uid: &str) -> Result<DeviceUid, Fault> {
    DeviceUid::new(uid).map_err(|error| Fault::Damaged(error.to_string()))
}

/// A limit as SQL takes it.
fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
