//! `stocktake check`: would a cycle work, and if not, what is to be done.

mod guide;
mod reach;
mod tenant;

use std::sync::Arc;

use stocktake_connector_core::{Finding, StateStore, TenantId, Verdict};

use crate::cli::{CommandError, Context, Ending};
use crate::config::{Config, TenantConfig};
use crate::output::{Align, Format, Output, Table};
use crate::wiring::{self, BuiltSink, TenantAccess};
use guide::Guide;

/// Tries every credential, permission and sink.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckAll {
    /// Only this tenant; may be given several times
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
    pub(crate) async fn execute(self, context: &Context) -> Result<Ending, CommandError> {
        let config = context.config()?;
        check(&config, &self.tenants, &context.output).await
    }
}

/// Checks the chosen tenants (all when none is chosen) and every sink, and prints what was found.
pub(super) async fn check(
    config: &Config,
    chosen: &[String],
    output: &Output,
) -> Result<Ending, CommandError> {
    let transport = wiring::transport(&config.http, None)?;
    let (state, state_finding) = state(config).await;
    let counted = crate::output::counted;
    let mut all = vec![Checked {
        target: "configuration".into(),
        findings: vec![
            Finding::fine(
                "read",
                format!(
                    "{} and {}",
                    counted(config.tenants.len() as u64, "tenant", "tenants"),
                    counted(config.sinks.len() as u64, "sink", "sinks"),
                ),
            ),
            state_finding,
        ],
    }];
    for (name, tenant) in wiring::choose(config, chosen)? {
        let access = wiring::access(&name, tenant, config, &transport)?;
        let guide = guide(&name, tenant, &access)?;
        all.push(Checked {
            target: format!("tenant {name}"),
            findings: tenant::check(&access, guide, &transport, state.as_deref()).await,
        });
    }
    for built in wiring::sinks(config, &transport, None)? {
        all.push(Checked {
            target: format!("sink {}", built.name),
            findings: check_sink(&built).await,
        });
    }
    print(&all, output)?;
    let failed = all
        .iter()
        .flat_map(|checked| &checked.findings)
        .any(|finding| finding.verdict == Verdict::Failed);
    Ok(if failed { Ending::Failed } else { Ending::Fine })
}

fn guide(
    name: &TenantId,
    tenant: &TenantConfig,
    access: &TenantAccess,
) -> Result<Guide, CommandError> {
    let endpoints =
        tenant.endpoints(&format!("tenants.{name}")).map_err(crate::config::ConfigError)?;
    Ok(Guide {
        tenant_id: tenant.tenant_id.clone(),
        app_id: access.tokens.app_id.clone(),
        cloud: tenant.cloud,
        credential: access.tokens.kind,
        graph_url: endpoints.graph_url,
    })
}

/// State as far as it is there already; a check does not make it.
async fn state(config: &Config) -> (Option<Arc<dyn StateStore>>, Finding) {
    const STEP: &str = "state";
    let path = &config.state.path;
    let shown = path.display();
    if wiring::is_in_memory(&config.state) {
        return (None, Finding::fine(STEP, "kept in memory; each start sends everything again"));
    }
    if !path.exists() {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(std::path::Path::new("."));
        let finding = if folder.is_dir() {
            Finding::fine(STEP, format!("{shown} will be made by the first cycle"))
        } else {
            Finding::failed(
                STEP,
                format!("{shown} cannot be made: there is no folder {}", folder.display()),
                "Make the folder, or set state.path.",
            )
        };
        return (None, finding);
    }
    match wiring::open_state_to_read(&config.state) {
        Ok(store) => (Some(store), Finding::fine(STEP, format!("{shown} can be read"))),
        Err(error) => {
            let advice = "Restore the file from a backup, or set state.path to another one; without \
                          it every device is sent once again.";
            (None, Finding::failed(STEP, error.to_string(), advice))
        }
    }
}

async fn check_sink(built: &BuiltSink) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(remote) = &built.remote {
        let mut way = reach::reach(built.name.as_str(), &remote.url, &remote.transport).await;
        findings.append(&mut way.findings);
        if !way.open {
            findings.push(Finding::skipped("authorisation", "the way to the sink is blocked"));
            return findings;
        }
    }
    findings.extend(built.check.check().await);
    findings
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
        // What is fine, and what was not tried, leaves nothing to do.
        let to_do =
            |finding: &&Finding| matches!(finding.verdict, Verdict::Warning | Verdict::Failed);
        for finding in findings.iter().filter(to_do) {
            if let Some(advice) = &finding.advice {
                output.text(format_args!("\n{target}, {}: {advice}", finding.step))?;
            }
            for command in &finding.commands {
                output.text(format_args!("    {command}"))?;
            }
        }
    }
    Ok(())
}
