//! The page of the mapping, from what `stocktake explain` prints.

use serde_json::Value;

use super::markdown::{cell, text};

/// The page of these rows.
pub(super) fn page(rows: &[Value]) -> String {
    let mut page = String::from(
        "# Mapping\n\n\
         The origin of each field of an event. `stocktake explain` prints the same for one field, and \
         with `--machines` for one device, value by value.\n\n\
         | field | type | forms | sources | rule | meaning |\n\
         |---|---|---|---|---|---|\n",
    );
    for row in rows {
        let sources: Vec<_> =
            row["sources"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let sources = if sources.is_empty() { "constant".to_owned() } else { sources.join(", ") };
        let cells = [
            text(row, "type"),
            text(row, "forms"),
            &sources,
            text(row, "rule"),
            text(row, "description"),
        ];
        let cells = cells.map(cell).join(" | ");
        page.push_str(&format!("| `{}` | {cells} |\n", text(row, "ocsf")));
    }
    page
}
