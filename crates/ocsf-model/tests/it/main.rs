//! What other crates rely on: types, writer, versions, validator, and that nothing is lost in between.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

#[path = "../../../../xtask/judges/judge.rs"]
mod judge;
mod judged;
mod round_trip;
mod sample;
mod schema;
mod validate;
mod version;
mod writer;

use stocktake_ocsf_model::InventoryInfo;

use sample::event;

fn ocsf(event: &InventoryInfo<'_>) -> serde_json::Value {
    event.to_value()
}
