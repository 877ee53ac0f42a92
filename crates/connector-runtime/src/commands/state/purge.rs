//! `stocktake state purge`: tenants and sinks that are not collected any more.

use clap::ArgGroup;
use serde::Serialize;
use stocktake_connector_core::{Purge, Purged, StateStore};

use crate::command_error::{CommandError, ExitStatus};
use crate::commands::written_state;
use crate::config::{Config, ConfigError, ConfigFault};
use crate::context::Context;
use crate::output::{Format, counted};
use crate::wiring;

/// Most rows that one transaction purges.
const AT_ONCE: usize = 50_000;

/// Purges what state holds of a tenant, of a sink, or of a tenant at a sink.
///
/// A name that is missing in the configuration may be back tomorrow, so state does not do this by
/// itself.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, group(ArgGroup::new("name").required(true).multiple(true).args(["tenant", "sink"])))]
pub(crate) struct PurgeState {
    /// This tenant, at the named sink or at every one
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// This sink, of the named tenant or of every one
    #[arg(long, value_name = "NAME")]
    sink: Option<String>,
    /// Purge a tenant or a sink that is still configured: all of its devices are sent again
    #[arg(long)]
    even_if_configured: bool,
    /// Count what would be purged, and change nothing
    #[arg(long)]
    dry_run: bool,
}

const AFTER_HELP: &str = "\
Use this when a tenant or a sink was removed or renamed for good. With --tenant alone, its reports and \
its marks of removed devices are purged too. The file keeps its size; new state uses the room.

One process writes state: stop `run` first, and start it again afterwards. With --dry-run it may keep \
running.";

#[derive(Debug, Serialize)]
struct PurgeResult {
    #[serde(flatten)]
    purged: Purged,
    dry_run: bool,
}

impl PurgeState {
    pub(crate) async fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        let config = context.config()?;
        let what = Purge {
            tenant: written_state::tenant(self.tenant.clone())?,
            source: None,
            sink: written_state::sink(self.sink.clone())?,
        };
        if !self.even_if_configured {
            check_unconfigured(&what, &config)?;
        }
        let purged = if self.dry_run {
            wiring::open_state_to_read(&config.state)?.purge_count(&what).await?
        } else {
            purge_all(&*written_state::open(&config.state)?, &what).await?
        };
        let result = PurgeResult { purged, dry_run: self.dry_run };
        match context.output.format() {
            Format::Json => context.output.json(&result)?,
            Format::Text => context.output.text(result.describe())?,
        }
        Ok(ExitStatus::Success)
    }
}

/// Purges in transactions of a bounded size, until nothing is left.
async fn purge_all(store: &dyn StateStore, what: &Purge) -> Result<Purged, CommandError> {
    let mut total = Purged::default();
    loop {
        let purged = store.purge(what, AT_ONCE).await?;
        if purged == Purged::default() {
            return Ok(total);
        }
        total.scopes += purged.scopes;
        total.delivered += purged.delivered;
        total.dead_letters += purged.dead_letters;
        total.removed += purged.removed;
        total.cycle_reports += purged.cycle_reports;
    }
}

fn check_unconfigured(what: &Purge, config: &Config) -> Result<(), ConfigError> {
    let tenant = what.tenant.as_ref().map(|tenant| tenant.as_str());
    let sink = what.sink.as_ref().map(|sink| sink.as_str());
    let (flag, name, configured) = match (tenant, sink) {
        (Some(tenant), None) => ("--tenant", tenant, config.tenants.contains_key(tenant)),
        (None, Some(sink)) => ("--sink", sink, config.sinks.contains_key(sink)),
        (Some(tenant), Some(sink)) => {
            let feeds = config.tenants.get(tenant).is_some_and(|tenant| {
                wiring::tenant_sinks(tenant, config).any(|name| name == sink)
            });
            ("--sink", sink, feeds)
        }
        // The group of arguments requires one of them before this is reached.
        (None, None) => return Err(ConfigError(vec![ConfigFault::new("--tenant", "is missing")])),
    };
    if !configured {
        return Ok(());
    }
    let problem = format!(
        "`{name}` is configured, and all of its devices would be sent again; remove it from the \
         configuration first, or add --even-if-configured"
    );
    Err(ConfigError(vec![ConfigFault::new(flag, problem)]))
}

impl PurgeResult {
    fn describe(&self) -> String {
        let Purged { scopes, delivered, dead_letters, removed, cycle_reports } = self.purged;
        if self.purged == Purged::default() {
            return "state contains nothing to purge".to_owned();
        }
        format!(
            "{}: {} with {}, {}, {}, {}",
            if self.dry_run { "would be purged" } else { "purged" },
            counted(scopes, "delivered set", "delivered sets"),
            counted(delivered, "device", "devices"),
            counted(dead_letters, "dead letter", "dead letters"),
            counted(removed, "mark of a removed device", "marks of removed devices"),
            counted(cycle_reports, "cycle report", "cycle reports"),
        )
    }
}
