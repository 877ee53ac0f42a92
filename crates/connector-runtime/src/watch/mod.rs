//! What a running program reports of itself: metrics, and the status of each tenant. It observes what
//! the supervisor does, and drives nothing.
//!
//! ```text
//! cycle reports ─┬─▶ metrics ─▶ registry ─┬─▶ scrape (/metrics)
//!                └─▶ status ──▶ gauges ───┘─▶ push (OTLP)
//!                      │
//!                      └─▶ /livez, /readyz, /startupz, /status
//! ```

mod gauges;
mod metrics;
mod readiness;
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use stocktake_connector_core::{
    Clock, CycleReport, FailureRecord, Inventory, StateError, StateStore,
};
use stocktake_engine::Progress;
use stocktake_telemetry::Registry;

pub(crate) use self::metrics::Metrics;
pub(crate) use self::readiness::Readiness;
pub(crate) use self::status::StatusRegistry;

use crate::clock::ProgramClock;
use crate::config::Config;
use crate::wiring::{ConfiguredTenant, Deployment};

/// Observes everything that runs.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) status: Arc<StatusRegistry>,
    pub(crate) readiness: Readiness,
}

impl Watch {
    pub(crate) fn new(registry: Registry) -> Self {
        Self::with_clock(registry, Arc::new(ProgramClock))
    }

    fn with_clock(registry: Registry, clock: Arc<dyn Clock>) -> Self {
        let status = Arc::new(StatusRegistry::new(clock));
        gauges::observe_process(&registry, &status);
        gauges::observe_freshness(&registry, &status);
        Self { metrics: Arc::new(Metrics::new(registry)), status, readiness: Readiness::default() }
    }

    /// Observes every part of the deployment, including those that could not be built.
    pub(crate) async fn deployed(&self, deployment: &Deployment, config: &Config) {
        for tenant in &deployment.tenants {
            self.metrics.register(&tenant.name, &tenant.sinks);
            self.metrics.register_calls(&tenant.name, &tenant.apis());
            self.status.add(tenant.inventory(), tenant.sinks.clone());
            if let Err(failure) = tenant.collector() {
                self.status.failed(&tenant.name, &failure);
            }
            self.built(tenant);
        }
        let registry = self.metrics.registry();
        let names = deployment.tenants.iter().map(|tenant| tenant.name.clone()).collect();
        gauges::observe_schedule(registry, names, config.collection.interval);
        gauges::observe_tenants(registry, &deployment.tenants);
        gauges::observe_state(registry, &config.state);
        for tenant in &deployment.tenants {
            // What cannot be read of one holds no other up: its cycles meet the same failure, and
            // report it too.
            if let Err(error) = self.restore(&*deployment.store, &tenant.inventory()).await {
                tracing::warn!(
                    connector.tenant.name = %tenant.name,
                    error = &error as &dyn std::error::Error,
                    "the age of data could not be read from state"
                );
            }
        }
    }

    /// Reads what state knows of an inventory, so that ages are right after a restart.
    async fn restore(
        &self,
        store: &dyn StateStore,
        inventory: &Inventory,
    ) -> Result<(), StateError> {
        if let Some(report) = store.reports(inventory, None, 1).await?.reports.pop() {
            self.status.restore(&inventory.tenant, report);
        }
        self.status.read_state(store, inventory).await
    }

    /// Notes which sinks of a tenant cannot be built.
    pub(crate) fn built(&self, tenant: &ConfiguredTenant) {
        self.status.built(&tenant.name, tenant.sink_failures());
    }

    /// A cycle starts.
    pub(crate) fn cycle_started(&self, tenant: &ConfiguredTenant, progress: &Arc<Progress>) {
        self.status.started(&tenant.name, Arc::clone(progress));
    }

    /// A cycle has ended, with a report or without.
    pub(crate) async fn cycle_ended(
        &self,
        store: &dyn StateStore,
        inventory: &Inventory,
        progress: &Progress,
        ended: &Result<CycleReport, FailureRecord>,
    ) {
        let tenant = &inventory.tenant;
        match ended {
            Ok(report) => self.metrics.cycle_ended(report),
            Err(_) => self.metrics.cycle_without_report(tenant, progress.kind()),
        }
        if let Err(error) = self.status.read_state(store, inventory).await {
            tracing::warn!(
                connector.tenant.name = %tenant, error = &error as &dyn std::error::Error,
                "the age of data is that of the last checkpoint that could be read"
            );
        }
        match ended {
            Ok(report) => self.status.ended(tenant, report.clone()),
            Err(failure) => self.status.failed(tenant, failure),
        }
    }
}
