//! The table: one row per mapping, and the facts that every reader of it shares.

use serde_json::Value;
use stocktake_connector_core::Fingerprint;

use crate::path::select;
use crate::rows::ROWS;

/// Goes up by one whenever a function behind the table gives another result for the same record.
/// The test `output_changes_only_with_the_fingerprint` fails when that was forgotten.
const VERSION: u32 = 1;

/// Every mapping, in the order in which the docs show them.
///
/// This is the single origin of the coverage test, the mapping page of the docs, the mapping
/// fingerprint and `stocktake explain`.
pub const TABLE: &[Mapping] = ROWS;

/// One row: where a value comes from, where it goes, and how it gets there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mapping {
    /// Paths into the records, the one that wins first: `machine.…` is Defender's record,
    /// `managedDevice.…` is Intune's, `configuration.…` is set by the operator, `clock` is the time
    /// of mapping, `event.…` is what another row made. Empty for a constant.
    pub sources: &'static [&'static str],
    /// Path into the event: names with a dot between, `[]` for every element of an array,
    /// `[name=wifi]` for the elements of that name.
    pub ocsf: &'static str,
    /// The type of the value.
    pub value_type: ValueType,
    /// What the value tells a person, as a sentence.
    pub description: &'static str,
    /// How the value is made from the sources.
    pub rule: &'static str,
}

impl Mapping {
    /// Where the row's value stands in a written event: JSON pointers and values, in order. Empty
    /// when the event lacks it.
    pub fn places<'a>(&self, event: &'a Value) -> Vec<(String, &'a Value)> {
        select(event, self.ocsf)
    }
}

/// The OCSF type of a mapped value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueType {
    /// `boolean_t`
    Boolean,
    /// `email_t`
    Email,
    /// `hostname_t`
    Hostname,
    /// `integer_t`
    Integer,
    /// `ip_t`
    Ip,
    /// `json_t`
    Json,
    /// `long_t`
    Long,
    /// `mac_t`
    Mac,
    /// `string_t`
    String,
    /// `timestamp_t`
    Timestamp,
    /// `username_t`
    Username,
}

impl ValueType {
    /// The name that the schema gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean_t",
            Self::Email => "email_t",
            Self::Hostname => "hostname_t",
            Self::Integer => "integer_t",
            Self::Ip => "ip_t",
            Self::Json => "json_t",
            Self::Long => "long_t",
            Self::Mac => "mac_t",
            Self::String => "string_t",
            Self::Timestamp => "timestamp_t",
            Self::Username => "username_t",
        }
    }
}

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
