//! The partial file of a cycle.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use rustix::fs::Stat;
use rustix::io::Errno;
use stocktake_connector_core::CycleId;

use super::folder::{FileId, Folder};
use super::mode::FileMode;
use super::{FINAL, PARTIAL, failed};
use crate::ndjson::{FileError, write_lines};

/// Names that are tried for one file, at most.
const MOST_NAMES: u32 = 10_000;

const OTHER_FILE: &str = "another file has taken its place";

/// A partial file that this process has created and locked. Only whole batches count as its content.
/// Dropped without being published, it is removed.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) cycle: CycleId,
    folder: Folder,
    name: String,
    /// The name that it is published under, without its extension.
    stem: String,
    file: File,
    id: FileId,
    /// Whose file it is.
    user: u32,
    /// Bytes of the batches that were written completely.
    pub(super) whole: u64,
    /// Whether bytes of a batch that failed may follow them.
    torn: bool,
    is_published: bool,
}

impl Partial {
    /// Creates the file in the folder at `path` and locks it.
    pub(super) fn create(
        path: &Path,
        mode: FileMode,
        cycle: CycleId,
        stem: String,
    ) -> Result<Self, FileError> {
        let folder = Folder::open(path, mode)?;
        for number in 1..=MOST_NAMES {
            let name = numbered(&format!(".{stem}"), number, PARTIAL);
            let place = folder.place(&name);
            let file = match folder.create(&name, mode) {
                Err(Errno::EXIST) => continue,
                created => created.map_err(failed("create", &place))?,
            };
            match file.try_lock() {
                Err(std::fs::TryLockError::Error(error)) => {
                    let _ = folder.remove(&name); // The lock is the error to report.
                    return Err(failed("lock", &place)(error));
                }
                // Another process took it for a leftover before it was locked, and removes it.
                Err(std::fs::TryLockError::WouldBlock) => continue,
                Ok(()) => {}
            }
            let created = rustix::fs::fstat(&file).map_err(failed("look at", &place))?;
            let id = FileId::of(&created);
            if folder.stat(&name).map(|named| FileId::of(&named)) != Ok(id) {
                continue;
            }
            mode.widen(&file).map_err(failed("change the mode of", &place))?;
            let (user, whole, torn, is_published) = (created.st_uid, 0, false, false);
            return Ok(Self {
                cycle,
                folder,
                name,
                stem,
                file,
                id,
                user,
                whole,
                torn,
                is_published,
            });
        }
        Err(failed("create a file in", path)(io::Error::other("every name is taken")))
    }

    /// Whether its folder was made for it.
    pub(super) fn has_new_folder(&self) -> bool {
        self.folder.is_new
    }

    /// Removes what dead processes of the same user left in the folder.
    pub(super) fn remove_leftovers(&self) {
        self.folder.remove_leftovers(self.user);
    }

    /// Appends a line for each body.
    pub(super) fn append(&mut self, bodies: &[Bytes]) -> Result<(), FileError> {
        self.cut()?;
        self.torn = true;
        let bytes = write_lines(bodies, &self.file).map_err(failed("write", &self.place()))?;
        self.whole += bytes;
        self.torn = false;
        Ok(())
    }

    /// Gives the file its final name. Returns it when the whole file is on the disk, under that name, in
    /// the folder that the path leads to; `None` when there was nothing to publish.
    pub(super) fn publish(mut self) -> Result<Option<PathBuf>, FileError> {
        self.cut()?;
        if self.whole == 0 {
            return Ok(None);
        }
        self.file.sync_all().map_err(failed("sync", &self.place()))?;
        self.check_written()?;
        let name = self.rename()?;
        self.is_published = true;
        self.folder.sync()?;
        self.check_published(&name)?;
        Ok(Some(self.folder.place(&name)))
    }

    /// Removes what a failed batch left. It is sent again, and its first lines would come twice.
    fn cut(&mut self) -> Result<(), FileError> {
        if self.torn {
            self.file.set_len(self.whole).map_err(failed("cut", &self.place()))?;
            self.torn = false;
        }
        Ok(())
    }

    /// Fails unless the file is what was written, and lies where readers look for it. Other programs
    /// clean up folders, rotate files and replace volumes.
    fn check_written(&self) -> Result<(), FileError> {
        let place = self.place();
        self.folder.check_place().map_err(failed("publish", &place))?;
        let problem = match self.folder.stat(&self.name) {
            Ok(found) if FileId::of(&found) != self.id => OTHER_FILE.into(),
            Ok(Stat { st_size, .. }) if u64::try_from(st_size) == Ok(self.whole) => return Ok(()),
            Ok(Stat { st_size, .. }) => {
                format!("it has {st_size} bytes, and {} were written", self.whole)
            }
            Err(error) => format!("it is not there any more: {error}"),
        };
        Err(failed("publish", &place)(io::Error::other(problem)))
    }

    /// Fails if something else than this file was renamed. A reader may have taken the file already.
    fn check_published(&self, name: &str) -> Result<(), FileError> {
        let place = self.folder.place(name);
        self.folder.check_place().map_err(failed("publish", &place))?;
        match self.folder.stat(name) {
            Ok(found) if FileId::of(&found) != self.id => {
                Err(failed("publish", &place)(io::Error::other(OTHER_FILE)))
            }
            _ => Ok(()),
        }
    }

    /// A complete file is never overwritten.
    fn rename(&self) -> Result<String, FileError> {
        for number in 1..=MOST_NAMES {
            let name = numbered(&self.stem, number, FINAL);
            match self.folder.rename(&self.name, &name) {
                Err(Errno::EXIST) => {}
                renamed => {
                    return renamed.map(|()| name).map_err(failed("rename", &self.place()));
                }
            }
        }
        Err(failed("rename", &self.place())(io::Error::other("every name is taken")))
    }

    fn place(&self) -> PathBuf {
        self.folder.place(&self.name)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let is_there =
            || self.folder.stat(&self.name).map(|found| FileId::of(&found)) == Ok(self.id);
        if !self.is_published && is_there() {
            // What stays is removed by the next cycle: nothing has locked it any more.
            let _ = self.folder.remove(&self.name);
        }
    }
}

fn numbered(stem: &str, number: u32, ending: &str) -> String {
    if number == 1 { format!("{stem}{ending}") } else { format!("{stem}-{number}{ending}") }
}
