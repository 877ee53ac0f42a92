//! `stocktake validate`: events against the strict schema of the version that they declare.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use crate::command_error::{CommandError, ExitStatus};
use crate::context::Context;
use crate::output::{Format, count, counted};

/// Longest accepted event, in bytes: far above any real one, low enough to protect memory.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// Checks events.
#[derive(Debug, clap::Args)]
pub(crate) struct Validate {
    /// One event per line; `-` or nothing is standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Broken {
    line: u64,
    path: String,
    message: String,
}

impl Validate {
    pub(crate) fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        let mut lines = open(self.file.as_deref())?;
        let (mut events, mut invalid, mut violations) = (0_u64, 0_u64, 0_u64);
        let mut number = 0;
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut lines)
                .take(LONGEST_LINE)
                .read_until(b'\n', &mut line)
                .map_err(|error| CommandError::failed(format!("cannot read events: {error}")))?;
            if read == 0 {
                break;
            }
            number += 1;
            if read as u64 == LONGEST_LINE {
                return Err(CommandError::failed(format!(
                    "line {number} is longer than {LONGEST_LINE} bytes; write one event a line"
                )));
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            events += 1;
            let broken = check(number, &line);
            invalid += u64::from(!broken.is_empty());
            violations += broken.len() as u64;
            for broken in &broken {
                report(broken, context)?;
            }
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

fn open(file: Option<&std::path::Path>) -> Result<Box<dyn BufRead>, CommandError> {
    match file {
        Some(path) if path.as_os_str() != "-" => {
            let file = std::fs::File::open(path).map_err(|error| {
                CommandError::failed(format!("cannot open {}: {error}", path.display()))
            })?;
            Ok(Box::new(BufReader::new(file)))
        }
        _ => Ok(Box::new(BufReader::new(std::io::stdin()))),
    }
}

fn check(line: u64, text: &[u8]) -> Vec<Broken> {
    match serde_json::from_slice::<Value>(text) {
        Ok(event) => stocktake_ocsf_model::validate_as_declared(&event)
            .into_iter()
            .map(|violation| Broken { line, path: violation.path, message: violation.message })
            .collect(),
        Err(error) => {
            vec![Broken { line, path: String::new(), message: format!("is not JSON: {error}") }]
        }
    }
}

fn report(broken: &Broken, context: &Context) -> Result<(), CommandError> {
    match context.output.format() {
        Format::Json => {
            let text = serde_json::to_string(broken)
                .map_err(|error| CommandError::failed(format!("cannot write JSON: {error}")))?;
            context.output.text(text)
        }
        Format::Text => {
            let separator = if broken.path.is_empty() { "" } else { ": " };
            context.output.text(format_args!(
                "line {}: {}{separator}{}",
                broken.line, broken.path, broken.message
            ))
        }
    }
}
