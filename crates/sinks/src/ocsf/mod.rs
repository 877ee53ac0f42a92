//! The `ocsf` form: the whole event, strictly by a version of the schema.

use stocktake_connector_core::{EncodeError, Encoded, EventUid, Fingerprint, Form};
use stocktake_ocsf_model::{InventoryInfo, Paths, Version, write};

use crate::volatile::{self, EVENT_UID};

/// What stands for the name of an operating system that nobody knows: the schema requires one.
const NO_NAME: &str = "Unknown";

/// Writes the whole event by a version of OCSF. Times are integer milliseconds.
///
/// What the version lacks moves to `unmapped`, as
/// [`Version::project`](stocktake_ocsf_model::Version::project) has it.
#[derive(Debug, Clone)]
pub struct OcsfForm {
    version: Version,
    fingerprint: Fingerprint,
    paths: Paths,
    /// Whether events are projected to a version that has less than they do.
    projects: bool,
}

impl OcsfForm {
    /// Writes in `version` what the mapping with the fingerprint `mapping` makes. `volatile` names
    /// fields by path, as [`VOLATILE`](crate::VOLATILE) does; an array has the path of its key.
    pub fn new<P: Into<String>>(
        version: Version,
        mapping: Fingerprint,
        volatile: impl IntoIterator<Item = P>,
    ) -> Self {
        let (fingerprint, paths) = volatile::form(mapping, ["ocsf", version.as_str()], volatile);
        let paths = paths
            .leave_out(EVENT_UID)
            .write_instead(EVENT_UID, EventUid::PLACEHOLDER)
            .write_instead("metadata.version", version.as_str());
        Self { version, fingerprint, paths, projects: !version.has_all_of_the_types() }
    }

    /// Writes the event anew, in the version that lacks some of it.
    fn project(&self, body: &mut Vec<u8>, start: usize) -> Result<Option<usize>, EncodeError> {
        let text = body.get(start..).unwrap_or_default();
        let mut event = serde_json::from_slice(text).map_err(|error| refused(&error))?;
        self.version.project(&mut event);
        body.truncate(start);
        let uid_only = Paths::default().write_instead(EVENT_UID, EventUid::PLACEHOLDER);
        let places = write(&stocktake_ocsf_model::Json::from(event), &uid_only, body);
        Ok(places.instead(EventUid::PLACEHOLDER))
    }
}

impl Form<InventoryInfo<'_>> for OcsfForm {
    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    fn encode(&self, event: &InventoryInfo<'_>, out: &mut Vec<u8>) -> Result<Encoded, EncodeError> {
        let start = out.len();
        let places = match named(event) {
            None => write(event, &self.paths, out),
            Some(event) => write(&event, &self.paths, out),
        };
        let text = out.get(start..).unwrap_or_default();
        let mut encoded = volatile::encoded(self.fingerprint, event.time, &places, text)
            .inspect_err(|_| out.truncate(start))?;
        if self.projects {
            encoded.uid_at = self.project(out, start).inspect_err(|_| out.truncate(start))?;
        }
        Ok(encoded)
    }
}

/// The event with a name for its operating system, where it has none.
fn named<'a>(event: &InventoryInfo<'a>) -> Option<InventoryInfo<'a>> {
    let os = event.device.os.as_ref()?;
    os.name.is_empty().then(|| {
        let mut event = event.clone();
        if let Some(os) = &mut event.device.os {
            os.name = NO_NAME.into();
        }
        event
    })
}

fn refused(error: &serde_json::Error) -> EncodeError {
    EncodeError(error.to_string())
}
