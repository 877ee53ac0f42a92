//! `stocktake dead-letters`: what can never be delivered as it is, and why.

mod retry;

use stocktake_connector_core::{DeadLetter, DeadLetterFilter, DeadLetterId};

use crate::cli::{CommandError, Context, Ending};
use crate::commands::written_state;
use crate::output::{Align, Format, Table, count};
use crate::wiring;

/// Shows dead letters, and tries them again.
#[derive(Debug, clap::Args)]
pub(crate) struct DeadLetters {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Print one line for each, newest first
    List {
        /// Only of this tenant
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
        /// Only of this sink
        #[arg(long, value_name = "NAME")]
        sink: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Print one with its payload
    Show {
        /// Its number, as the list gives it
        id: i64,
    },
    /// Send again what a sink refused, once the sink has been mended
    Retry(retry::Retry),
}

impl DeadLetters {
    pub(crate) async fn execute(self, context: &Context) -> Result<Ending, CommandError> {
        match self.verb {
            Verb::Retry(verb) => return verb.execute(context).await,
            Verb::List { tenant, sink, limit } => {
                let filter = DeadLetterFilter {
                    tenant: written_state::tenant(tenant)?,
                    sink: written_state::sink(sink)?,
                    limit: Some(limit),
                };
                let store = wiring::open_state_to_read(&context.config()?.state)?;
                let letters =
                    store.dead_letters(&filter).await.map_err(|error| CommandError::of(&error))?;
                list(&letters, context)?;
            }
            Verb::Show { id } => {
                let store = wiring::open_state_to_read(&context.config()?.state)?;
                let letter = store
                    .dead_letter(DeadLetterId(id))
                    .await
                    .map_err(|error| CommandError::of(&error))?
                    .ok_or_else(|| CommandError::failed(no_such_letter(id)))?;
                show(&letter, context)?;
            }
        }
        Ok(Ending::Fine)
    }
}

fn no_such_letter(id: i64) -> String {
    format!("there is no dead letter {id}; `stocktake dead-letters list` names them")
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
            letter.tenant.to_string(),
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
    let sink = letter.sink.as_ref().map_or_else(|| "all".to_owned(), ToString::to_string);
    let device = letter.uid.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    context.output.text(format_args!(
        "dead letter {}\n  tenant     {}\n  sink       {sink}\n  stage      {:?}\n  device     {device}\n  \
         reason     {}\n  first met  {}\n  last met   {} ({} times)\n  payload\n{}",
        letter.id.0,
        letter.tenant,
        letter.stage,
        letter.reason,
        letter.first_at,
        letter.last_at,
        count(letter.times),
        letter.payload
    ))
}
