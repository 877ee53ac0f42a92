//! Delivered sets, checkpoints, dead letters and cycle reports, in SQLite or in memory.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use std::time::Duration;
//! use stocktake_connector_core::{CycleId, CycleStore, Delivery, DeviceUid, Fingerprint, Inventory};
//! use stocktake_connector_core::{LeaseStore, SinkName, SourceName, TenantName, WorkerName};
//! use stocktake_state::MemoryStore;
//!
//! let store = MemoryStore::new();
//! let inventory = Inventory {
//!     tenant: TenantName::new("contoso").unwrap(),
//!     source: SourceName::new("defender").unwrap(),
//! };
//! let scope = inventory.at(&SinkName::new("lake").unwrap());
//! let worker = WorkerName::new("worker-1").unwrap();
//! let lease = store.claim(&inventory.tenant, &worker, Duration::from_secs(60)).await.unwrap();
//! let fence = lease.expect("nobody else claims the tenant").fence();
//! let device = DeviceUid::new("1e5bc9d7").unwrap();
//! let content = Fingerprint::of([b"model=Surface".as_slice()]);
//!
//! store
//!     .commit(&fence, Delivery {
//!         cycle: CycleId::random(),
//!         scope: scope.clone(),
//!         at: chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
//!         acknowledged: vec![(device.clone(), content)],
//!         removed: vec![],
//!         refused: vec![],
//!     })
//!     .await
//!     .unwrap();
//!
//! let known = store.known(&scope, &[device]).await.unwrap();
//! assert_eq!(known[0].acknowledged.unwrap().fingerprint, content);
//! # });
//! ```
//!
//! # Main types
//! - [`SqliteStore`]: one file, one writing process, any number of readers. The default. Makes a copy
//!   of the file while it is in use.
//! - [`MemoryStore`]: for tests, and for a run that may send everything again when it restarts.
//!
//! Both implement [`StateStore`](stocktake_connector_core::StateStore), which is a cycle's, an operator's
//! and a scheduler's trait in one, and pass the same suite,
//! `stocktake_connector_core::conformance::state_store`.
//!
//! # What is bounded
//! - The payload of a dead letter: its first 64 KiB; the reason: its first 4 KiB. A cut is marked.
//! - Dead letters that name no device: the newest 10,000 of each source of a tenant. Those that name one are bounded
//!   by the number of devices.
//! - Cycle reports: the newest 250 of each source of a tenant.
//!
//! # Features
//! | feature | default | what it adds |
//! |---|---|---|
//! | `sqlite` | yes | [`SqliteStore`]; SQLite is built in and needs a C compiler |
//!
//! # Not here
//! What to send and when to move a checkpoint: the `engine` decides, a store keeps.

mod dead_letter;
mod lease;
mod memory;
mod report;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use memory::MemoryStore;
#[cfg(feature = "sqlite")]
pub use sqlite::{Copied, SqliteStore};
