//! A source: a register of assets, as lines of `tag,host name,last seen`.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    DeviceUid, Failure, Listing, MalformedRecord, Page, Presence, Source, SourceCursor,
    SourceRecord,
};
use uuid::Uuid;

/// One asset.
#[derive(Debug, Clone)]
pub(crate) struct Asset {
    pub(crate) tag: String,
    pub(crate) host: String,
    pub(crate) last_seen: Option<DateTime<Utc>>,
}

impl Asset {
    /// Reads a line. What is wrong with it becomes the reason of a dead letter.
    fn parse(line: &str) -> Result<Self, String> {
        let mut fields = line.split(',');
        let (Some(tag), Some(host), Some(seen), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err("the line does not have three fields".into());
        };
        let last_seen = match seen {
            "" => None,
            seen => Some(seen.parse().map_err(|error| format!("`last seen`: {error}"))?),
        };
        Ok(Self { tag: tag.into(), host: host.into(), last_seen })
    }
}

/// The key by which an asset is joined with its owner, made from its tag.
pub(crate) fn key(tag: &str) -> Uuid {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(tag.bytes()).for_each(|(byte, letter)| *byte = letter);
    Uuid::from_bytes(bytes)
}

impl SourceRecord for Asset {
    fn uid(&self) -> &str {
        &self.tag
    }
    fn join_key(&self) -> Option<Uuid> {
        Some(key(&self.tag))
    }
    fn last_seen(&self) -> Option<DateTime<Utc>> {
        self.last_seen
    }
    fn payload(&self) -> String {
        serde_json::json!({ "tag": self.tag, "host": self.host }).to_string()
    }
}

/// The register. Its clones see the same lines.
#[derive(Debug, Clone)]
pub(crate) struct Register(Arc<Mutex<String>>);

impl Register {
    pub(crate) fn new(lines: String) -> Self {
        Self(Arc::new(Mutex::new(lines)))
    }

    #[cfg(test)]
    pub(crate) fn replace(&self, lines: String) {
        *self.0.lock().unwrap() = lines;
    }

    fn lines(&self) -> Vec<String> {
        let text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.lines().map(str::to_owned).collect()
    }
}

#[async_trait]
impl Source for Register {
    type Record = Asset;
    type Listing = RegisterListing;

    fn list(&self) -> RegisterListing {
        RegisterListing { lines: self.lines(), next: 0 }
    }

    /// The register does not show what changed since, so every cycle is a full one.
    fn resume(&self, _: &[SourceCursor]) -> Option<RegisterListing> {
        None
    }

    async fn look_up(&self, uid: &DeviceUid) -> Result<Presence, Failure> {
        let is_there = self.lines().iter().any(|line| line.split(',').next() == Some(uid.as_str()));
        Ok(if is_there { Presence::Present } else { Presence::Absent })
    }
}

/// Lines in a page. A remote source has the remote's.
const PAGE: usize = 100;

/// A pass over the lines.
#[derive(Debug)]
pub(crate) struct RegisterListing {
    lines: Vec<String>,
    next: usize,
}

#[async_trait]
impl Listing for RegisterListing {
    type Record = Asset;

    async fn next_page(&mut self) -> Result<Option<Page<Asset>>, Failure> {
        if self.next > self.lines.len() {
            return Ok(None);
        }
        let (mut records, mut malformed) = (Vec::new(), Vec::new());
        for line in self.lines.iter().skip(self.next).take(PAGE) {
            match Asset::parse(line) {
                Ok(asset) => records.push(asset),
                Err(reason) => {
                    let uid = line.split(',').next().and_then(|tag| DeviceUid::new(tag).ok());
                    malformed.push(MalformedRecord { uid, reason, payload: line.clone() });
                }
            }
        }
        self.next += PAGE;
        let last = self.next >= self.lines.len();
        if last {
            self.next = usize::MAX;
        }
        Ok(Some(Page { records, malformed, excluded: Vec::new(), last }))
    }

    /// Where a later listing can resume: a time, a delta token.
    fn cursor(&self) -> Option<SourceCursor> {
        None
    }
}
