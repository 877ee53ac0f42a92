//! Stand-ins for the forms until they are there.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde_json::Value;
use stocktake_connector_core::{EncodeError, Encoded, Fingerprint, Form};
use stocktake_ocsf_model::{Dialect, InventoryInfo, Written};

pub const VOLATILE: [&str; 4] =
    ["time", "device.last_seen_time", "metadata.original_time", "metadata.processed_time"];

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OcsfVersion;

impl OcsfVersion {
    pub const ALL: [Self; 1] = [Self];
}

impl fmt::Display for OcsfVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("1.5.0")
    }
}

impl FromStr for OcsfVersion {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "1.5.0" { Ok(Self) } else { Err(()) }
    }
}

macro_rules! form {
    ($name:ident, $first:ty, $dialect:expr) => {
        #[derive(Debug, Clone)]
        pub struct $name {
            first: $first,
            mapping: Fingerprint,
            volatile: Vec<String>,
        }

        impl $name {
            pub fn new<P: Into<String> + Clone>(
                first: $first,
                mapping: Fingerprint,
                volatile: &[P],
            ) -> Self {
                Self {
                    first,
                    mapping,
                    volatile: volatile.iter().cloned().map(Into::into).collect(),
                }
            }
        }

        impl Form<InventoryInfo> for $name {
            fn fingerprint(&self) -> Fingerprint {
                self.mapping
            }

            fn encode(
                &self,
                event: &InventoryInfo,
                out: &mut Vec<u8>,
            ) -> Result<Encoded, EncodeError> {
                let dialect = $dialect(self.first);
                let written = Written { event, dialect };
                let mut value = serde_json::to_value(written)
                    .map_err(|error| EncodeError(error.to_string()))?;
                out.extend_from_slice(value.to_string().as_bytes());
                for path in &self.volatile {
                    let (table, key) = path.rsplit_once('.').unwrap_or(("", path));
                    let table =
                        if table.is_empty() { Some(&mut value) } else { value.get_mut(table) };
                    if let Some(table) = table.and_then(Value::as_object_mut) {
                        table.remove(key);
                    }
                }
                let text = value.to_string();
                Ok(Encoded {
                    fingerprint: Fingerprint::of([self.mapping.as_bytes(), text.as_bytes()]),
                    time: DateTime::<Utc>::default(),
                    uid_at: None,
                })
            }
        }
    };
}

form!(OcsfForm, OcsfVersion, |_| Dialect::Ocsf);
form!(SekoiaForm, bool, |extra_fields| Dialect::Sekoia { extra_fields });
