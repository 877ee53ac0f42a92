//! A copy of the file, made while a program may be writing it.

use std::fs::File;
use std::io;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use stocktake_connector_core::StateError;

use super::error::RawError;
use super::open;

/// What a copy of state holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Copied {
    /// Its size in bytes.
    pub bytes: u64,
    /// The version of its schema.
    pub schema_version: u32,
    /// Devices in delivered sets: each counts once for each sink.
    pub delivered: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// Cycle reports.
    pub cycle_reports: u64,
}

/// Copies the file at `path` to `target`, which gets its name when the copy is complete and on the disk.
pub(super) fn back_up(path: &Path, target: &Path) -> Result<Copied, StateError> {
    let (source, schema_version) = open::of_any_version(path)?;
    copy(&source.connection, target, schema_version).map_err(|error| match error {
        // What the copy shows to be broken is broken in the original.
        error if error.is_damage() => error.at(path, "copy"),
        error => error.at(target, "write a copy"),
    })
}

fn copy(source: &Connection, target: &Path, schema_version: u32) -> Result<Copied, RawError> {
    refuse_existing(target)?;
    let (Some(name), Some(folder)) = (target.file_name(), target.parent()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it does not name a file").into());
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    // For its owner only, and removed when it is dropped.
    let partial =
        tempfile::Builder::new().prefix(&prefix).suffix(".partial").tempfile_in(folder).map_err(
            |error| {
                let problem = format!("a file cannot be made in {}: {error}", folder.display());
                io::Error::new(error.kind(), problem)
            },
        )?;
    let Some(place) = partial.path().to_str() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "its path is not UTF-8").into());
    };
    source.execute("VACUUM INTO ?1", [place])?;
    let copied = describe(place, schema_version)?;
    // SQLite does not flush a copy (https://www.sqlite.org/lang_vacuum.html#vacuum_with_an_into_clause).
    partial.as_file().sync_all()?;
    partial.persist_noclobber(target).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => existing(),
        _ => error.error,
    })?;
    // The name is on the disk when its folder is; only Unix can open folders.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(copied)
}

fn describe(place: &str, schema_version: u32) -> Result<Copied, RawError> {
    let copy = Connection::open_with_flags(place, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let count = |sql| copy.query_row(sql, [], |row| row.get(0).map(i64::unsigned_abs));
    Ok(Copied {
        bytes: Path::new(place).metadata()?.len(),
        schema_version,
        delivered: count("SELECT count(*) FROM delivered")?,
        dead_letters: count("SELECT count(*) FROM dead_letters")?,
        cycle_reports: count("SELECT count(*) FROM cycle_reports")?,
    })
}

/// Before anything is copied; [`tempfile::NamedTempFile::persist_noclobber`] has the last word.
fn refuse_existing(target: &Path) -> io::Result<()> {
    match target.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(existing()),
    }
}

fn existing() -> io::Error {
    let problem = "it exists already, and a copy replaces nothing; choose another name";
    io::Error::new(io::ErrorKind::AlreadyExists, problem)
}
