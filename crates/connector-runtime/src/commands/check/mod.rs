//! `stocktake check`: whether a cycle would work, and if not, what to do.

mod guide;
mod reach;
mod state;
mod tenant;

use std::collections::BTreeSet;

use stocktake_connector_core::{Finding, Scope, StateStore, TenantName, Verdict};
use stocktake_http_stack::FileRemark;
use stocktake_telemetry::Escaped;

use crate::command_error::{CommandError, ExitStatus};
use crate::config::{Config, TenantConfig};
use crate::context::Context;
use crate::output::{Align, Format, Output, Table};
use crate::wiring::{self, TenantAccess};
use guide::Guide;
use stocktake_sinks::BuiltSink;

/// Tests every credential, permission and sink.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckAll {
    /// Only this tenant; can be repeated
    #[arg(long = "tenant", value_name = "NAME")]
    tenants: Vec<String>,
}

/// What was found at one tenant or sink.
#[derive(Debug, serde::Serialize)]
struct Checked {
    target: String,
    findings: Vec<Finding>,
}

impl CheckAll {
    pub(crate) async fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        let config = context.config()?;
        check(&config, &self.tenants, &context.output).await
    }
}

/// Checks the chosen tenants (all when none is chosen) and every sink, and prints what was found.
pub(super) async fn check(
    config: &Config,
    chosen: &[String],
    output: &Output,
) -> Result<ExitStatus, CommandError> {
    let sink_context = wiring::sink_context(config, None)?;
    let transport = &sink_context.http.transport;
    let tenants = wiring::choose(config, chosen)?;
    let (state, state_finding) = state::check(&config.state);
    let counted = crate::output::counted;
    let remarks = transport.file_remarks();
    let mut findings = vec![
        Finding::fine(
            "read",
            format!(
                "{} and {}",
                counted(config.tenants.len() as u64, "tenant", "tenants"),
                counted(config.sinks.len() as u64, "sink", "sinks"),
            ),
        ),
        state_finding,
    ];
    findings.extend(remarks.iter().map(of_no_use));
    let mut all = vec![Checked { target: "configuration".into(), findings }];
    for (name, tenant) in &tenants {
        // A broken tenant or sink does not hide the findings of the others.
        let findings = match wiring::access(name, tenant, config, transport) {
            Ok(access) => {
                let guide = guide(name, tenant, &access)?;
                tenant::check(&access, guide, transport, state.as_deref()).await
            }
            Err(error) => vec![unusable("credential", &error)],
        };
        all.push(Checked { target: format!("tenant {name}"), findings });
    }
    let used: BTreeSet<&str> =
        tenants.iter().flat_map(|(_, tenant)| wiring::tenant_sinks(tenant, config)).collect();
    let checked: BTreeSet<_> = tenants.iter().map(|(name, _)| name).collect();
    let mut scopes = wiring::scopes(config)?;
    scopes.retain(|scope| checked.contains(&scope.inventory.tenant));
    for (name, built) in wiring::sinks(config, &sink_context) {
        let findings = match built {
            _ if !used.contains(name) => {
                vec![Finding::skipped("reach", "no tenant that is checked feeds it")]
            }
            Ok(built) => {
                // Its own files; those of all connections are the configuration's.
                let own = built.remote.iter().flat_map(|remote| remote.transport.file_remarks());
                let own = own.filter(|remark| !remarks.contains(remark));
                let mut findings: Vec<_> = own.map(|remark| of_no_use(&remark)).collect();
                findings.extend(check_sink(&built).await);
                findings.extend(moved(&built, &scopes, state.as_deref()).await);
                findings
            }
            Err(error) => vec![unusable("settings", &error)],
        };
        all.push(Checked { target: format!("sink {name}"), findings });
    }
    print(&all, output)?;
    let failed = all
        .iter()
        .flat_map(|checked| &checked.findings)
        .any(|finding| finding.verdict == Verdict::Failed);
    Ok(if failed { ExitStatus::Failed } else { ExitStatus::Success })
}

fn guide(
    name: &TenantName,
    tenant: &TenantConfig,
    access: &TenantAccess,
) -> Result<Guide, CommandError> {
    let endpoints =
        tenant.endpoints(&format!("tenants.{name}")).map_err(crate::config::ConfigError)?;
    Ok(Guide {
        tenant_id: tenant.tenant_id.clone(),
        client_id: access.tokens.client_id.clone(),
        cloud: tenant.cloud,
        credential: access.tokens.kind,
        graph_url: endpoints.graph_url,
    })
}

/// A part that the configuration names and that is missing.
fn unusable(step: &str, error: &CommandError) -> Finding {
    Finding::failed(
        step,
        error.to_string(),
        "Put in place what the message names; `stocktake config check` tries the same without a \
         network.",
    )
}

/// A part of a file of certificates that is not used.
fn of_no_use(remark: &FileRemark) -> Finding {
    Finding {
        verdict: Verdict::Warning,
        ..Finding::failed(
            "certificates",
            format!("{}: {}", remark.path.display(), remark.text),
            "Repair or remove that part of the file; the rest of it is in use.",
        )
    }
}

async fn check_sink(built: &BuiltSink) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(remote) = &built.remote {
        let mut way = reach::reach(built.name.as_str(), &remote.url, &remote.transport).await;
        findings.append(&mut way.findings);
        if !way.open {
            findings.push(Finding::skipped("authorisation", "the sink cannot be reached"));
            return findings;
        }
    }
    findings.extend(built.check.check().await);
    findings
}

/// Whether the sink delivers elsewhere than before: state then begins anew with it.
async fn moved(
    built: &BuiltSink,
    scopes: &BTreeSet<Scope>,
    state: Option<&dyn StateStore>,
) -> Option<Finding> {
    let destination = built.sink.destination().await?;
    for scope in scopes.iter().filter(|scope| scope.sink == built.name) {
        // What cannot be read of state fails every cycle, which says so.
        let Ok(Some(before)) = state?.destination(scope).await else { continue };
        if before != destination {
            let finding = Finding::failed(
                "destination",
                format!("delivers to {destination}; before, to {before}"),
                "The next cycle sends every device to the new destination, and no removal of the old \
                 one. If it is not meant, set the old destination again before that cycle.",
            );
            return Some(Finding { verdict: Verdict::Warning, ..finding });
        }
    }
    None
}

fn print(all: &[Checked], output: &Output) -> Result<(), CommandError> {
    if output.format() == Format::Json {
        return output.json(&all);
    }
    let mut table = Table::new([
        ("what", Align::Left),
        ("step", Align::Left),
        ("", Align::Left),
        ("found", Align::Left),
    ]);
    for Checked { target, findings } in all {
        for finding in findings {
            let verdict = match finding.verdict {
                Verdict::Fine => "fine",
                Verdict::Warning => "WARNING",
                Verdict::Failed => "FAILED",
                Verdict::Skipped => "skipped",
            };
            table.row([
                target.clone(),
                finding.step.clone(),
                verdict.to_owned(),
                finding.detail.clone(),
            ]);
        }
    }
    output.text(table)?;
    for Checked { target, findings } in all {
        // Findings that are fine or skipped need no advice.
        let to_do =
            |finding: &&Finding| matches!(finding.verdict, Verdict::Warning | Verdict::Failed);
        for finding in findings.iter().filter(to_do) {
            if let Some(advice) = &finding.advice {
                let (target, step) = (Escaped(target), Escaped(&finding.step));
                output.text(format_args!("\n{target}, {step}: {}", Escaped(advice)))?;
            }
            for command in &finding.commands {
                output.text(format_args!("    {}", Escaped(command)))?;
            }
        }
    }
    Ok(())
}
