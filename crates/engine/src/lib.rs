//! The cycle engine: one pass over the devices of a source.
//!
//! A cycle compares what the source has with what each sink has acknowledged, and sends the
//! difference. Delivery is at least once; the source is the only buffer.
//!
//! ```text
//!          pages          joined records          events, once for each form
//! read ───────────▶ join ───────────────▶ map ─┬──────────▶ deliver to sink A ─▶ commit
//! (parsing)        (enrich,                    └──────────▶ deliver to sink B ─▶ commit
//!                  drop duplicates)
//! ```
//!
//! Each arrow is a bounded channel and each box a task, so parsing, mapping and the network overlap
//! while memory stays that of a few pages and one join index.
//!
//! Invariants:
//! - Every record that was read is counted exactly once in each sink's account. The end of the cycle
//!   calls [`CycleReport::check_balance`], and a cycle that does not balance fails.
//! - State records an acknowledgement only after the sink gave it, one batch at a time, and staged
//!   events only once they are safe: a crash repeats at most one batch and the staged events per sink.
//! - Every write to state carries the fence of the lease. The first rejected write stops the cycle at
//!   once.
//! - A checkpoint advances only for a sink that has every record of a complete listing.
//! - A sink that delivers elsewhere than before starts afresh.
//! - A time that lies in the future counts as unknown: a clock that ran ahead suppresses nothing.
//! - The channel of a failed sink is drained, so that the other sinks get their events.
//! - An event is sent complete or not at all: if enrichment or details are unavailable, the cycle
//!   stops. That an enrichment does not come is not a fact at once: no event without one replaces an
//!   event with one while a [`Doubt`](stocktake_connector_core::Doubt) is young.
//!
//! # Main types
//! - [`Collector`] holds everything that collects one inventory: a source, an enricher, a mapper, forms
//!   with their sinks, and the store. [`Collector::run_cycle`] runs one cycle.
//! - [`Request`] and [`Options`] choose what is read and sent; [`Stop`] ends a cycle early; [`Progress`]
//!   shows how far the cycle is.
//! - The result is a [`CycleReport`]; [`log_cycle_end`] logs it.
//!
//! # Features
//! | feature | what it adds | default |
//! |---|---|---|
//! | `schema` | `JsonSchema` for [`Emit`] | off |
//!
//! # Not here
//! Retry and quotas (`http-stack`), when a cycle is due and who holds the lease (the supervisor of
//! `connector-runtime`), the traits and their contracts (`connector-core`).
//!
//! [`CycleReport`]: stocktake_connector_core::CycleReport
//! [`CycleReport::check_balance`]: stocktake_connector_core::CycleReport::check_balance

mod chunk;
mod collector;
mod cycle;
mod dead_letters;
mod deliver;
mod destination;
mod details;
mod device_set;
mod encoder;
mod enrichment_guard;
mod failures;
mod fenced_store;
mod join;
mod log;
mod map;
mod options;
mod panics;
mod plan;
mod policy;
mod progress;
mod removal;
mod stop;
#[cfg(test)]
mod tests;

pub use collector::{BuildError, CallMeter, Collector, EventForm, FormSinks, NoMeter};
pub use log::log_cycle_end;
pub use options::Options;
pub use plan::Request;
pub use policy::Emit;
pub use progress::Progress;
pub use stop::Stop;
