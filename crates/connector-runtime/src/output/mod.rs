//! Output for people and programs: the only writer of standard output.

mod bars;
mod printer;
mod report;
mod table;

use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use stocktake_telemetry::{Escaped, escape};

pub(crate) use bars::Bars;
pub(crate) use printer::ReportPrinter;
pub(crate) use report::ReportText;
pub(crate) use table::{Align, Table};

use crate::command_error::CommandError;

/// The format of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON document, for programs.
    Json,
}

/// Whether the reader of standard output has left. Like standard output itself, there is one.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Writes results to standard output, and what went wrong to standard error.
///
/// A reader that leaves (`| head`) is not an error: what is written from then on is dropped, and the
/// command ends with the status that it would have had.
///
/// Escaped are all characters that could forge a line, steer a terminal or hide. Line ends within
/// texts are the caller's; a value from outside is written with
/// [`Escaped`](stocktake_telemetry::Escaped).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    asked: Option<Format>,
}

impl Output {
    /// Output in the format that was asked for.
    pub(crate) fn new(asked: Option<Format>) -> Self {
        Self { asked }
    }

    /// The format that was asked for, if any.
    pub(crate) fn asked(&self) -> Option<Format> {
        self.asked
    }

    /// The format.
    pub(crate) fn format(&self) -> Format {
        self.asked.unwrap_or(Format::Text)
    }

    /// Whether bars can be drawn: for a person at a terminal.
    pub(crate) fn is_interactive(&self) -> bool {
        self.format() == Format::Text && std::io::stderr().is_terminal()
    }

    /// Whether the reader of standard output has left.
    pub(crate) fn is_closed(&self) -> bool {
        CLOSED.load(Ordering::Relaxed)
    }

    /// What came of writing to standard output, by whatever way. The only place where a reader that
    /// left is noticed.
    ///
    /// # Errors
    /// When writing failed for another reason.
    pub(crate) fn written(&self, result: std::io::Result<()>) -> Result<(), CommandError> {
        match result {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                CLOSED.store(true, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => {
                Err(CommandError::failed(format!("cannot write to standard output: {error}")))
            }
            Ok(()) => Ok(()),
        }
    }

    /// Writes text with a line end.
    pub(crate) fn text(&self, text: impl std::fmt::Display) -> Result<(), CommandError> {
        if self.is_closed() {
            return Ok(());
        }
        self.written(writeln!(std::io::stdout().lock(), "{}", harmless(&text.to_string())))
    }

    /// Writes a JSON document.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), CommandError> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| CommandError::failed(format!("cannot write JSON: {error}")))?;
        self.text(text)
    }

    /// Writes a JSON document in one line.
    pub(crate) fn json_line(&self, value: &impl Serialize) -> Result<(), CommandError> {
        let text = serde_json::to_string(value)
            .map_err(|error| CommandError::failed(format!("cannot write JSON: {error}")))?;
        self.text(text)
    }

    /// A line about progress, to standard error, for people.
    pub(crate) fn note(&self, text: impl std::fmt::Display) {
        if self.format() == Format::Text {
            say(&harmless(&text.to_string()));
        }
    }

    /// What the result lacks, to standard error.
    pub(crate) fn warning(&self, text: impl std::fmt::Display) {
        match self.format() {
            Format::Text => say(&harmless(&format!("warning: {text}"))),
            Format::Json => say_json(&serde_json::json!({ "warning": text.to_string() })),
        }
    }

    /// Why the command failed, to standard error.
    pub(crate) fn error(&self, error: &CommandError) {
        let advice = error.advice();
        match self.format() {
            Format::Text => {
                let advice = advice.map(|advice| format!("\n  what to do: {}", Escaped(advice)));
                say(&harmless(&format!("error: {error}{}", advice.unwrap_or_default())));
            }
            Format::Json => say_json(
                &serde_json::json!({ "error": error.to_string(), "code": error.code(), "advice": advice }),
            ),
        }
    }
}

/// Writes a line to standard error. When that fails, nothing is left to report to.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

fn say_json(document: &serde_json::Value) {
    say(&harmless(&document.to_string()));
}

/// Text of several lines without what could steer a terminal or hide. JSON stays the same JSON.
fn harmless(text: &str) -> Cow<'_, str> {
    escape(text, |character| character == '\n')
}

/// A count with its thousands apart: `12,345`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 batch`, `2 batches`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Bytes in the unit that fits: `1.2 MB`.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    UNITS.into_iter().find(|(_, size)| number >= *size).map_or_else(
        || format!("{number} B"),
        |(unit, size)| {
            let tenths = number / (size / 10);
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_json_stays_the_same() {
        assert_eq!(harmless("a\u{1b}[31m\tb\nc\r\u{202e}"), "a\\u001b[31m\\tb\nc\\r\\u202e");
        let value = serde_json::json!({ "name": "a\u{202e}\u{7f}\u{9b}\n\u{e0041}b" });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let shown = harmless(&text);
        assert!(shown.is_ascii(), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn counts_and_sizes_read_well() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"].map(str::to_owned)
        );
        assert_eq!(
            [999, 1_000, 1_250_000, 2_000_000_000].map(bytes),
            ["999 B", "1.0 kB", "1.2 MB", "2.0 GB"].map(str::to_owned)
        );
        assert_eq!(counted(1, "batch", "batches"), "1 batch");
    }
}
