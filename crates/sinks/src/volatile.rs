//! Volatile fields: what a fingerprint leaves out.

use chrono::{DateTime, Utc};
use stocktake_connector_core::{EncodeError, Encoded, EventUid, Fingerprint};
use stocktake_ocsf_model::{Paths, Places, Timestamp};

/// The fields that change while a device stays the same, and are left out of fingerprints by default.
pub const VOLATILE: [&str; 4] =
    ["time", "device.last_seen_time", "metadata.original_time", "metadata.processed_time"];

/// Names one sending of an event, so it is never part of what was sent.
pub(crate) const EVENT_UID: &str = "metadata.uid";

/// The paths of a form, and its fingerprint. `parts` are what tells forms of one kind apart.
///
/// A form's fingerprint covers the mapping's own, the form, and which fields are volatile.
pub(crate) fn form<P: Into<String>>(
    mapping: Fingerprint,
    parts: [&str; 2],
    volatile: impl IntoIterator<Item = P>,
) -> (Fingerprint, Paths) {
    let mut volatile: Vec<String> = volatile.into_iter().map(Into::into).collect();
    volatile.sort_unstable();
    volatile.dedup();
    let fields = volatile.iter().map(String::as_str);
    let parts = parts.into_iter().chain(fields.clone()).map(str::as_bytes);
    let fingerprint = Fingerprint::of(std::iter::once(mapping.as_bytes().as_slice()).chain(parts));
    let paths = fields.fold(Paths::default(), |paths, path| paths.leave_out(path));
    (fingerprint, paths)
}

/// What is known of an event that `form` wrote at `places` of `text`.
pub(crate) fn encoded(
    form: Fingerprint,
    time: Timestamp,
    places: &Places,
    text: &[u8],
) -> Result<Encoded, EncodeError> {
    let time = DateTime::<Utc>::from_timestamp_millis(time.as_millis());
    Ok(Encoded {
        fingerprint: Fingerprint::of([form.as_bytes().as_slice(), &places.content(text)]),
        time: time
            .ok_or_else(|| EncodeError("`time` is no time that a calendar has".to_owned()))?,
        uid_at: places.instead(EventUid::PLACEHOLDER),
    })
}
