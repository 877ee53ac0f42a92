//! Sources: where primary records come from.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{ApiError, BoxError, DeviceUid, Recovery};

/// Which records a listing should return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// Every record.
    All,
    /// Those last seen at or after this instant.
    SeenSince(DateTime<Utc>),
}

/// One answer of a listing. May be empty without being the last.
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
    /// When the source first saw the device.
    fn first_seen(&self) -> Option<DateTime<Utc>>;
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

/// Why records could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The call failed, its retries included.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A cursor pointed to another origin than the configured one; it was not followed.
    #[error(
        "{api}: the next page points to {found}, which is not the configured {expected}; it was not followed"
    )]
    ForeignCursor {
        /// Which API.
        api: &'static str,
        /// Scheme, host and port that the cursor named.
        found: String,
        /// Scheme, host and port that are configured.
        expected: String,
    },
    /// The remote sent a cursor that was already followed in this listing.
    #[error("{api}: the listing repeats a cursor after {pages} pages; it would never end")]
    RepeatedCursor {
        /// Which API.
        api: &'static str,
        /// Pages read so far.
        pages: u64,
    },
    /// The listing has more pages than the bound allows.
    #[error("{api}: the listing has more than {bound} pages (bound `max_pages`)")]
    TooManyPages {
        /// Which API.
        api: &'static str,
        /// The bound.
        bound: u64,
    },
    /// Another failure of a third party's source.
    #[error("{message}")]
    Other {
        /// The fact, in one line.
        message: String,
        /// What the caller should do.
        recovery: Recovery,
        /// The failure below.
        #[source]
        source: Option<BoxError>,
    },
}

impl SourceError {
    /// What the caller should do.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Api(error) => error.recovery(),
            Self::ForeignCursor { .. }
            | Self::RepeatedCursor { .. }
            | Self::TooManyPages { .. } => Recovery::Defect,
            Self::Other { recovery, .. } => *recovery,
        }
    }

    /// What the operator can do, as a sentence.
    pub fn advice(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.advice.as_deref(),
            _ => None,
        }
    }
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
/// [`SourceError::recovery`]. A record that cannot be read is not an error, see [`Page::malformed`].
#[async_trait]
pub trait Source: fmt::Debug + Send + Sync + 'static {
    /// A record as the remote describes it.
    type Record: SourceRecord;
    /// A listing that is being read.
    type Listing: Listing<Record = Self::Record>;

    /// Starts a listing; nothing is asked before its first page.
    fn list(&self, selection: Selection) -> Self::Listing;

    /// Asks for one device by its id.
    ///
    /// # Errors
    /// As for a page; that the remote does not know the device is an answer, not an error.
    async fn look_up(&self, uid: &DeviceUid) -> Result<Presence, SourceError>;
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
    async fn next_page(&mut self) -> Result<Option<Page<Self::Record>>, SourceError>;
}
