//! What makes two dead letters the same, and how much of one is kept.

use stocktake_connector_core::{Fingerprint, NewDeadLetter, Stage};

/// Bytes of a payload that are kept.
const PAYLOAD_KEPT: usize = 64 * 1024;

/// Bytes of a reason that are kept. Reasons quote remotes, which may send a whole page.
const REASON_KEPT: usize = 4 * 1024;

/// Dead letters without a device that are kept of each source of a tenant. Such a letter is known by its
/// payload, and a remote that sends another broken record each time would otherwise fill the disk.
pub(crate) const ANONYMOUS_KEPT: usize = 10_000;

/// A dead letter that is met again has the same identity: tenant, source, sink, stage, and the device,
/// or the payload where the device is not known.
pub(crate) fn identity(letter: &NewDeadLetter) -> Fingerprint {
    let (kind, content) = match &letter.uid {
        Some(uid) => ("uid", uid.as_str()),
        None => ("payload", letter.payload.as_str()),
    };
    Fingerprint::of([
        letter.inventory.tenant.as_str().as_bytes(),
        letter.inventory.source.as_str().as_bytes(),
        // No sink name is empty, so no sink cannot be mistaken for one.
        letter.sink.as_ref().map_or("", |sink| sink.as_str()).as_bytes(),
        stage_name(letter.stage).as_bytes(),
        kind.as_bytes(),
        content.as_bytes(),
    ])
}

/// The stage as it is stored. Never change a name: stored rows carry it.
pub(crate) fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Read => "read",
        Stage::Map => "map",
        Stage::Deliver => "deliver",
    }
}

/// The payload as it is kept.
pub(crate) fn kept_payload(payload: String) -> String {
    kept(payload, PAYLOAD_KEPT)
}

/// The reason as it is kept.
pub(crate) fn kept_reason(reason: String) -> String {
    kept(reason, REASON_KEPT)
}

fn kept(mut text: String, bound: usize) -> String {
    let whole = text.len();
    if whole <= bound {
        return text;
    }
    // At least `bound` bytes stay: a character that lies across it stays whole.
    let end = (bound..whole).find(|&at| text.is_char_boundary(at)).unwrap_or(whole);
    text.truncate(end);
    text.push_str(&format!(" … [cut, {whole} bytes in all]"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use stocktake_connector_core::{DeviceUid, Inventory, SinkName, SourceName, TenantName};

    #[test]
    fn a_text_is_cut_behind_the_character_that_crosses_the_bound_and_marked() {
        assert_eq!(kept("aé".into(), 3), "aé");
        assert_eq!(kept("aéb".into(), 2), "aé … [cut, 4 bytes in all]");
        assert_eq!(kept("aé".into(), 2), "aé … [cut, 3 bytes in all]");
    }

    #[test]
    fn two_letters_of_one_device_at_one_stage_and_sink_are_the_same() {
        let letter_of =
            |source: &str, sink: Option<&str>, stage, uid: Option<&str>, payload: &str| {
                identity(&NewDeadLetter {
                    inventory: Inventory {
                        tenant: TenantName::new("contoso").unwrap(),
                        source: SourceName::new(source).unwrap(),
                    },
                    sink: sink.map(|sink| SinkName::new(sink).unwrap()),
                    stage,
                    uid: uid.map(|uid| DeviceUid::new(uid).unwrap()),
                    fingerprint: None,
                    reason: String::new(),
                    payload: payload.into(),
                })
            };
        let letter = |sink, stage, uid, payload| letter_of("defender", sink, stage, uid, payload);
        let one = letter(Some("lake"), Stage::Deliver, Some("d1"), "x");
        assert_eq!(one, letter(Some("lake"), Stage::Deliver, Some("d1"), "y"));
        assert_ne!(one, letter_of("intune", Some("lake"), Stage::Deliver, Some("d1"), "x"));
        assert_ne!(one, letter(Some("soc"), Stage::Deliver, Some("d1"), "x"));
        assert_ne!(one, letter(None, Stage::Deliver, Some("d1"), "x"));
        assert_ne!(one, letter(Some("lake"), Stage::Map, Some("d1"), "x"));
        assert_ne!(one, letter(Some("lake"), Stage::Deliver, Some("d2"), "x"));
        assert_ne!(letter(None, Stage::Read, Some("x"), "y"), letter(None, Stage::Read, None, "x"));
        assert_ne!(letter(None, Stage::Read, None, "y"), letter(None, Stage::Read, None, "x"));
    }
}
