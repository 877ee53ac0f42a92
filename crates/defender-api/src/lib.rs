//! Reads the machines that Microsoft Defender for Endpoint knows.
//!
//! ```no_run
//! use stocktake_connector_core::{Listing, Source};
//! use stocktake_defender_api::{DefenderClient, DefenderOptions};
//! use stocktake_http_stack::{ApiStack, Authentication, Transport, TransportOptions, base_url};
//!
//! # async fn read(authentication: Authentication) -> Result<(), Box<dyn std::error::Error>> {
//! let options = DefenderOptions::new(base_url(DefenderOptions::DEFAULT_BASE_URL)?);
//! let transport = Transport::new(&TransportOptions::default())?;
//! let stack = ApiStack::new(&transport, options.stack_options(Some(authentication)));
//!
//! let mut listing = DefenderClient::new(stack, options).list();
//! while let Some(page) = listing.next_page().await? {
//!     println!("{} machines", page.records.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Main types
//! - [`Machine`]: the record, tolerant of every oddity that was met in the field.
//! - `DefenderClient`: the client, a [`Source`](stocktake_connector_core::Source); `MachineListing`
//!   reads one page at a time and writes the cursor from which a later listing resumes.
//! - [`MachineFilter`]: which machines are collected.
//! - `DefenderOptions`: where the API is and how it is paged.
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `client` (default) | the HTTP client; without it only the wire types are built, with neither tokio nor HTTP |
//!
//! # Not here
//! Retry, quotas and tokens (`http-stack`, `auth`); what a machine means in OCSF (`mapper`); whether
//! a machine has changed or gone (`engine`).

#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(feature = "client")]
mod client;
mod filter;
mod model;
#[cfg(feature = "client")]
mod options;
#[cfg(feature = "client")]
mod seam;
#[cfg(feature = "client")]
mod source;

#[cfg(feature = "client")]
pub use client::DefenderClient;
pub use filter::MachineFilter;
pub use model::{IpAddress, Machine, VmMetadata};
#[cfg(feature = "client")]
pub use options::DefenderOptions;
#[cfg(feature = "client")]
pub use source::MachineListing;
