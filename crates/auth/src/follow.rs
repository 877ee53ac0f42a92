//! What is read from files, and follows them when they change.
//!
//! Files are replaced while the program runs, and not always in one step. Whatever was read well
//! stays in use until the files can be read well again.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use secrecy::zeroize::Zeroizing;

/// Largest file that is read. Keys, chains and assertions have a few kilobytes.
const LARGEST_FILE: u64 = 64 * 1024;

/// What changes when a file does. A new file may keep the length and even the time of the old one.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
    inode: u64,
}

impl Stamp {
    /// `None` when the file cannot be looked at; reading it says why.
    fn of(path: &Path) -> Option<Self> {
        let facts = fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&facts);
        #[cfg(not(unix))]
        let inode = 0;
        Some(Self { modified: facts.modified().ok()?, length: facts.len(), inode })
    }
}

/// A value made of files.
pub(crate) struct Followed<T> {
    files: Vec<PathBuf>,
    state: Mutex<State<T>>,
}

struct State<T> {
    /// The files as they were when the value was read from them.
    stamps: Option<Vec<Stamp>>,
    /// The last value that could be read.
    good: Option<T>,
    /// Whether the operator knows that the files are at fault.
    warned: bool,
}

impl<T: Clone> Followed<T> {
    /// Nothing is read before the value is asked for.
    pub(crate) fn new(files: Vec<PathBuf>) -> Self {
        Self { files, state: Mutex::new(State { stamps: None, good: None, warned: false }) }
    }

    /// The value as it is now: read anew when a file changed, the last good one when that fails.
    ///
    /// One `stat` of each local file, and a read when one changed: short enough to block.
    pub(crate) fn current<E: Error + 'static>(
        &self,
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        // Before the read: what changes meanwhile is read again next time.
        let stamps: Option<Vec<_>> = self.files.iter().map(|file| Stamp::of(file)).collect();
        let mut state = self.state();
        if let (Some(good), Some(_)) = (&state.good, &stamps)
            && state.stamps == stamps
        {
            return Ok(good.clone());
        }
        match read() {
            Ok(value) => {
                *state = State { stamps, good: Some(value.clone()), warned: false };
                Ok(value)
            }
            Err(error) => {
                state.stamps = None;
                let Some(good) = state.good.clone() else { return Err(error) };
                if !state.warned {
                    state.warned = true;
                    tracing::warn!(
                        error = &error as &(dyn Error + 'static),
                        "a credential's file cannot be used as it is now; what it held before stays \
                         in use"
                    );
                }
                Ok(good)
            }
        }
    }

    /// Reads the files next time, even if they look unchanged.
    pub(crate) fn forget(&self) {
        self.state().stamps = None;
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Followed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Followed").field("files", &self.files).finish_non_exhaustive()
    }
}

/// The bytes of a small file.
pub(crate) fn read_bounded(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    fs::File::open(path)?.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_FILE {
        let message = "it is larger than 64 KiB, which no secret, key or token is";
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("bad")]
    struct Bad;

    fn read(path: &Path) -> Result<String, Bad> {
        let text = fs::read_to_string(path).map_err(|_| Bad)?;
        if text.is_empty() { Err(Bad) } else { Ok(text) }
    }

    #[test]
    fn a_value_follows_each_of_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
        fs::write(&one, "1").unwrap();
        fs::write(&two, "2").unwrap();
        let followed = Followed::new(vec![one.clone(), two.clone()]);
        let both = || Ok::<_, Bad>(read(&one)? + &read(&two)?);
        assert_eq!(followed.current(both).unwrap(), "12");
        fs::write(&two, "3").unwrap();
        fs::write(folder.path().join("next"), "4").unwrap();
        fs::rename(folder.path().join("next"), &one).unwrap();
        assert_eq!(followed.current(both).unwrap(), "43");
    }

    #[test]
    fn an_unchanged_file_is_read_once_unless_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "1").unwrap();
        let followed = Followed::new(vec![path]);
        let read = |value: &'static str| move || Ok::<_, Bad>(value);
        assert_eq!(followed.current(read("first")).unwrap(), "first");
        assert_eq!(followed.current(read("second")).unwrap(), "first");
        followed.forget();
        assert_eq!(followed.current(read("third")).unwrap(), "third");
    }

    #[test]
    fn a_file_at_fault_leaves_the_last_good_value_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let followed = Followed::new(vec![path.clone()]);
        assert!(followed.current(|| read(&path)).is_err(), "there is none yet");
        fs::write(&path, "good").unwrap();
        assert_eq!(followed.current(|| read(&path)).unwrap(), "good");
        fs::write(&path, "").unwrap();
        assert_eq!(followed.current(|| read(&path)).unwrap(), "good");
        fs::remove_file(&path).unwrap();
        assert_eq!(followed.current(|| read(&path)).unwrap(), "good");
        fs::write(&path, "newer").unwrap();
        assert_eq!(followed.current(|| read(&path)).unwrap(), "newer");
    }
}
