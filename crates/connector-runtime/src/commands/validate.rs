//! `stocktake validate`: events against the strict schema of the version that they declare.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use stocktake_telemetry::Escaped;

use crate::command_error::{CommandError, ExitStatus};
use crate::context::Context;
use crate::output::{Format, count, counted};
use crate::record_file::{Piece, Pieces, Text, TextFile};

/// Checks events.
#[derive(Debug, clap::Args)]
pub(crate) struct Validate {
    /// Events: one per line, a JSON list, or one object; `-` or nothing is standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Broken {
    /// Where the event begins.
    line: u64,
    /// Which event it is, counted from 1: several can begin in one line.
    event: u64,
    path: String,
    message: String,
}

impl Validate {
    pub(crate) fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        let file = self.file.as_deref().unwrap_or(Path::new("-"));
        let TextFile { text, name, .. } = TextFile::open(file)?;
        let mut pieces = Pieces::of_objects(text);
        let (mut events, mut invalid, mut violations) = (0_u64, 0_u64, 0_u64);
        loop {
            let piece =
                pieces.next().map_err(|error| CommandError::failed(format!("{name}: {error}")))?;
            let text = match piece {
                None => break,
                Some(Piece::Object(object)) => object.text,
                Some(Piece::Other(text)) => text,
                Some(Piece::ListEnd | Piece::PageEnd(_)) => continue,
                Some(Piece::BrokenOff) => {
                    return Err(CommandError::failed(format!(
                        "{name} breaks off after {}: its list is not closed",
                        counted(events, "event", "events")
                    )));
                }
            };
            events += 1;
            let broken = check(events, text);
            invalid += u64::from(!broken.is_empty());
            violations += broken.len() as u64;
            for broken in &broken {
                report(broken, context)?;
            }
            // The result is known, and nobody is left to read the rest.
            if context.output.is_closed() {
                return Ok(ExitStatus::Failed);
            }
        }
        if events == 0 {
            return Err(CommandError::failed(format!("{name} has no event")));
        }
        context.output.note(format_args!(
            "{} checked, {} invalid, {}",
            counted(events, "event", "events"),
            count(invalid),
            counted(violations, "violation", "violations")
        ));
        Ok(if violations == 0 { ExitStatus::Success } else { ExitStatus::Failed })
    }
}

fn check(event: u64, Text { bytes, line }: Text<'_>) -> Vec<Broken> {
    let broken = |path, message| Broken { line, event, path, message };
    match serde_json::from_slice::<Value>(bytes) {
        Ok(event) => stocktake_ocsf_model::validate_as_declared(&event)
            .into_iter()
            .map(|violation| broken(violation.path, violation.message))
            .collect(),
        Err(error) => vec![broken(String::new(), format!("is not JSON: {error}"))],
    }
}

fn report(broken: &Broken, context: &Context) -> Result<(), CommandError> {
    match context.output.format() {
        Format::Json => context.output.json_line(broken),
        Format::Text => {
            let Broken { line, event, path, message } = broken;
            let separator = if path.is_empty() { "" } else { ": " };
            let (path, message) = (Escaped(path), Escaped(message));
            if line == event {
                context.output.text(format_args!("line {line}: {path}{separator}{message}"))
            } else {
                context
                    .output
                    .text(format_args!("line {line}, event {event}: {path}{separator}{message}"))
            }
        }
    }
}
