//! Opening the file: the lock, the checks before anything is written, the settings.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use stocktake_connector_core::StateError;

use super::{Fault, schema};

/// Readers of the same file hold locks for milliseconds; a writer waits for them that long.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Upper bound of SQLite's page cache, in KiB. It is most of what a store keeps in memory.
const PAGE_CACHE_KIB: i64 = 16 * 1024;

/// Pages in the write-ahead log at which it is copied back. The keys of a commit lie all over the
/// table, so copying seldom writes a page once for many commits. 8,192 pages are 32 MiB.
const WAL_PAGES: i64 = 8 * 1024;

/// Every statement of the store stays prepared.
const STATEMENTS: usize = 64;

/// Opens a file for the one process that writes it, and brings its schema up to date.
///
/// `steps` are those of [`schema`], or in a test those of a program of another version.
pub(super) fn for_writing(path: &Path, steps: &[&str]) -> Result<(Connection, File), StateError> {
    make_last_folder(path)?;
    let lock = lock(path)?;
    let fault = |operation| move |fault: Fault| fault.at(path, operation);
    check_before_writing(path, steps)?;
    create_private(path).map_err(|error| fault("create")(error.into()))?;
    let mut connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | FLAGS)
            .map_err(|error| fault("open")(error.into()))?;
    settle(&connection).map_err(fault("open"))?;
    schema::migrate(&mut connection, steps).map_err(fault("migrate"))?;
    Ok((connection, lock))
}

/// Opens a file that another process may be writing, and changes nothing in it.
pub(super) fn for_reading(path: &Path) -> Result<Connection, StateError> {
    let (connection, version) = of_any_version(path)?;
    let known = version_of(schema::STEPS);
    if version < known {
        return Err(Fault::Damaged(format!(
            "its schema version is {version} and this program reads {known}; start a cycle once to \
             bring it up to date",
        ))
        .at(path, "open"));
    }
    Ok(connection)
}

/// Opens a file to copy it as it is, and tells its version. An older one is as good: a copy is made
/// before an upgrade too.
pub(super) fn for_copying(path: &Path) -> Result<(Connection, u32), StateError> {
    let (connection, version) = of_any_version(path)?;
    if version == 0 {
        return Err(Fault::Damaged("it is a database without any state".into()).at(path, "open"));
    }
    Ok((connection, version))
}

/// Opens a file for reading that has this program's schema or an older one.
fn of_any_version(path: &Path) -> Result<(Connection, u32), StateError> {
    check_header(path)?;
    let connection = open_read_only(path).map_err(|fault| fault.at(path, "open"))?;
    let version = check_schema(path, &connection, version_of(schema::STEPS))?;
    Ok((connection, version))
}

/// No mutex inside SQLite: ours is around the connection.
pub(super) const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_NO_MUTEX;

fn open_read_only(path: &Path) -> Result<Connection, Fault> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | FLAGS)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "cache_size", -PAGE_CACHE_KIB)?;
    match schema::version(&connection) {
        // A log needs its index file, and a folder that may not be written cannot get one. Without a
        // log nobody is writing, and the file may be read as it lies
        // (https://www.sqlite.org/wal.html#read_only_databases).
        Err(Fault::Sqlite(error))
            if error.sqlite_error_code() == Some(ErrorCode::CannotOpen)
                && !beside(path, "-wal").exists() =>
        {
            let place: String = path.to_string_lossy().chars().map(uri_character).collect();
            let connection = Connection::open_with_flags(
                format!("file:{place}?immutable=1"),
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | FLAGS,
            )?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
            Ok(connection)
        }
        Err(other) => Err(other),
        Ok(_) => Ok(connection),
    }
}

/// The characters that mean something in SQLite's `file:` names.
fn uri_character(character: char) -> String {
    match character {
        '%' => "%25".into(),
        '?' => "%3f".into(),
        '#' => "%23".into(),
        other => other.into(),
    }
}

fn settle(connection: &Connection) -> Result<(), Fault> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Commits survive a killed process. A power cut may take the last ones back, whole: their devices
    // are then sent again, which at-least-once delivery allows, and no commit waits for the disk.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -PAGE_CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
    // What a big cycle made of the log is given back to the disk afterwards.
    connection.pragma_update(None, "journal_size_limit", WAL_PAGES * 4096)?;
    Ok(())
}

/// Refuses a file that is not ours, or newer than we are, while nothing was changed yet.
fn check_before_writing(path: &Path, steps: &[&str]) -> Result<(), StateError> {
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Ok(metadata) if metadata.len() == 0 => return Ok(()),
        // The next step meets the same failure and names it.
        _ => check_header(path)?,
    }
    let connection = open_read_only(path).map_err(|fault| fault.at(path, "open"))?;
    check_schema(path, &connection, version_of(steps))?;
    Ok(())
}

/// The first 16 bytes of every database (<https://www.sqlite.org/fileformat.html#the_database_header>).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

fn check_header(path: &Path) -> Result<(), StateError> {
    let mut header = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut header))
        .map_err(|error| Fault::from(error).at(path, "open"))?;
    if header == MAGIC {
        return Ok(());
    }
    let problem = if header.is_empty() {
        "it is empty"
    } else {
        "it is not an SQLite database; move the file away, or choose another path for the state"
    };
    Err(Fault::Damaged(problem.into()).at(path, "open"))
}

fn check_schema(path: &Path, connection: &Connection, known: u32) -> Result<u32, StateError> {
    schema::check_ownership(connection).map_err(|fault| fault.at(path, "open"))?;
    match schema::version(connection) {
        Ok(found) if found > known => {
            Err(StateError::NewerSchema { place: path.display().to_string(), found, known })
        }
        other => other.map_err(|fault| fault.at(path, "open")),
    }
}

/// The version that a program with these steps writes.
fn version_of(steps: &[&str]) -> u32 {
    steps.len() as u32
}

/// Makes the folder that the file lies in, but none above it: a misspelt path should fail.
fn make_last_folder(path: &Path) -> Result<(), StateError> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => {
            let advice = format!(
                "folder {} cannot be made ({error}); make it, or choose another path for the state",
                folder.display()
            );
            Err(Fault::Io(io::Error::new(error.kind(), advice)).at(path, "open"))
        }
    }
}

/// Device and user names are in the dead letters: only the owner may read them.
fn create_private(path: &Path) -> io::Result<()> {
    private().open(path).map(drop)
}

pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Holds the store for this process, for as long as the file stays open. The system gives the lock
/// back when the process dies; the file stays, as another process may be waiting for it.
fn lock(path: &Path) -> Result<File, StateError> {
    let file = private()
        .open(beside(path, ".lock"))
        .map_err(|error| Fault::from(error).at(path, "open the lock file of"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(StateError::InUse { place: path.display().to_string() })
        }
        Err(TryLockError::Error(error)) => Err(Fault::from(error).at(path, "lock")),
    }
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
