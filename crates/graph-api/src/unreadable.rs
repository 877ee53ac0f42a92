//! Managed devices whose records cannot be read, and what they leave unknown.
//!
//! A record that cannot be read as a whole may still have a readable Entra device id. Then it costs
//! that machine alone. One without may belong to any machine without a match: for each of them that has
//! the name of the record, or where one of the two has no name, it is uncertain whether Intune has a
//! record. Names are no proof, though, as a device may have another one in Intune: the engine keeps what
//! sinks have of any machine that had a match before ([`DoubtCause::Unidentified`]).
//!
//! [`DoubtCause::Unidentified`]: stocktake_connector_core::DoubtCause::Unidentified

use std::collections::{HashMap, HashSet};

use stocktake_connector_core::{Enrichment, MalformedRecord, UnreadableEnrichment};
use stocktake_odata::{find_text, parse_guid};
use uuid::Uuid;

use crate::ManagedDevice;

/// Longest reason that is kept of a record, in characters.
const LONGEST_REASON: usize = 300;

/// Most records that are kept of those that do not say whose they are. More are only counted.
const MOST_KEPT: usize = 20;

/// Most names that are kept. With more unreadable records than that, names narrow nothing.
const MOST_NAMES: usize = 1_000;

/// Managed devices whose records could not be read.
#[derive(Debug, Default)]
pub struct UnreadableDevices {
    reasons: HashMap<Uuid, Box<str>>,
    /// How many of them have no readable Entra device id.
    unidentified: u64,
    /// Whether one of these has no name either.
    has_nameless: bool,
    /// The names of the others.
    names: HashSet<Box<str>>,
    /// Some of these records.
    kept: Vec<MalformedRecord>,
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
        match key {
            Some(key) => {
                let reason = || record.reason.chars().take(LONGEST_REASON).collect();
                self.reasons.entry(key).or_insert_with(reason);
            }
            None => {
                self.unidentified += 1;
                match find_text(record.payload.as_bytes(), "deviceName").as_deref().and_then(host) {
                    Some(name) if self.names.len() < MOST_NAMES => {
                        self.names.insert(name.into());
                    }
                    _ => self.has_nameless = true,
                }
                if self.kept.len() < MOST_KEPT {
                    self.kept.push(record.clone());
                }
            }
        }
    }

    /// Adds a managed device whose record was read, but not its Entra device id.
    pub fn add_without_key(&mut self, device: &ManagedDevice, requested: Option<Uuid>) {
        let record = MalformedRecord {
            uid: None,
            reason: "its azureADDeviceId cannot be read".to_owned(),
            payload: serde_json::to_string(device).unwrap_or_default(),
        };
        self.add(&record, requested);
    }

    /// How many of them do not say whose they are.
    pub fn unidentified(&self) -> u64 {
        self.unidentified
    }

    /// Takes some of those that do not say whose they are, 20 at most.
    pub fn take_unidentified(&mut self) -> Vec<MalformedRecord> {
        std::mem::take(&mut self.kept)
    }

    /// The enrichment of a machine for which no readable record was found.
    ///
    /// # Errors
    /// When its record is one of these.
    pub fn without_match(
        &self,
        key: Option<Uuid>,
        name: Option<&str>,
    ) -> Result<Enrichment<ManagedDevice>, UnreadableEnrichment> {
        let Some(key) = key.filter(|key| !key.is_nil()) else { return Ok(Enrichment::NoMatch) };
        match self.reasons.get(&key) {
            Some(reason) => {
                Err(UnreadableEnrichment(format!("its Intune record cannot be used: {reason}")))
            }
            None if self.may_be(name) => Ok(Enrichment::Uncertain),
            None => Ok(Enrichment::NoMatch),
        }
    }

    /// Whether one that does not say whose it is may belong to a machine of this name.
    fn may_be(&self, name: Option<&str>) -> bool {
        if self.has_nameless || self.names.is_empty() {
            return self.has_nameless;
        }
        name.and_then(host).is_none_or(|name| self.names.contains(name.as_str()))
    }
}

/// The name of a device without its domain, in lower case.
fn host(name: &str) -> Option<String> {
    let host = name.trim().split('.').next().filter(|host| !host.is_empty())?;
    Some(host.to_lowercase())
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
            match unreadable.without_match(key.map(Uuid::from_u128), Some("pc-1.example")) {
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

    #[test]
    fn a_record_without_a_readable_key_is_of_no_machine_with_another_name() {
        for (device_name, name, uncertain) in [
            (r#""PC-1""#, Some("pc-1.corp.example"), true),
            (r#"" pc-1.local ""#, Some("PC-1"), true),
            (r#""PC-2""#, Some("pc-1.corp.example"), false),
            (r#""PC-2""#, None, true),
            (r#""PC-2""#, Some(" "), true),
            ("null", Some("pc-1"), true),
            ("[]", Some("pc-1"), true),
        ] {
            let mut unreadable = UnreadableDevices::default();
            let payload = format!(r#"{{"azureADDeviceId":[],"deviceName":{device_name}}}"#);
            let record = MalformedRecord { uid: None, reason: String::new(), payload };
            unreadable.add(&record, None);
            let found = unreadable.without_match(Some(Uuid::from_u128(1)), name).unwrap();
            assert_eq!(found == Enrichment::Uncertain, uncertain, "{device_name} {name:?}");
            assert_eq!(unreadable.unidentified(), 1);
            assert_eq!(unreadable.take_unidentified(), [record]);
        }
    }
}
