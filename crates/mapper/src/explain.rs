//! Explanations: what each row of the table saw and made of one record.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use stocktake_defender_api::Machine;
use stocktake_graph_api::ManagedDevice;
use stocktake_ocsf_model::{InventoryInfo, Written};

use crate::mapper::MapperOptions;
use crate::path::look_up;
use crate::table::{Mapping, TABLE};
use crate::time;

/// One row of the table, applied to one record.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Explained {
    /// The row.
    pub row: &'static Mapping,
    /// What the row's sources hold, in their order; `None` where one holds nothing.
    pub seen: Vec<(&'static str, Option<Value>)>,
    /// What stands in the written event; `None` when the rule leaves it out.
    pub value: Option<Value>,
}

/// Looks up both ends of every row that the dialect has: in the records, and in the event as it is
/// written. The values are therefore those that a receiver gets, not a second computation.
pub(crate) fn explain(
    options: &MapperOptions,
    machine: &Machine,
    intune: Option<&ManagedDevice>,
    now: DateTime<Utc>,
    event: &InventoryInfo,
) -> Vec<Explained> {
    let written = Written { event, dialect: options.dialect };
    let sources = json!({
        "machine": machine,
        "managedDevice": intune,
        "configuration": { "tenant_id": options.tenant_uid },
        "clock": time::text(now),
        // An event of this mapper has what either dialect requires, so it has a written form.
        "event": serde_json::to_value(written).unwrap_or_default(),
    });
    let written = sources.get("event").unwrap_or(&Value::Null);
    TABLE
        .iter()
        .filter(|row| row.dialects.contains(options.dialect))
        .map(|row| Explained {
            row,
            seen: row
                .sources
                .iter()
                .map(|source| (*source, look_up(&sources, source).filter(|v| !v.is_null())))
                .collect(),
            value: look_up(written, row.ocsf),
        })
        .collect()
}
