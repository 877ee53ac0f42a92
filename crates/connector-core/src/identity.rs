//! Names and identifiers: newtypes, so that two of them cannot be swapped.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Longest accepted identifier, in bytes. Defender ids have 40; the bound keeps keys of state small.
const LONGEST_IDENTIFIER: usize = 256;

/// Why a text is not a usable name or identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} `{shown}` {problem}")]
pub struct InvalidName {
    what: &'static str,
    shown: String,
    problem: &'static str,
}

fn identifier(what: &'static str, text: &str) -> Result<Arc<str>, InvalidName> {
    let problem = if text.trim().is_empty() {
        "is empty"
    } else if text.len() > LONGEST_IDENTIFIER {
        "is longer than 256 bytes"
    } else if text.chars().any(char::is_control) {
        "holds a control character"
    } else {
        return Ok(Arc::from(text));
    };
    Err(InvalidName {
        what,
        shown: text.chars().take(64).flat_map(char::escape_debug).collect(),
        problem,
    })
}

macro_rules! identifier_type {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes `text` as it is.
            ///
            /// # Errors
            /// When it is empty, longer than 256 bytes, or holds a control character.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidName> {
                identifier($what, text.as_ref()).map(Self)
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.as_ref().to_owned()
            }
        }
    };
}

identifier_type!(
    /// Names a tenant: the key of its table in the configuration and of its rows in state.
    TenantName,
    "tenant name"
);
identifier_type!(
    /// Names a source of a tenant: `defender`. A key of state, so it never changes its meaning.
    SourceName,
    "source name"
);
identifier_type!(
    /// The id of a Microsoft Entra directory: a GUID or a verified domain. Microsoft and the
    /// configuration call it `tenant_id`.
    DirectoryId,
    "directory id"
);
identifier_type!(
    /// Names a worker: a process that runs cycles.
    WorkerName,
    "worker name"
);
identifier_type!(
    /// Names a sink: the key of its table in the configuration and of its rows in state.
    SinkName,
    "sink name"
);
identifier_type!(
    /// The stable identifier that the source gave a device.
    DeviceUid,
    "device uid"
);

/// Names one cycle. Unique; carries no meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CycleId(Uuid);

impl CycleId {
    /// A fresh random id.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The id as a UUID.
    pub fn as_uuid(&self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for CycleId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl fmt::Display for CycleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Names one claim of a lease. Unique; carries no meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClaimId(Uuid);

impl ClaimId {
    /// A fresh random id.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The id as a UUID.
    pub fn as_uuid(&self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for ClaimId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

/// A digest of content: equal content has an equal fingerprint, on every machine and version.
///
/// It is the first half of a SHA-256: 128 bits, so two of a billion devices collide with a chance
/// below one in 10^20.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// Digests `parts` in order. Each part's length goes in too, so that moving a byte from one
    /// part to its neighbour changes the result.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        let whole: [u8; 32] = digest.finalize().into();
        let mut half = [0; 16];
        half.copy_from_slice(whole.split_at(16).0);
        Self(half)
    }

    /// A fingerprint as it was stored.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The digest itself.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The same content with a mark of its enrichment, which takes the place of the last two bits: what
    /// a sink acknowledged then tells whether it has something to lose.
    #[must_use]
    pub const fn marked(self, mark: EnrichmentMark) -> Self {
        let mut bytes = self.0;
        bytes[15] = (bytes[15] & !Self::MARKS) | mark as u8;
        Self(bytes)
    }

    /// Whether the content has an enrichment.
    pub const fn is_enriched(self) -> bool {
        self.0[15] & Self::MARKS == EnrichmentMark::Enriched as u8
    }

    /// Whether both have the same content, whatever their marks.
    pub fn has_content_of(self, other: Self) -> bool {
        self.marked(EnrichmentMark::None) == other.marked(EnrichmentMark::None)
    }

    /// Whether the content leaves open if there is an enrichment.
    pub const fn is_uncertain(self) -> bool {
        self.0[15] & Self::MARKS == EnrichmentMark::Uncertain as u8
    }

    const MARKS: u8 = 0b11;
}

/// What an event says of the enrichment of its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrichmentMark {
    /// It has none.
    None = 0,
    /// It has one.
    Enriched = 1,
    /// It leaves open whether there is one.
    Uncertain = 2,
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a sink delivers, in a short text for people: the address of an API and what is named there, a
/// folder. It never contains a secret. State compares it: a sink whose destination differs from the
/// one before is another sink, which has nothing yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SinkDestination(String);

impl SinkDestination {
    /// A destination. Control characters are escaped, so that the text can be printed as it is.
    pub fn new(text: &str) -> Self {
        let mut printable = String::with_capacity(text.len());
        for c in text.chars() {
            if c.is_control() { printable.extend(c.escape_default()) } else { printable.push(c) }
        }
        Self(printable)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SinkDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_not_be_a_key_is_refused_with_its_fault() {
        for (text, fault) in [
            ("", "is empty"),
            (" \t", "is empty"),
            ("a\nb", "holds a control character"),
            (&"x".repeat(257), "is longer than 256 bytes"),
        ] {
            let error = TenantName::new(text).unwrap_err().to_string();
            assert!(error.starts_with("tenant name `") && error.ends_with(fault), "{error}");
        }
    }

    #[test]
    fn a_fingerprint_tells_parts_apart() {
        let of = |parts: [&str; 2]| Fingerprint::of(parts.map(str::as_bytes));
        assert_ne!(of(["ab", "c"]), of(["a", "bc"]));
    }

    #[test]
    fn a_mark_changes_a_fingerprint_but_not_its_content() {
        let marks = [EnrichmentMark::None, EnrichmentMark::Enriched, EnrichmentMark::Uncertain];
        for content in 0..=255 {
            let plain = Fingerprint::from_bytes([content; 16]);
            let marked = marks.map(|mark| plain.marked(mark));
            assert_eq!(marked.map(Fingerprint::is_enriched), [false, true, false]);
            assert_eq!(marked.map(Fingerprint::is_uncertain), [false, false, true]);
            assert!(marked.iter().all(|one| one.has_content_of(plain)));
            assert!(marked[0] != marked[1] && marked[1] != marked[2] && marked[2] != marked[0]);
            assert!(!plain.has_content_of(Fingerprint::from_bytes([content ^ 4; 16])));
        }
    }

    #[test]
    fn a_fingerprint_is_the_same_for_ever() {
        // Stored fingerprints are compared with new ones: another value here re-sends every device.
        let known = Fingerprint::of([b"stocktake".as_slice()]);
        assert_eq!(known.to_string(), "70cab98ac059e8cd298979d6d62c7213");
    }
}
