//! Forms as the engine uses them: what they write, what they leave out of fingerprints, and what the
//! packages of the receivers think of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../../../../xtask/judges/judge.rs"]
mod judge;
mod ocsf;
/// The event; its `sekoia` form is `tests/data/sekoia-event.json`.
#[path = "../../../ocsf-model/tests/it/sample.rs"]
mod sample;
mod sekoia;
mod volatile;

use stocktake_connector_core::{Encoded, Fingerprint, Form};
use stocktake_ocsf_model::InventoryInfo;

use sample::event;

/// Any form of the events.
type AnyForm<'f> = &'f dyn for<'a> Form<InventoryInfo<'a>>;

fn mapping() -> Fingerprint {
    Fingerprint::of([b"mapping".as_slice()])
}

fn encode(form: AnyForm<'_>, event: &InventoryInfo<'_>) -> (Encoded, String) {
    let mut out = b"before".to_vec();
    let encoded = form.encode(event, &mut out).unwrap();
    let body = out.strip_prefix(b"before").unwrap();
    (encoded, String::from_utf8(body.to_vec()).unwrap())
}

fn value(form: AnyForm<'_>, event: &InventoryInfo<'_>) -> serde_json::Value {
    serde_json::from_str(&encode(form, event).1).unwrap()
}
