//! The database file as this process holds it: one descriptor of each file, and the lock of its writer.
//!
//! The lock is on the file itself, so that no link and no other name leads around it.
//!
//! When a process closes *any* descriptor of a file, it loses every POSIX lock that it has on that file, and
//! SQLite's locks are such locks (<https://www.sqlite.org/howtocorrupt.html>, section 2.2). Another program
//! could then take the log away under a living connection. All stores of a file in this process therefore
//! share one descriptor, which is closed after the last connection. Nothing else in this crate opens a
//! database file except SQLite.

use std::collections::BTreeMap;
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

static HELD: Mutex<BTreeMap<FileId, Shared>> = Mutex::new(BTreeMap::new());

/// What a file is known by, whatever its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileId {
    #[cfg(unix)]
    device_and_inode: (u64, u64),
    #[cfg(not(unix))]
    path: std::path::PathBuf,
}

impl FileId {
    #[cfg(unix)]
    fn new(_path: &Path, metadata: &Metadata) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        Ok(Self { device_and_inode: (metadata.dev(), metadata.ino()) })
    }
    #[cfg(not(unix))]
    fn new(path: &Path, _metadata: &Metadata) -> io::Result<Self> {
        Ok(Self { path: path.canonicalize()? })
    }
}

struct Shared {
    file: File,
    /// Stores of this process that have the file open.
    users: usize,
    /// The lock of the store that writes it.
    lock: Option<WriterLock>,
}

/// Keeps the descriptor of a file open, and the lock of its writer. Dropped after the connection.
#[derive(Debug)]
pub(super) struct HeldFile {
    id: FileId,
    writes: bool,
}

impl HeldFile {
    /// Holds a file that is read.
    pub(super) fn to_read(path: &Path) -> io::Result<Self> {
        let mut held = held();
        let id = find(&mut held, path, false)?;
        Ok(Self::join(&mut held, id, false))
    }

    /// Holds a file for the only store that writes it, on this machine. A missing file is made, for its
    /// owner only: device and user names are in the dead letters.
    pub(super) fn to_write(path: &Path) -> Result<Self, TryLockError> {
        let mut held = held();
        let id = find(&mut held, path, true).map_err(TryLockError::Error)?;
        let lock = match held.get(&id) {
            Some(Shared { lock: None, file, .. }) => WriterLock::acquire(file, path),
            _ => Err(TryLockError::WouldBlock),
        };
        match lock {
            Ok(lock) => {
                if let Some(shared) = held.get_mut(&id) {
                    shared.lock = Some(lock);
                }
                Ok(Self::join(&mut held, id, true))
            }
            Err(error) => {
                close_unused(&mut held, &id);
                Err(error)
            }
        }
    }

    fn join(held: &mut BTreeMap<FileId, Shared>, id: FileId, writes: bool) -> Self {
        if let Some(shared) = held.get_mut(&id) {
            shared.users += 1;
        }
        Self { id, writes }
    }

    /// The first bytes of the file, at most `length`.
    pub(super) fn start(&self, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if let Some(Shared { file, .. }) = held().get_mut(&self.id) {
            file.rewind()?;
            file.take(length).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    pub(super) fn id(&self) -> FileId {
        self.id.clone()
    }
}

impl Drop for HeldFile {
    fn drop(&mut self) {
        let mut held = held();
        if let Some(shared) = held.get_mut(&self.id) {
            shared.users -= 1;
            if self.writes
                && let Some(lock) = shared.lock.take()
            {
                lock.release(&shared.file);
            }
        }
        close_unused(&mut held, &self.id);
    }
}

/// Fails unless the file is still at `path`.
pub(super) fn check_place(id: &FileId, path: &Path) -> io::Result<()> {
    if FileId::new(path, &path.metadata()?)? == *id {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "another file is in its place"))
}

fn held() -> MutexGuard<'static, BTreeMap<FileId, Shared>> {
    // Nothing panics half-way through a change.
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Finds the descriptor of a file, and opens one if this process has none yet. To `write` means to make a
/// missing file, and to fail before SQLite leaves something next to a file that may not be written.
fn find(held: &mut BTreeMap<FileId, Shared>, path: &Path, write: bool) -> io::Result<FileId> {
    let file = match path.metadata() {
        // The opening of a pipe or a device can wait for ever.
        Ok(metadata) if !metadata.is_file() => {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        Ok(metadata) => {
            let id = FileId::new(path, &metadata)?;
            if held.contains_key(&id) {
                return Ok(id);
            }
            if write { private().open(path)? } else { File::open(path)? }
        }
        Err(error) if write && error.kind() == io::ErrorKind::NotFound => private().open(path)?,
        Err(error) => return Err(error),
    };
    let id = FileId::new(path, &file.metadata()?)?;
    held.entry(id.clone()).or_insert(Shared { file, users: 0, lock: None });
    Ok(id)
}

fn close_unused(held: &mut BTreeMap<FileId, Shared>, id: &FileId) {
    if held.get(id).is_some_and(|shared| shared.users == 0) {
        held.remove(id);
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Linux keeps locks of whole files apart from SQLite's locks of ranges.
#[cfg(target_os = "linux")]
struct WriterLock;

#[cfg(target_os = "linux")]
impl WriterLock {
    fn acquire(file: &File, _path: &Path) -> Result<Self, TryLockError> {
        file.try_lock().map(|()| Self)
    }

    fn release(self, file: &File) {
        // Closing the descriptor releases it too.
        let _ = file.unlock();
    }
}

/// On other systems the two exclude each other, so a file next to the database is locked.
#[cfg(not(target_os = "linux"))]
struct WriterLock {
    _file: File,
}

#[cfg(not(target_os = "linux"))]
impl WriterLock {
    fn acquire(_file: &File, path: &Path) -> Result<Self, TryLockError> {
        let mut name = path.canonicalize().map_err(TryLockError::Error)?.into_os_string();
        name.push(".lock");
        let file = private().open(name).map_err(TryLockError::Error)?;
        file.try_lock()?;
        Ok(Self { _file: file })
    }

    fn release(self, _file: &File) {}
}
