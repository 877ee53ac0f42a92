//! The steps of one tenant: hosts, clock, and for each API token, permissions, a read and headroom.

use chrono::{DateTime, Utc};
use stocktake_auth::{Claims, EntraError};
use stocktake_connector_core::{
    Calls, Clock, CycleKind, CycleReport, Failure, FailureRecord, Finding, Inventory, Listing,
    Source, StateStore, SystemClock, TokenScope, Verdict, chain,
};
use stocktake_defender_api::DefenderClient;
use stocktake_graph_api::find_refusal;
use stocktake_http_stack::{ApiError, ApiStack, Quota, Transport};
use url::Url;

use super::guide::{Action, Guide, MACHINES, MANAGED_DEVICES, Permission};
use super::reach::{Reachability, clock, days_until, reach};
use crate::wiring::{CredentialKind, GraphAccess, TenantAccess, source_name};

/// A certificate that expires within these days gets a warning.
const ENDS_SOON_DAYS: i64 = 30;
/// How many cycle reports are searched for the last full cycle.
const REPORTS: usize = 50;

/// Checks one tenant.
pub(super) async fn check(
    access: &TenantAccess,
    guide: Guide,
    transport: &Transport,
    state: Option<&dyn StateStore>,
) -> Vec<Finding> {
    let mut check = TenantCheck {
        access,
        guide,
        last_full: last_full(access, state).await,
        findings: Vec::new(),
    };
    check.run(transport).await;
    check.findings
}

struct TenantCheck<'a> {
    access: &'a TenantAccess,
    guide: Guide,
    /// The calls of the last complete full cycle.
    last_full: Option<Calls>,
    findings: Vec<Finding>,
}

/// The calls of the last full cycle that was complete.
async fn last_full(access: &TenantAccess, state: Option<&dyn StateStore>) -> Option<Calls> {
    let inventory = Inventory { tenant: access.tenant.clone(), source: source_name().ok()? };
    let reports = state?.reports(&inventory, None, REPORTS).await.ok()?.reports;
    let is_full = |report: &&CycleReport| report.kind == CycleKind::Full && report.listing_complete;
    reports.iter().find(is_full).map(|report| report.calls)
}

impl TenantCheck<'_> {
    async fn run(&mut self, transport: &Transport) {
        let access = self.access;
        let login = self.probe("login", access.login_url.as_ref(), transport).await;
        let defender =
            self.probe("defender", Some(&access.defender_options.base_url), transport).await;
        let graph = match &access.graph {
            Some(graph) => {
                Some(self.probe("graph", Some(graph.client.base_url()), transport).await)
            }
            None => None,
        };
        let clocks: Vec<_> = [Some(&login), Some(&defender), graph.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(|host| host.clock_ahead)
            .collect();
        let signs = access.tokens.kind == CredentialKind::Certificate;
        self.findings.push(clock(&clocks, signs));
        self.expiry();

        let readable =
            self.token(&access.defender_scope, &MACHINES, login.open && defender.open).await;
        if readable {
            self.read_machines().await;
        }
        self.headroom(MACHINES.api, &access.defender_stack, |calls| calls.source);
        match (&access.graph, graph) {
            (Some(graph), Some(host)) => {
                if self.token(&graph.scope, &MANAGED_DEVICES, login.open && host.open).await {
                    self.read_managed_devices(graph).await;
                }
                self.headroom(MANAGED_DEVICES.api, &graph.stack, |calls| calls.enricher);
            }
            _ => self.findings.push(Finding::skipped("graph", "enrichment.intune is off")),
        }
    }

    /// Probes a host; an identity that needs no login host has none.
    async fn probe(
        &mut self,
        name: &str,
        url: Option<&Url>,
        transport: &Transport,
    ) -> Reachability {
        let Some(url) = url else { return Reachability { open: true, ..Reachability::default() } };
        let mut reached = reach(name, url, transport).await;
        self.findings.append(&mut reached.findings);
        reached
    }

    /// When the credential expires, if that is known here.
    fn expiry(&mut self) {
        const STEP: &str = "credential expiry";
        let finding = match (&self.access.tokens.certificate, self.access.tokens.kind) {
            (Some(certificate), _) => match certificate.facts() {
                Ok(facts) => {
                    let thumbprint = &facts.thumbprint;
                    self.certificate_ends(STEP, thumbprint, facts.not_after, SystemClock.now())
                }
                Err(error) => Finding::failed(
                    STEP,
                    chain(&error),
                    "Put the certificate and its private key into the files that the configuration \
                     names; a command in the message converts them.",
                ),
            },
            (None, CredentialKind::ClientSecret) => {
                let Action { advice, commands } = self.guide.secret_expiry();
                Finding {
                    advice: Some(advice),
                    ..Finding::skipped(STEP, "not known here for a secret; see the portal")
                }
                .with_commands(commands)
            }
            (None, _) => Finding::skipped(STEP, "the platform renews it"),
        };
        self.findings.push(finding);
        let remarks = self.access.tokens.certificate.iter().flat_map(|own| own.remarks());
        self.findings.extend(remarks.map(|remark| Finding {
            verdict: Verdict::Warning,
            ..Finding::failed(
                "credential file",
                remark,
                "Repair or remove that part of the file; the rest of it is in use.",
            )
        }));
    }

    fn certificate_ends(
        &self,
        step: &str,
        thumbprint: &str,
        end: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Finding {
        let days = days_until(end, now);
        let detail = if end <= now {
            format!("certificate {thumbprint} ended on {}", end.format("%F"))
        } else {
            format!("certificate {thumbprint} ends on {}, in {days} days", end.format("%F"))
        };
        if end > now && days >= ENDS_SOON_DAYS {
            return Finding::fine(step, detail);
        }
        let Action { advice, commands } = self.guide.new_certificate();
        let finding = Finding::failed(step, detail, advice).with_commands(commands);
        if end > now { Finding { verdict: Verdict::Warning, ..finding } } else { finding }
    }

    /// Gets a token and inspects it; true when calling the API makes sense.
    async fn token(&mut self, scope: &TokenScope, permission: &Permission, open: bool) -> bool {
        let api = permission.api;
        let (token_step, role_step) = (format!("{api} token"), format!("{api} permission"));
        if !open {
            let detail = "the login host or the API cannot be reached";
            self.findings.push(Finding::skipped(token_step, detail));
            return false;
        }
        let token = match self.access.tokens.provider.token(scope).await {
            Ok(token) => token,
            Err(error) => {
                self.findings.push(self.no_token(token_step, permission, &error));
                return false;
            }
        };
        self.findings.push(Finding::fine(token_step, format!("granted for {scope}")));
        let claims = match Claims::decode(&token) {
            Ok(claims) => claims,
            // A token is opaque by contract; only the API's own response counts then.
            Err(opaque) => {
                self.findings.push(Finding::skipped(role_step, opaque.to_string()));
                return true;
            }
        };
        self.guide.learn(&claims);
        if self.access.tokens.kind == CredentialKind::AzureCli && claims.roles.is_empty() {
            let detail =
                "a signed-in person has no application roles; the read shows what is permitted";
            self.findings.push(Finding::skipped(role_step, detail));
            return true;
        }
        self.roles(role_step, permission, &claims)
    }

    fn no_token(&self, step: String, permission: &Permission, failure: &Failure) -> Finding {
        let fix = failure
            .source
            .as_deref()
            .and_then(|source| source.downcast_ref::<EntraError>())
            .and_then(EntraError::fix);
        let advice =
            failure.advice.as_deref().unwrap_or("Check the network and the login service.");
        let Action { advice, commands } = self.guide.token(fix, permission, advice);
        let detail = failure.record().to_string();
        Finding::failed(step, detail, advice).with_commands(commands)
    }

    /// Compares the token's roles with what is needed.
    fn roles(&mut self, step: String, permission: &Permission, claims: &Claims) -> bool {
        let granted: Vec<_> = claims.roles.iter().map(String::as_str).collect();
        let enough = granted.contains(&permission.role);
        let superset = granted.iter().find(|role| permission.supersets.contains(role));
        match (enough, superset) {
            (true, _) => {
                self.findings.push(Finding::fine(step, format!("role {}", permission.role)));
            }
            (false, Some(superset)) => {
                let detail = format!("role {superset}, which includes {}", permission.role);
                self.findings.push(Finding::fine(step, detail));
            }
            (false, None) => {
                let Action { advice, commands } = self.guide.grant(permission);
                let audience = claims.aud.as_deref().unwrap_or("unknown");
                let detail = format!(
                    "the token has no role {} (its audience is {audience})",
                    permission.role
                );
                let finding = Finding::failed(step, detail, advice).with_commands(commands);
                self.findings.push(if permission.dispensable {
                    // A cycle works without it, but its events contain less.
                    Finding { verdict: Verdict::Warning, ..finding }
                } else {
                    finding
                });
                return false;
            }
        }
        // An identity of several APIs, as an emulator has, may show what another API needs.
        let needed = [MACHINES.role, MANAGED_DEVICES.role];
        let excess: Vec<_> = granted.into_iter().filter(|role| !needed.contains(role)).collect();
        if !excess.is_empty() {
            let Action { advice, commands } = self.guide.revoke(permission, &excess);
            self.findings.push(
                Finding {
                    verdict: Verdict::Warning,
                    ..Finding::failed(
                        format!("{} least privilege", permission.api),
                        format!("the application may do more than it needs: {}", excess.join(", ")),
                        advice,
                    )
                }
                .with_commands(commands),
            );
        }
        true
    }

    /// Reads a single machine.
    async fn read_machines(&mut self) {
        const STEP: &str = "defender read";
        let mut options = self.access.defender_options.clone();
        options.page_size = Some(1);
        let client = DefenderClient::new(self.access.defender_stack.clone(), options);
        let finding = match client.list().next_page().await {
            Ok(page) => {
                // A machine that is left out or not understood counts as a response.
                let found = page.map_or(0, |page| page.len() + page.excluded.len());
                Finding::fine(
                    STEP,
                    match found {
                        0 => "responds; the tenant has no machine yet",
                        _ => "responds with a machine",
                    },
                )
            }
            Err(error) => {
                let FailureRecord { advice, .. } = error.record();
                let advice = advice.unwrap_or_else(|| SEE_ERROR.to_owned());
                Finding::failed(STEP, error.record().to_string(), advice)
            }
        };
        self.findings.push(finding);
    }

    /// Reads a single managed device. A tenant without Intune is collected without it.
    async fn read_managed_devices(&mut self, graph: &GraphAccess) {
        const READ: &str = "graph read";
        const LICENCE: &str = "Intune licence";
        match graph.client.probe().await {
            Ok(()) => {
                self.findings.push(Finding::fine(READ, "responds"));
                self.findings.push(Finding::fine(LICENCE, "Intune serves this tenant"));
            }
            Err(error) => match find_refusal(&error) {
                Some(reason) => self.findings.push(Finding {
                    verdict: Verdict::Warning,
                    ..Finding::failed(
                        LICENCE,
                        reason,
                        "License Intune for this tenant, or set enrichment.intune to \"off\"; until \
                         then events go out without what Intune knows.",
                    )
                }),
                None => self.findings.push(unreadable(READ, error)),
            },
        }
    }

    /// How much of the quota a full cycle uses, by the last one.
    fn headroom(&mut self, api: &str, stack: &ApiStack, calls: impl Fn(&Calls) -> u64) {
        let step = format!("{api} quota");
        if stack.calls().throttled > 0 {
            self.findings.push(Finding {
                verdict: Verdict::Warning,
                ..Finding::failed(
                    step,
                    format!("{api} asked this check to slow down: the quota is used up already"),
                    "Other programs with the same app registration share it: give this one a \
                     registration of its own, or lower their share and ours (tenants.NAME.limits).",
                )
            });
            return;
        }
        let quotas = &stack.options().quotas;
        let allowed = quotas.iter().max_by_key(|quota| quota.per);
        let (Some(taken), Some(Quota { calls: allowed, per })) =
            (self.last_full.as_ref().map(calls), allowed)
        else {
            let detail = "known after the first full cycle";
            self.findings.push(Finding::skipped(step, detail));
            return;
        };
        let detail = format!(
            "the last full cycle took {taken} calls; {allowed} are allowed in {}",
            humantime::format_duration(*per)
        );
        let finding = if taken > u64::from(*allowed) {
            Finding {
                verdict: Verdict::Warning,
                ..Finding::failed(
                    step,
                    detail,
                    "A full cycle has to wait for its quota; raise it (http, or tenants.NAME.limits) if \
                     no other program shares the app registration.",
                )
            }
        } else {
            Finding::fine(step, detail)
        };
        self.findings.push(finding);
    }
}

const SEE_ERROR: &str = "See the error; `--log-level debug` shows each attempt.";

fn unreadable(step: &str, error: ApiError) -> Finding {
    let failure = Failure::from(error).record();
    let advice = failure.advice.clone().unwrap_or_else(|| SEE_ERROR.to_owned());
    Finding::failed(step, failure.to_string(), advice)
}
