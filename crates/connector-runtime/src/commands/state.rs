//! `stocktake state`: what was delivered, the last cycles, and the file that they are kept in.

mod backup;
mod forget;

use serde::Serialize;
use stocktake_connector_core::{
    Checkpoint, CycleOutcome, CycleReport, Scope, StateStore, TenantId,
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
    /// Print delivered sets, checkpoints and the last cycles
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

#[derive(Debug, Serialize)]
struct Delivered {
    tenant: String,
    sink: String,
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
        let mut delivered = Vec::new();
        let mut reports = Vec::new();
        let mut tenants: Vec<TenantId> = Vec::new();
        for scope in store.scopes().await.map_err(|error| CommandError::of(&error))? {
            delivered
                .push(describe(&*store, &scope).await.map_err(|error| CommandError::of(&error))?);
            if !tenants.contains(&scope.tenant) {
                tenants.push(scope.tenant);
            }
        }
        for tenant in &tenants {
            reports.extend(
                store.reports(tenant, cycles).await.map_err(|error| CommandError::of(&error))?,
            );
        }
        match context.output.format() {
            Format::Json => context
                .output
                .json(&serde_json::json!({ "delivered": delivered, "cycles": reports }))?,
            Format::Text => print(&delivered, &reports, context)?,
        }
        Ok(Ending::Fine)
    }
}

async fn describe(
    store: &dyn StateStore,
    scope: &Scope,
) -> Result<Delivered, stocktake_connector_core::StateError> {
    Ok(Delivered {
        tenant: scope.tenant.to_string(),
        sink: scope.sink.to_string(),
        devices: store.delivered_count(scope).await?,
        checkpoint: store.checkpoint(scope).await?,
    })
}

fn print(
    delivered: &[Delivered],
    reports: &[CycleReport],
    context: &Context,
) -> Result<(), CommandError> {
    if delivered.is_empty() {
        return context.output.text("nothing was delivered yet");
    }
    let mut table = Table::new([
        ("tenant", Align::Left),
        ("sink", Align::Left),
        ("devices", Align::Right),
        ("delivered until", Align::Left),
    ]);
    for Delivered { tenant, sink, devices, checkpoint } in delivered {
        let until = checkpoint.as_ref().map_or_else(
            || "no complete cycle yet".to_owned(),
            |checkpoint| checkpoint.completed_at.format("%Y-%m-%d %H:%M:%SZ").to_string(),
        );
        table.row([tenant.clone(), sink.clone(), count(*devices), until]);
    }
    context.output.text(table)?;
    let mut table = Table::new([
        ("cycle started", Align::Left),
        ("tenant", Align::Left),
        ("kind", Align::Left),
        ("read", Align::Right),
        ("outcome", Align::Left),
    ]);
    for report in reports {
        table.row([
            report.started_at.format("%Y-%m-%d %H:%M:%SZ").to_string(),
            report.tenant.to_string(),
            format!("{:?}", report.kind).to_lowercase(),
            count(report.read),
            match &report.outcome {
                CycleOutcome::Complete => "complete".to_owned(),
                CycleOutcome::Interrupted => "interrupted".to_owned(),
                CycleOutcome::Failed { error, .. } => format!("failed: {error}"),
            },
        ]);
    }
    context.output.text(format_args!("\n{table}"))
}
