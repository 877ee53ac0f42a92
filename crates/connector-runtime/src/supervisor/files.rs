//! Whether files changed, by their names and stamps alone.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// What the file system says of some files at one moment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FileStamps(Vec<Option<(u64, Option<SystemTime>, u64)>>);

impl FileStamps {
    /// Looks at each file, following links: a mounted secret is replaced by pointing a link elsewhere.
    pub(super) fn read(files: &[PathBuf]) -> Self {
        use std::os::unix::fs::MetadataExt;
        let stamp = |file: &PathBuf| {
            let facts = std::fs::metadata(file).ok()?;
            Some((facts.len(), facts.modified().ok(), facts.ino()))
        };
        Self(files.iter().map(stamp).collect())
    }

    /// Looks at the files `every` so often; ends as soon as they differ from these stamps.
    pub(super) async fn changed(&self, files: &[PathBuf], every: Duration) {
        let mut looks = tokio::time::interval(every);
        loop {
            looks.tick().await;
            if Self::read(files) != *self {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_appears_is_replaced_or_goes_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let files = [folder.path().join("secret")];
        let absent = FileStamps::read(&files);
        std::fs::write(&files[0], "one").unwrap();
        let there = FileStamps::read(&files);
        assert_ne!(absent, there);
        assert_eq!(there, FileStamps::read(&files));
        let other = folder.path().join("other");
        std::fs::write(&other, "two").unwrap();
        std::fs::rename(&other, &files[0]).unwrap();
        assert_ne!(there, FileStamps::read(&files));
        std::fs::remove_file(&files[0]).unwrap();
        assert_eq!(absent, FileStamps::read(&files));
    }

    #[tokio::test(start_paused = true)]
    async fn files_that_differ_from_their_stamps_already_end_the_wait_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let files = [folder.path().join("secret")];
        let every = Duration::from_secs(5);
        let absent = FileStamps::read(&files);
        assert!(tokio::time::timeout(10 * every, absent.changed(&files, every)).await.is_err());
        std::fs::write(&files[0], "one").unwrap();
        let start = tokio::time::Instant::now();
        absent.changed(&files, every).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
