//! `stocktake check`: would a cycle work, and if not, what is to be done.

use stocktake_auth::Claims;
use stocktake_connector_core::{
    ApiError, Finding, Listing, Selection, Source, TokenScope, Verdict,
};
use stocktake_defender_api::DefenderClient;

use crate::cli::{CommandError, Context, Ending};
use crate::output::{Align, Format, Output, Table};
use crate::wiring::{self, GraphAccess, TenantAccess};

/// Roles of which one lets us read machines.
const MACHINE_ROLES: [&str; 2] = ["Machine.Read.All", "Machine.ReadWrite.All"];
/// Roles of which one lets us read managed devices.
const MANAGED_DEVICE_ROLES: [&str; 2] =
    ["DeviceManagementManagedDevices.Read.All", "DeviceManagementManagedDevices.ReadWrite.All"];

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
        let transport = wiring::transport(&config.http)?;
        let mut all = vec![Checked {
            target: "configuration".into(),
            findings: vec![Finding::fine(
                "read",
                format!(
                    "{} and {}",
                    crate::output::counted(config.tenants.len() as u64, "tenant", "tenants"),
                    crate::output::counted(config.sinks.len() as u64, "sink", "sinks"),
                ),
            )],
        }];
        for (name, tenant) in wiring::choose(&config, &self.tenants)? {
            let access = wiring::access(&name, tenant, &config, &transport)?;
            all.push(Checked {
                target: format!("tenant {name}"),
                findings: check_tenant(&access).await,
            });
        }
        for built in wiring::sinks(&config, &transport)? {
            all.push(Checked {
                target: format!("sink {}", built.name),
                findings: built.check.check().await,
            });
        }
        print(&all, &context.output)?;
        let failed = all
            .iter()
            .flat_map(|checked| &checked.findings)
            .any(|finding| finding.verdict == Verdict::Failed);
        Ok(if failed { Ending::Failed } else { Ending::Fine })
    }
}

async fn check_tenant(access: &TenantAccess) -> Vec<Finding> {
    let mut findings = Vec::new();
    let api = Permission { api: "defender", resource: "WindowsDefenderATP", roles: &MACHINE_ROLES };
    if check_token(access, &access.defender_scope, &api, &mut findings).await {
        findings.push(read_machines(access).await);
    }
    match &access.graph {
        None => findings.push(Finding {
            step: "graph".into(),
            verdict: Verdict::Skipped,
            detail: "enrichment.intune is off".into(),
            advice: None,
        }),
        Some(graph) => {
            let api = Permission {
                api: "graph",
                resource: "Microsoft Graph",
                roles: &MANAGED_DEVICE_ROLES,
            };
            if check_token(access, &graph.scope, &api, &mut findings).await {
                findings.push(read_managed_devices(graph).await);
            }
        }
    }
    findings
}

/// What one API asks of an application.
struct Permission {
    api: &'static str,
    resource: &'static str,
    roles: &'static [&'static str; 2],
}

/// Checks token and roles; true when the API is worth asking.
async fn check_token(
    access: &TenantAccess,
    scope: &TokenScope,
    permission: &Permission,
    findings: &mut Vec<Finding>,
) -> bool {
    let Permission { api, resource, roles } = permission;
    let token = match access.tokens.provider.token(scope).await {
        Ok(token) => token,
        Err(error) => {
            let advice = error
                .advice
                .clone()
                .unwrap_or_else(|| "check the network and the login service's status".into());
            findings.push(Finding::failed(format!("{api} token"), crate::chain(&error), advice));
            return false;
        }
    };
    findings.push(Finding::fine(format!("{api} token"), format!("granted for {scope}")));
    let step = format!("{api} permission");
    let claims = match Claims::of(&token) {
        Ok(claims) => claims,
        // A token is opaque by contract; only the API's own answer counts then.
        Err(opaque) => {
            let (verdict, detail) = (Verdict::Skipped, opaque.to_string());
            findings.push(Finding { step, verdict, detail, advice: None });
            return true;
        }
    };
    match claims.roles.iter().find(|granted| roles.contains(&granted.as_str())) {
        Some(role) => {
            findings.push(Finding::fine(step, format!("role {role}")));
            true
        }
        None => {
            let [least, _] = roles;
            findings.push(Finding::failed(
                step,
                format!("the token has no role {least}"),
                format!(
                    "add the application permission {least} of {resource} to the app registration \
                     and grant admin consent, then try again"
                ),
            ));
            false
        }
    }
}

/// Reads a single machine.
async fn read_machines(access: &TenantAccess) -> Finding {
    let mut options = access.defender_options.clone();
    options.page_size = Some(1);
    let client = DefenderClient::new(access.defender_stack.clone(), options);
    match client.list(Selection::All).next_page().await {
        Ok(page) => Finding::fine(
            "defender read",
            match page.map_or(0, |page| page.len()) {
                0 => "answers; the tenant has no machine yet",
                _ => "answers with a machine",
            },
        ),
        Err(error) => Finding::failed(
            "defender read",
            crate::chain(&error),
            error.advice().unwrap_or("see the error").to_owned(),
        ),
    }
}

/// Reads a single managed device. A tenant without Intune is collected without it.
async fn read_managed_devices(graph: &GraphAccess) -> Finding {
    match graph.client.probe().await {
        Ok(()) => Finding::fine("graph read", "answers"),
        Err(error) => unreadable(&error),
    }
}

fn unreadable(error: &ApiError) -> Finding {
    let advice = error.advice.clone().unwrap_or_else(|| "see the error".into());
    Finding::failed("graph read", crate::chain(error), advice)
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
        for finding in findings {
            if let Some(advice) = &finding.advice {
                output.text(format_args!("\n{target}, {}: {advice}", finding.step))?;
            }
        }
    }
    Ok(())
}
