//! Counters: cycle reports added up, and every request on the wire.

use stocktake_connector_core::{CycleKind, CycleOutcome, CycleReport, SinkName, TenantName};
use stocktake_http_stack::{Attempt, AttemptObserver};
use stocktake_telemetry::{Registry, metric};

use crate::clock;

/// Adds up what happened.
#[derive(Debug)]
pub(crate) struct Metrics(Registry);

impl Metrics {
    pub(crate) fn new(registry: Registry) -> Self {
        Self(registry)
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.0
    }

    /// Registers a tenant's series at zero, so that a first failure shows up as an increase.
    pub(crate) fn register(&self, tenant: &TenantName, sinks: &[SinkName]) {
        let tenant = tenant.as_str();
        for counter in [metric::DEVICES_READ, metric::DEVICES_MAPPED] {
            self.0.add(&counter, 0, &[tenant]);
        }
        for kind in [CycleKind::Full, CycleKind::Incremental] {
            for outcome in [
                CycleOutcome::Complete.name(),
                CycleOutcome::Interrupted.name(),
                CycleOutcome::FAILED,
            ] {
                self.0.add(&metric::CYCLES, 0, &[tenant, kind.name(), outcome]);
            }
        }
        for sink in sinks {
            for counter in [
                metric::DEVICES_UNCHANGED,
                metric::EVENTS_ACKNOWLEDGED,
                metric::DEAD_LETTERS,
                metric::SINK_BATCHES,
                metric::SINK_BYTES,
            ] {
                self.0.add(&counter, 0, &[tenant, sink.as_str()]);
            }
        }
    }

    /// Registers the series of a tenant's calls at zero, for the same reason.
    pub(crate) fn register_calls(&self, tenant: &TenantName, apis: &[&str]) {
        let tenant = tenant.as_str();
        for api in apis {
            self.0.add(&metric::API_RETRIES, 0, &[tenant, api]);
        }
    }

    /// Adds the accounts of a cycle.
    pub(crate) fn cycle_ended(&self, report: &CycleReport) {
        let (tenant, kind) = (report.tenant.as_str(), report.kind.name());
        self.0.add(&metric::CYCLES, 1, &[tenant, kind, report.outcome.name()]);
        let took = report.finished_at.signed_duration_since(report.started_at);
        let took = took.to_std().unwrap_or_default().as_secs_f64();
        self.0.record(&metric::CYCLE_DURATION, took, &[tenant, kind]);
        self.0.add(&metric::DEVICES_READ, report.read, &[tenant]);
        self.0.add(&metric::DEVICES_MAPPED, report.mapped, &[tenant]);
        for (name, field) in report.unreadable.iter() {
            let labels = [tenant, report.source.as_str(), name];
            self.0.add(&metric::UNREADABLE_VALUES, field.count, &labels);
        }
        for (sink, account) in &report.sinks {
            for (counter, count) in [
                (metric::DEVICES_UNCHANGED, account.unchanged),
                (metric::EVENTS_ACKNOWLEDGED, account.acknowledged),
                (metric::DEAD_LETTERS, account.dead_lettered),
                (metric::SINK_BATCHES, account.batches),
                (metric::SINK_BYTES, account.bytes),
            ] {
                self.0.add(&counter, count, &[tenant, sink.as_str()]);
            }
        }
    }

    /// Counts a cycle without a report. Its kind is not known when it failed before that was decided; a
    /// full one is what would have been tried.
    pub(crate) fn cycle_without_report(&self, tenant: &TenantName, kind: Option<CycleKind>) {
        let kind = kind.unwrap_or(CycleKind::Full).name();
        self.0.add(&metric::CYCLES, 1, &[tenant.as_str(), kind, CycleOutcome::FAILED]);
    }
}

impl AttemptObserver for Metrics {
    fn attempt_ended(&self, attempt: &Attempt<'_>) {
        clock::compare(attempt);
        let tenant = attempt.tenant.map_or("", TenantName::as_str);
        let port = attempt.server_port.map(|port| port.to_string()).unwrap_or_default();
        let status = attempt.status.map(|status| status.to_string()).unwrap_or_default();
        self.0.record(
            &metric::HTTP_REQUEST_DURATION,
            attempt.duration.as_secs_f64(),
            &[
                tenant,
                attempt.api,
                attempt.method.as_str(),
                attempt.server_address,
                &port,
                &status,
                attempt.outcome.error_type().unwrap_or_default(),
            ],
        );
        self.0.add(
            &metric::API_RETRIES,
            u64::from(attempt.resend_count > 0),
            &[tenant, attempt.api],
        );
    }
}
