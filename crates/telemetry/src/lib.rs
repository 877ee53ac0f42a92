//! The names of spans and fields, and the set-up of logs.
//!
//! A name that two crates must spell alike lives here, once.
//!
//! ```
//! use stocktake_telemetry::{LogFormat, LogOptions, field, init_logs};
//!
//! init_logs(LogOptions { format: LogFormat::Json, filter: "info" })?;
//! tracing::info!({ field::TENANT_ID } = "contoso", "cycle finished");
//! # Ok::<(), stocktake_telemetry::LogError>(())
//! ```
//!
//! # Rules
//! Field values are chosen one by one: device names, user names, secrets, bodies and the queries of
//! URLs never are. A message is fixed text; what varies is a field.
//!
//! # Not here
//! Metrics and exporters.

pub mod field;
mod logs;
pub mod span;

pub use logs::{LogError, LogFormat, LogOptions, init_logs};
