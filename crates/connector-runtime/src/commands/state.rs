//! `stocktake state`: shows what was delivered and the last cycles, and maintains the state file.

mod backup;
mod purge;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use stocktake_connector_core::{
    Checkpoint, CycleOutcome, CycleReport, Inventory, Scope, StateError, StateStore,
};
use stocktake_telemetry::Escaped;

use crate::command_error::{CommandError, ExitStatus};
use crate::context::Context;
use crate::output::{Align, Format, Table, count};
use crate::wiring;

/// Shows what was delivered, and maintains the state file.
#[derive(Debug, clap::Args)]
pub(crate) struct State {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Print delivered sets, checkpoints and the last cycles, including tenants without a delivery
    Show {
        /// Show at most this many cycles of each tenant
        #[arg(long, default_value_t = 5)]
        cycles: usize,
    },
    /// Back up state to a file, also while `run` writes it
    Backup(backup::Backup),
    /// Purge a tenant or a sink that is not configured any more
    Purge(purge::PurgeState),
}

/// The delivered set of one tenant at one sink.
#[derive(Debug, Serialize)]
struct Delivered {
    #[serde(flatten)]
    scope: Scope,
    /// Whether the configuration still names it; its devices are kept either way.
    configured: bool,
    configured_since: Option<DateTime<Utc>>,
    devices: u64,
    checkpoint: Option<Checkpoint>,
}

impl State {
    pub(crate) async fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        let cycles = match self.verb {
            Verb::Show { cycles } => cycles,
            Verb::Backup(verb) => return verb.execute(context).await,
            Verb::Purge(verb) => return verb.execute(context).await,
        };
        let config = context.config()?;
        let store = wiring::open_state_to_read(&config.state)?;
        let configured = wiring::scopes(&config)?;
        let (delivered, reports) = read(&*store, &configured, cycles).await?;
        match context.output.format() {
            Format::Json => context
                .output
                .json(&serde_json::json!({ "delivered": delivered, "cycles": reports }))?,
            Format::Text => print(&delivered, &reports, context)?,
        }
        Ok(ExitStatus::Success)
    }
}

/// The state of every scope that is or was configured, and the last cycles of their inventories,
/// sorted by name.
async fn read(
    store: &dyn StateStore,
    configured: &BTreeSet<Scope>,
    cycles: usize,
) -> Result<(Vec<Delivered>, Vec<CycleReport>), StateError> {
    let mut scopes = configured.clone();
    scopes.extend(store.scopes().await?);
    let mut delivered = Vec::new();
    for scope in &scopes {
        delivered.push(Delivered {
            scope: scope.clone(),
            configured: configured.contains(scope),
            configured_since: store.configured_since(scope).await?,
            devices: store.delivered_count(scope).await?,
            checkpoint: store.checkpoint(scope).await?,
        });
    }
    let inventories: BTreeSet<_> = scopes.iter().map(|scope| &scope.inventory).collect();
    let mut reports = Vec::new();
    for inventory in inventories {
        reports.extend(store.reports(inventory, None, cycles).await?.reports);
    }
    Ok((delivered, reports))
}

fn print(
    delivered: &[Delivered],
    reports: &[CycleReport],
    context: &Context,
) -> Result<(), CommandError> {
    if delivered.is_empty() {
        return context.output.text("no tenant is configured, and nothing was delivered yet");
    }
    context.output.text(scopes(delivered))?;
    if reports.is_empty() {
        return context.output.text("\nno cycle has ended yet");
    }
    context.output.text(format_args!("\n{}", cycles(reports)))?;
    // The same failure in each of the last cycles needs its advice once.
    let mut shown = BTreeSet::new();
    for report in reports {
        if let CycleOutcome::Failed { failure } = &report.outcome
            && let Some(advice) = &failure.advice
            && shown.insert((&report.tenant, advice))
        {
            let (tenant, advice) = (Escaped(report.tenant.as_str()), Escaped(advice));
            context.output.text(format_args!("\n{tenant}, what to do: {advice}"))?;
        }
    }
    Ok(())
}

fn scopes(delivered: &[Delivered]) -> Table {
    let mut table = Table::new([
        ("tenant", Align::Left),
        ("source", Align::Left),
        ("sink", Align::Left),
        ("devices", Align::Right),
        ("delivered until", Align::Left),
    ]);
    for Delivered { scope, configured, configured_since, devices, checkpoint } in delivered {
        let mut until = match (checkpoint, configured_since) {
            (Some(checkpoint), _) => time(checkpoint.completed_at),
            (None, Some(since)) => {
                format!("no complete cycle yet, configured since {}", time(*since))
            }
            (None, None) => "no complete cycle yet".to_owned(),
        };
        if !configured {
            until += ", not configured any more";
        }
        let Inventory { tenant, source } = &scope.inventory;
        table.row([
            tenant.to_string(),
            source.to_string(),
            scope.sink.to_string(),
            count(*devices),
            until,
        ]);
    }
    table
}

fn cycles(reports: &[CycleReport]) -> Table {
    let mut table = Table::new([
        ("cycle started", Align::Left),
        ("tenant", Align::Left),
        ("kind", Align::Left),
        ("read", Align::Right),
        ("calls: tokens", Align::Right),
        ("Defender", Align::Right),
        ("Graph", Align::Right),
        ("outcome", Align::Left),
    ]);
    for report in reports {
        table.row([
            time(report.started_at),
            report.tenant.to_string(),
            report.kind.name().to_owned(),
            count(report.read),
            count(report.calls.token),
            count(report.calls.source),
            count(report.calls.enricher),
            match &report.outcome {
                CycleOutcome::Failed { failure } => format!("failed: {failure}"),
                ended => ended.name().to_owned(),
            },
        ]);
    }
    table
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%SZ").to_string()
}
