//! Remarks about files of which a part is of no use.

use std::path::{Path, PathBuf};

/// A part of a file that is of no use, though the file as a whole is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileRemark {
    /// The file.
    pub path: PathBuf,
    /// Which part, and why; nothing of its content: `section 2 (CERTIFICATE) is damaged`.
    pub text: String,
}

impl FileRemark {
    /// Logs remarks about the file at `path`, which has just been read or has changed.
    pub fn log(path: &Path, remarks: Vec<String>) -> Vec<Self> {
        let log = |text: String| {
            tracing::warn!(file = %path.display(), remark = text, "a part of a file is of no use");
            Self { path: path.to_owned(), text }
        };
        remarks.into_iter().map(log).collect()
    }
}
