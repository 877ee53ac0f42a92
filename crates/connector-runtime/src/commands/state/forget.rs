//! `stocktake state forget`: tenants and sinks that are not collected any more.

use clap::ArgGroup;
use serde::Serialize;
use stocktake_connector_core::{Forgetting, Forgotten, Scope};

use crate::cli::{CommandError, Context, Ending};
use crate::commands::written_state;
use crate::config::{Config, ConfigError, Fault};
use crate::output::{Format, counted};
use crate::wiring;

/// Forgets what was delivered of a tenant, to a sink, or of a tenant to a sink.
///
/// A name that is missing in the configuration may be back tomorrow, so state does not do this by
/// itself.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, group(ArgGroup::new("name").required(true).multiple(true).args(["tenant", "sink"])))]
pub(crate) struct Forget {
    /// This tenant, at the sink that is named or at every one
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// This sink, of the tenant that is named or of every one
    #[arg(long, value_name = "NAME")]
    sink: Option<String>,
    /// Also what is still configured: its devices are all sent once more
    #[arg(long)]
    even_if_configured: bool,
    /// Count what would be forgotten, and change nothing
    #[arg(long)]
    dry_run: bool,
}

const AFTER_HELP: &str = "\
Give this when a tenant or a sink was removed or renamed for good. With --tenant alone its reports and \
its marks of removed devices go too. The file keeps its size; what comes later uses the room.

One process writes state: stop `run` first, and start it again afterwards. With --dry-run it may go on.";

#[derive(Debug, Serialize)]
struct Told {
    #[serde(flatten)]
    forgotten: Forgotten,
    dry_run: bool,
}

impl Forget {
    pub(crate) async fn execute(self, context: &Context) -> Result<Ending, CommandError> {
        let config = context.config()?;
        let what = self.what()?;
        if !self.even_if_configured {
            check_unconfigured(&what, &config)?;
        }
        let forgotten = if self.dry_run {
            wiring::open_state_to_read(&config.state)?.forgettable(&what).await
        } else {
            written_state::open(&config.state)?.forget(&what).await
        };
        let forgotten = forgotten.map_err(|error| CommandError::of(&error))?;
        let told = Told { forgotten, dry_run: self.dry_run };
        match context.output.format() {
            Format::Json => context.output.json(&told)?,
            Format::Text => context.output.text(told.in_words())?,
        }
        Ok(Ending::Fine)
    }

    fn what(&self) -> Result<Forgetting, ConfigError> {
        let tenant = written_state::tenant(self.tenant.clone())?;
        let sink = written_state::sink(self.sink.clone())?;
        match (tenant, sink) {
            (Some(tenant), Some(sink)) => Ok(Forgetting::Scope(Scope { tenant, sink })),
            (Some(tenant), None) => Ok(Forgetting::Tenant(tenant)),
            (None, Some(sink)) => Ok(Forgetting::Sink(sink)),
            // The group of arguments asks for one of them before this is reached.
            (None, None) => Err(ConfigError(vec![Fault::new("--tenant", "is missing")])),
        }
    }
}

fn check_unconfigured(what: &Forgetting, config: &Config) -> Result<(), ConfigError> {
    let (flag, name, configured) = match what {
        Forgetting::Tenant(tenant) => {
            ("--tenant", tenant.as_str(), config.tenants.contains_key(tenant.as_str()))
        }
        Forgetting::Sink(sink) => {
            ("--sink", sink.as_str(), config.sinks.contains_key(sink.as_str()))
        }
        Forgetting::Scope(Scope { tenant, sink }) => {
            let of_tenant = config.tenants.get(tenant.as_str());
            let feeds = of_tenant.is_some_and(|tenant| {
                wiring::sinks_of(tenant, config).any(|name| name == sink.as_str())
            });
            ("--sink", sink.as_str(), feeds)
        }
    };
    if !configured {
        return Ok(());
    }
    let problem = format!(
        "`{name}` is configured, and everything would be sent once more; remove it from the \
         configuration first, or add --even-if-configured"
    );
    Err(ConfigError(vec![Fault::new(flag, problem)]))
}

impl Told {
    fn in_words(&self) -> String {
        let Forgotten { scopes, delivered, dead_letters, removed, cycle_reports } = self.forgotten;
        if self.forgotten == Forgotten::default() {
            return "state holds nothing of it".to_owned();
        }
        format!(
            "{}: {} with {}, {}, {}, {}",
            if self.dry_run { "would be forgotten" } else { "forgotten" },
            counted(scopes, "delivered set", "delivered sets"),
            counted(delivered, "device", "devices"),
            counted(dead_letters, "dead letter", "dead letters"),
            counted(removed, "mark of a removed device", "marks of removed devices"),
            counted(cycle_reports, "cycle report", "cycle reports"),
        )
    }
}
