//! The folder: how a partial file is created, published and recovered.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use stocktake_connector_core::CycleId;

use super::failed;
use super::partial::{Partial, sync_folder};
use crate::ndjson::FileError;

/// The extension of published files.
const FINAL: &str = ".ndjson";

/// The end of the names of partial files. The folder may hold partial files of other programs.
const PARTIAL: &str = ".ndjson.partial";

/// A folder of events.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder by one name, however the settings spell it and whatever links lead to it.
    pub(super) fn place(&self) -> PathBuf {
        let absolute = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        // The folder may yet have to be created.
        let found = absolute.ancestors().find_map(|there| {
            let rest = absolute.strip_prefix(there).ok()?;
            Some(fs::canonicalize(there).ok()?.join(rest))
        });
        // Joined with nothing, a path ends in a slash.
        found.unwrap_or(absolute).components().collect()
    }

    /// Creates the partial file of a cycle.
    pub(super) fn create(&self, cycle: CycleId, stem: &str) -> Result<Partial, FileError> {
        let folder = &self.path;
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed("create", folder)(error));
            }
            _ => {}
        }
        let _lock = self.lock()?;
        self.recover_locked()?;
        let hidden = format!(".{stem}");
        let partial = Partial::create(unused(folder, &hidden, PARTIAL), cycle)?;
        sync_folder(folder)?;
        Ok(partial)
    }

    /// Publishes what a cycle wrote and empties its slot. When that fails the slot keeps it, and the
    /// next call tries again.
    pub(super) fn publish(&self, slot: &mut Option<Partial>) -> Result<(), FileError> {
        let _lock = self.lock()?;
        self.recover_locked()?;
        if let Some(partial) = slot {
            self.publish_locked(partial)?;
            *slot = None;
        }
        Ok(())
    }

    /// Publishes what dead processes left.
    pub(super) fn recover(&self) -> Result<(), FileError> {
        if !self.path.exists() {
            return Ok(());
        }
        let _lock = self.lock()?;
        self.recover_locked()
    }

    /// Locks the folder against every process that changes its names, ours included. Other processes
    /// hold the lock only while they rename a file.
    fn lock(&self) -> Result<File, FileError> {
        let path = self.path.join(".stocktake.lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open", &path))?;
        file.lock().map_err(failed("lock", &path))?;
        Ok(file)
    }

    fn recover_locked(&self) -> Result<(), FileError> {
        let folder = &self.path;
        let mut left = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed("list", folder))? {
            let path = entry.map_err(failed("list", folder))?.path();
            let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            if name.starts_with('.') && name.ends_with(PARTIAL) {
                left.push(path);
            }
        }
        for path in left {
            if let Some(mut partial) = Partial::adopt(path)? {
                tracing::warn!("found events of a process that died; publishing them");
                self.publish_locked(&mut partial)?;
            }
        }
        Ok(())
    }

    fn publish_locked(&self, partial: &mut Partial) -> Result<(), FileError> {
        partial.cut()?;
        if partial.whole == 0 {
            return fs::remove_file(&partial.path).map_err(failed("remove", &partial.path));
        }
        let name = partial.path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let stem = name.trim_start_matches('.').trim_end_matches(PARTIAL);
        let published = unused(&self.path, stem, FINAL);
        fs::rename(&partial.path, published).map_err(failed("rename", &partial.path))?;
        sync_folder(&self.path)
    }
}

/// A name that no file has: a complete file is never overwritten.
fn unused(folder: &Path, stem: &str, ending: &str) -> PathBuf {
    let mut path = folder.join(format!("{stem}{ending}"));
    let mut number = 2_u64;
    while path.symlink_metadata().is_ok() {
        path = folder.join(format!("{stem}-{number}{ending}"));
        number += 1;
    }
    path
}
