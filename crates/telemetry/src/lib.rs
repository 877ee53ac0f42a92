//! The names of spans, fields and metrics, and the set-up of logs, metrics and exporters.
//!
//! A name that two crates must spell alike lives here, once.
//!
//! ```
//! use stocktake_telemetry::{field, span};
//!
//! let cycle = tracing::info_span!(span::CYCLE, { field::TENANT_NAME } = "contoso");
//! cycle.in_scope(|| tracing::info!({ field::CYCLE_READ } = 3, "cycle finished"));
//! ```
//!
//! # Rules
//! Field values are chosen one by one; they never contain names of devices or users, secrets, bodies
//! or the queries of URLs. A message is fixed text; what varies is a field.
//!
//! # Main types
//! [`metric`] names every metric. `Registry` holds their values once, for the scrape and for the
//! push; `Otlp` pushes them and the spans of the program to a collector. [`Escaped`] makes text from
//! outside fit for a line; the log applies it to every line.
//!
//! # Features
//! | feature | gives | default |
//! |---|---|---|
//! | `logs` | `init_logs`: the log of a program, on standard error | off |
//! | `metrics` | `Registry` | off |
//! | `otlp` | `Otlp`, and `traceparent` of spans that are pushed; includes the other two | off |
//!
//! A library that only names things enables none of them and depends on `tracing` alone.
//!
//! # Not here
//! The connection to a collector: the caller provides it. What to record about whom: the program
//! decides.

mod context;
mod escaped;
#[cfg(feature = "metrics")]
mod exposition;
pub mod field;
#[cfg(feature = "logs")]
mod log_queue;
#[cfg(feature = "logs")]
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
pub use escaped::{Escaped, escape, is_unprintable};
#[cfg(feature = "metrics")]
pub use exposition::CONTENT_TYPE as EXPOSITION_CONTENT_TYPE;
#[cfg(feature = "otlp")]
pub use logs::init_logs_and_traces;
#[cfg(feature = "logs")]
pub use logs::{LogError, LogFormat, LogOptions, flush_logs, init_logs};
#[cfg(feature = "otlp")]
pub use otlp::{Otlp, OtlpClient, OtlpError, OtlpOptions};
#[cfg(feature = "metrics")]
pub use registry::{Registry, RegistryOptions, Values};
