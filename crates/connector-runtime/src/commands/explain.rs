//! `stocktake explain`: where each field of an event comes from.

use std::path::PathBuf;

use serde_json::json;
use stocktake_connector_core::{
    Clock, Fingerprint, JoinRule, Mapper as _, SourceRecord, SystemClock, chain, join_rules,
};
use stocktake_defender_api::Machine;
use stocktake_mapper::{
    DefenderMapper, Explained, MapperOptions, Mapping, Seen, TABLE, carried_by,
};
use stocktake_ocsf_model::Version;
use stocktake_sinks::{OcsfForm, SekoiaForm};
use stocktake_telemetry::Escaped;

use super::form::FormArguments;
use super::map::{self, Inputs};
use crate::command_error::{CommandError, ExitStatus};
use crate::context::Context;
use crate::output::Format;
use crate::record_file::FileRecord as _;

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
    #[command(flatten)]
    form: FormArguments,
}

impl Explain {
    pub(crate) fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        context.log_by_flags("warn")?;
        match &self.machines {
            None => self.table(context),
            Some(path) => self.machines(path, context),
        }
    }

    fn selects(&self, row: &Mapping) -> bool {
        self.field.as_ref().is_none_or(|field| row.ocsf.contains(field.as_str()))
    }

    fn table(&self, context: &Context) -> Result<ExitStatus, CommandError> {
        let rows: Vec<_> = TABLE.iter().filter(|row| self.selects(row)).collect();
        if rows.is_empty() {
            return Err(CommandError::failed(format!(
                "no mapped field has `{}` in its path; `stocktake explain` lists all",
                self.field.as_deref().unwrap_or_default()
            )));
        }
        let carriers = Carriers::new();
        if context.output.format() == Format::Json {
            let rows: Vec<_> = rows.iter().map(|row| describe(row, &carriers)).collect();
            context.output.json(&rows)?;
            return Ok(ExitStatus::Success);
        }
        for row in rows {
            context.output.text(format_args!(
                "{} ({}, {})\n  {}\n  from  {}\n  rule  {}",
                row.ocsf,
                row.value_type.name(),
                carriers.of(row),
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
        let mapper = DefenderMapper::new(MapperOptions::default());
        let form = self.form.build(mapper.fingerprint())?;
        let now = SystemClock.now();
        let output = &context.output;
        let inputs = Inputs::open(path, self.managed_devices.as_deref(), output)?;
        inputs.each_page(output, |machines, managed, faults| {
            for (machine, rule) in machines.iter().zip(join_rules(machines.iter())) {
                let explained = map::enrichment((machine, rule), managed)
                    .map_err(|error| chain(&error))
                    .and_then(|enrichment| {
                        mapper
                            .explain(machine, &enrichment, now, &*form)
                            .map_err(|error| chain(&error))
                    });
                match explained {
                    Ok(explained) => {
                        let selected: Vec<_> =
                            explained.into_iter().filter(|one| self.selects(one.row)).collect();
                        print(machine, rule, &selected, context)?;
                    }
                    Err(reason) => faults.add(Machine::ONE, machine.uid(), &reason),
                }
            }
            Ok(())
        })
    }
}

/// Why a machine gets no Intune record although there may be one, if that is so.
fn why_not_joined(machine: &Machine, rule: JoinRule) -> Option<String> {
    match rule {
        JoinRule::ByKey => None,
        JoinRule::KeyUnreadable => Some("its aadDeviceId cannot be read".to_owned()),
        JoinRule::Yields => Some(match machine.merged_into() {
            Some(other) => {
                format!("Defender merged it into {other}, which takes the Intune record")
            }
            None if machine.is_excluded_duplicate() => {
                "Defender excludes it as a duplicate; another record takes the Intune record"
                    .to_owned()
            }
            None => {
                "another record of the same Entra device, which is onboarded or active or was seen \
                     later, takes the Intune record"
                    .to_owned()
            }
        }),
    }
}

fn print(
    machine: &Machine,
    rule: JoinRule,
    explained: &[Explained],
    context: &Context,
) -> Result<(), CommandError> {
    let (uid, why) = (machine.uid(), why_not_joined(machine, rule));
    if context.output.format() == Format::Json {
        let fields: Vec<_> = explained
            .iter()
            .map(|one| {
                let seen: serde_json::Map<_, _> = one
                    .seen
                    .iter()
                    .map(|seen| (seen.source.to_owned(), json!(seen.value)))
                    .collect();
                let unreadable: serde_json::Map<_, _> = one
                    .seen
                    .iter()
                    .filter_map(|seen| {
                        Some((seen.source.to_owned(), json!(seen.unreadable.as_ref()?)))
                    })
                    .collect();
                json!({
                    "ocsf": one.row.ocsf,
                    "value": one.value,
                    "seen": seen,
                    "unreadable": unreadable,
                    "rule": one.row.rule,
                })
            })
            .collect();
        return context.output.json(&json!({ "device": uid, "not_joined": why, "fields": fields }));
    }
    context.output.text(format_args!("device {}", Escaped(uid)))?;
    if let Some(why) = why {
        context.output.text(format_args!("  without Intune: {}", Escaped(&why)))?;
    }
    for one in explained {
        let value = one.value.as_ref().map_or_else(|| "left out".to_owned(), ToString::to_string);
        context.output.text(format_args!("  {} = {value}", one.row.ocsf))?;
        for Seen { source, value, unreadable, .. } in &one.seen {
            if let Some(example) = unreadable {
                context.output.text(format_args!("    {source} cannot be read: {example}"))?;
            }
            if let (Some(_), _) | (None, None) = (value, unreadable) {
                let value =
                    value.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
                context.output.text(format_args!("    {source} is {value}"))?;
            }
        }
        context.output.text(format_args!("    {}", one.row.rule))?;
    }
    Ok(())
}

fn describe(row: &Mapping, carriers: &Carriers) -> serde_json::Value {
    json!({
        "ocsf": row.ocsf,
        "type": row.value_type.name(),
        "forms": carriers.of(row),
        "description": row.description,
        "sources": row.sources,
        "rule": row.rule,
    })
}

/// Which rows each form carries, found out by encoding samples in it.
struct Carriers(Vec<(&'static str, Vec<&'static Mapping>)>);

impl Carriers {
    fn new() -> Self {
        let none = Fingerprint::of([]);
        const ALL: [&str; 0] = [];
        let ocsf = OcsfForm::new(Version::default(), none, ALL);
        let sekoia = SekoiaForm::new(false, none, ALL);
        let extra = SekoiaForm::new(true, none, ALL);
        Self(vec![
            ("ocsf", carried_by(&ocsf)),
            ("sekoia", carried_by(&sekoia)),
            ("sekoia with extra_fields", carried_by(&extra)),
        ])
    }

    /// The names of the forms that carry a row; a form with extra fields only where the plain one does
    /// not.
    fn of(&self, row: &Mapping) -> String {
        let mut names: Vec<&str> = Vec::new();
        for (name, rows) in &self.0 {
            let has_plain_one = names.iter().any(|known| name.starts_with(known));
            if !has_plain_one && rows.iter().any(|carried| carried.ocsf == row.ocsf) {
                names.push(name);
            }
        }
        names.join(", ")
    }
}

fn sources(row: &Mapping, separator: &str) -> String {
    if row.sources.is_empty() { "a constant".to_owned() } else { row.sources.join(separator) }
}
