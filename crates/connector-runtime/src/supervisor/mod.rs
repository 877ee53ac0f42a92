//! The supervisor: it alone drives cycles, permits and leases.
//!
//! Each tenant runs on its own, so that a slow or broken one delays no other. A cycle starts
//! `interval` after the start of the last one, also across restarts of the program; what happens after
//! a failure is in [`Schedule`].
//!
//! Only `concurrent_cycles` cycles run at the same time, because each may hold some pages in memory;
//! waiting tenants get permits in the order of asking. That many slow tenants at once do delay the
//! others; the deadline of each call bounds for how long.

mod files;
mod lease;

use std::sync::Arc;
use std::time::Duration;

use stocktake_connector_core::{Clock, CycleReport, Failure, FailureRecord, WorkerName};
use stocktake_engine::{Progress, Request, Stop, log_cycle_end};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinSet;

use self::files::FileStamps;
use crate::clock::ProgramClock;
use crate::command_error::CommandError;
use crate::cycle_log;
use crate::output::{Bars, Output, ReportPrinter};
use crate::schedule::{NextCycle, Schedule, Waiting};
use crate::watch::Watch;
use crate::wiring::{ConfiguredTenant, Deployment};

/// How often the files of a tenant that waits for an operator are looked at.
const LOOK_AT_FILES: Duration = Duration::from_secs(5);

/// A configuration file that has looked the same for this long is complete.
const WRITTEN_AFTER: Duration = Duration::from_millis(250);

/// Drives the cycles of a deployment.
#[derive(Debug)]
pub(crate) struct Supervisor {
    deployment: Deployment,
    watch: Arc<Watch>,
    permits: Semaphore,
    worker: WorkerName,
    stop: Stop,
}

impl Supervisor {
    /// Drives `deployment` until `stop`, at most `concurrent_cycles` cycles at a time.
    pub(crate) fn new(
        deployment: Deployment,
        watch: Arc<Watch>,
        concurrent_cycles: usize,
        stop: Stop,
    ) -> Result<Arc<Self>, CommandError> {
        // More permits than a semaphore can count are as good as its most.
        let permits = Semaphore::new(concurrent_cycles.min(Semaphore::MAX_PERMITS));
        let worker = lease::worker()?;
        Ok(Arc::new(Self { deployment, watch, permits, worker, stop }))
    }

    /// How many tenants there are.
    pub(crate) fn tenant_count(&self) -> usize {
        self.deployment.tenants.len()
    }

    /// Runs one cycle of every tenant and returns the reports in the order of tenants.
    ///
    /// # Errors
    /// The last failure that left no report; the other tenants' cycles are over too then, and their
    /// reports are in state.
    pub(crate) async fn run_once(
        self: &Arc<Self>,
        request: Request,
        output: &Output,
    ) -> Result<Vec<CycleReport>, CommandError> {
        let mut bars = Bars::new(output);
        let mut cycles = JoinSet::new();
        for tenant in &self.deployment.tenants {
            let progress = Arc::new(Progress::default());
            bars.add(&tenant.name, Arc::clone(&progress));
            let (supervisor, tenant) = (Arc::clone(self), Arc::clone(tenant));
            cycles.spawn(async move {
                let _permit = supervisor.permit().await;
                // A tenant that was still waiting for its permit has nothing to report.
                if supervisor.stop.graceful.is_cancelled() {
                    return Ok(None);
                }
                supervisor.run_cycle(&tenant, request, &progress).await.map(Some)
            });
        }
        let mut reports = Vec::new();
        let mut failure = None;
        while let Some(ended) = cycles.join_next().await {
            match ended {
                Ok(Ok(report)) => reports.extend(report),
                Ok(Err(error)) => failure = Some(CommandError::from(error)),
                Err(panic) => {
                    failure = Some(CommandError::failed(format!("a cycle panicked: {panic}")));
                }
            }
        }
        drop(bars);
        match failure {
            Some(error) => Err(error),
            None => {
                reports.sort_by(|one, other| one.tenant.cmp(&other.tenant));
                Ok(reports)
            }
        }
    }

    /// Runs cycles of every tenant until the stop.
    ///
    /// # Errors
    /// When the task of a tenant panicked.
    pub(crate) async fn run(
        self: &Arc<Self>,
        schedule: Schedule,
        output: &Output,
    ) -> Result<(), CommandError> {
        let printer = ReportPrinter::start(*output)?.map(Arc::new);
        let mut tenants = JoinSet::new();
        for tenant in &self.deployment.tenants {
            let (supervisor, tenant) = (Arc::clone(self), Arc::clone(tenant));
            let printer = printer.clone();
            tenants.spawn(async move {
                let task = format!("tenant {}", tenant.name);
                // The future of a cycle is large; on the heap it is not moved.
                let cycles = Box::pin(supervisor.run_tenant(&tenant, schedule, printer.as_deref()));
                supervisor.watch.status.heartbeat(&task, cycles).await;
            });
        }
        while let Some(ended) = tenants.join_next().await {
            if let Err(panic) = ended {
                return Err(CommandError::failed(format!("a tenant's task panicked: {panic}")));
            }
        }
        // The tenants have dropped their clones.
        if let Some(printer) = printer.and_then(Arc::into_inner) {
            printer.finish().await;
        }
        Ok(())
    }

    /// Runs the cycles of one tenant, one after the other.
    async fn run_tenant(
        &self,
        tenant: &ConfiguredTenant,
        schedule: Schedule,
        printer: Option<&ReportPrinter>,
    ) {
        let mut failures = 0;
        let mut next = match self.last_report(tenant).await {
            Ok(last) => schedule.first(last.as_ref(), ProgramClock.now()),
            Err(failure) => {
                failures = 1;
                cycle_log::no_report(&tenant.name, &failure);
                schedule.after_failure(&failure, failures, None, ProgramClock.now())
            }
        };
        let mut files = FileStamps::read(&tenant.files());
        // Not looked at yet: the file may have changed since it was read.
        let mut configuration = FileStamps::default();
        loop {
            self.watch.status.waits(&tenant.name, &next);
            // Acquire the permit after sleeping, so that a sleeping tenant holds none.
            let permit = tokio::select! {
                biased;
                () = self.stop.graceful.cancelled() => return,
                permit = async {
                    wait_for(&next, tenant, &files, &mut configuration).await;
                    self.permit().await
                } => permit,
            };
            let progress = Arc::new(Progress::default());
            // Before the cycle: it may have read a file that changes while it runs.
            files = FileStamps::read(&tenant.files());
            let ended = self.run_cycle(tenant, Request::WhatIsDue, &progress).await;
            drop(permit);
            next = match ended {
                Ok(report) => {
                    let next = schedule.after_cycle(&report, &mut failures, ProgramClock.now());
                    log_cycle_end(&report);
                    if let Some(printer) = printer {
                        printer.print(report);
                    }
                    next
                }
                Err(failure) => {
                    failures += 1;
                    cycle_log::no_report(&tenant.name, &failure);
                    schedule.after_failure(&failure, failures, None, ProgramClock.now())
                }
            };
        }
    }

    /// Runs one cycle under a lease of its tenant, and lets the watch see it.
    ///
    /// # Errors
    /// Why the cycle has no report.
    async fn run_cycle(
        &self,
        tenant: &ConfiguredTenant,
        request: Request,
        progress: &Arc<Progress>,
    ) -> Result<CycleReport, FailureRecord> {
        self.watch.cycle_started(tenant, progress);
        let ended = self.run_unwatched(tenant, request, progress).await;
        let store = &*self.deployment.store;
        self.watch.cycle_ended(store, &tenant.inventory(), progress, &ended).await;
        ended
    }

    async fn run_unwatched(
        &self,
        tenant: &ConfiguredTenant,
        request: Request,
        progress: &Arc<Progress>,
    ) -> Result<CycleReport, FailureRecord> {
        let collector = tenant.collector();
        self.watch.built(tenant);
        let collector = collector?;
        let store = &self.deployment.store;
        let lease = lease::claim(store, &tenant.name, &self.worker).await?;
        let fence = lease.fence();
        // A lost lease stops this cycle alone.
        let stop = Stop {
            graceful: self.stop.graceful.clone(),
            immediate: self.stop.immediate.child_token(),
        };
        let renewing = lease::renew(Arc::clone(store), fence.clone(), stop.immediate.clone());
        let ended = collector.run_cycle(request, &fence, &stop, progress).await;
        drop(renewing);
        if let Err(error) = store.release(&fence).await {
            // It expires by itself.
            tracing::warn!(
                connector.tenant.name = %tenant.name,
                error = &error as &dyn std::error::Error,
                "the lease of a tenant could not be released"
            );
        }
        ended.map_err(|error| Failure::from(error).record())
    }

    /// The report of the tenant's last cycle.
    async fn last_report(
        &self,
        tenant: &ConfiguredTenant,
    ) -> Result<Option<CycleReport>, FailureRecord> {
        let page = self.deployment.store.reports(&tenant.inventory(), None, 1).await;
        let page = page.map_err(|error| Failure::from(error).record())?;
        Ok(page.reports.into_iter().next())
    }

    /// The permit to run a cycle. The semaphore is never closed; if it were, the cycle would only
    /// run next to others.
    async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        self.permits.acquire().await.ok()
    }
}

/// Sleeps until the next cycle. A tenant that waits for an operator wakes up as soon as a file differs
/// from `before` that its configuration names: a secret, a certificate. It wakes up, too, when the
/// configuration file differs from what was `read` and has settings for it.
async fn wait_for(
    next: &NextCycle,
    tenant: &ConfiguredTenant,
    before: &FileStamps,
    read: &mut FileStamps,
) {
    let sleep = tokio::time::sleep(next.wait);
    if next.waiting != Waiting::Operator {
        return sleep.await;
    }
    let every = LOOK_AT_FILES.min(next.wait.max(Duration::from_millis(1)));
    let files = tenant.files();
    tokio::select! {
        () = sleep => {}
        () = before.changed(&files, every) => tracing::info!(
            connector.tenant.name = %tenant.name,
            "a file of the tenant changed; its next cycle starts now"
        ),
        () = follow_configuration(tenant, read, every) => tracing::info!(
            connector.tenant.name = %tenant.name,
            "the configuration changed; the next cycle of the tenant starts now"
        ),
    }
}

/// Ends as soon as the tenant is to be built from other settings.
async fn follow_configuration(tenant: &ConfiguredTenant, read: &mut FileStamps, every: Duration) {
    loop {
        let file = tenant.configuration_file();
        read.changed(file, every).await;
        // A file that is being written is not read: half of it may be valid. The stamps are taken before
        // it is read, so a change in between is noticed by the next look.
        while FileStamps::read(file) != *read {
            *read = FileStamps::read(file);
            tokio::time::sleep(WRITTEN_AFTER).await;
        }
        if tenant.follow_configuration() {
            return;
        }
    }
}
