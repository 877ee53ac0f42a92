//! The table: one row per mapping, and the facts that every reader of it shares.

use stocktake_connector_core::Fingerprint;

use crate::row::Mapping;
use crate::rows::ROWS;

/// Goes up by one whenever a function behind the table gives another result for the same record.
/// The test `output_changes_only_with_the_fingerprint` fails when that was forgotten.
const VERSION: u32 = 1;

/// Every mapping, in the order in which the docs show them.
///
/// This is the single origin of the coverage test, the mapping page of the docs, the mapping
/// fingerprint and `stocktake explain`.
pub const TABLE: &[Mapping] = ROWS;

/// The fingerprint of the mapping: of the table's facts and of the version of the functions.
///
/// Wording is left out, so that a better sentence does not send every device again.
pub(crate) fn fingerprint() -> Fingerprint {
    let version = VERSION.to_le_bytes();
    let mut parts: Vec<&[u8]> = vec![&version];
    for row in TABLE {
        parts.extend(row.sources.iter().map(|source| source.as_bytes()));
        parts.extend([row.ocsf, row.value_type.name()].map(str::as_bytes));
    }
    Fingerprint::of(parts)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use stocktake_ocsf_model::attribute_exists;

    /// `device.network_interfaces[name=wifi].mac` -> `device.network_interfaces[].mac`
    fn without_names(path: &str) -> String {
        path.split('.')
            .map(|segment| match segment.split_once('[') {
                Some((name, _)) => format!("{name}[]"),
                None => segment.to_owned(),
            })
            .collect::<Vec<_>>()
            .join(".")
    }

    #[test]
    fn every_row_names_an_attribute_of_the_schema_once() {
        let mut seen = HashSet::new();
        for row in TABLE {
            assert!(attribute_exists(&without_names(row.ocsf)), "{}", row.ocsf);
            assert!(seen.insert(row.ocsf), "{} twice", row.ocsf);
        }
    }

    #[test]
    fn every_row_is_written_for_a_person() {
        for row in TABLE {
            assert!(row.description.ends_with('.') && !row.rule.is_empty(), "{}", row.ocsf);
            for source in row.sources {
                let origin = source.split('.').next().unwrap();
                let known = ["machine", "managedDevice", "configuration", "clock", "event"];
                assert!(known.contains(&origin), "{source}");
            }
        }
    }
}
