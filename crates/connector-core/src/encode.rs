//! Encoding: an event as the bytes that a sink takes.

use std::fmt;

use bytes::Bytes;

use crate::{Acknowledged, DeviceUid, Fingerprint, TenantId};

/// The identity of one sending of an event, as text that fits `metadata.uid`.
///
/// It is derived from what is sent and from what the sink had acknowledged before. A batch that is
/// sent again after a crash therefore carries the same uids, while a device that changes and changes
/// back gets a new one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventUid(String);

impl EventUid {
    /// The uid of sending `content` of `device` to a sink that last acknowledged `previous`.
    pub fn derive(
        tenant: &TenantId,
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
}

/// An event that cannot be written. It becomes a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event cannot be written: {0}")]
pub struct EncodeError(pub String);

/// Writes events in the form that a sink takes.
pub trait Encoder<E>: fmt::Debug + Send + Sync {
    /// The event's content without its volatile fields. Equal fingerprints need no sending.
    ///
    /// # Errors
    /// [`EncodeError`] when the event has no written form.
    fn fingerprint(&self, event: &E) -> Result<Fingerprint, EncodeError>;

    /// Appends the event to `out`, without a line end.
    ///
    /// # Errors
    /// [`EncodeError`]; `out` is then as it was.
    fn encode(&self, event: E, uid: &EventUid, out: &mut Vec<u8>) -> Result<(), EncodeError>;
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
            &TenantId::new("contoso").unwrap(),
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
    fn an_event_sent_twice_keeps_its_uid() {
        assert_eq!(uid(1, acknowledged(2, 7)), uid(1, acknowledged(2, 7)));
    }

    #[test]
    fn a_device_that_changes_back_gets_a_new_uid() {
        assert_ne!(uid(1, None), uid(1, acknowledged(2, 7)));
        assert_ne!(uid(1, acknowledged(2, 7)), uid(1, acknowledged(2, 9)));
    }
}
