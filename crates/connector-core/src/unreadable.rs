//! Values that could not be read. Each costs its field; the record goes on without it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A field of one record with values that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableValue {
    /// The type of the record and the field, as the mapping names them:
    /// `machine.ipAddresses[].ipAddress`.
    pub field: &'static str,
    /// How many values of the field; more than one in a list.
    pub count: u64,
    /// One of the values, escaped and shortened. Empty where a page has too many to keep.
    pub example: Box<str>,
}

/// The values of many records that could not be read, by field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnreadableValues(BTreeMap<String, UnreadableField>);

/// The values of one field that could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadableField {
    /// How many.
    pub count: u64,
    /// One of them, escaped and shortened.
    pub example: String,
}

impl UnreadableValues {
    /// Adds the values of a record.
    pub fn add(&mut self, values: &[UnreadableValue]) {
        for UnreadableValue { field, count, example } in values {
            self.add_to(field, *count, example);
        }
    }

    /// Adds the values of other records.
    pub fn merge(&mut self, other: &Self) {
        for (field, UnreadableField { count, example }) in &other.0 {
            self.add_to(field, *count, example);
        }
    }

    fn add_to(&mut self, field: &str, count: u64, example: &str) {
        // Found before it is inserted: only the first value of a field needs its own copy of the name.
        if !self.0.contains_key(field) {
            self.0.insert(field.to_owned(), UnreadableField::default());
        }
        if let Some(sum) = self.0.get_mut(field) {
            sum.count += count;
            if sum.example.is_empty() {
                example.clone_into(&mut sum.example);
            }
        }
    }

    /// Whether every value could be read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many values of all fields.
    pub fn count(&self) -> u64 {
        self.0.values().map(|field| field.count).sum()
    }

    /// The fields, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &UnreadableField)> {
        self.0.iter().map(|(name, field)| (name.as_str(), field))
    }
}

/// Fields in one line of text; further ones are only counted.
const MOST_FIELDS: usize = 20;

/// The fields in one line, each with its count and its example.
impl fmt::Display for UnreadableValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (name, field)) in self.iter().take(MOST_FIELDS).enumerate() {
            let separator = if position > 0 { "; " } else { "" };
            write!(f, "{separator}{name}: {}", field.count)?;
            if !field.example.is_empty() {
                write!(f, ", such as {}", field.example)?;
            }
        }
        match self.0.len().saturating_sub(MOST_FIELDS) {
            0 => Ok(()),
            others => write!(f, "; and {others} more fields"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(field: &'static str, count: u64, example: &str) -> UnreadableValue {
        UnreadableValue { field, count, example: example.into() }
    }

    #[test]
    fn values_add_up_by_field_and_keep_the_first_example() {
        let mut values = UnreadableValues::default();
        values.add(&[value("machine.lastSeen", 1, ""), value("machine.osBuild", 2, "[]")]);
        let mut other = UnreadableValues::default();
        other.add(&[value("machine.lastSeen", 3, "true"), value("machine.lastSeen", 1, "false")]);
        values.merge(&other);
        let found: Vec<_> =
            values.iter().map(|(name, of)| (name, of.count, of.example.as_str())).collect();
        assert_eq!(found, [("machine.lastSeen", 5, "true"), ("machine.osBuild", 2, "[]")]);
        assert_eq!(values.count(), 7);
        let line = "machine.lastSeen: 5, such as true; machine.osBuild: 2, such as []";
        assert_eq!(values.to_string(), line);
        let json = serde_json::to_string(&values).unwrap();
        assert_eq!(
            json,
            r#"{"machine.lastSeen":{"count":5,"example":"true"},"machine.osBuild":{"count":2,"example":"[]"}}"#
        );
        assert_eq!(serde_json::from_str::<UnreadableValues>(&json).unwrap(), values);
    }
}
