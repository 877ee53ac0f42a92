//! Sources: where primary records come from.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{DeviceUid, Failure, JoinRule, UnreadableValue};

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
    /// How the record is joined. Default: by its key.
    fn join_rule(&self) -> JoinRule {
        JoinRule::ByKey
    }
    /// Whether `other`, a record with the same key, stands for the device in place of this one, which
    /// then gets no enrichment. Default: no.
    fn yields_to(&self, other: &Self) -> bool {
        let _ = other;
        false
    }
    /// The values of the record that could not be read. Default: none.
    fn unreadable(&self) -> &[UnreadableValue] {
        &[]
    }
    /// The record as JSON text, for a dead letter.
    fn payload(&self) -> String;
}

/// How each of `records` is joined, those included that leave the enrichment of their key to another
/// one of them. Records that are not given here have no say: of two records of one device in
/// different pages, each is joined on its own.
pub fn join_rules<'a, R: SourceRecord>(
    records: impl Iterator<Item = &'a R> + Clone,
) -> Vec<JoinRule> {
    let mut rules: Vec<_> = records.clone().map(SourceRecord::join_rule).collect();
    let by_key = |((index, record), rule): ((usize, &'a R), &JoinRule)| {
        let key = (*rule == JoinRule::ByKey).then(|| record.join_key()).flatten()?;
        Some((key, index, record))
    };
    let mut keyed: Vec<_> = records.enumerate().zip(&rules).filter_map(by_key).collect();
    keyed.sort_unstable_by_key(|(key, index, _)| (*key, *index));
    for group in keyed.chunk_by(|(one, ..), (other, ..)| one == other) {
        let standing = group.iter().map(|(_, _, record)| *record);
        let best = standing.reduce(|best, next| if best.yields_to(next) { next } else { best });
        for (_, index, record) in group.iter().filter(|_| group.len() > 1) {
            if let (true, Some(rule)) =
                (best.is_some_and(|best| record.yields_to(best)), rules.get_mut(*index))
            {
                *rule = JoinRule::Yields;
            }
        }
    }
    rules
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Enrichment;

    /// A record of the device with this key, and how present it is.
    struct Sighting(u128, u32, JoinRule);

    impl SourceRecord for Sighting {
        fn uid(&self) -> &str {
            "a"
        }
        fn join_key(&self) -> Option<Uuid> {
            (self.0 > 0).then(|| Uuid::from_u128(self.0))
        }
        fn last_seen(&self) -> Option<DateTime<Utc>> {
            None
        }
        fn join_rule(&self) -> JoinRule {
            self.2
        }
        fn yields_to(&self, other: &Self) -> bool {
            self.1 < other.1
        }
        fn payload(&self) -> String {
            String::new()
        }
    }

    #[test]
    fn of_records_with_one_key_the_best_are_joined_and_the_others_yield() {
        use JoinRule::{ByKey, KeyUnreadable, Yields};
        let records = [
            Sighting(1, 1, ByKey),
            Sighting(2, 1, ByKey),
            Sighting(1, 3, ByKey),
            Sighting(0, 1, ByKey),
            Sighting(1, 3, ByKey),
            Sighting(0, 2, ByKey),
            Sighting(1, 9, Yields),
            Sighting(2, 9, KeyUnreadable),
            Sighting(1, 2, ByKey),
        ];
        let expected = [Yields, ByKey, ByKey, ByKey, ByKey, ByKey, Yields, KeyUnreadable, Yields];
        assert_eq!(join_rules(records.iter()), expected);
        assert_eq!(
            join_rules(records.iter().rev()).into_iter().rev().collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn a_record_whose_key_cannot_be_read_is_uncertain_and_one_that_yields_says_nothing() {
        let key = Some(Uuid::from_u128(1));
        let enriched = |rule: JoinRule, found: fn() -> Enrichment<()>| {
            rule.enrich(key, |key| {
                Ok(if key.is_some() { Enrichment::Matched(()) } else { found() })
            })
        };
        let none = || Enrichment::NoMatch;
        assert_eq!(enriched(JoinRule::ByKey, none), Ok(Enrichment::Matched(())));
        assert_eq!(enriched(JoinRule::KeyUnreadable, none), Ok(Enrichment::Uncertain));
        assert_eq!(enriched(JoinRule::Yields, none), Ok(Enrichment::Unavailable));
        let off = || Enrichment::Unavailable;
        assert_eq!(enriched(JoinRule::KeyUnreadable, off), Ok(Enrichment::Unavailable));
    }
}
