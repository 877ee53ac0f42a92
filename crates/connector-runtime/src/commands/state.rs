//! `stocktake state`: what was delivered, the last cycles, and the file that they are kept in.

mod backup;
mod forget;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use stocktake_connector_core::{
    Checkpoint, CycleOutcome, CycleReport, Scope, SinkName, StateError, StateStore, TenantName,
};

use crate::cli::{CommandError, Context, Ending};
use crate::output::{Align, Format, Table, count};
use crate::wiring;

/// Shows what was delivered, and looks after its file.
#[derive(Debug, clap::Args)]
pub(crate) struct State {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Print delivered sets, checkpoints and the last cycles, also of what never was delivered
    Show {
        /// Cycles of each tenant to show, at most
        #[arg(long, default_value_t = 5)]
        cycles: usize,
    },
    /// Copy state to a file, also while `run` writes it
    Backup(backup::Backup),
    /// Forget a tenant or a sink that is not configured any more
    Forget(forget::Forget),
}

/// What one sink has of one tenant.
#[derive(Debug, Serialize)]
struct Delivered {
    tenant: TenantName,
    sink: SinkName,
    /// Whether the configuration names it still; its devices are kept either way.
    configured: bool,
    wanted_since: Option<DateTime<Utc>>,
    devices: u64,
    checkpoint: Option<Checkpoint>,
}

impl State {
    pub(crate) async fn execute(self, context: &Context) -> Result<Ending, CommandError> {
        let cycles = match self.verb {
            Verb::Show { cycles } => cycles,
            Verb::Backup(verb) => return verb.execute(context).await,
            Verb::Forget(verb) => return verb.execute(context).await,
        };
        let config = context.config()?;
        let store = wiring::open_state_to_read(&config.state)?;
        let wanted = wiring::scopes(&config)?;
        let shown = look(&*store, &wanted, cycles).await;
        let (delivered, reports) = shown.map_err(|error| CommandError::of(&error))?;
        match context.output.format() {
            Format::Json => context
                .output
                .json(&serde_json::json!({ "delivered": delivered, "cycles": reports }))?,
            Format::Text => print(&delivered, &reports, context)?,
        }
        Ok(Ending::Fine)
    }
}

/// What state has of the wanted scopes and of those that were wanted once, and the last cycles of
/// their tenants, in the order of names.
async fn look(
    store: &dyn StateStore,
    wanted: &BTreeSet<Scope>,
    cycles: usize,
) -> Result<(Vec<Delivered>, Vec<CycleReport>), StateError> {
    let mut scopes = wanted.clone();
    scopes.extend(store.scopes().await?);
    let mut delivered = Vec::new();
    for scope in &scopes {
        delivered.push(Delivered {
            tenant: scope.tenant.clone(),
            sink: scope.sink.clone(),
            configured: wanted.contains(scope),
            wanted_since: store.wanted_since(scope).await?,
            devices: store.delivered_count(scope).await?,
            checkpoint: store.checkpoint(scope).await?,
        });
    }
    let tenants: BTreeSet<_> = scopes.iter().map(|scope| &scope.tenant).collect();
    let mut reports = Vec::new();
    for tenant in tenants {
        reports.extend(store.reports(tenant, cycles).await?);
    }
    Ok((delivered, reports))
}

fn print(
    delivered: &[Delivered],
    reports: &[CycleReport],
    context: &Context,
) -> Result<(), CommandError> {
    if delivered.is_empty() {
        return context.output.text("there is no tenant, and nothing was delivered yet");
    }
    context.output.text(scopes(delivered))?;
    if reports.is_empty() {
        return context.output.text("\nno cycle has ended yet");
    }
    context.output.text(format_args!("\n{}", cycles(reports)))?;
    // The same failure in each of the last cycles needs its advice once.
    let mut told = BTreeSet::new();
    for report in reports {
        if let CycleOutcome::Failed { advice: Some(advice), .. } = &report.outcome
            && told.insert((&report.tenant, advice))
        {
            let tenant = &report.tenant;
            context.output.text(format_args!("\n{tenant}, what to do: {advice}"))?;
        }
    }
    Ok(())
}

fn scopes(delivered: &[Delivered]) -> Table {
    let mut table = Table::new([
        ("tenant", Align::Left),
        ("sink", Align::Left),
        ("devices", Align::Right),
        ("delivered until", Align::Left),
    ]);
    for Delivered { tenant, sink, configured, wanted_since, devices, checkpoint } in delivered {
        let mut until = match (checkpoint, wanted_since) {
            (Some(checkpoint), _) => time(checkpoint.completed_at),
            (None, Some(since)) => {
                format!("no complete cycle yet, wanted since {}", time(*since))
            }
            (None, None) => "no complete cycle yet".to_owned(),
        };
        if !configured {
            until += ", not configured any more";
        }
        table.row([tenant.to_string(), sink.to_string(), count(*devices), until]);
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
                CycleOutcome::Failed { error, .. } => format!("failed: {error}"),
                ended => ended.name().to_owned(),
            },
        ]);
    }
    table
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%SZ").to_string()
}
