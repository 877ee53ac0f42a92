//! Gauges: values that are read at each scrape and each push.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use stocktake_connector_core::TenantName;
use stocktake_telemetry::{Registry, metric};

use super::StatusRegistry;
use crate::config::StateConfig;
use crate::wiring::ConfiguredTenant;
use crate::{process, wiring};

pub(super) fn observe_process(registry: &Registry, status: &Arc<StatusRegistry>) {
    let status = Arc::clone(status);
    registry.observe(&metric::PROCESS_START, move |values| {
        values.record(seconds(status.started_at()), &[]);
    });
    registry
        .observe(&metric::BUILD_INFO, |values| values.record(1.0, &[env!("CARGO_PKG_VERSION")]));
    registry.observe(&metric::PROCESS_CPU, |values| {
        if let Some(figures) = process::figures() {
            values.record(figures.cpu_seconds, &[]);
        }
    });
    registry.observe(&metric::PROCESS_MEMORY, |values| {
        if let Some(bytes) = process::resident_memory_bytes() {
            values.record(float(bytes), &[]);
        }
    });
    registry.observe(&metric::PROCESS_OPEN_FILES, |values| {
        if let Some(files) = process::open_files() {
            values.record(float(files as u64), &[]);
        }
    });
}

pub(super) fn observe_freshness(registry: &Registry, status: &Arc<StatusRegistry>) {
    let data = Arc::clone(status);
    registry.observe(&metric::DATA_AGE, move |values| {
        for (tenant, sink, ages) in data.ages() {
            values.record(ages.data, &[tenant.as_str(), sink.as_str()]);
        }
    });
    let checkpoints = Arc::clone(status);
    registry.observe(&metric::CHECKPOINT_AGE, move |values| {
        for (tenant, sink, ages) in checkpoints.ages() {
            if let Some(age) = ages.checkpoint {
                values.record(age, &[tenant.as_str(), sink.as_str()]);
            }
        }
    });
}

pub(super) fn observe_schedule(registry: &Registry, tenants: Vec<TenantName>, interval: Duration) {
    registry.observe(&metric::COLLECTION_INTERVAL, move |values| {
        for tenant in &tenants {
            values.record(interval.as_secs_f64(), &[tenant.as_str()]);
        }
    });
}

pub(super) fn observe_tenants(registry: &Registry, tenants: &[Arc<ConfiguredTenant>]) {
    // Tenants count their calls in the registry, so it must not keep them: they would never end, and
    // with them the state that they have open.
    let of_quotas: Vec<_> = tenants.iter().map(Arc::downgrade).collect();
    let of_certificates = of_quotas.clone();
    registry.observe(&metric::QUOTA_REMAINING, move |values| {
        for probe in of_quotas.iter().filter_map(|tenant| tenant.upgrade()?.probe()) {
            for stack in &probe.stacks {
                if let Some(left) = stack.quota_left() {
                    values.record(left, &[probe.tenant.as_str(), stack.options().api]);
                }
            }
        }
    });
    registry.observe(&metric::CREDENTIAL_EXPIRY, move |values| {
        for probe in of_certificates.iter().filter_map(|tenant| tenant.upgrade()?.probe()) {
            // A certificate that cannot be read fails the tenant's cycles, which say so.
            let facts = probe.certificate.as_ref().and_then(|certificate| certificate.facts().ok());
            if let Some(facts) = facts {
                values.record(seconds(facts.not_after), &[probe.tenant.as_str()]);
            }
        }
    });
}

pub(super) fn observe_state(registry: &Registry, state: &StateConfig) {
    if wiring::is_in_memory(state) {
        return;
    }
    let file = state.path.clone();
    registry.observe(&metric::STATE_SIZE, move |values| {
        if let Some(bytes) = size_with_log(&file) {
            values.record(float(bytes), &[]);
        }
    });
    // The disk of the folder: the file may yet have to be made.
    let folder = state.path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = Arc::new(folder.unwrap_or(Path::new(".")).to_owned());
    let of_size = Arc::clone(&folder);
    registry.observe(&metric::STATE_DISK_FREE, move |values| {
        if let Some(disk) = Disk::read(&folder) {
            values.record(float(disk.free), &[]);
        }
    });
    registry.observe(&metric::STATE_DISK_SIZE, move |values| {
        if let Some(disk) = Disk::read(&of_size) {
            values.record(float(disk.size), &[]);
        }
    });
}

/// Bytes of the state file and the log next to it.
fn size_with_log(file: &Path) -> Option<u64> {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let log = std::fs::metadata(log).map_or(0, |metadata| metadata.len());
    Some(std::fs::metadata(file).ok()?.len() + log)
}

struct Disk {
    /// Free for programs that do not run as root.
    free: u64,
    size: u64,
}

impl Disk {
    fn read(folder: &Path) -> Option<Self> {
        let found = rustix::fs::statvfs(folder).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Some(Self { free: bytes(found.f_bavail), size: bytes(found.f_blocks) })
    }
}

/// Seconds since 1970. Times are far below 2^52 milliseconds, where `f64` is exact.
#[allow(clippy::cast_precision_loss)]
fn seconds(at: chrono::DateTime<chrono::Utc>) -> f64 {
    at.timestamp_millis() as f64 / 1_000.0
}

/// Sizes and counts are far below 2^52, where `f64` is exact.
#[allow(clippy::cast_precision_loss)]
fn float(count: u64) -> f64 {
    count as f64
}
