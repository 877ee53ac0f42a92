//! An emulated Microsoft cloud and Sekoia endpoint on loopback, for the demo, tests and benches.
//!
//! ```
//! use std::sync::Arc;
//!
//! use stocktake_simulator::{Fleet, FleetOptions, Simulator, SimulatorOptions};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now = "2026-11-24T08:00:00Z".parse()?;
//! let fleet = Fleet::new(FleetOptions {
//!     machines: 1_000_000,
//!     managed_devices: 800_000,
//!     seed: 1,
//!     odd_records: false,
//!     now,
//! });
//! let running = Simulator::start(SimulatorOptions::new(fleet, Arc::new(move || now))).await?;
//! println!("login, Defender, Graph and Sekoia: {}", running.url());
//! running.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! - [`Fleet`]: the machines and managed devices, a function of seed and index, so that a million of
//!   them take no memory; [`Fleet::expectation`] is the truth that a test compares with.
//! - [`Simulator::start`] serves a fleet with the manners of the real services, on one origin.
//! - [`Fault`]: a condition, an effect and how often it strikes; switchable while it runs, through
//!   [`Handle`] or over HTTP below `/simulator/`.
//! - [`TenantAccount`]: a directory and its application with secrets, certificates and federated
//!   credentials, each verified as Entra does it; they come and go while it runs.
//! - [`ODDITIES`]: the odd records that exist, and what a client makes of each.
//!
//! It depends on none of the crates it tests and writes its JSON itself: a mistake in their types
//! cannot hide in its responses.
//!
//! # Features
//! None.
//!
//! # Not here
//! TLS, HTTP/2, quotas of its own accord (a fault stands for one).

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod assertion;
mod audience;
mod batch;
mod calls;
mod cloud;
mod control;
mod defender;
mod entra;
mod fault;
mod fleet;
mod graph;
mod identity_host;
mod json;
mod options;
mod query;
mod random;
mod receiver;
mod registration;
mod response;
mod sekoia;
mod server;
mod service;
mod tokens;

pub use assertion::ProjectedToken;
pub use calls::{Call, Calls, Count};
pub use cloud::Handle;
pub use control::Altered;
pub use fault::{Api, Condition, Effect, Fault, RetryAfter};
pub use fleet::{Expectation, Fleet, FleetOptions, ODDITIES, Oddity, Outcome, Place};
pub use options::{
    Clock, HostIdentity, Intune, Receipt, RecordEvents, SekoiaOptions, SimulatorOptions,
    TenantAccount,
};
pub use receiver::{BatchState, Received, ReceivedBatch};
pub use registration::{ClientSecret, FederatedCredential, NotACertificate, RegisteredCertificate};
pub use server::{Running, Simulator, SimulatorError};
