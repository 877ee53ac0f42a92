//! Maps a Defender machine and its Intune record to an OCSF Device Inventory Info event.
//!
//! ```
//! use stocktake_connector_core::{Clock as _, Enrichment, Mapper as _, SystemClock};
//! use stocktake_mapper::{DefenderMapper, MapperOptions};
//!
//! let machine = serde_json::from_str(r#"{"id": "1e5bc9d7", "osPlatform": "Windows11"}"#)?;
//! let device = serde_json::from_str(r#"{"deviceName": "DESKTOP-1", "complianceState": "compliant"}"#)?;
//!
//! let mapper = DefenderMapper::new(MapperOptions::default());
//! let enrichment = Enrichment::Matched(device);
//! let event = mapper.map(&machine, &enrichment, SystemClock.now())?;
//! assert_eq!(event.device.hostname.as_deref(), Some("DESKTOP-1"));
//! assert_eq!(event.device.is_compliant, Some(true));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//! - [`TABLE`] is the mapping as data: one [`Mapping`] for each attribute, with its sources and its
//!   rule. A test holds the code to it in both directions, the docs show it, and it is the larger part
//!   of the mapping fingerprint.
//! - [`DefenderMapper`] applies the rules. It implements
//!   [`Mapper`](stocktake_connector_core::Mapper), and its event is the full one, whatever a sink takes
//!   of it.
//! - [`carried_by`] says which rows a form carries, and [`DefenderMapper::explain`] what each of them
//!   saw in one record and made of it.
//! - [`Mac`] is the one spelling of a hardware address.
//!
//! # Guarantees
//! Pure: no input or output, no clock of its own, no panic, and the same input gives the same event.
//! The event borrows the texts of the records and is valid by the schema. Whatever a source leaves
//! empty is absent from the event; only the name of an operating system, which the schema requires, is
//! then an empty text.
//!
//! # Features
//! None.
//!
//! # Not here
//! Reading records (`defender-api`, `graph-api`), and writing events (the forms in `sinks`).

mod agents;
mod device_type;
mod explain;
mod hardware;
mod interfaces;
mod ip;
mod mac;
mod mapper;
mod observables;
mod owner;
mod path;
mod platform;
mod risk;
mod row;
mod rows;
mod sample;
mod table;
mod text;
mod time;

pub use explain::{ExplainError, Explained, Seen, carried_by};
pub use mac::Mac;
pub use mapper::{DefenderMapper, MapperOptions};
pub use row::{Mapping, ValueType};
pub use table::TABLE;
