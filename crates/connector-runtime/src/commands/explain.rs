//! `stocktake explain`: where each field of an event comes from.

use std::path::PathBuf;

use serde_json::json;
use stocktake_connector_core::wire::WirePage;
use stocktake_connector_core::{Clock, SourceRecord, SystemClock};
use stocktake_defender_api::Machine;
use stocktake_mapper::{DefenderMapper, Explained, MapperOptions, Mapping, TABLE};

use super::map;
use crate::command_error::{CommandError, ExitStatus};
use crate::config::DialectName;
use crate::context::Context;
use crate::output::Format;
use crate::wiring;

/// Explains the mapping, or one mapped machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// Only fields whose path holds this text, for example `device.os`
    field: Option<String>,
    /// Explain the events of these machines, value by value; read as `map` reads them
    #[arg(long, value_name = "FILE")]
    machines: Option<PathBuf>,
    /// The managed devices of these machines
    #[arg(long, value_name = "FILE", requires = "machines")]
    managed_devices: Option<PathBuf>,
    /// In which form
    #[arg(long, value_enum, default_value = "ocsf")]
    dialect: DialectName,
}

impl Explain {
    pub(crate) fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        context.log_by_flags("warn")?;
        match &self.machines {
            None => self.table(context),
            Some(path) => self.machines(path, context),
        }
    }

    fn wants(&self, row: &Mapping) -> bool {
        self.field.as_ref().is_none_or(|field| row.ocsf.contains(field.as_str()))
    }

    fn table(&self, context: &Context) -> Result<ExitStatus, CommandError> {
        let rows: Vec<_> = TABLE.iter().filter(|row| self.wants(row)).collect();
        if rows.is_empty() {
            return Err(CommandError::failed(format!(
                "no mapped field has `{}` in its path; `stocktake explain` lists all",
                self.field.as_deref().unwrap_or_default()
            )));
        }
        if context.output.format() == Format::Json {
            let rows: Vec<_> = rows.iter().map(|row| describe(row)).collect();
            context.output.json(&rows)?;
            return Ok(ExitStatus::Success);
        }
        for row in rows {
            context.output.text(format_args!(
                "{} ({}, {})\n  {}\n  from  {}\n  rule  {}",
                row.ocsf,
                row.value_type.name(),
                row.dialects.name(),
                row.description,
                sources(row, ", else "),
                row.rule
            ))?;
        }
        Ok(ExitStatus::Success)
    }

    fn machines(
        &self,
        path: &std::path::Path,
        context: &Context,
    ) -> Result<ExitStatus, CommandError> {
        let machines: WirePage<Machine> = map::read(path)?;
        let managed = self.managed_devices.as_deref().map(map::read).transpose()?;
        let managed = managed.map(map::Managed::new);
        let mapper = DefenderMapper::new(MapperOptions::new(wiring::dialect(self.dialect, false)));
        let now = SystemClock.now();
        for machine in &machines.records {
            let enrichment = map::enrichment(machine, managed.as_ref())
                .map_err(|error| CommandError::from_error(&error))?;
            let explained = mapper
                .explain(machine, &enrichment, now)
                .map_err(|error| CommandError::from_error(&error))?;
            let explained: Vec<_> =
                explained.into_iter().filter(|one| self.wants(one.row)).collect();
            print(machine.uid(), &explained, context)?;
        }
        Ok(ExitStatus::Success)
    }
}

fn print(uid: &str, explained: &[Explained], context: &Context) -> Result<(), CommandError> {
    if context.output.format() == Format::Json {
        let fields: Vec<_> = explained
            .iter()
            .map(|one| {
                let seen: serde_json::Map<_, _> = one
                    .seen
                    .iter()
                    .map(|(source, value)| ((*source).to_owned(), json!(value)))
                    .collect();
                json!({ "ocsf": one.row.ocsf, "value": one.value, "seen": seen, "rule": one.row.rule })
            })
            .collect();
        return context.output.json(&json!({ "device": uid, "fields": fields }));
    }
    context.output.text(format_args!("device {uid}"))?;
    for one in explained {
        let value = one.value.as_ref().map_or_else(|| "left out".to_owned(), ToString::to_string);
        context.output.text(format_args!("  {} = {value}", one.row.ocsf))?;
        for (source, value) in &one.seen {
            let value = value.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
            context.output.text(format_args!("    {source} is {value}"))?;
        }
        context.output.text(format_args!("    {}", one.row.rule))?;
    }
    Ok(())
}

fn describe(row: &Mapping) -> serde_json::Value {
    json!({
        "ocsf": row.ocsf,
        "type": row.value_type.name(),
        "dialects": row.dialects.name(),
        "description": row.description,
        "sources": row.sources,
        "rule": row.rule,
    })
}

fn sources(row: &Mapping, separator: &str) -> String {
    if row.sources.is_empty() { "a constant".to_owned() } else { row.sources.join(separator) }
}
