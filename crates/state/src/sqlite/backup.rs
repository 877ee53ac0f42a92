//! A copy of the file, made while a program may be writing it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use stocktake_connector_core::StateError;

use super::{Fault, open};

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

/// Copies the file at `path` to `target`, which gets its name when the copy is whole and on the disk.
pub(super) fn back_up(path: &Path, target: &Path) -> Result<Copied, StateError> {
    let (source, schema_version) = open::for_copying(path)?;
    let place = |fault: Fault| match fault {
        // What the copy shows to be broken is broken in the original.
        fault if fault.is_damage() => fault.at(path, "copy"),
        fault => fault.at(target, "write a copy"),
    };
    refuse_existing(target).map_err(place)?;
    let partial = Partial::beside(target).map_err(place)?;
    let copied = fill(&source, &partial.path, schema_version).map_err(place)?;
    partial.become_whole(target).map_err(place)?;
    Ok(copied)
}

fn refuse_existing(target: &Path) -> Result<(), Fault> {
    match target.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Err(Fault::Io(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "it is there already, and a copy replaces nothing; choose another name",
        ))),
    }
}

/// Fills the empty file at `place`, and reads it again in whole.
fn fill(source: &Connection, place: &Path, schema_version: u32) -> Result<Copied, Fault> {
    let mut copy =
        Connection::open_with_flags(place, OpenFlags::SQLITE_OPEN_READ_WRITE | open::FLAGS)?;
    // A copy that fails is thrown away: it needs no journal, and it is flushed once, at its end.
    copy.pragma_update(None, "journal_mode", "OFF")?;
    copy.pragma_update(None, "synchronous", "OFF")?;
    // In one step, so that a writer that goes on meanwhile does not make it start again.
    if Backup::new(source, &mut copy)?.step(-1)? != StepResult::Done {
        let problem = "another program holds the state locked; try again";
        return Err(Fault::Io(io::Error::new(io::ErrorKind::WouldBlock, problem)));
    }
    let verdict: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(Fault::Damaged(verdict));
    }
    let count = |sql| copy.query_row(sql, [], |row| row.get(0).map(i64::unsigned_abs));
    let delivered = count("SELECT count(*) FROM delivered")?;
    let dead_letters = count("SELECT count(*) FROM dead_letters")?;
    let cycle_reports = count("SELECT count(*) FROM cycle_reports")?;
    // The original's mode came along with its first page; a copy is one file, without a log.
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    copy.close().map_err(|(_, error)| error)?;
    let file = File::open(place)?;
    file.sync_all()?;
    let bytes = file.metadata()?.len();
    Ok(Copied { bytes, schema_version, delivered, dead_letters, cycle_reports })
}

/// The copy while it is made. Dropped, it is removed again.
struct Partial {
    path: PathBuf,
    folder: PathBuf,
}

impl Partial {
    /// An empty file beside `target`: what is renamed within a folder appears at once.
    fn beside(target: &Path) -> Result<Self, Fault> {
        let Some(name) = target.file_name() else {
            let problem = "it names no file";
            return Err(Fault::Io(io::Error::new(io::ErrorKind::InvalidInput, problem)));
        };
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.partial", std::process::id()));
        let path = folder.join(hidden);
        open::private().create_new(true).open(&path).map_err(|error| {
            let problem = format!("no file can be made in {}: {error}", folder.display());
            io::Error::new(error.kind(), problem)
        })?;
        Ok(Self { path, folder })
    }

    fn become_whole(self, target: &Path) -> Result<(), Fault> {
        std::fs::rename(&self.path, target)?;
        // The name is on the disk when its folder is; elsewhere than on Unix folders cannot be opened.
        #[cfg(unix)]
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            // Most are not there, and after the renaming none is.
            let _ = std::fs::remove_file(open::beside(&self.path, suffix));
        }
    }
}
