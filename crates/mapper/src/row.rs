//! One row of the table.

use serde_json::Value;

use crate::path::select;

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
