//! The page of every command, from clap's description of them.

use std::fmt::Write as _;

use clap::{Arg, Command};

/// The page of the program that `command` describes.
pub(super) fn page(mut command: Command) -> String {
    // Completes the names of subcommands, and passes global flags on to them.
    command.build();
    let mut page = String::from(
        "# Command line\n\n\
         Every command of `stocktake`, as `--help` shows it.\n\n\
         Exit codes: 0 fine, 1 failed, 2 usage or configuration, 3 finished with dead letters or \
         with an input that is not whole, 4 interrupted by a signal.\n\n\
         Results go to standard output; progress, errors and logs go to standard error.\n\n\
         ## Flags of every command\n\n",
    );
    flags(&mut page, command.get_arguments().filter(|flag| flag.is_global_set()));
    for verb in verbs(&command) {
        describe(&mut page, verb, "stocktake");
    }
    page
}

fn verbs(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help")
}

fn describe(page: &mut String, command: &Command, parent: &str) {
    let name = format!("{parent} {}", command.get_name());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    // Writing to a string cannot fail.
    let _ = write!(page, "\n## `{name}`\n\n{about}.\n");
    let mut verbs = verbs(command).peekable();
    if verbs.peek().is_some() {
        for verb in verbs {
            describe(page, verb, &name);
        }
        return;
    }
    let mut usage = name;
    for argument in command.get_positionals() {
        let shown = argument.get_id().as_str().to_uppercase();
        let _ = match argument.is_required_set() {
            true => write!(usage, " <{shown}>"),
            false => write!(usage, " [{shown}]"),
        };
    }
    let _ = write!(page, "\n```text\n{usage} [FLAGS]\n```\n");
    let own: Vec<_> = command
        .get_arguments()
        .filter(|flag| !flag.is_global_set() && !flag.is_hide_set() && flag.get_id() != "help")
        .collect();
    if !own.is_empty() {
        page.push('\n');
        flags(page, own.into_iter());
    }
    if let Some(more) = command.get_after_help() {
        let _ = write!(page, "\n{more}\n");
    }
}

fn flags<'a>(page: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    page.push_str("| argument | default | meaning |\n|---|---|---|\n");
    for argument in arguments {
        let takes_value = argument.get_action().takes_values();
        let value = argument
            .get_value_names()
            .and_then(<[_]>::first)
            .map(ToString::to_string)
            .unwrap_or_default();
        let shown = match argument.get_long() {
            Some(long) if takes_value => format!("`--{long} <{value}>`"),
            Some(long) => format!("`--{long}`"),
            None => format!("`{}`", argument.get_id().as_str().to_uppercase()),
        };
        let default = match argument.get_default_values() {
            [] => String::new(),
            _ if !takes_value => String::new(),
            [value, ..] => format!("`{}`", value.to_string_lossy()),
        };
        let mut meaning = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let choices: Vec<_> = argument
            .get_possible_values()
            .iter()
            .filter(|choice| !choice.is_hide_set())
            .map(|choice| format!("`{}`", choice.get_name()))
            .collect();
        if takes_value && !choices.is_empty() {
            let _ = write!(meaning, ": {}", choices.join(", ")); // Writing to a string cannot fail.
        }
        let _ = writeln!(page, "| {shown} | {default} | {} |", cell(&meaning));
    }
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_command_however_deep() {
        let page = page(stocktake_connector_runtime::command());
        for text in ["## `stocktake dead-letters show`", "| `--full` |", "| `ID` |"] {
            assert!(page.contains(text), "{text} is missing in {page}");
        }
    }
}
