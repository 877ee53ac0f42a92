//! What a type cannot check: that values make sense, alone and together.

use std::collections::BTreeMap;
use std::time::Duration;

use stocktake_connector_core::{SinkName, TenantName};
use stocktake_http_stack::{Origin, no_proxy_faults};
use stocktake_sinks::settings::key;
use stocktake_sinks::{Faults, SettingsProblem};

use super::environment::Variables;
use super::{
    AppSecretConfig, CertificateConfig, Config, CredentialConfig, FilterConfig, IntuneMode,
    TenantConfig,
};

/// Every fault, those of the environment's `variables` included.
pub(super) fn faults(config: &Config, variables: &Variables) -> Faults {
    let mut faults = Faults::default();
    for (name, tenant) in &config.tenants {
        let key = key("tenants", name);
        if let Err(invalid) = TenantName::new(name) {
            faults.invalid(&key, invalid.to_string());
        }
        check_tenant(&key, tenant, config, &mut faults);
    }
    for (name, credential) in &config.credentials {
        check_credential(&key("credentials", name), credential, &mut faults);
    }
    check_managed_identities(config, &mut faults);
    for name in config.sinks.keys() {
        if let Err(invalid) = SinkName::new(name) {
            faults.invalid(key("sinks", name), invalid.to_string());
        }
    }
    check_collection(config, &mut faults);
    check_enrichment(config, &mut faults);
    check_http(config, &mut faults);
    check_telemetry(config, variables, &mut faults);
    faults
}

fn check_enrichment(config: &Config, faults: &mut Faults) {
    let enrichment = &config.enrichment;
    faults.at_least("enrichment.refusals", enrichment.refusals, 1);
    if enrichment.intune_details && enrichment.intune == IntuneMode::Off {
        faults.invalid(
            "enrichment.intune_details",
            "is true while `enrichment.intune` is \"off\"; set it to false, or `intune` to \"auto\"",
        );
    }
}

fn check_tenant(key: &str, tenant: &TenantConfig, config: &Config, faults: &mut Faults) {
    let id = tenant.tenant_id.as_str();
    if !(is_guid(id) || is_domain(id)) {
        faults.invalid(
            format!("{key}.tenant_id"),
            "is neither a GUID nor a domain; copy the directory (tenant) id from the app registration's \
             overview",
        );
    }
    match &tenant.credential {
        Some(name) => check_named_credential(key, name, tenant, config, faults),
        None => {
            match &tenant.app_id {
                Some(app_id) => check_app_id(key, app_id, faults),
                None => faults.invalid(
                    format!("{key}.app_id"),
                    "is missing; set it with a secret, or name a `credential`",
                ),
            }
            faults.one_secret(
                &format!("{key}.app_secret"),
                tenant.app_secret.as_ref(),
                tenant.app_secret_file.as_deref(),
            );
        }
    }
    for (name, url) in [
        ("base_url", &tenant.base_url),
        ("login_url", &tenant.login_url),
        ("graph_url", &tenant.graph_url),
    ] {
        if let Some(url) = url {
            check_url(format!("{key}.{name}"), url, faults);
        }
    }
    if let Err(found) = tenant.endpoints(key) {
        found.into_iter().for_each(|fault| faults.invalid(fault.key, fault.problem));
    }
    for name in tenant.sinks.iter().flatten() {
        if !config.sinks.contains_key(name) {
            faults.invalid(
                format!("{key}.sinks"),
                super::unknown("sink", name, &names(&config.sinks)),
            );
        }
    }
    if tenant.sinks.as_ref().is_some_and(Vec::is_empty) {
        faults.invalid(
            format!("{key}.sinks"),
            "names no sink, so no event of this tenant would be delivered; name one, or remove it",
        );
    }
    check_filter(key, &tenant.filter, faults);
    let limits = &tenant.limits;
    for (name, calls) in [
        ("defender_per_minute", limits.defender_per_minute),
        ("defender_per_hour", limits.defender_per_hour),
        ("graph_per_20s", limits.graph_per_20s),
    ] {
        if let Some(calls) = calls {
            faults.at_least(&format!("{key}.limits.{name}"), calls, 1);
        }
    }
}

fn check_named_credential(
    key: &str,
    name: &str,
    tenant: &TenantConfig,
    config: &Config,
    faults: &mut Faults,
) {
    if !config.credentials.contains_key(name) {
        faults.invalid(
            format!("{key}.credential"),
            super::unknown("credential", name, &names(&config.credentials)),
        );
    }
    for (own, is_set) in [
        ("app_id", tenant.app_id.is_some()),
        ("app_secret", tenant.app_secret.is_some()),
        ("app_secret_file", tenant.app_secret_file.is_some()),
    ] {
        if is_set {
            set_twice(key, own, "credential", faults);
        }
    }
}

fn check_credential(key: &str, credential: &CredentialConfig, faults: &mut Faults) {
    match credential {
        CredentialConfig::AppSecret(AppSecretConfig { app_id, app_secret, app_secret_file }) => {
            check_app_id(key, app_id, faults);
            let key = format!("{key}.app_secret");
            faults.one_secret(&key, app_secret.as_ref(), app_secret_file.as_deref());
        }
        CredentialConfig::Certificate(certificate) => {
            check_app_id(key, &certificate.app_id, faults);
            check_certificate(key, certificate, faults);
        }
        CredentialConfig::WorkloadIdentity(identity) => {
            if let Some(app_id) = &identity.app_id {
                check_app_id(key, app_id, faults);
            }
        }
        CredentialConfig::ManagedIdentity(identity) => {
            let named = [
                ("client_id", &identity.client_id),
                ("object_id", &identity.object_id),
                ("resource_id", &identity.resource_id),
            ];
            let named: Vec<_> =
                named.iter().filter(|(_, id)| id.is_some()).map(|(name, _)| *name).collect();
            if let [one, other, ..] = named.as_slice() {
                set_twice(key, one, other, faults);
            }
        }
        CredentialConfig::AzureCli(_) => {}
    }
}

fn check_certificate(key: &str, certificate: &CertificateConfig, faults: &mut Faults) {
    let CertificateConfig { password, password_file, .. } = certificate;
    if password.is_some() && password_file.is_some() {
        set_twice(key, "password", "password_file", faults);
    }
}

/// A managed identity belongs to one directory, and its tokens are valid there only.
fn check_managed_identities(config: &Config, faults: &mut Faults) {
    for (name, credential) in &config.credentials {
        if !matches!(credential, CredentialConfig::ManagedIdentity(_)) {
            continue;
        }
        let mut served = config
            .tenants
            .iter()
            .filter(|(_, tenant)| tenant.credential.as_ref() == Some(name))
            .map(|(key, tenant)| (key, tenant.tenant_id.to_ascii_lowercase()));
        let Some((first, home)) = served.next() else { continue };
        for (other, _) in served.filter(|(_, id)| *id != home) {
            faults.invalid(
                format!("{}.credential", key("tenants", other)),
                format!(
                    "a managed identity is valid in its own directory only, and {} uses \
                     the same credential; use a certificate or an app secret of a multi-tenant \
                     registration",
                    key("tenants", first)
                ),
            );
        }
    }
}

/// Defender's health statuses
/// (<https://learn.microsoft.com/defender-endpoint/api/machine>).
const HEALTH: [&str; 6] = [
    "Active",
    "Inactive",
    "ImpairedCommunication",
    "NoSensorData",
    "NoSensorDataImpairedCommunication",
    "Unknown",
];

/// A word that matches nothing would exclude every machine without an error.
fn check_filter(key: &str, filter: &FilterConfig, faults: &mut Faults) {
    for (name, words) in [
        ("health_status", &filter.health_status),
        ("rbac_groups", &filter.rbac_groups),
        ("os_platforms", &filter.os_platforms),
        ("tags", &filter.tags),
    ] {
        if words.iter().any(|word| word.trim().is_empty()) {
            faults.invalid(
                format!("{key}.filter.{name}"),
                "has an empty word, which matches no machine; remove it",
            );
        }
    }
    for word in &filter.health_status {
        // A wildcard is accepted for statuses that Defender may add.
        let known = HEALTH.iter().any(|known| known.eq_ignore_ascii_case(word.trim()));
        if !known && !word.trim().is_empty() && !word.trim().ends_with('*') {
            faults.invalid(
                format!("{key}.filter.health_status"),
                super::unknown("health status", word, &HEALTH),
            );
        }
    }
}

fn check_app_id(key: &str, app_id: &str, faults: &mut Faults) {
    if !is_guid(app_id) {
        faults.invalid(
            format!("{key}.app_id"),
            "is not a GUID; copy the application (client) id from the app registration's overview",
        );
    }
}

fn set_twice(key: &str, one: &str, other: &str, faults: &mut Faults) {
    faults.push(format!("{key}.{one}"), SettingsProblem::SetTwice { other: other.to_owned() });
}

fn names<V>(table: &BTreeMap<String, V>) -> Vec<&str> {
    table.keys().map(String::as_str).collect()
}

fn check_collection(config: &Config, faults: &mut Faults) {
    let collection = &config.collection;
    for (name, span) in [("interval", collection.interval), ("full_every", collection.full_every)] {
        if span < Duration::from_secs(1) {
            faults.invalid(format!("collection.{name}"), "must be at least one second");
        }
    }
    if !(0.0..=1.0).contains(&collection.removal_guard) {
        faults.invalid("collection.removal_guard", "is not a number between 0 and 1");
    }
    if collection.page_size.is_some_and(|size| !(1..=10_000).contains(&size)) {
        faults.invalid("collection.page_size", "must be from 1 to 10000, Defender's largest page");
    }
    faults.at_least("collection.max_pages", collection.max_pages, 1);
    faults.at_least("collection.concurrent_cycles", collection.concurrent_cycles, 1);
    for (index, path) in collection.volatile_fields.iter().enumerate() {
        if !stocktake_ocsf_model::attribute_exists(path) {
            faults.invalid(
                "collection.volatile_fields",
                format!(
                    "item {} is not an attribute of the event; write it like `device.last_seen_time`",
                    index.saturating_add(1)
                ),
            );
        }
    }
}

fn check_http(config: &Config, faults: &mut Faults) {
    let http = &config.http;
    for (name, calls) in [
        ("defender_per_minute", http.defender_per_minute),
        ("defender_per_hour", http.defender_per_hour),
        ("graph_per_20s", http.graph_per_20s),
    ] {
        faults.at_least(&format!("http.{name}"), calls, 1);
    }
    let needs_proxy = [
        ("proxy_password_file", http.proxy_password_file.is_some()),
        ("no_proxy", http.no_proxy.is_some()),
    ];
    for (name, is_set) in needs_proxy {
        if is_set && http.proxy.is_none() {
            faults.invalid(
                format!("http.{name}"),
                "is set without `proxy`; set that, or use the environment's HTTPS_PROXY and NO_PROXY \
                 alone",
            );
        }
    }
    for fault in http.no_proxy.iter().flat_map(|list| no_proxy_faults(list)) {
        faults.invalid("http.no_proxy", fault);
    }
    faults.at_least("http.max_body_bytes", http.max_body_bytes, 1024);
    for (name, span) in
        [("call_deadline", http.call_deadline), ("attempt_timeout", http.attempt_timeout)]
    {
        if span.is_zero() {
            faults.invalid(format!("http.{name}"), "must be longer than zero");
        }
    }
}

fn check_telemetry(config: &Config, variables: &Variables, faults: &mut Faults) {
    if let Err(problem) = config.server.address() {
        faults.invalid("server.listen", problem);
    }
    for (index, host) in config.server.hosts.iter().enumerate() {
        if host.is_empty() || host.contains(['/', ':', '*', ' ']) {
            faults.invalid(
                "server.hosts",
                format!(
                    "item {} is not a host name; write it like stocktake.monitoring.svc, without a port",
                    index.saturating_add(1)
                ),
            );
        }
    }
    let telemetry = &config.telemetry;
    for (key, problem) in telemetry.problems() {
        faults.invalid(format!("telemetry.{key}"), problem);
    }
    for (variable, problem) in telemetry.headers_in_the_clear(variables) {
        faults.invalid(variable, problem);
    }
    if telemetry.otlp_interval < Duration::from_secs(1) {
        faults.invalid("telemetry.otlp_interval", "must be at least one second");
    }
    if !(0.0..=1.0).contains(&telemetry.trace_sample_ratio) {
        faults.invalid("telemetry.trace_sample_ratio", "is not a number between 0 and 1");
    }
}

fn check_url(key: String, url: &str, faults: &mut Faults) {
    if let Err(error) = Origin::parse(url) {
        faults.invalid(key, error.to_string());
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(place, char)| match place {
            8 | 13 | 18 | 23 => char == '-',
            _ => char.is_ascii_hexdigit(),
        })
}

fn is_domain(text: &str) -> bool {
    text.contains('.')
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.chars().all(|char| char.is_ascii_alphanumeric() || char == '-')
        })
}
