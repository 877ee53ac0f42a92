//! Managed devices whose records cannot be read, and what they leave unknown.
//!
//! A record that cannot be read as a whole may still have a readable Entra device id. Then it costs
//! that machine alone. One without may belong to any machine without a match: for each of them it is
//! uncertain whether Intune has a record.

use std::collections::HashMap;

use stocktake_connector_core::{Enrichment, MalformedRecord, UnreadableEnrichment};
use stocktake_odata::{find_text, parse_guid};
use uuid::Uuid;

use crate::ManagedDevice;

/// Longest reason that is kept of a record, in characters.
const LONGEST_REASON: usize = 300;

/// Managed devices whose records could not be read.
#[derive(Debug, Default)]
pub struct UnreadableDevices {
    reasons: HashMap<Uuid, Box<str>>,
    /// Whether one of them may belong to any machine.
    has_unidentified: bool,
}

impl UnreadableDevices {
    /// Adds a malformed managed device. `requested` is the Entra device id that was looked up; it
    /// counts where the id of the record itself cannot be read.
    pub fn add(&mut self, record: &MalformedRecord, requested: Option<Uuid>) {
        let key = match find_text(record.payload.as_bytes(), "azureADDeviceId") {
            // An id that joins nothing, as in a sound record: empty, or all-zero.
            Some(text) => match parse_guid(&text) {
                None => return,
                key => key,
            },
            None => requested,
        };
        self.insert(key, || record.reason.chars().take(LONGEST_REASON).collect());
    }

    /// Adds a managed device whose record was read, but not its Entra device id.
    pub fn add_without_key(&mut self, requested: Option<Uuid>) {
        self.insert(requested, || "its azureADDeviceId cannot be read".into());
    }

    fn insert(&mut self, key: Option<Uuid>, reason: impl FnOnce() -> Box<str>) {
        match key {
            Some(key) => {
                self.reasons.entry(key).or_insert_with(reason);
            }
            None => self.has_unidentified = true,
        }
    }

    /// The enrichment of a machine for which no readable record was found.
    ///
    /// # Errors
    /// When its record is one of these.
    pub fn without_match(
        &self,
        key: Option<Uuid>,
    ) -> Result<Enrichment<ManagedDevice>, UnreadableEnrichment> {
        let Some(key) = key.filter(|key| !key.is_nil()) else { return Ok(Enrichment::NoMatch) };
        match self.reasons.get(&key) {
            Some(reason) => {
                Err(UnreadableEnrichment(format!("its Intune record cannot be used: {reason}")))
            }
            None if self.has_unidentified => Ok(Enrichment::Uncertain),
            None => Ok(Enrichment::NoMatch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(payloads: &[&str], requested: Option<u128>) -> [&'static str; 3] {
        let mut unreadable = UnreadableDevices::default();
        for payload in payloads {
            let record = MalformedRecord {
                uid: None,
                reason: "broken".into(),
                payload: (*payload).to_owned(),
            };
            unreadable.add(&record, requested.map(Uuid::from_u128));
        }
        [Some(1), Some(2), None].map(|key| {
            match unreadable.without_match(key.map(Uuid::from_u128)) {
                Err(_) => "unreadable",
                Ok(Enrichment::NoMatch) => "none",
                Ok(Enrichment::Uncertain) => "uncertain",
                Ok(_) => "else",
            }
        })
    }

    #[test]
    fn a_record_with_a_readable_key_costs_that_machine_alone() {
        let one = r#"{"id":"x","azureADDeviceId":"{00000000-0000-0000-0000-000000000001}","a":}"#;
        assert_eq!(check(&[one], None), ["unreadable", "none", "none"]);
        assert_eq!(check(&[one], Some(2)), ["unreadable", "none", "none"]);
    }

    #[test]
    fn a_record_that_joins_nothing_costs_no_machine() {
        for id in ["null", r#""""#, r#""00000000-0000-0000-0000-000000000000""#] {
            let record = format!(r#"{{"azureADDeviceId":{id},"a":}}"#);
            assert_eq!(check(&[&record], Some(1)), ["none", "none", "none"], "{id}");
        }
    }

    #[test]
    fn a_record_without_a_readable_key_may_belong_to_any_key_unless_it_was_looked_up() {
        for record in ["null", "{", r#"{"id":"x"}"#, r#"{"azureADDeviceId":[]}"#] {
            assert_eq!(check(&[record], None), ["uncertain", "uncertain", "none"], "{record}");
            assert_eq!(check(&[record], Some(2)), ["none", "unreadable", "none"], "{record}");
        }
    }
}
