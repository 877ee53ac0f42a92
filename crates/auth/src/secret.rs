//! Where a secret comes from, and how a rotated one is noticed.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use secrecy::{SecretString, zeroize::Zeroizing};

/// Largest secret file that is read. Keys and assertions have a few kilobytes at most.
const LARGEST_FILE: u64 = 64 * 1024;

/// Where a secret comes from. Its `Debug` never shows the secret.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// The secret itself, from the environment.
    Value(SecretString),
    /// A file that holds the secret and nothing else but white space around it. It is read again
    /// when it changes, as a mounted Kubernetes secret does.
    File(PathBuf),
}

/// Why a secret cannot be had. Never repeats any of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The file cannot be read.
    #[error("secret file {} cannot be read", path.display())]
    Unreadable {
        /// The configured file.
        path: PathBuf,
        /// What failed.
        #[source]
        source: io::Error,
    },
    /// The file is there but holds no usable secret.
    #[error("secret file {} {problem}", path.display())]
    Unusable {
        /// The configured file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The value that was given is empty.
    #[error("the secret is empty")]
    Empty,
}

/// A secret that follows its source.
#[derive(Debug)]
pub(crate) struct Secret {
    source: SecretSource,
    read: Mutex<Option<(Stamp, SecretString)>>,
}

impl Secret {
    pub(crate) fn new(source: SecretSource) -> Self {
        Self { source, read: Mutex::new(None) }
    }

    /// The secret as it is now.
    ///
    /// One `stat` of a local file each time, and a read when it changed: short enough to block.
    pub(crate) fn current(&self) -> Result<SecretString, SecretError> {
        let path = match &self.source {
            SecretSource::Value(secret) => return usable_value(secret),
            SecretSource::File(path) => path,
        };
        let stamp = Stamp::of(path)
            .map_err(|source| SecretError::Unreadable { path: path.clone(), source })?;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, secret)) = &*read
            && *known == stamp
        {
            return Ok(secret.clone());
        }
        let secret = read_file(path)?;
        *read = Some((stamp, secret.clone()));
        Ok(secret)
    }

    /// Reads the file next time, even if it looks unchanged.
    pub(crate) fn forget(&self) {
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// What changes when a file does. A new file may keep the length and even the time of the old one.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let facts = fs::metadata(path)?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&facts);
        #[cfg(not(unix))]
        let inode = 0;
        Ok(Self { modified: facts.modified().ok(), length: facts.len(), inode })
    }
}

fn read_file(path: &Path) -> Result<SecretString, SecretError> {
    let unusable = |problem| SecretError::Unusable { path: path.to_owned(), problem };
    let mut bytes = Zeroizing::new(Vec::new());
    fs::File::open(path)
        .and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes))
        .map_err(|source| SecretError::Unreadable { path: path.to_owned(), source })?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(unusable("is larger than 64 KiB; it must hold the secret and nothing else"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| unusable("is not UTF-8 text"))?;
    let secret = text.trim_start_matches('\u{feff}').trim();
    if secret.is_empty() {
        return Err(unusable("is empty"));
    }
    if secret.chars().any(char::is_control) {
        return Err(unusable("holds more than one line; it must hold the secret and nothing else"));
    }
    Ok(SecretString::from(secret))
}

fn usable_value(secret: &SecretString) -> Result<SecretString, SecretError> {
    use secrecy::ExposeSecret;

    match secret.expose_secret().trim() {
        "" => Err(SecretError::Empty),
        trimmed => Ok(SecretString::from(trimmed)),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn current(secret: &Secret) -> String {
        secret.current().unwrap().expose_secret().to_owned()
    }

    #[test]
    fn white_space_around_a_secret_is_not_part_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "\u{feff} s3cr3t \r\n").unwrap();
        assert_eq!(current(&Secret::new(SecretSource::File(path))), "s3cr3t");
        assert_eq!(current(&Secret::new(SecretSource::Value(" s3cr3t\n".into()))), "s3cr3t");
    }

    #[test]
    fn a_rotated_file_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "one").unwrap();
        let secret = Secret::new(SecretSource::File(path.clone()));
        assert_eq!(current(&secret), "one");
        // As Kubernetes does it: another file takes the name. Length and, on a coarse clock, time
        // stay the same.
        fs::write(folder.path().join("next"), "two").unwrap();
        fs::rename(folder.path().join("next"), &path).unwrap();
        assert_eq!(current(&secret), "two");
        fs::write(&path, "three").unwrap();
        assert_eq!(current(&secret), "three");
        fs::remove_file(&path).unwrap();
        assert!(secret.current().is_err());
    }

    #[test]
    fn an_unusable_file_is_named_with_its_fault_and_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (content, fault) in [
            ("\n".to_owned(), "is empty"),
            ("canary\ncanary".to_owned(), "more than one line"),
            ("canary".repeat(20_000), "larger than 64 KiB"),
        ] {
            fs::write(&path, content).unwrap();
            let secret = Secret::new(SecretSource::File(path.clone()));
            let error = secret.current().unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(fault) && shown.contains("secret"), "{shown}");
            assert!(!shown.contains("canary"), "{shown}");
        }
    }

    #[test]
    fn debug_hides_the_secret() {
        let secret = Secret::new(SecretSource::Value("canary".into()));
        secret.current().unwrap();
        assert!(!format!("{secret:?}").contains("canary"));
    }
}
