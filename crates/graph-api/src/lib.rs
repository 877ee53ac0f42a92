//! Reads Intune's managed devices from Microsoft Graph and joins them to machines.
//!
//! ```no_run
//! use stocktake_graph_api::{GraphClient, GraphOptions};
//! use stocktake_http_stack::{ApiStack, Authentication, Transport, TransportOptions, base_url};
//!
//! # async fn read(authentication: Authentication) -> Result<(), Box<dyn std::error::Error>> {
//! let options = GraphOptions::new(base_url(GraphOptions::DEFAULT_BASE_URL)?);
//! let transport = Transport::new(&TransportOptions::default())?;
//! let stack = ApiStack::new(&transport, options.stack_options(Some(authentication)));
//!
//! let mut listing = GraphClient::new(stack, options).list_managed_devices();
//! while let Some(page) = listing.next_page().await? {
//!     println!("{} managed devices", page.records.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Main types
//! - [`ManagedDevice`]: the record, tolerant of every oddity that was met in the field.
//! - `GraphClient`: lists managed devices, and looks them up by Entra device id.
//! - `IntuneEnricher`: joins them to machines, the cheaper way by count of calls; an
//!   [`Enricher`](stocktake_connector_core::Enricher).
//! - [`JoinIndex`]: a whole tenant's managed devices by Entra device id, in about 190 bytes each.
//! - [`UnreadableDevices`]: the devices whose records could not be read.
//! - `find_refusal`: whether a failure means that Intune is permanently absent.
//! - `GraphOptions`: where the API is, and its bounds.
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `client` (default) | the HTTP client; without it only the wire types are built, with neither tokio nor HTTP |
//!
//! # Not here
//! Retry, quotas and tokens (`http-stack`, `auth`); what a managed device means in OCSF (`mapper`).

#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(feature = "client")]
mod batch;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod details;
#[cfg(feature = "client")]
mod enricher;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod index;
#[cfg(feature = "client")]
mod look_up;
mod model;
mod named;
#[cfg(feature = "client")]
mod options;
mod pack;
#[cfg(feature = "client")]
mod refusal;
mod unreadable;

#[cfg(feature = "client")]
pub use client::{GraphClient, ManagedDeviceListing};
#[cfg(feature = "client")]
pub use enricher::{IntuneEnricher, IntunePass};
pub use index::{JoinIndex, JoinIndexBuilder};
#[cfg(feature = "client")]
pub use look_up::LookUp;
pub use model::ManagedDevice;
pub use named::{ComplianceState, ManagementAgent, ManagementState, OwnerType};
#[cfg(feature = "client")]
pub use options::GraphOptions;
#[cfg(feature = "client")]
pub use refusal::find_refusal;
pub use unreadable::UnreadableDevices;
