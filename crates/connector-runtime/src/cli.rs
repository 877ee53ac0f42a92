//! The command line: its commands and their exit codes.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use stocktake_connector_core::{Clock as _, SystemClock};
use stocktake_sinks::SinkRegistry;

use crate::clock;
use crate::command_error::{CommandError, ExitStatus};
use crate::commands;
use crate::config::{Flags, LogFormat};
use crate::context::Context;
use crate::output::{Format, Output};
use crate::stop::LOG_PATIENCE;
use crate::threads;

/// Device inventory from Microsoft Defender and Intune, as OCSF events, to Sekoia.io or any other
/// sink. Never loses a device, and can prove it.
#[derive(Debug, Parser)]
#[command(
    name = "stocktake",
    version,
    after_help = "Exit codes: 0 fine, 1 failed, 2 usage or configuration, 3 finished with dead letters or \
                  with an input that is not whole, 4 interrupted by a signal.\n\
                  Try `stocktake demo`: it needs no tenant, no server and no configuration."
)]
struct Arguments {
    /// The configuration file, TOML or YAML [default: stocktake.toml, when there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Format of the output [default: text; without it `run` prints no reports, but logs them]
    #[arg(long, global = true, value_enum)]
    output: Option<Format>,
    /// Level of the log on standard error: error, warn, info, debug or trace [default: warn; for `run`:
    /// info]
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Format of log lines
    #[arg(long, global = true, value_enum)]
    log_format: Option<LogFormat>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show everything at work: an emulated cloud and one cycle, in this process
    Demo(commands::demo::Demo),
    /// Run one cycle for each tenant and print its report
    Sync(commands::sync::Sync),
    /// Run continuously: cycles as the configuration schedules them, with a log record of each
    Run(commands::run::Run),
    /// Ask for the four required values, write a configuration and check it
    Init(commands::init::Init),
    /// Test every credential, permission and sink, and show how to fix what fails
    Check(commands::check::CheckAll),
    /// Map machines and managed devices from files to events, without a network
    Map(commands::map::Map),
    /// Explain where each field of an event comes from
    Explain(commands::explain::Explain),
    /// List the metrics that `run` serves and pushes
    Metrics(commands::metrics::Metrics),
    /// Check events against the strict OCSF schema of their version
    Validate(commands::validate::Validate),
    /// Show, describe or write the configuration
    Config(commands::config::ConfigCommand),
    /// Show what was delivered and the last cycles, back up the state file, or purge a part of it
    State(commands::state::State),
    /// Show events that cannot be delivered, with the reason, and resend those that a sink refused
    DeadLetters(commands::dead_letters::DeadLetters),
    /// Serve an emulated Entra, Defender, Graph and Sekoia on loopback
    Simulate(commands::simulate::Simulate),
    /// Write a completion script for a shell
    Completions(commands::completions::Completions),
}

/// The command line, for the reference page and the manual.
#[cfg(feature = "reference")]
pub fn command() -> clap::Command {
    <Arguments as clap::CommandFactory>::command()
}

/// Runs the command that the arguments name, with the sinks of this workspace.
pub fn main() -> ExitCode {
    main_with(SinkRegistry::builtin())
}

/// The same for a program that brings sinks of its own: [`SinkRegistry::with`] adds one.
pub fn main_with(sinks: SinkRegistry) -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap prints help to standard output and mistakes to standard error.
            let code =
                if error.use_stderr() { ExitStatus::UsageError } else { ExitStatus::Success };
            let _ = error.print(); // A failure to print cannot be printed either.
            return code.into();
        }
    };
    let context = Context {
        flags: Flags {
            config: arguments.config,
            log_level: arguments.log_level,
            log_format: arguments.log_format,
            sinks,
        },
        output: Output::new(arguments.output),
    };
    let ended = dispatch(arguments.command, &context);
    // Before the error, which is the last line.
    stocktake_telemetry::flush_logs(LOG_PATIENCE);
    match ended {
        Ok(status) => status.into(),
        Err(error) => {
            context.output.error(&error);
            error.exit_status().into()
        }
    }
}

fn dispatch(command: Command, context: &Context) -> Result<ExitStatus, CommandError> {
    match command {
        Command::Demo(command) => with_server(command.execute(context)),
        Command::Sync(command) => on_runtime(command.execute(context)),
        Command::Run(command) => with_server(command.execute(context)),
        Command::Init(command) => on_runtime(command.execute(context)),
        Command::Check(command) => on_runtime(command.execute(context)),
        Command::Map(command) => command.execute(context),
        Command::Explain(command) => command.execute(context),
        Command::Metrics(command) => command.execute(context),
        Command::Validate(command) => command.execute(context),
        Command::Config(command) => on_runtime(command.execute(context)),
        Command::State(command) => on_runtime(command.execute(context)),
        Command::DeadLetters(command) => on_runtime(command.execute(context)),
        Command::Simulate(command) => with_server(command.execute(context)),
        Command::Completions(command) => command.execute::<Arguments>(context),
    }
}

/// Runs a command that serves HTTP.
fn with_server(
    work: impl Future<Output = Result<ExitStatus, CommandError>>,
) -> Result<ExitStatus, CommandError> {
    clock::check_servable(SystemClock.now())?;
    on_runtime(work)
}

/// Runs a command that does input and output.
fn on_runtime(
    work: impl Future<Output = Result<ExitStatus, CommandError>>,
) -> Result<ExitStatus, CommandError> {
    let runtime = threads::runtime()?;
    let ended = runtime.block_on(work);
    // Threads that hang in the system cannot be stopped; they end with the process.
    runtime.shutdown_timeout(THREAD_PATIENCE);
    ended
}

/// How long the end of the program waits for its threads.
const THREAD_PATIENCE: Duration = Duration::from_secs(1);
