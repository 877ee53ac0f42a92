//! Where a secret comes from, and how a rotated one is noticed.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use stocktake_http_stack::{Reloadable, ShownPath, UnreadableFile, decode_text};

/// The largest file that is read. Keys, chains and assertions have a few kilobytes.
pub(crate) const MAX_FILE_BYTES: u64 = 64 * 1024;

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

/// Why a secret cannot be used. Never repeats any of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The file cannot be read.
    #[error("secret file {} cannot be read", ShownPath(path))]
    Unreadable {
        /// The configured file.
        path: PathBuf,
        /// What failed.
        #[source]
        source: io::Error,
    },
    /// The file has no usable secret.
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

impl From<UnreadableFile> for SecretError {
    fn from(UnreadableFile { path, source }: UnreadableFile) -> Self {
        Self::Unreadable { path, source }
    }
}

/// A secret that follows its source.
#[derive(Debug)]
pub(crate) enum Secret {
    Value(SecretString),
    File { path: PathBuf, content: Reloadable<SecretString, SecretError> },
}

impl Secret {
    pub(crate) fn new(source: SecretSource) -> Self {
        match source {
            SecretSource::Value(secret) => Self::Value(secret),
            SecretSource::File(path) => {
                let named = path.clone();
                let content = Reloadable::new([path.clone()], MAX_FILE_BYTES, move |[bytes]| {
                    parse_secret(&named, bytes)
                });
                Self::File { path, content }
            }
        }
    }

    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Value(_) => None,
            Self::File { path, .. } => Some(path),
        }
    }

    /// The secret as it is now. A file that was emptied or is gone leaves the last one in use.
    pub(crate) fn current(&self) -> Result<SecretString, SecretError> {
        match self {
            Self::Value(secret) => parse_value(secret).map(SecretString::from),
            Self::File { content, .. } => {
                content.current().map(|secret| SecretString::clone(&secret))
            }
        }
    }

    /// Reads the file next time, even if it looks unchanged.
    pub(crate) fn invalidate(&self) {
        if let Self::File { content, .. } = self {
            content.invalidate();
        }
    }

    /// See [`Credential::stamp`](crate::Credential::stamp).
    pub(crate) fn stamp(&self) -> u64 {
        match self {
            Self::Value(_) => 0,
            Self::File { content, .. } => content.stamp(),
        }
    }
}

/// The secret without the white space around it.
pub(crate) fn parse_value(secret: &SecretString) -> Result<&str, SecretError> {
    match secret.expose_secret().trim() {
        "" => Err(SecretError::Empty),
        trimmed => Ok(trimmed),
    }
}

/// The secret in the content of the file at `path`.
pub(crate) fn parse_secret(path: &Path, bytes: &[u8]) -> Result<SecretString, SecretError> {
    let unusable = |problem| SecretError::Unusable { path: path.to_owned(), problem };
    let text = decode_text(bytes);
    if text.contains(char::REPLACEMENT_CHARACTER) {
        return Err(unusable("is not text in UTF-8 or UTF-16"));
    }
    let secret = text.trim_start_matches('\u{feff}').trim();
    if secret.is_empty() {
        return Err(unusable("is empty"));
    }
    if secret.chars().any(char::is_control) {
        return Err(unusable("holds more than one line; it must hold the secret and nothing else"));
    }
    Ok(SecretString::from(secret))
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
        assert_eq!(current(&Secret::new(SecretSource::File(path.clone()))), "s3cr3t");
        let windows = "\u{feff}s3cr3t\r\n".encode_utf16().flat_map(u16::to_le_bytes);
        fs::write(&path, windows.collect::<Vec<_>>()).unwrap();
        assert_eq!(current(&Secret::new(SecretSource::File(path))), "s3cr3t", "UTF-16");
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
        secret.invalidate();
        assert_eq!(current(&secret), "three");
    }

    #[test]
    fn an_unusable_file_is_named_with_its_fault_and_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (content, fault) in [
            ("\n".as_bytes().to_vec(), "is empty"),
            ("canary\ncanary".into(), "more than one line"),
            ("canary".repeat(20_000).into(), "larger than 65536 bytes"),
            (b"canary\xff".to_vec(), "is not text"),
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
    fn the_stamp_differs_after_a_change_of_the_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let secret = Secret::new(SecretSource::File(path.clone()));
        let missing = secret.stamp();
        fs::write(&path, "one").unwrap();
        let first = secret.stamp();
        current(&secret);
        assert_eq!(secret.stamp(), first, "reading changes nothing");
        fs::write(&path, "another").unwrap();
        assert!(missing != first && secret.stamp() != first);
        assert_eq!(Secret::new(SecretSource::Value("one".into())).stamp(), 0);
    }

    #[test]
    fn debug_hides_the_secret() {
        let secret = Secret::new(SecretSource::Value("canary".into()));
        secret.current().unwrap();
        assert!(!format!("{secret:?}").contains("canary"));
    }
}
