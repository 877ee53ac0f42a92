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
    Clock, CycleReport, StateError, StateStore, SystemClock, TenantName,
};
use stocktake_telemetry::Registry;

pub(crate) use board::Board;
pub(crate) use figures::Figures;
pub(crate) use gauges::TenantProbe;
pub(crate) use readiness::Readiness;

use crate::config::Config;
use crate::cycle::{Progress, Request, Stop, Unbuilt};
use crate::wiring::{ConfiguredTenant, TenantCollector};

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

    /// Watches what was deployed, whether it could be built or not.
    pub(crate) fn deployed(&self, tenants: &[Arc<ConfiguredTenant>], config: &Config) {
        for tenant in tenants {
            self.figures.prepare(&tenant.id, &tenant.sinks);
            self.figures.prepare_calls(&tenant.id, &tenant.apis());
            self.board.add(tenant.id.clone(), tenant.sinks.clone());
            if let Err(unbuilt) = self.build(tenant) {
                self.board.failed(&tenant.id, &CycleError::from(unbuilt));
            }
        }
        let registry = self.figures.registry();
        let names = tenants.iter().map(|tenant| tenant.id.clone()).collect();
        gauges::tell_of_schedule(registry, names, config.collection.interval);
        gauges::tell_of_tenants(registry, tenants);
        gauges::tell_of_state(registry, &config.state);
    }

    /// Builds what collects a tenant, and notes what of it cannot be built.
    fn build(&self, tenant: &ConfiguredTenant) -> Result<Arc<TenantCollector>, Unbuilt> {
        let collector = tenant.collector();
        self.board.built(&tenant.id, tenant.unbuilt_sinks());
        collector
    }

    /// Takes up what state knows of a tenant, as after a restart.
    ///
    /// # Errors
    /// When state cannot be read or written.
    pub(crate) async fn restore(&self, tenant: &ConfiguredTenant) -> Result<(), StateError> {
        let (store, id) = (&**tenant.store(), &tenant.id);
        if let Some(report) = store.reports(id, 1).await?.pop() {
            self.board.restore(id, report);
        }
        self.board.read_state(store, id).await
    }

    /// Runs one cycle and tells of it.
    ///
    /// # Errors
    /// When there is no report of it.
    pub(crate) async fn run_cycle(
        &self,
        tenant: &ConfiguredTenant,
        request: Request,
        stop: &Stop,
        progress: &Arc<Progress>,
    ) -> Result<CycleReport, CycleError> {
        self.board.started(&tenant.id, Arc::clone(progress));
        let ended = match self.build(tenant) {
            Ok(collector) => collector.run_cycle(request, stop, progress).await.map_err(Into::into),
            Err(unbuilt) => Err(unbuilt.into()),
        };
        self.ended(&**tenant.store(), &tenant.id, progress, &ended).await;
        ended
    }

    async fn ended(
        &self,
        store: &dyn StateStore,
        tenant: &TenantName,
        progress: &Progress,
        ended: &Result<CycleReport, CycleError>,
    ) {
        match ended {
            Ok(report) => self.figures.cycle_ended(report),
            Err(_) => self.figures.cycle_broke(tenant, progress.kind()),
        }
        if let Err(error) = self.board.read_state(store, tenant).await {
            tracing::warn!(
                connector.tenant.name = %tenant, error = &error as &dyn std::error::Error,
                "the age of data is told by the last checkpoint that could be read"
            );
        }
        match ended {
            Ok(report) => self.board.ended(tenant, report.clone()),
            Err(error) => self.board.failed(tenant, error),
        }
    }
}

/// Why a cycle has no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CycleError {
    /// The tenant could not be built.
    #[error("{}", .0.error)]
    Unbuilt(Unbuilt),
    /// State could not be read or written.
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<Unbuilt> for CycleError {
    fn from(unbuilt: Unbuilt) -> Self {
        Self::Unbuilt(unbuilt)
    }
}

impl CycleError {
    /// What the operator can do, as a sentence.
    pub(crate) fn advice(&self) -> Option<&str> {
        match self {
            Self::Unbuilt(unbuilt) => unbuilt.advice.as_deref(),
            Self::State(_) => None,
        }
    }

    /// The error with its causes and code.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Unbuilt(unbuilt) => unbuilt.error.clone(),
            Self::State(error) => crate::chain(error),
        }
    }
}
