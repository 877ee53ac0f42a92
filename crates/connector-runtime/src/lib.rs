//! The `stocktake` program: configuration, wiring, commands, supervisor and HTTP server.
//!
//! This crate alone names concrete types: it builds sources, enrichers, mappers, sinks and stores
//! from the configuration and hands them to the engine (`stocktake-engine`), which knows only their
//! traits. A connector with a configuration of its own uses the engine without this crate.
//!
//! # Features
//! | feature | gives | default |
//! |---|---|---|
//! | `otlp` | metrics and traces pushed to an OpenTelemetry collector | on |
//!
//! # Not here
//! Anything that talks HTTP (`defender-api`, `graph-api`, `auth`, `sinks`), any mapping rule
//! (`mapper`), any row of state (`state`).

mod cli;
mod clock;
mod command_error;
mod commands;
mod config;
mod context;
mod cycle_log;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod output;
mod process;
mod record_file;
mod schedule;
mod server;
mod stop;
mod supervisor;
mod telemetry;
mod threads;
mod watch;
mod wiring;

#[cfg(feature = "reference")]
#[doc(hidden)]
pub use cli::command;
pub use cli::{main, main_with};
pub use process::figures as process_figures;
