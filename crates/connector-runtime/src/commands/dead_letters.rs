//! `stocktake dead-letters`: events that cannot be delivered, and why.

mod retry;

use stocktake_connector_core::{DeadLetter, DeadLetterFilter, DeadLetterId};
use stocktake_telemetry::Escaped;

use crate::command_error::{CommandError, ExitStatus};
use crate::commands::written_state;
use crate::context::Context;
use crate::output::{Align, Format, Table, count};
use crate::wiring;

/// Shows dead letters, and resends them.
#[derive(Debug, clap::Args)]
pub(crate) struct DeadLetters {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Print one line per dead letter, newest first
    List {
        /// Only those of this tenant
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
        /// Only those of this sink
        #[arg(long, value_name = "NAME")]
        sink: Option<String>,
        /// Only those older than this id: the next page
        #[arg(long, value_name = "N")]
        before: Option<i64>,
        /// Show at most N
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Print one dead letter with its payload
    Show {
        /// Its id, from the list
        id: i64,
    },
    /// Resend what a sink refused, once the sink has been fixed
    Retry(retry::Retry),
}

impl DeadLetters {
    pub(crate) async fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        match self.verb {
            Verb::Retry(verb) => return verb.execute(context).await,
            Verb::List { tenant, sink, before, limit } => {
                let filter = DeadLetterFilter {
                    tenant: written_state::tenant(tenant)?,
                    source: None,
                    sink: written_state::sink(sink)?,
                    before: before.map(DeadLetterId),
                };
                let store = wiring::open_state_to_read(&context.config()?.state)?;
                let letters = store.dead_letters(&filter, limit).await?;
                list(&letters, context)?;
            }
            Verb::Show { id } => {
                let store = wiring::open_state_to_read(&context.config()?.state)?;
                let letter = store
                    .dead_letter(DeadLetterId(id))
                    .await?
                    .ok_or_else(|| CommandError::failed(no_such_letter(id)))?;
                show(&letter, context)?;
            }
        }
        Ok(ExitStatus::Success)
    }
}

fn no_such_letter(id: i64) -> String {
    format!("dead letter {id} not found; `stocktake dead-letters list` shows the ids")
}

fn list(letters: &[DeadLetter], context: &Context) -> Result<(), CommandError> {
    if context.output.format() == Format::Json {
        return context.output.json(&letters);
    }
    if letters.is_empty() {
        return context.output.text("there are no dead letters");
    }
    let mut table = Table::new([
        ("id", Align::Right),
        ("last met", Align::Left),
        ("times", Align::Right),
        ("tenant", Align::Left),
        ("sink", Align::Left),
        ("stage", Align::Left),
        ("device", Align::Left),
        ("reason", Align::Left),
    ]);
    for letter in letters {
        table.row([
            letter.id.0.to_string(),
            letter.last_at.format("%Y-%m-%d %H:%M:%SZ").to_string(),
            count(letter.times),
            letter.inventory.tenant.to_string(),
            letter.sink.as_ref().map_or_else(|| "all".to_owned(), ToString::to_string),
            format!("{:?}", letter.stage).to_lowercase(),
            letter.uid.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string),
            letter.reason.clone(),
        ]);
    }
    context.output.text(table)
}

fn show(letter: &DeadLetter, context: &Context) -> Result<(), CommandError> {
    if context.output.format() == Format::Json {
        return context.output.json(letter);
    }
    let sink = letter.sink.as_ref().map_or("all", |sink| sink.as_str());
    let device = letter.uid.as_ref().map_or("unknown", |uid| uid.as_str());
    context.output.text(format_args!(
        "dead letter {}\n  tenant     {}\n  source     {}\n  sink       {}\n  stage      {:?}\n  device     {}\n  \
         reason     {}\n  first met  {}\n  last met   {} ({} times)\n  payload\n{}",
        letter.id.0,
        Escaped(letter.inventory.tenant.as_str()),
        Escaped(letter.inventory.source.as_str()),
        Escaped(sink),
        letter.stage,
        Escaped(device),
        Escaped(&letter.reason),
        letter.first_at,
        letter.last_at,
        count(letter.times),
        Escaped(&letter.payload)
    ))
}
