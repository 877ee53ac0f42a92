//! Opening the file: the lock, the checks before anything is written, the settings.

use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use stocktake_connector_core::StateError;

use super::error::{self, RawError};
use super::file::HeldFile;
use super::{leases, schema};

/// A connection and the file under it. They are dropped in this order: the descriptor of a file is
/// closed after every connection to it.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) file: HeldFile,
}

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
/// `migrations` are those of [`schema`], or in a test those of a program of another version.
pub(super) fn for_writing(path: &Path, migrations: &[&str]) -> Result<Opened, StateError> {
    make_last_folder(path)?;
    let file = HeldFile::to_write(path).map_err(|error| match error {
        TryLockError::WouldBlock => StateError::InUse { place: path.display().to_string() },
        TryLockError::Error(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let advice =
                format!("{error}; give this program's user the right to read and write it");
            RawError::Io(io::Error::new(error.kind(), advice)).at(path, "open")
        }
        TryLockError::Error(error) => RawError::from(error).at(path, "open"),
    })?;
    let real = real_path(path)?;
    check_start(path, &file)?;
    restore_modes(path)?;
    check_before_writing(path, &real, migrations)?;
    let connection = open_to_write(&real).map_err(|error| error.at(path, "open"))?;
    let mut opened = Opened { connection, file };
    schema::migrate(&mut opened.connection, migrations)
        .and_then(|()| end_leases(&mut opened.connection))
        .map_err(|error| error.at(path, "migrate"))?;
    Ok(opened)
}

/// Opens a file that another process may be writing, and changes nothing in it.
pub(super) fn for_reading(path: &Path) -> Result<Opened, StateError> {
    let (opened, version) = of_any_version(path)?;
    let known = version_of(schema::MIGRATIONS);
    if version < known {
        return Err(RawError::Damaged(format!(
            "its schema version is {version} and this program reads {known}; start a cycle once to \
             bring it up to date",
        ))
        .at(path, "open"));
    }
    Ok(opened)
}

/// Opens a file for reading that has this program's schema or an older one, and returns its version.
pub(super) fn of_any_version(path: &Path) -> Result<(Opened, u32), StateError> {
    let file = HeldFile::to_read(path).map_err(|error| RawError::from(error).at(path, "open"))?;
    let real = real_path(path)?;
    check_start(path, &file)?;
    let connection = open_read_only(&real).map_err(|error| error.at(path, "open"))?;
    let opened = Opened { connection, file };
    let version = check_schema(path, &opened.connection, version_of(schema::MIGRATIONS))?;
    if version == 0 {
        return Err(RawError::Damaged("it is a database without any state".into()).at(path, "open"));
    }
    Ok((opened, version))
}

/// The file without links: the log next to it has the same name for every program.
fn real_path(path: &Path) -> Result<PathBuf, StateError> {
    path.canonicalize().map_err(|error| RawError::from(error).at(path, "open"))
}

fn open_to_write(real: &Path) -> Result<Connection, RawError> {
    let connection = Connection::open_with_flags(real, OpenFlags::SQLITE_OPEN_READ_WRITE | FLAGS)?;
    set_up(&connection)?;
    Ok(connection)
}

/// The process that held the leases of the file has ended.
fn end_leases(connection: &mut Connection) -> Result<(), RawError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    leases::end_all(&transaction)?;
    Ok(transaction.commit()?)
}

/// No mutex inside SQLite: ours is around the connection.
const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_NO_MUTEX;

fn open_read_only(path: &Path) -> Result<Connection, RawError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | FLAGS)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "cache_size", -PAGE_CACHE_KIB)?;
    match schema::version(&connection) {
        // A log needs its index file, and a folder that may not be written cannot get one. Without a
        // log nothing is writing, and the file may be read as it is
        // (https://www.sqlite.org/wal.html#read_only_databases).
        Err(RawError::Sqlite(error))
            if error.sqlite_error_code() == Some(ErrorCode::CannotOpen)
                && !log_of(path).exists() =>
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

fn set_up(connection: &Connection) -> Result<(), RawError> {
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

/// Refuses a file that is not ours, or newer than this program, while nothing was changed yet.
fn check_before_writing(path: &Path, real: &Path, migrations: &[&str]) -> Result<(), StateError> {
    let connection = open_read_only(real).map_err(|error| error.at(path, "open"))?;
    check_schema(path, &connection, version_of(migrations))?;
    Ok(())
}

/// The first 16 bytes of every database (<https://www.sqlite.org/fileformat.html#the_database_header>).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Refuses what is not a database. SQLite takes a file of a few bytes for an empty one.
fn check_start(path: &Path, file: &HeldFile) -> Result<(), StateError> {
    match file.start(MAGIC.len() as u64) {
        Ok(start) if start.is_empty() || start == MAGIC => Ok(()),
        Ok(_) => Err(RawError::Damaged(error::NOT_A_DATABASE.into()).at(path, "open")),
        Err(error) => Err(RawError::from(error).at(path, "open")),
    }
}

fn check_schema(path: &Path, connection: &Connection, known: u32) -> Result<u32, StateError> {
    schema::check_ownership(connection).map_err(|error| error.at(path, "open"))?;
    match schema::version(connection) {
        Ok(found) if found > known => {
            Err(StateError::NewerSchema { place: path.display().to_string(), found, known })
        }
        other => other.map_err(|error| error.at(path, "open")),
    }
}

/// The version that a program with these migrations writes.
fn version_of(migrations: &[&str]) -> u32 {
    migrations.len() as u32
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
            Err(RawError::Io(io::Error::new(error.kind(), advice)).at(path, "open"))
        }
    }
}

fn log_of(path: &Path) -> PathBuf {
    companion(path, "-wal")
}

/// A file that SQLite keeps next to the database.
fn companion(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Makes the log and its index writable for their owner. SQLite gives them the mode of the database, so
/// whoever opened one that was read-only for a while left them read-only.
#[cfg(unix)]
pub(super) fn restore_modes(path: &Path) -> Result<(), StateError> {
    use std::os::unix::fs::PermissionsExt;

    let real = real_path(path)?;
    for file in ["-wal", "-shm"].map(|ending| companion(&real, ending)) {
        let Ok(found) = file.symlink_metadata() else { continue };
        let mode = found.permissions().mode() & 0o777;
        if !found.is_file() || mode & 0o600 == 0o600 {
            continue;
        }
        // By name: closing a descriptor of the file would end SQLite's locks of this process on it.
        let restored = std::fs::set_permissions(&file, PermissionsExt::from_mode(mode | 0o600));
        restored.map_err(|error| {
            let advice = format!(
                "{} has mode {mode:04o} ({error}); give its owner the right to write it, or remove it \
                 while no program uses the state",
                file.display()
            );
            RawError::Io(io::Error::new(error.kind(), advice)).at(path, "open")
        })?;
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn restore_modes(_path: &Path) -> Result<(), StateError> {
    Ok(())
}
