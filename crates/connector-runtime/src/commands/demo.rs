//! `stocktake demo`: an emulated cloud and one cycle, in one process and over real HTTP.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use stocktake_connector_core::{Clock, CycleReport, DeadLetter, DeadLetterFilter, SystemClock};
use stocktake_engine::Request;
use stocktake_simulator::{Simulator, SimulatorOptions};
use stocktake_telemetry::{Escaped, Registry, RegistryOptions};

use super::simulate::{self, FleetSize};
use super::sync;
use crate::command_error::{CommandError, ExitStatus};
use crate::config::{self, Config};
use crate::context::Context;
use crate::output::{Align, Format, ReportText, Table, count};
use crate::supervisor::Supervisor;
use crate::watch::Watch;
use crate::{stop, wiring};

/// The level of the log: the emulated fleet has odd records on purpose, and the output lists them.
const QUIET: &str = "error";
/// How many events are printed.
const EVENTS_SHOWN: usize = 1;
/// How many dead letters are read: far more than the emulated fleet has odd records.
const DEAD_LETTERS_READ: usize = 10_000;
/// How many dead letters are printed.
const DEAD_LETTERS_SHOWN: usize = 3;

/// Shows everything at work.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    size: FleetSize,
}

impl Demo {
    pub(crate) async fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        context.log_by_flags(QUIET)?;
        let options = simulate::options(self.size.fleet(SystemClock.now()));
        let demonstration = configuration(&options, context);
        let simulator = Simulator::start(options)
            .await
            .map_err(|error| CommandError::failed(format!("cannot listen: {error}")))?;
        let url = simulator.url();
        let config = demonstration(&url)?;
        context.output.note(format_args!(
            "An emulated cloud with {} machines and {} managed devices listens at {url}.\n\
             One cycle reads, joins, maps and delivers them over HTTP.\n",
            count(self.size.machines as u64),
            count(self.size.managed_devices() as u64)
        ));
        let stop = stop::on_signals(config.shutdown.grace)?;
        let registry = Registry::new(RegistryOptions::new(env!("CARGO_PKG_VERSION")));
        let watch = Arc::new(Watch::new(registry));
        let deployment =
            wiring::deploy(&config, &[], Arc::clone(&watch.metrics) as _, None)?.built_only()?;
        watch.deployed(&deployment, &config).await;
        let store = Arc::clone(&deployment.store);
        let supervisor = Supervisor::new(deployment, watch, 1, stop)?;
        let reports = supervisor.run_once(Request::Full, &context.output).await?;
        let filter = DeadLetterFilter::default();
        let letters = store.dead_letters(&filter, DEAD_LETTERS_READ).await?;
        let received = simulator.handle().received_events();
        let order = simulator.handle().fleet().device_ids();
        simulator.stop().await;
        print(&received, &order, &reports, &letters, context)?;
        // Dead letters are part of the show: the emulated fleet has odd records on purpose.
        Ok(match sync::exit_status(&reports) {
            ExitStatus::DeadLetters => ExitStatus::Success,
            status => status,
        })
    }
}

/// The configuration for the simulator's first tenant, once its URL is known.
fn configuration(
    options: &SimulatorOptions,
    context: &Context,
) -> impl FnOnce(&str) -> Result<Config, CommandError> + use<> {
    let account = options.tenants.first().cloned().unwrap_or_default();
    let sekoia = options.sekoia.clone();
    let registry = context.flags.sinks.clone();
    move |url| {
        let config = serde_json::json!({
            "tenants": { "demo": {
                "tenant_id": account.tenant_id,
                "app_id": account.app_id,
                "app_secret": account.app_secret,
                "base_url": url, "login_url": url, "graph_url": url,
            }},
            "sinks": { "sekoia": {
                "type": "sekoia",
                "base_url": url,
                "connector_uuid": sekoia.connector_uuid,
                "api_key": sekoia.api_key,
            }},
            "state": { "path": ":memory:" },
        });
        Ok(config::from_value(&config, &registry)?)
    }
}

fn print(
    received: &BTreeMap<String, Value>,
    order: &[String],
    reports: &[CycleReport],
    letters: &[DeadLetter],
    context: &Context,
) -> Result<(), CommandError> {
    let output = &context.output;
    if output.format() == Format::Json {
        let events: Vec<_> = received.values().collect();
        return output.json(&serde_json::json!({ "events": events, "cycles": reports }));
    }
    for event in order.iter().filter_map(|uid| received.get(uid)).take(EVENTS_SHOWN) {
        let text = serde_json::to_string_pretty(event)
            .map_err(|error| CommandError::failed(format!("cannot write JSON: {error}")))?;
        output.text(format_args!("An event as the receiver got it:\n{text}\n"))?;
    }
    output.text(format_args!("The fleet by operating system and risk:\n{}\n", fleet(received)))?;
    for report in reports {
        output.text(format_args!("The cycle report:\n{}\n", ReportText(report)))?;
    }
    if !letters.is_empty() {
        output.text(format_args!(
            "{} odd records cannot become events; each is kept with its reason:",
            count(letters.len() as u64)
        ))?;
        for letter in letters.iter().take(DEAD_LETTERS_SHOWN) {
            let device = letter.uid.as_ref().map_or("without an id", |uid| uid.as_str());
            let (device, reason) = (Escaped(device), Escaped(&letter.reason));
            output.text(format_args!("  {device}: {reason}"))?;
        }
        output.text("")?;
    }
    output.text(
        "What to try next:\n  \
         stocktake demo --machines 20000            a larger fleet\n  \
         stocktake explain device.type              where a field comes from\n  \
         stocktake simulate --port 8080             the emulated cloud alone, with a configuration for it\n  \
         stocktake init                             your own tenant, by four questions and a check\n\
         As long as stocktake is not installed, put `cargo run --` in front of each.",
    )
}

/// Devices by operating system and risk.
fn fleet(received: &BTreeMap<String, Value>) -> Table {
    const NO_RISK: &str = "none";
    let text = |event: &Value, pointer: &str, absent: &str| {
        event.pointer(pointer).and_then(Value::as_str).unwrap_or(absent).to_owned()
    };
    let mut counts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for event in received.values() {
        let os = text(event, "/device/os/type", "unknown");
        let risk = text(event, "/device/risk_level", NO_RISK);
        *counts.entry(os).or_default().entry(risk).or_default() += 1;
    }
    let known = [NO_RISK, "Info", "Low", "Medium", "High", "Critical"];
    let found: BTreeSet<&str> =
        counts.values().flat_map(BTreeMap::keys).map(String::as_str).collect();
    let others = found.iter().filter(|risk| !known.contains(risk));
    let risks: Vec<&str> =
        known.iter().filter(|risk| found.contains(*risk)).chain(others).copied().collect();
    let headings = std::iter::once(("", Align::Left))
        .chain(risks.iter().map(|risk| (*risk, Align::Right)))
        .chain([("all", Align::Right)]);
    let mut table = Table::new(headings);
    for (os, by_risk) in &counts {
        let cells = risks.iter().map(|risk| count(by_risk.get(*risk).copied().unwrap_or_default()));
        table.row(std::iter::once(os.clone()).chain(cells).chain([count(by_risk.values().sum())]));
    }
    table
}
