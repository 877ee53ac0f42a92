//! The names of spans, fields and metrics, and the set-up of logs, metrics and exporters.
//!
//! A name that two crates must spell alike lives here, once.
//!
//! ```
//! use stocktake_telemetry::{LogFormat, LogOptions, field, init_logs};
//!
//! init_logs(LogOptions { format: LogFormat::Json, filter: "info" })?;
//! tracing::info!({ field::TENANT_NAME } = "contoso", "cycle finished");
//! # Ok::<(), stocktake_telemetry::LogError>(())
//! ```
//!
//! # Rules
//! Field values are chosen one by one: device names, user names, secrets, bodies and the queries of
//! URLs never are. A message is fixed text; what varies is a field.
//!
//! # Main types
//! [`metric`] names every metric. `Registry` holds their values once, for the scrape and for the
//! push; `Otlp` pushes them and the spans of the program to a collector.
//!
//! # Features
//! | feature | gives | default |
//! |---|---|---|
//! | `metrics` | `Registry` | off |
//! | `otlp` | `Otlp`, and `traceparent` of spans that are pushed | off |
//!
//! # Not here
//! The connection to a collector: the caller brings it. What is told of whom: the program's own.

mod context;
#[cfg(feature = "metrics")]
mod exposition;
pub mod field;
mod logs;
pub mod metric;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "metrics")]
mod registry;
#[cfg(feature = "otlp")]
mod resource;
pub mod span;

pub use context::traceparent;
#[cfg(feature = "metrics")]
pub use exposition::CONTENT_TYPE as EXPOSITION_CONTENT_TYPE;
#[cfg(feature = "otlp")]
pub use logs::init_logs_and_traces;
pub use logs::{LogError, LogFormat, LogOptions, init_logs};
#[cfg(feature = "otlp")]
pub use otlp::{Otlp, OtlpClient, OtlpError, OtlpOptions};
#[cfg(feature = "metrics")]
pub use registry::{Registry, RegistryOptions, Values};
