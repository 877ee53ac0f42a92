//! The folder: everything in it is named relative to its descriptor, and no link in it is followed.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dev, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::mode::FileMode;
use super::{PARTIAL, failed};
use crate::ndjson::FileError;

/// Partial files that one cycle looks at, at most: others may fill the folder with such names.
const MOST_LEFTOVERS: usize = 1_000;

/// What a file or folder is known by, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId(Dev, u64);

impl FileId {
    pub(super) fn of(stat: &Stat) -> Self {
        Self(stat.st_dev, stat.st_ino)
    }
}

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    fd: OwnedFd,
    id: FileId,
    /// Whether this process has just made it.
    pub(super) is_new: bool,
}

impl Folder {
    /// Opens the folder at `path`. Makes it if it is missing, but none above it: a misspelt path should
    /// fail.
    pub(super) fn open(path: &Path, mode: FileMode) -> Result<Self, FileError> {
        match Self::open_existing(path) {
            Err(Errno::NOENT) => {}
            opened => return opened.map_err(|error| unusable(path, error)),
        }
        let made = rustix::fs::mkdirat(CWD, path, mode.of_new_folder());
        if !matches!(made, Ok(()) | Err(Errno::EXIST)) {
            made.map_err(failed("create", path))?;
        }
        let mut folder = Self::open_existing(path).map_err(|error| unusable(path, error))?;
        folder.is_new = made.is_ok();
        if folder.is_new {
            mode.widen(&folder.fd).map_err(failed("change the mode of", path))?;
        }
        Ok(folder)
    }

    fn open_existing(path: &Path) -> Result<Self, Errno> {
        // What is not a folder is not opened at all: the opening of a pipe or a device can wait for ever.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
        let id = FileId::of(&rustix::fs::fstat(&fd)?);
        Ok(Self { path: path.to_owned(), fd, id, is_new: false })
    }

    /// The full path of a name, for messages.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Fails unless its path still leads to it: readers look for files by the path.
    pub(super) fn check_place(&self) -> io::Result<()> {
        match rustix::fs::stat(&self.path) {
            Ok(found) if FileId::of(&found) == self.id => Ok(()),
            Ok(_) => Err(io::Error::other("another folder has taken its place")),
            Err(error) => {
                Err(io::Error::other(format!("the folder is not there any more: {error}")))
            }
        }
    }

    /// Creates a file with a name that nothing else has.
    pub(super) fn create(&self, name: &str, mode: FileMode) -> Result<File, Errno> {
        let flags = OFlags::WRONLY
            | OFlags::APPEND
            | OFlags::CREATE
            | OFlags::EXCL
            | OFlags::NOFOLLOW
            | OFlags::CLOEXEC;
        rustix::fs::openat(&self.fd, name, flags, mode.of_file()).map(File::from)
    }

    pub(super) fn stat(&self, name: &str) -> Result<Stat, Errno> {
        rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), Errno> {
        rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())
    }

    /// Renames a file; fails with [`Errno::EXIST`] if the new name is taken.
    pub(super) fn rename(&self, old: &str, new: &str) -> Result<(), Errno> {
        let flags = rustix::fs::RenameFlags::NOREPLACE;
        match rustix::fs::renameat_with(&self.fd, old, &self.fd, new, flags) {
            // Not every file system can do it in one step.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => match self.stat(new) {
                Err(Errno::NOENT) => rustix::fs::renameat(&self.fd, old, &self.fd, new),
                Ok(_) => Err(Errno::EXIST),
                Err(error) => Err(error),
            },
            renamed => renamed,
        }
    }

    /// Makes the names in it survive a power cut.
    pub(super) fn sync(&self) -> Result<(), FileError> {
        rustix::fs::fsync(&self.fd).map_err(failed("sync", &self.path))
    }

    /// Removes the partial files that dead processes of `user` left: their events were not acknowledged.
    /// Whatever else lies in the folder is left alone, and what cannot be read or removed stops nothing.
    pub(super) fn remove_leftovers(&self, user: u32) {
        let Ok(entries) = Dir::read_from(&self.fd) else { return };
        let is_partial = |name: &CStr| {
            let name = name.to_bytes();
            name.starts_with(b".") && name.ends_with(PARTIAL.as_bytes())
        };
        let names = entries
            .map_while(Result::ok)
            .map(|entry| entry.file_name().to_owned())
            .filter(|name| is_partial(name));
        for name in names.take(MOST_LEFTOVERS) {
            if self.remove_leftover(&name, user).unwrap_or(false) {
                tracing::warn!(
                    "removed a partial file of a process that died; its events are sent again"
                );
            }
        }
    }

    fn remove_leftover(&self, name: &CStr, user: u32) -> Result<bool, Errno> {
        let is_ours = |stat: &Stat| {
            FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
                && stat.st_uid == user
                && stat.st_nlink == 1
        };
        // Before it is opened: the opening of a device can do something.
        let stat = || rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW);
        if !is_ours(&stat()?) {
            return Ok(false);
        }
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.fd, name, flags, Mode::empty())?);
        // A living process holds the lock of the file that it writes.
        if file.try_lock().is_err() {
            return Ok(false);
        }
        let opened = rustix::fs::fstat(&file)?;
        if !is_ours(&opened) || FileId::of(&stat()?) != FileId::of(&opened) {
            return Ok(false);
        }
        rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())?;
        Ok(true)
    }
}

/// The folder at `path` by one name, however the settings spell it and whatever links lead to it.
pub(super) fn place(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // The folder may yet have to be created.
    let found = absolute.ancestors().find_map(|there| {
        let rest = absolute.strip_prefix(there).ok()?;
        Some(std::fs::canonicalize(there).ok()?.join(rest))
    });
    // Joined with nothing, a path ends in a slash.
    found.unwrap_or(absolute).components().collect()
}

/// Why the folder at `path` cannot be opened. What lies there says more than the system does.
fn unusable(path: &Path, error: Errno) -> FileError {
    let error = io::Error::from(error);
    let found = path.symlink_metadata().map(|found| found.file_type());
    let target = path.metadata().map(|target| target.file_type());
    let problem = match (found, target) {
        (Ok(found), Err(missing))
            if found.is_symlink() && missing.kind() == io::ErrorKind::NotFound =>
        {
            Some((io::ErrorKind::NotFound, "it is a link that leads nowhere"))
        }
        (_, Ok(target)) => kind_of(target).map(|kind| (io::ErrorKind::NotADirectory, kind)),
        _ => None,
    };
    let error = problem.map_or(error, |(kind, problem)| io::Error::new(kind, problem));
    failed("open", path)(error)
}

/// What a file is that should be a folder; `None` for a folder.
fn kind_of(kind: std::fs::FileType) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;
    Some(match kind {
        kind if kind.is_dir() => return None,
        kind if kind.is_fifo() => "it is a named pipe, not a folder",
        kind if kind.is_socket() => "it is a socket, not a folder",
        kind if kind.is_char_device() || kind.is_block_device() => "it is a device, not a folder",
        _ => "it is a file, not a folder",
    })
}
