//! A copy of the file, made while a program may be writing it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

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
        Ok(_) => Err(taken().into()),
    }
}

fn taken() -> io::Error {
    let problem = "it is there already, and a copy replaces nothing; choose another name";
    io::Error::new(io::ErrorKind::AlreadyExists, problem)
}

/// Moves `from` to `target`, whose name is taken first, because a renaming would replace what is there.
fn claim(from: &Path, target: &Path) -> io::Result<()> {
    open::private().create_new(true).open(target).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => taken(),
        _ => error,
    })?;
    std::fs::rename(from, target).inspect_err(|_| {
        // The empty file is ours. What cannot be removed either is told by the first failure.
        let _ = std::fs::remove_file(target);
    })
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

/// The copy under the name that it has while it is made. Dropped, that name is removed.
struct Partial {
    path: PathBuf,
    folder: PathBuf,
}

impl Partial {
    /// An empty file beside `target`: what gets another name within a folder appears there at once.
    fn beside(target: &Path) -> Result<Self, Fault> {
        let Some(name) = target.file_name() else {
            let problem = "it names no file";
            return Err(Fault::Io(io::Error::new(io::ErrorKind::InvalidInput, problem)));
        };
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        // One that was killed has left its file, and in a container the next has the same number: the
        // time tells them apart.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}-{now}.partial", std::process::id()));
        let path = folder.join(hidden);
        open::private().create_new(true).open(&path).map_err(|error| {
            let problem = format!("no file can be made in {}: {error}", folder.display());
            io::Error::new(error.kind(), problem)
        })?;
        Ok(Self { path, folder })
    }

    /// Gives the copy its name, unless somebody else has taken that since [`refuse_existing`] looked.
    fn become_whole(self, target: &Path) -> Result<(), Fault> {
        // The name is on the disk when its folder is; elsewhere than on Unix folders cannot be opened.
        #[cfg(unix)]
        let folder = File::open(&self.folder)?;
        match std::fs::hard_link(&self.path, target) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(taken().into());
            }
            // Some file systems have no links.
            Err(_) => claim(&self.path, target)?,
        }
        drop(self);
        #[cfg(unix)]
        folder.sync_all()?;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            // Most are not there.
            let _ = std::fs::remove_file(open::beside(&self.path, suffix));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn check_taken_meanwhile(give_name: impl FnOnce(Partial, &Path) -> Result<(), Fault>) {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("copy.db");
        let partial = Partial::beside(&target).unwrap();
        fs::write(&target, "another's").unwrap();
        let Err(Fault::Io(error)) = give_name(partial, &target) else { panic!("replaced") };
        assert!(error.to_string().contains("is there already"), "{error}");
        assert_eq!(fs::read_to_string(&target).unwrap(), "another's");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }

    fn check_free(give_name: impl FnOnce(Partial, &Path) -> Result<(), Fault>) {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("copy.db");
        let partial = Partial::beside(&target).unwrap();
        fs::write(&partial.path, "whole").unwrap();
        give_name(partial, &target).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "whole");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "it has one name");
    }

    #[test]
    fn a_target_that_appears_while_the_copy_is_made_is_not_replaced() {
        check_taken_meanwhile(Partial::become_whole);
        check_free(Partial::become_whole);
    }

    #[test]
    fn what_a_killed_copy_left_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("copy.db");
        std::mem::forget(Partial::beside(&target).unwrap());
        Partial::beside(&target).unwrap().become_whole(&target).unwrap();
        assert!(target.exists());
    }

    #[test]
    fn nor_is_it_on_a_file_system_without_links() {
        let claim = |partial: Partial, target: &Path| Ok(claim(&partial.path, target)?);
        check_taken_meanwhile(claim);
        check_free(claim);
    }
}
