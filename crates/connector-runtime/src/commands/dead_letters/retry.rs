//! `stocktake dead-letters retry`: resends what a sink refused.

use std::sync::Arc;

use serde::Serialize;
use stocktake_connector_core::{DeadLetterId, Refusals, Stage, StateStore};

use crate::command_error::{CommandError, ExitStatus};
use crate::commands::written_state;
use crate::context::Context;
use crate::output::{Format, counted};
use crate::wiring;

/// Resends what a sink refused, once the sink has been fixed.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Retry {
    /// Only those of this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Only those that this sink refused
    #[arg(long, value_name = "NAME")]
    sink: Option<String>,
    /// Only this dead letter, by its id in the list
    #[arg(long, value_name = "N")]
    id: Option<i64>,
    /// Count what would be resent, and change nothing
    #[arg(long)]
    dry_run: bool,
}

const AFTER_HELP: &str = "\
The refusals are purged, so the next cycle that reads these devices sends them: `sync --full` reads \
all at once, `run` at the latest with its next full cycle. A dead letter ends when its device is \
acknowledged; refused once more, it is counted on. Those of the stages `read` and `map` need no retry: \
each cycle that reads them tries them anyway.

One process writes state: stop `run` first, and start it again afterwards. With --dry-run it may go on.";

#[derive(Debug, Serialize)]
struct Retried {
    refusals: u64,
    dry_run: bool,
}

impl Retry {
    pub(crate) async fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        let config = context.config()?;
        let which = Refusals {
            tenant: written_state::tenant(self.tenant)?,
            sink: written_state::sink(self.sink)?,
            letter: self.id.map(DeadLetterId),
        };
        let reader = wiring::open_state_to_read(&config.state)?;
        if let Some(id) = which.letter {
            check_letter(&reader, id).await?;
        }
        let counted = if self.dry_run {
            reader.refusal_count(&which).await
        } else {
            written_state::open(&config.state)?.purge_refusals(&which).await
        };
        let refusals = counted?;
        let retried = Retried { refusals, dry_run: self.dry_run };
        match context.output.format() {
            Format::Json => context.output.json(&retried)?,
            Format::Text => context.output.text(retried.describe())?,
        }
        Ok(ExitStatus::Success)
    }
}

/// Refuses a letter that a retry does not affect, with the reason.
async fn check_letter(store: &Arc<dyn StateStore>, id: DeadLetterId) -> Result<(), CommandError> {
    let letter = store.dead_letter(id).await?;
    let number = id.0;
    match letter {
        None => Err(CommandError::failed(super::no_such_letter(number))),
        Some(letter) if letter.stage != Stage::Deliver || letter.sink.is_none() => {
            Err(CommandError::failed(format!(
                "no sink refused dead letter {number}; each cycle that reads its record tries it again"
            )))
        }
        Some(_) => Ok(()),
    }
}

impl Retried {
    fn describe(&self) -> String {
        let refusals = counted(self.refusals, "refused event", "refused events");
        match (self.refusals, self.dry_run) {
            (0, _) => "no refused event waits for a retry".to_owned(),
            (_, true) => format!("{refusals} would be sent again"),
            (_, false) => format!(
                "{refusals} will be sent again by the next cycle that reads the device; \
                 `stocktake sync --full` reads every one now"
            ),
        }
    }
}
