//! The partial file of a cycle.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use stocktake_connector_core::CycleId;

use super::failed;
use crate::ndjson::{FileError, write_lines};

/// A partial file that this process has locked. Only whole batches count as its content.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) cycle: CycleId,
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// Bytes of the batches that were written and synced completely.
    pub(super) whole: u64,
    /// Whether bytes of a batch that failed may follow them.
    torn: bool,
}

impl Partial {
    /// Creates the file and locks it. The caller holds the folder's lock.
    pub(super) fn create(path: PathBuf, cycle: CycleId) -> Result<Self, FileError> {
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)
            .map_err(failed("create", &path))?;
        file.try_lock().map_err(io::Error::from).map_err(failed("lock", &path))?;
        Ok(Self { cycle, path, file, whole: 0, torn: false })
    }

    /// Locks a file that no process has locked, and cuts it to its whole lines; `None` when a process
    /// has locked it. The caller holds the folder's lock.
    pub(super) fn adopt(path: PathBuf) -> Result<Option<Self>, FileError> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(&path)
            .map_err(failed("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(failed("lock", &path)(error)),
        }
        let whole = whole_lines(&file).map_err(failed("read", &path))?;
        let mut partial = Self { cycle: CycleId::random(), path, file, whole, torn: true };
        partial.cut()?;
        partial.file.sync_data().map_err(failed("sync", &partial.path))?;
        Ok(Some(partial))
    }

    /// Appends a line for each body and waits until they are on the disk.
    pub(super) fn append(&mut self, bodies: &[Bytes]) -> Result<(), FileError> {
        self.cut()?;
        self.torn = true;
        let bytes = write_lines(bodies, &self.file).map_err(failed("write", &self.path))?;
        self.file.sync_data().map_err(failed("sync", &self.path))?;
        self.whole += bytes;
        self.torn = false;
        Ok(())
    }

    /// Removes what a failed batch left. It is sent again, and its first lines would come twice.
    pub(super) fn cut(&mut self) -> Result<(), FileError> {
        if self.torn {
            self.file.set_len(self.whole).map_err(failed("cut", &self.path))?;
            self.torn = false;
        }
        Ok(())
    }
}

/// Bytes up to the last line end that can be trusted. After a power cut the unsynced end of a file may
/// read as zeros, which no line of JSON holds.
fn whole_lines(file: &File) -> io::Result<u64> {
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let (mut read, mut whole) = (0_u64, 0_u64);
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(whole);
        }
        let zero = bytes.iter().position(|byte| *byte == 0);
        let (trusted, _) = bytes.split_at(zero.unwrap_or(bytes.len()));
        if let Some(end) = trusted.iter().rposition(|byte| *byte == b'\n') {
            whole = read + end as u64 + 1;
        }
        if zero.is_some() {
            return Ok(whole);
        }
        let length = bytes.len();
        read += length as u64;
        reader.consume(length);
    }
}

/// Makes the names in a folder survive a power cut.
pub(super) fn sync_folder(folder: &Path) -> Result<(), FileError> {
    // Other systems do not open folders.
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use stocktake_connector_core::{Failure, chain};

    fn bodies<const N: usize>(bodies: [&'static str; N]) -> [Bytes; N] {
        bodies.map(Bytes::from)
    }

    #[test]
    fn what_a_failed_batch_left_is_cut_away_before_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let mut partial = Partial::create(path.clone(), CycleId::random()).unwrap();
        partial.append(&bodies(["1", "2"])).unwrap();
        // As when the disk is full within a batch.
        partial.file.write_all(b"3\n4").unwrap();
        partial.torn = true;
        partial.append(&bodies(["3", "4"])).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"1\n2\n3\n4\n");
    }

    #[test]
    fn a_batch_that_cannot_be_written_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let mut partial = Partial::create(path.clone(), CycleId::random()).unwrap();
        partial.append(&bodies(["1"])).unwrap();
        let writable = std::mem::replace(&mut partial.file, File::open(&path).unwrap());
        let error = chain(&Failure::from(partial.append(&bodies(["2"])).unwrap_err()));
        assert!(error.starts_with(&format!("write {}", path.display())), "{error}");
        assert!(partial.torn);
        partial.file = writable;
        partial.append(&bodies(["2"])).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"1\n2\n");
    }

    #[test]
    fn whole_lines_are_found_across_the_reader_buffers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let long = "x".repeat(100_000);
        for (text, expected) in [
            (format!("{long}\n"), 100_001),
            (format!("1\n{long}"), 2),
            (format!("{long}\n{long}\n{long}"), 200_002),
            (format!("{long}\n\0\n"), 100_001),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(whole_lines(&File::open(&path).unwrap()).unwrap(), expected);
        }
    }
}
