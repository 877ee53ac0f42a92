//! The stores as their users see them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod agreement;
mod backup;
mod conformance;
mod crash;
mod migration;
mod opening;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    CycleClose, CycleId, CycleKind, CycleOutcome, CycleReport, Delivery, DeviceUid, Fingerprint,
    Scope, SinkName, TenantName,
};

fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_790_000_000_000 + millis).unwrap()
}

fn device(number: usize) -> DeviceUid {
    DeviceUid::new(format!("d{number:06}")).unwrap()
}

fn content(byte: u8) -> Fingerprint {
    Fingerprint::from_bytes([byte; 16])
}

fn lake() -> Scope {
    Scope { tenant: TenantName::new("contoso").unwrap(), sink: SinkName::new("lake").unwrap() }
}

fn delivery(devices: std::ops::Range<usize>) -> Delivery {
    Delivery {
        cycle: CycleId::random(),
        scope: lake(),
        at: at(0),
        acknowledged: devices.map(|number| (device(number), content(1))).collect(),
        refused: Vec::new(),
    }
}

fn close() -> CycleClose {
    CycleClose {
        report: CycleReport {
            cycle: CycleId::random(),
            tenant: lake().tenant,
            kind: CycleKind::Full,
            started_at: at(0),
            finished_at: at(1),
            outcome: CycleOutcome::Complete,
            listing_complete: true,
            read: 0,
            duplicates: 0,
            excluded: 0,
            mapped: 0,
            enrichment: Default::default(),
            sinks: Default::default(),
            removal: Default::default(),
            calls: Default::default(),
            process: None,
        },
        checkpoints: Default::default(),
        facts: None,
        removed: Vec::new(),
        returned: Vec::new(),
    }
}
