//! Forms: an event as the bytes that a sink takes.

use std::fmt;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{Acknowledged, DeviceUid, Fingerprint, Inventory};

/// The identity of one sending of an event: a UUID, which fits `metadata.uid`.
///
/// It is derived from what is sent and from what the sink had acknowledged before. A batch that is
/// sent again after a crash therefore carries the same uids, while a device that changes and changes
/// back gets a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventUid(Uuid);

impl EventUid {
    /// Stands in an encoded event where the uid will be written.
    pub const PLACEHOLDER: &str = "00000000-0000-0000-0000-000000000000";

    /// The uid of sending `content` of a device of `inventory` to a sink that last acknowledged
    /// `previous`.
    pub fn derive(
        inventory: &Inventory,
        device: &DeviceUid,
        content: Fingerprint,
        previous: Option<&Acknowledged>,
    ) -> Self {
        let (fingerprint, at) = previous.map_or(([0; 16], 0), |previous| {
            (*previous.fingerprint.as_bytes(), previous.at.timestamp_millis())
        });
        let digest = Fingerprint::of([
            inventory.tenant.as_str().as_bytes(),
            inventory.source.as_str().as_bytes(),
            device.as_str().as_bytes(),
            content.as_bytes(),
            &fingerprint,
            &at.to_le_bytes(),
        ]);
        Self(Uuid::from_bytes(*digest.as_bytes()))
    }

    /// The uid as a UUID.
    pub fn as_uuid(&self) -> Uuid {
        self.0
    }

    /// Writes the uid where an encoded event has its placeholder.
    pub fn write_into(&self, body: &mut [u8], at: usize) {
        let mut text = Uuid::encode_buffer();
        let text = self.0.hyphenated().encode_lower(&mut text).as_bytes();
        // A place outside of the body is a defect of a form; the placeholder then stays.
        if let Some(place) = body.get_mut(at..at + text.len()) {
            place.copy_from_slice(text);
        }
    }
}

impl fmt::Display for EventUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// An event that cannot be written. It becomes a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event cannot be written: {0}")]
pub struct EncodeError(pub String);

/// What is known of an event once it is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoded {
    /// The event's content without its volatile fields. Equal fingerprints need no sending.
    pub fingerprint: Fingerprint,
    /// When the event happened: the time that the event itself carries.
    pub time: DateTime<Utc>,
    /// Where [`EventUid::PLACEHOLDER`] stands, counted from the event's first byte; `None` in forms
    /// that carry no uid. Which uid it is depends on the sink, and is written there last.
    pub uid_at: Option<usize>,
}

/// How events are written for a sink: a projection of the full event.
///
/// An event is encoded once for each form, however many sinks take that form, and also when no sink
/// needs it: comparing is writing, so writing it again for the sink would be done twice.
pub trait Form<E>: fmt::Debug + Send + Sync {
    /// Changes when the same event would be written otherwise, so that every device is sent again
    /// once. Sinks whose forms have equal fingerprints share one encoded event.
    fn fingerprint(&self) -> Fingerprint;

    /// Appends the event to `out`, without a line end.
    ///
    /// # Errors
    /// [`EncodeError`] when the event has no written form; `out` is then as it was.
    fn encode(&self, event: &E, out: &mut Vec<u8>) -> Result<Encoded, EncodeError>;
}

/// What an event says of its device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The device is there, and looks like this.
    #[default]
    Upsert,
    /// The source does not know the device any more. The event has no body.
    Removal,
}

/// An event as it goes to a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedEvent {
    /// What it says of the device.
    pub kind: EventKind,
    /// Which device it is about.
    pub uid: DeviceUid,
    /// The identity of this sending: the same when it is repeated after a crash.
    pub event_uid: EventUid,
    /// When the event happened; for a removal, when it was noticed.
    pub time: DateTime<Utc>,
    /// The fingerprint that the delivered set keeps once the sink acknowledged it.
    pub fingerprint: Fingerprint,
    /// One JSON object, without a line end. Empty for a removal.
    pub body: Bytes,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SourceName, TenantName};

    fn uid(content: u8, previous: Option<Acknowledged>) -> EventUid {
        uid_of("defender", content, previous)
    }

    fn uid_of(source: &str, content: u8, previous: Option<Acknowledged>) -> EventUid {
        EventUid::derive(
            &Inventory {
                tenant: TenantName::new("contoso").unwrap(),
                source: SourceName::new(source).unwrap(),
            },
            &DeviceUid::new("d1").unwrap(),
            Fingerprint::from_bytes([content; 16]),
            previous.as_ref(),
        )
    }

    fn acknowledged(content: u8, second: i64) -> Option<Acknowledged> {
        Some(Acknowledged {
            fingerprint: Fingerprint::from_bytes([content; 16]),
            at: DateTime::from_timestamp(second, 0).unwrap(),
        })
    }

    #[test]
    fn a_uid_takes_the_place_of_its_placeholder() {
        let mut body = format!("[{}]", EventUid::PLACEHOLDER).into_bytes();
        uid(1, None).write_into(&mut body, 1);
        assert_eq!(body, format!("[{}]", uid(1, None)).as_bytes());
        uid(1, None).write_into(&mut body, 9);
        assert_eq!(body, format!("[{}]", uid(1, None)).as_bytes(), "it would not fit");
    }

    #[test]
    fn an_event_sent_twice_keeps_its_uid() {
        assert_eq!(uid(1, acknowledged(2, 7)), uid(1, acknowledged(2, 7)));
    }

    #[test]
    fn two_sources_never_share_a_uid() {
        assert_ne!(uid_of("defender", 1, None), uid_of("intune", 1, None));
    }

    #[test]
    fn a_device_that_changes_back_gets_a_new_uid() {
        assert_ne!(uid(1, None), uid(1, acknowledged(2, 7)));
        assert_ne!(uid(1, acknowledged(2, 7)), uid(1, acknowledged(2, 9)));
    }
}
