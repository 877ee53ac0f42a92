//! Where a secret comes from, and how a rotated one is noticed.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::follow::{Followed, read_bounded};

/// Where a secret comes from. Its `Debug` never shows the secret.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// The secret itself, from the environment.
    Value(SecretString),
    /// A file that holds the secret and nothing else but white space around it. It is read again
    /// when it changes, as a mounted Kubernetes secret does.
    File(PathBuf),
}

impl SecretSource {
    /// The file, when it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Value(_) => None,
            Self::File(path) => Some(path),
        }
    }
}

impl fmt::Display for SecretSource {
    /// Where an operator finds it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(_) => f.write_str("the configuration"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
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
    followed: Followed<SecretString>,
}

impl Secret {
    pub(crate) fn new(source: SecretSource) -> Self {
        let files = source.file().map(Path::to_owned).into_iter().collect();
        Self { source, followed: Followed::new(files) }
    }

    pub(crate) fn source(&self) -> &SecretSource {
        &self.source
    }

    /// The secret as it is now. A file that was emptied or is gone leaves the last one in use.
    pub(crate) fn current(&self) -> Result<SecretString, SecretError> {
        match &self.source {
            SecretSource::Value(secret) => usable_value(secret),
            SecretSource::File(path) => self.followed.current(|| read_file(path)),
        }
    }

    /// Reads the file next time, even if it looks unchanged.
    pub(crate) fn forget(&self) {
        self.followed.forget();
    }
}

fn read_file(path: &Path) -> Result<SecretString, SecretError> {
    let unusable = |problem| SecretError::Unusable { path: path.to_owned(), problem };
    let bytes = read_bounded(path)
        .map_err(|source| SecretError::Unreadable { path: path.to_owned(), source })?;
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
    match secret.expose_secret().trim() {
        "" => Err(SecretError::Empty),
        trimmed => Ok(SecretString::from(trimmed)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
        // Half-way through a rotation the last one is better than none.
        fs::write(&path, "").unwrap();
        assert_eq!(current(&secret), "three");
        fs::remove_file(&path).unwrap();
        secret.forget();
        assert_eq!(current(&secret), "three");
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
            let shown = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
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
