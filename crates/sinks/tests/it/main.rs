//! Sinks as their users see them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod file;
mod file_others;
mod kill;
mod registry;
mod sekoia;
mod staging;
mod stdout;

use bytes::Bytes;
use chrono::DateTime;
use stocktake_connector_core::{
    Batch, CycleEnd, CycleId, CycleKind, DeviceUid, EncodedEvent, EventKind, EventUid, Fingerprint,
    Inventory, SourceName, TenantName,
};

fn contoso() -> Inventory {
    inventory("contoso", "defender")
}

fn inventory(tenant: &str, source: &str) -> Inventory {
    Inventory { tenant: TenantName::new(tenant).unwrap(), source: SourceName::new(source).unwrap() }
}

fn batch(cycle: CycleId, bodies: &[&str]) -> Batch {
    batch_of(&contoso(), cycle, bodies)
}

fn batch_of(inventory: &Inventory, cycle: CycleId, bodies: &[&str]) -> Batch {
    let fingerprint = Fingerprint::from_bytes([1; 16]);
    let event = |(number, body): (usize, &&str)| {
        let uid = DeviceUid::new(format!("d{number}")).unwrap();
        EncodedEvent {
            kind: EventKind::Upsert,
            event_uid: EventUid::derive(inventory, &uid, fingerprint, None),
            uid,
            time: DateTime::UNIX_EPOCH,
            fingerprint,
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    };
    Batch {
        tenant: inventory.tenant.clone(),
        source: inventory.source.clone(),
        cycle,
        events: bodies.iter().enumerate().map(event).collect(),
    }
}

fn end(cycle: CycleId) -> CycleEnd {
    end_of(&contoso(), cycle)
}

fn end_of(inventory: &Inventory, cycle: CycleId) -> CycleEnd {
    CycleEnd {
        tenant: inventory.tenant.clone(),
        source: inventory.source.clone(),
        cycle,
        kind: CycleKind::Full,
        is_complete: true,
    }
}
