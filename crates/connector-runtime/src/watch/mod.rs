//! What a running program tells of itself: metrics, and what is known of each tenant.
//!
//! ```text
//! cycle reports ─┬─▶ figures ─▶ registry ─┬─▶ scrape (/metrics)
//!                └─▶ board ──▶ gauges ────┘─▶ push (OTLP)
//!                      │
//!                      └─▶ /livez, /readyz, /startupz, /status
//! ```

mod board;
mod figures;
mod gauges;
mod readiness;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use stocktake_connector_core::{
    Clock, CycleReport, SinkName, StateError, StateStore, SystemClock, TenantId,
};
use stocktake_telemetry::Registry;

pub(crate) use board::Board;
pub(crate) use figures::Figures;
pub(crate) use gauges::TenantProbe;
pub(crate) use readiness::Readiness;

use crate::config::Config;
use crate::cycle::{Progress, Request, Stop};
use crate::wiring::{TenantCollector, apis_of};

/// Watches everything that runs.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) figures: Arc<Figures>,
    pub(crate) board: Arc<Board>,
    pub(crate) readiness: Readiness,
}

impl Watch {
    pub(crate) fn new(registry: Registry) -> Self {
        Self::at(registry, Arc::new(SystemClock))
    }

    fn at(registry: Registry, clock: Arc<dyn Clock>) -> Self {
        let board = Arc::new(Board::new(clock));
        gauges::tell_of_process(&registry, &board);
        gauges::tell_of_freshness(&registry, &board);
        Self { figures: Arc::new(Figures::new(registry)), board, readiness: Readiness::default() }
    }

    /// Watches what was deployed.
    pub(crate) fn deployed(
        &self,
        collectors: &[Arc<TenantCollector>],
        probes: Vec<TenantProbe>,
        config: &Config,
    ) {
        for collector in collectors {
            let sinks = sinks(collector);
            self.figures.prepare(&collector.tenant, &sinks);
            if let Some(tenant) = config.tenants.get(collector.tenant.as_str()) {
                self.figures.prepare_calls(&collector.tenant, &apis_of(tenant, config));
            }
            self.board.add(collector.tenant.clone(), sinks);
        }
        let registry = self.figures.registry();
        let tenants = collectors.iter().map(|collector| collector.tenant.clone()).collect();
        gauges::tell_of_schedule(registry, tenants, config.collection.interval);
        gauges::tell_of_tenants(registry, probes);
        gauges::tell_of_state(registry, &config.state);
    }

    /// Takes up what state knows of a tenant, as after a restart.
    ///
    /// # Errors
    /// When state cannot be read.
    pub(crate) async fn restore(&self, collector: &TenantCollector) -> Result<(), StateError> {
        let (store, tenant) = (&collector.store, &collector.tenant);
        if let Some(report) = store.reports(tenant, 1).await?.pop() {
            self.board.ended(tenant, Some(report));
        }
        self.board.read_checkpoints(&**store, tenant).await
    }

    /// Runs one cycle and tells of it.
    ///
    /// # Errors
    /// As for a cycle.
    pub(crate) async fn run_cycle(
        &self,
        collector: &TenantCollector,
        request: Request,
        stop: &Stop,
        progress: &Arc<Progress>,
    ) -> Result<CycleReport, StateError> {
        let tenant = &collector.tenant;
        self.board.started(tenant);
        let report = collector.run_cycle(request, stop, progress).await;
        self.ended(&*collector.store, tenant, progress, report.as_ref().ok()).await;
        report
    }

    async fn ended(
        &self,
        store: &dyn StateStore,
        tenant: &TenantId,
        progress: &Progress,
        report: Option<&CycleReport>,
    ) {
        match report {
            Some(report) => self.figures.cycle_ended(report),
            None => self.figures.cycle_broke(tenant, progress.kind()),
        }
        if let Err(error) = self.board.read_checkpoints(store, tenant).await {
            tracing::warn!(
                connector.tenant.id = %tenant, error = &error as &dyn std::error::Error,
                "the age of data is told by the last checkpoint that could be read"
            );
        }
        self.board.ended(tenant, report.cloned());
    }
}

fn sinks(collector: &TenantCollector) -> Vec<SinkName> {
    collector.renderings.iter().flat_map(|rendering| rendering.sinks.keys().cloned()).collect()
}
