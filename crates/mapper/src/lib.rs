//! Maps a Defender machine and its Intune record to an OCSF 1.5.0 Device Inventory Info event.
//!
//! ```
//! use stocktake_connector_core::{Clock as _, Enrichment, Mapper as _, SystemClock};
//! use stocktake_mapper::{DefenderMapper, MapperOptions};
//! use stocktake_ocsf_model::Dialect;
//!
//! let machine = serde_json::from_str(r#"{"id": "1e5bc9d7", "osPlatform": "Windows11"}"#)?;
//! let device = serde_json::from_str(r#"{"deviceName": "DESKTOP-1", "complianceState": "compliant"}"#)?;
//!
//! let mapper = DefenderMapper::new(MapperOptions::new(Dialect::Ocsf));
//! let event = mapper.map(&machine, &Enrichment::Matched(device), SystemClock.now())?;
//! assert_eq!(event.device.hostname.as_deref(), Some("DESKTOP-1"));
//! assert_eq!(event.device.is_compliant, Some(true));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//! - [`TABLE`] is the mapping as data: one [`Mapping`] for each attribute, with its sources, its rule
//!   and the [`Dialects`] that have it. A test holds the code to it in both directions, the docs show
//!   it, and it is the larger part of the mapping fingerprint.
//! - [`DefenderMapper`] applies the rules. It implements
//!   [`Mapper`](stocktake_connector_core::Mapper); its [`MapperOptions`] name the dialect, because
//!   an event holds only what its dialect takes.
//! - [`Explained`] is what [`DefenderMapper::explain`] tells of one row and one record.
//! - [`Mac`] is the one spelling of a hardware address.
//!
//! # Guarantees
//! Pure: no input or output, no clock of its own, no panic, and the same input gives the same event.
//! An event of the `ocsf` dialect is valid by the schema. Whatever a source leaves empty is absent
//! from the event, never an empty text.
//!
//! # Features
//! None.
//!
//! # Not here
//! Reading records (`defender-api`, `graph-api`), and writing events (`ocsf-model`).

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
mod rows;
mod table;
mod text;
mod time;

pub use explain::Explained;
pub use mac::Mac;
pub use mapper::{DefenderMapper, MapperOptions};
pub use table::{Dialects, Mapping, TABLE, ValueType};
