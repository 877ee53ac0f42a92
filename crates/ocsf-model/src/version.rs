//! Versions of the schema that events can be written in and validated by.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::generated::{BASE, VERSIONS};

/// A version of OCSF.
///
/// The default is the one that the types are made from.
///
/// ```
/// use stocktake_ocsf_model::Version;
///
/// let version: Version = "1.3.0".parse()?;
/// assert!(version < Version::default());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub struct Version(usize);

impl Version {
    /// Every version, in their order.
    #[allow(clippy::indexing_slicing)] // The loop ends where the array does.
    pub const ALL: [Self; VERSIONS.len()] = {
        let mut all = [Self(0); VERSIONS.len()];
        let mut at = 0;
        while at < all.len() {
            all[at] = Self(at);
            at += 1;
        }
        all
    };

    /// The version as `metadata.version` has it.
    pub fn as_str(self) -> &'static str {
        VERSIONS.get(self.0).copied().unwrap_or_default()
    }

    pub(crate) const fn index(self) -> usize {
        self.0
    }
}

impl Default for Version {
    fn default() -> Self {
        Self(BASE)
    }
}

impl FromStr for Version {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        VERSIONS.iter().position(|known| *known == text).map(Self).ok_or(UnknownVersion(()))
    }
}

impl TryFrom<String> for Version {
    type Error = UnknownVersion;

    fn try_from(text: String) -> Result<Self, UnknownVersion> {
        text.parse()
    }
}

impl From<Version> for &'static str {
    fn from(version: Version) -> Self {
        version.as_str()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no version of OCSF, or one that is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a version of OCSF that is known here; it must be one of {}", VERSIONS.join(", "))]
pub struct UnknownVersion(());
