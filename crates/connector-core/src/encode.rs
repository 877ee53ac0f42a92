//! Encoding: an event as the bytes that a sink takes.

use std::fmt;

use bytes::Bytes;

use crate::{Acknowledged, DeviceUid, Fingerprint, TenantName};

/// The identity of one sending of an event: a UUID as text, which fits `metadata.uid`.
///
/// It is derived from what is sent and from what the sink had acknowledged before. A batch that is
/// sent again after a crash therefore carries the same uids, while a device that changes and changes
/// back gets a new one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventUid(String);

impl EventUid {
    /// Stands in an encoded event where the uid will be put.
    pub const PLACEHOLDER: &str = "00000000-0000-0000-0000-000000000000";

    /// The uid of sending `content` of `device` to a sink that last acknowledged `previous`.
    pub fn derive(
        tenant: &TenantName,
        device: &DeviceUid,
        content: Fingerprint,
        previous: Option<&Acknowledged>,
    ) -> Self {
        let (fingerprint, at) = previous.map_or(([0; 16], 0), |previous| {
            (*previous.fingerprint.as_bytes(), previous.at.timestamp_millis())
        });
        let digest = Fingerprint::of([
            tenant.as_str().as_bytes(),
            device.as_str().as_bytes(),
            content.as_bytes(),
            &fingerprint,
            &at.to_le_bytes(),
        ]);
        Self(uuid::Uuid::from_bytes(*digest.as_bytes()).to_string())
    }

    /// The uid as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Puts the uid where an encoded event has its placeholder.
    pub fn put(&self, body: &mut [u8], at: usize) {
        // A place outside of the body is a defect of an encoder; the placeholder then stays.
        if let Some(place) = body.get_mut(at..at + self.0.len()) {
            place.copy_from_slice(self.0.as_bytes());
        }
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
    /// Where [`EventUid::PLACEHOLDER`] stands, counted from the event's first byte; `None` in forms
    /// that carry no uid. Which uid it is depends on the sink, and is put there last.
    pub uid_at: Option<usize>,
}

/// Writes events in the form that a sink takes.
///
/// An event is encoded once, however many sinks take it, and also when no sink needs it: comparing is
/// writing, so writing it again for the sink would be done twice.
pub trait Encoder<E>: fmt::Debug + Send + Sync {
    /// Appends the event to `out`, without a line end.
    ///
    /// # Errors
    /// [`EncodeError`] when the event has no written form; `out` is then as it was.
    fn encode(&self, event: E, out: &mut Vec<u8>) -> Result<Encoded, EncodeError>;
}

/// An event as it goes to a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedEvent {
    /// Which device it is about.
    pub uid: DeviceUid,
    /// The fingerprint that the delivered set keeps once the sink acknowledged it.
    pub fingerprint: Fingerprint,
    /// One JSON object, without a line end.
    pub body: Bytes,
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn uid(content: u8, previous: Option<Acknowledged>) -> EventUid {
        EventUid::derive(
            &TenantName::new("contoso").unwrap(),
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
        uid(1, None).put(&mut body, 1);
        assert_eq!(body, format!("[{}]", uid(1, None).as_str()).as_bytes());
        uid(1, None).put(&mut body, 9);
        assert_eq!(body, format!("[{}]", uid(1, None).as_str()).as_bytes(), "it would not fit");
    }

    #[test]
    fn an_event_sent_twice_keeps_its_uid() {
        assert_eq!(uid(1, acknowledged(2, 7)), uid(1, acknowledged(2, 7)));
    }

    #[test]
    fn a_device_that_changes_back_gets_a_new_uid() {
        assert_ne!(uid(1, None), uid(1, acknowledged(2, 7)));
        assert_ne!(uid(1, acknowledged(2, 7)), uid(1, acknowledged(2, 9)));
    }
}
