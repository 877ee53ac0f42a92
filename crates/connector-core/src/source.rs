//! Sources: where primary records come from.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{DeviceUid, Failure};

/// Where a source can resume: written and read by the source alone, kept with each checkpoint. A time
/// for Defender, a delta token for others.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceCursor(String);

impl SourceCursor {
    /// Takes the text as the source spells it. Stores keep at least 16 KiB.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as the source spelt it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One response of a listing. May be empty without being the last.
#[derive(Debug)]
pub struct Page<R> {
    /// The records that could be read, in the remote's order.
    pub records: Vec<R>,
    /// The ones that could not.
    pub malformed: Vec<MalformedRecord>,
    /// Devices that are there but that the source was told to leave out. They do not count as read, and
    /// they are not taken for gone.
    pub excluded: Vec<DeviceUid>,
    /// Whether the listing ends with this page.
    pub last: bool,
}

impl<R> Page<R> {
    /// Records that could be read and that could not: what counts as read.
    pub fn len(&self) -> usize {
        self.records.len() + self.malformed.len()
    }

    /// Whether nothing counts as read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A record that could not be understood. It becomes a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedRecord {
    /// The device, where at least its id could be read.
    pub uid: Option<DeviceUid>,
    /// What is wrong, and where in the record.
    pub reason: String,
    /// The record as it came, invalid UTF-8 replaced.
    pub payload: String,
}

/// What a cycle needs to know of a record, whatever its source.
pub trait SourceRecord: Send + Sync + 'static {
    /// The source's stable id of the device. Empty when the record has none.
    fn uid(&self) -> &str;
    /// The key that joins the record with its enrichment; `None` when there is none.
    fn join_key(&self) -> Option<Uuid>;
    /// The name of the device; `None` when it is not known. It joins nothing, but narrows whose an
    /// enrichment record may be that cannot be read.
    fn name(&self) -> Option<&str> {
        None
    }
    /// When the source last saw the device.
    fn last_seen(&self) -> Option<DateTime<Utc>>;
    /// The record as JSON text, for a dead letter.
    fn payload(&self) -> String;
}

/// Whether a single device is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// The source knows it.
    Present,
    /// The source says that it does not know it.
    Absent,
}

/// A remote inventory. One value serves one tenant.
///
/// # Shape
/// Records may come twice in a listing, and one that disappears while the listing is read may hide
/// another: absence from one listing is not absence from the remote.
///
/// # Units
/// Pages count records. Times are UTC. A deadline bounds one call, its retries included.
///
/// # Errors
/// Retries are spent when an error arrives: do not repeat the call, act on
/// [`Failure::recovery`]. A record that cannot be read is not an error, see [`Page::malformed`].
#[async_trait]
pub trait Source: fmt::Debug + Send + Sync + 'static {
    /// A record as the remote describes it.
    type Record: SourceRecord;
    /// A listing that is being read.
    type Listing: Listing<Record = Self::Record>;

    /// Starts a listing of every record; nothing is requested before its first page.
    fn list(&self) -> Self::Listing;

    /// Starts a listing of every record that may have changed since any of `cursors`, which is never
    /// empty. `None` when the source cannot resume there: the caller then lists every record.
    fn resume(&self, cursors: &[SourceCursor]) -> Option<Self::Listing>;

    /// Looks one device up by its id.
    ///
    /// # Errors
    /// As for a page; that the remote does not know the device is a result, not an error.
    async fn look_up(&self, uid: &DeviceUid) -> Result<Presence, Failure>;
}

/// A listing that is being read, one page at a time.
#[async_trait]
pub trait Listing: fmt::Debug + Send + 'static {
    /// A record as the remote describes it.
    type Record: SourceRecord;

    /// The next page; `None` after the page that was marked [`Page::last`].
    ///
    /// # Cancellation
    /// Dropping the future loses nothing: the next call asks for the same page.
    async fn next_page(&mut self) -> Result<Option<Page<Self::Record>>, Failure>;

    /// Where a later listing can resume once this one was read to its end. `None` when the source
    /// cannot resume. Never points behind the cursors that the listing started from, and never into
    /// the future: a device whose clock runs ahead must not carry it past devices that are yet to be
    /// seen.
    fn cursor(&self) -> Option<SourceCursor>;
}
