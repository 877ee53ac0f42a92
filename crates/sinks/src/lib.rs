//! Destinations of events, one module and one feature each.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use stocktake_connector_core::{CycleId, DeviceUid, Encoded, EncodedEvent, Form};
//! use stocktake_connector_core::{EventUid, Fingerprint};
//! use stocktake_connector_core::{Batch, Sink, TenantName};
//! use stocktake_ocsf_model::{Device, Dialect, InventoryInfo};
//! use stocktake_sinks::{OcsfForm, StdoutSink, VOLATILE};
//!
//! let tenant = TenantName::new("contoso").unwrap();
//! let uid = DeviceUid::new("1e5bc9d7").unwrap();
//! let device = Device { uid: Some("1e5bc9d7".into()), ..Default::default() };
//! let event = InventoryInfo { device: Box::new(device), ..Default::default() };
//!
//! let encoder = OcsfForm::new(Dialect::Ocsf, Fingerprint::of([b"mapping 1".as_slice()]), VOLATILE);
//! let mut body = Vec::new();
//! let Encoded { fingerprint, uid_at } = encoder.encode(event, &mut body).unwrap();
//! if let Some(at) = uid_at {
//!     EventUid::derive(&tenant, &uid, fingerprint, None).put(&mut body, at);
//! }
//!
//! let events = vec![EncodedEvent { uid, fingerprint, body: body.into() }];
//! let sink = StdoutSink::over(Vec::new());
//! sink.write_batch(&Batch { tenant, cycle: CycleId::random(), events }).await.unwrap();
//! # });
//! ```
//!
//! # Main types
//! - [`OcsfForm`] writes an event in a dialect, and tells whether its content changed.
//! - [`FileSink`]: NDJSON files; a file is complete or absent.
//! - [`SekoiaSink`]: the asset-connector API of Sekoia.io; acknowledged when the push task finished.
//! - [`StdoutSink`]: NDJSON on a stream.
//!
//! Each passes `stocktake_connector_core::conformance::sink`, and each that can be tried without
//! delivering implements [`Check`](stocktake_connector_core::Check).
//!
//! # Features
//! | feature | default | what it adds |
//! |---|---|---|
//! | `file` | yes | [`FileSink`] |
//! | `sekoia` | yes | [`SekoiaSink`] |
//! | `stdout` | yes | [`StdoutSink`] |
//!
//! # Not here
//! Splitting a refused batch and noting acknowledgements: the cycle in `connector-runtime` does both.
//! Retries, quotas and tokens: `http-stack`.

#[cfg(feature = "file")]
mod file;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(any(feature = "file", feature = "stdout"))]
mod lines;
mod ocsf;
#[cfg(feature = "sekoia")]
mod sekoia;
#[cfg(feature = "stdout")]
mod stdout;
mod volatile;

#[cfg(feature = "file")]
pub use file::{FileLayout, FileOptions, FileSink};
pub use ocsf::OcsfForm;
#[cfg(feature = "sekoia")]
pub use sekoia::{SekoiaForm, SekoiaOptions, SekoiaSink};
#[cfg(feature = "stdout")]
pub use stdout::StdoutSink;
pub use volatile::VOLATILE;
