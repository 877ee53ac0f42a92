//! Sinks as their users see them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod file;
mod kill;
mod sekoia;
mod stdout;

use bytes::Bytes;
use stocktake_connector_core::{Batch, CycleId, DeviceUid, EncodedEvent, Fingerprint, TenantName};

fn contoso() -> TenantName {
    TenantName::new("contoso").unwrap()
}

fn batch(cycle: CycleId, bodies: &[&str]) -> Batch {
    let event = |(number, body): (usize, &&str)| EncodedEvent {
        uid: DeviceUid::new(format!("d{number}")).unwrap(),
        fingerprint: Fingerprint::from_bytes([1; 16]),
        body: Bytes::copy_from_slice(body.as_bytes()),
    };
    let events = bodies.iter().enumerate().map(event).collect();
    Batch { tenant: contoso(), cycle, events }
}
