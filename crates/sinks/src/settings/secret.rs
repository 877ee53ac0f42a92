//! Secrets in settings.

use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// What is shown instead of a secret.
const REDACTED: &str = "(hidden)";

/// A text that is never shown: neither by `Debug` nor when settings are written.
///
/// Its schema is a string that is `writeOnly`, by which the Helm chart knows what it must not take.
#[derive(Clone, Deserialize, JsonSchema)]
#[schemars(with = "String", inline, extend("writeOnly" = true))]
pub struct RedactedText(SecretString);

impl From<String> for RedactedText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl PartialEq for RedactedText {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for RedactedText {}

impl RedactedText {
    /// The text, for its one use.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether it holds nothing but white space.
    pub fn is_blank(&self) -> bool {
        self.expose().trim().is_empty()
    }
}

impl fmt::Debug for RedactedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for RedactedText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

/// Where a secret is. Its `Debug` never shows the secret.
#[derive(Debug, Clone)]
pub enum SecretSetting {
    /// The secret itself.
    Value(SecretString),
    /// A file that holds it, read again when it changes.
    File(PathBuf),
}

impl SecretSetting {
    /// The secret of a pair of keys, `api_key` and `api_key_file`; `None` when neither is set.
    pub fn new(value: Option<&RedactedText>, file: Option<&Path>) -> Option<Self> {
        match (value, file) {
            (Some(value), _) => Some(Self::Value(value.0.clone())),
            (None, Some(path)) => Some(Self::File(path.to_owned())),
            (None, None) => None,
        }
    }
}
