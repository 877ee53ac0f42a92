//! The `stocktake` program: configuration, the cycle engine, the scheduler and the commands.
//!
//! This crate alone names concrete types: it builds sources, enrichers, mappers, sinks and stores
//! from the configuration and hands them to the [`cycle`] engine, which knows only their traits.
//!
//! An embedder that has its own configuration can run the engine alone: see [`cycle::Collector`].
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
mod commands;
mod config;
pub mod cycle;
mod error_code;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod output;
mod process;
mod record;
mod scheduler;
mod server;
mod stop;
mod telemetry;
mod watch;
mod wiring;

use std::fmt::Write as _;

pub use cli::main;
pub use process::figures as process_figures;

/// An error with its causes, in one line that ends with its code when it has one.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        // Transparent wrappers repeat their source's words.
        if !text.ends_with(&words) {
            let _ = write!(text, ": {words}"); // Writing to a string cannot fail.
        }
        cause = inner.source();
    }
    match error_code::ErrorCode::of(error) {
        Some(code) => code.tag(text),
        None => text,
    }
}
