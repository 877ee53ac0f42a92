//! Destinations of events, one folder and one feature each.
//!
//! # Main types
//! - [`OcsfForm`] and [`SekoiaForm`] write an event, and say whether its content changed.
//! - [`FileSink`]: NDJSON files; a file is complete or absent.
//! - [`SekoiaSink`]: the asset-connector API of Sekoia.io; acknowledged when the push task finished.
//! - [`StdoutSink`]: NDJSON on a stream.
//! - [`SinkRegistry`]: the types that a configuration can name. A [`SinkSettings`] is one type: its
//!   keys, its validation, its construction and its documentation.
//!
//! Each sink passes `stocktake_connector_core::conformance::sink`, and each can be tried without
//! delivering: it implements [`Check`](stocktake_connector_core::Check).
//!
//! # Features
//! | feature | default | what it adds |
//! |---|---|---|
//! | `file` | yes | [`FileSink`] |
//! | `registry` | yes | [`SinkRegistry`], and the settings of each sink |
//! | `sekoia` | yes | [`SekoiaSink`] |
//! | `stdout` | yes | [`StdoutSink`] |
//!
//! # Not here
//! Splitting a refused batch and noting acknowledgements: the engine does both.
//! Retries, quotas and request signing: `http-stack`.

#[cfg(feature = "registry")]
mod context;
#[cfg(feature = "file")]
mod file;
#[cfg(feature = "registry")]
mod forms;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "registry")]
mod http;
#[cfg(any(feature = "file", feature = "stdout"))]
mod ndjson;
mod ocsf;
#[cfg(feature = "registry")]
mod registry;
#[cfg(feature = "sekoia")]
mod sekoia;
#[cfg(feature = "registry")]
pub mod settings;
#[cfg(feature = "stdout")]
mod stdout;
mod volatile;

#[cfg(feature = "registry")]
pub use context::{BuiltSink, EventForm, HttpContext, Remote, SecretResolver, SinkContext};
#[cfg(all(feature = "file", feature = "registry"))]
pub use file::FileSettings;
#[cfg(feature = "file")]
pub use file::{FileMode, FileSink};
#[cfg(feature = "registry")]
pub use forms::{FormName, ocsf_version_schema};
#[cfg(feature = "registry")]
pub use http::{TlsSettings, read_base_url, validate_base_url};
pub use ocsf::OcsfForm;
#[cfg(feature = "registry")]
pub use registry::{ConfiguredSink, SETTINGS_MARK, SinkRegistry, SinkType};
/// The version that [`SinkSettings`] derives its schema with.
#[cfg(feature = "registry")]
pub use schemars;
#[cfg(all(feature = "registry", feature = "sekoia"))]
pub use sekoia::SekoiaSettings;
#[cfg(feature = "sekoia")]
pub use sekoia::{SekoiaForm, SekoiaOptions, SekoiaSink};
#[cfg(feature = "registry")]
pub use settings::{
    Faults, RedactedText, SecretSetting, SettingsFault, SettingsProblem, SinkSettings,
};
#[cfg(all(feature = "registry", feature = "stdout"))]
pub use stdout::StdoutSettings;
#[cfg(feature = "stdout")]
pub use stdout::StdoutSink;
pub use volatile::VOLATILE;
