//! Entra: the token endpoint for the client-credentials grant, and the check of tokens.
//!
//! Codes and shapes of refusals: *Microsoft Entra authentication and authorization error codes*
//! (<https://learn.microsoft.com/entra/identity-platform/reference-error-codes>).

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, Utc};
use hyper::header::{self, HeaderMap};
use hyper::{Method, StatusCode};
use serde_json::json;
use url::form_urlencoded;

use crate::assertion::{self, Expected};
use crate::audience::Audience;
use crate::cloud::{Cloud, Tenant, lock};
use crate::fleet::Guid;
use crate::response::ApiResponse;
use crate::tokens::Grant;

/// The only supported kind of assertion.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A token as it was granted.
pub(crate) struct Granted {
    pub(crate) token: String,
    pub(crate) issued: DateTime<Utc>,
    pub(crate) expires: DateTime<Utc>,
}

/// Why a call may not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Denied {
    /// No token, an unknown one, or a revoked one.
    Unknown,
    /// Its time is over.
    Expired,
    /// It is for another API.
    WrongAudience,
    /// It lacks the roles; those that it has.
    MissingRole(Vec<String>),
}

/// The bearer token of a call.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The tenant that a call's token names, whether the token is any good or not.
pub(crate) fn caller<'a>(cloud: &'a Cloud, headers: &HeaderMap) -> Option<&'a Tenant> {
    let grant = lock(&cloud.tokens).0.get(bearer(headers)?)?.tenant;
    cloud.tenants.get(grant)
}

/// Lets a call to an API pass that has one of the roles.
pub(crate) fn authorise<'a>(
    cloud: &'a Cloud,
    headers: &HeaderMap,
    api: Audience,
    roles: &[&str],
) -> Result<&'a Tenant, Denied> {
    let token = bearer(headers).ok_or(Denied::Unknown)?;
    let grant = lock(&cloud.tokens).0.get(token).cloned().ok_or(Denied::Unknown)?;
    if cloud.now() >= grant.expires {
        return Err(Denied::Expired);
    }
    if !grant.audience.covers(api) {
        return Err(Denied::WrongAudience);
    }
    if !grant.roles.iter().any(|role| roles.contains(&role.as_str())) {
        return Err(Denied::MissingRole(grant.roles));
    }
    cloud.tenants.get(grant.tenant).ok_or(Denied::Unknown)
}

/// Serves `POST /{tenant}/oauth2/v2.0/token` below `origin`.
pub(crate) fn token(
    cloud: &Cloud,
    method: &Method,
    origin: &str,
    tenant: &str,
    body: &[u8],
) -> ApiResponse {
    match grant(cloud, method, origin, tenant, body) {
        Ok(granted) => {
            let lifetime = (granted.expires - granted.issued).num_seconds();
            let body = json!({
                "token_type": "Bearer",
                "expires_in": lifetime,
                "ext_expires_in": lifetime,
                "access_token": granted.token,
            });
            ApiResponse::json(StatusCode::OK, &body)
                .with(header::CACHE_CONTROL, "no-store, no-cache")
                .with(header::PRAGMA, "no-cache")
        }
        Err(refusal) => refusal.respond(cloud),
    }
}

/// A token for the managed identity of a host, which the host has proved already.
pub(crate) fn grant_to_host(
    cloud: &Cloud,
    place: usize,
    tenant: &Tenant,
    client: &str,
    resource: &str,
) -> Result<Granted, Refusal> {
    let (resource, audience) = find_resource(&format!("{resource}/.default"), tenant)?;
    Ok(issue(cloud, place, tenant, Grantee { client, proof: "2" }, &resource, audience))
}

/// A refusal by its number.
pub(crate) struct Refusal {
    status: StatusCode,
    error: &'static str,
    code: u32,
    message: String,
}

impl Refusal {
    fn bad(error: &'static str, code: u32, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, code, message: message.into() }
    }

    fn client(code: u32, message: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, ..Self::bad("invalid_client", code, message) }
    }

    pub(crate) fn respond(self, cloud: &Cloud) -> ApiResponse {
        let (trace, correlation) = (cloud.fresh_guid().to_string(), cloud.fresh_guid().to_string());
        let timestamp = cloud.now().to_rfc3339_opts(SecondsFormat::Secs, true).replace('T', " ");
        let Self { status, error, code, message } = self;
        let body = json!({
            "error": error,
            "error_description": format!(
                "AADSTS{code}: {message}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\n\
                 Timestamp: {timestamp}"
            ),
            "error_codes": [code],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
        });
        ApiResponse::json(status, &body).with(header::CACHE_CONTROL, "no-store, no-cache")
    }
}

fn grant(
    cloud: &Cloud,
    method: &Method,
    origin: &str,
    named: &str,
    body: &[u8],
) -> Result<Granted, Refusal> {
    if method != Method::POST {
        let message = "The endpoint only accepts POST requests.";
        return Err(Refusal::bad("invalid_request", 900_561, message));
    }
    let form: HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());

    let (place, tenant) = find_tenant(cloud, named)?;
    let account = &tenant.account;
    if form.contains_key("resource") {
        let message = "The 'resource' request parameter is not supported.";
        return Err(Refusal::bad("invalid_request", 901_002, message));
    }
    match field("grant_type") {
        Some("client_credentials") => {}
        Some(other) => {
            let message = format!("The app requested an unsupported grant type '{other}'.");
            return Err(Refusal::bad("unsupported_grant_type", 70_003, message));
        }
        None => {
            let message = "The request body must contain the following parameter: 'grant_type'.";
            return Err(Refusal::bad("invalid_request", 900_144, message));
        }
    }
    let Some(client) = field("client_id") else {
        let message = "The request body must contain the following parameter: 'client_id'.";
        return Err(Refusal::bad("invalid_request", 900_144, message));
    };
    if !client.eq_ignore_ascii_case(&account.app_id) {
        let message = format!(
            "Application with identifier '{client}' was not found in the directory '{}'.",
            account.tenant_id
        );
        return Err(Refusal::bad("unauthorized_client", 700_016, message));
    }
    let (resource, audience) = find_resource(field("scope").unwrap_or_default(), tenant)?;
    let proof = match (field("client_secret"), field("client_assertion")) {
        (Some(secret), _) => {
            check_secret(cloud, tenant, client, secret)?;
            "1"
        }
        (None, Some(assertion)) => {
            if field("client_assertion_type") != Some(JWT_BEARER) {
                let message = "The request body must contain the following parameter: \
                               'client_assertion_type'.";
                return Err(Refusal::bad("invalid_request", 900_144, message));
            }
            let expected = Expected {
                app_id: &account.app_id,
                token_endpoint: &format!("{origin}/{named}/oauth2/v2.0/token"),
                now: cloud.now(),
            };
            let registration = lock(&tenant.registration);
            let mut taken = lock(&tenant.taken);
            assertion::verify(assertion, &expected, &registration, &mut taken, &cloud.issuer_key)
                .map_err(|(code, message)| Refusal::client(code, message))?;
            "2"
        }
        (None, None) => {
            let message = "The request body must contain the following parameter: \
                           'client_assertion' or 'client_secret'.";
            return Err(Refusal::client(7_000_218, message));
        }
    };
    Ok(issue(cloud, place, tenant, Grantee { client, proof }, &resource, audience))
}

fn check_secret(cloud: &Cloud, tenant: &Tenant, client: &str, secret: &str) -> Result<(), Refusal> {
    let registration = lock(&tenant.registration);
    let known: Vec<_> = registration.secrets.iter().filter(|one| one.value == secret).collect();
    let now = cloud.now();
    if known.iter().any(|secret| secret.expires.is_none_or(|end| now < end)) {
        return Ok(());
    }
    if !known.is_empty() {
        let message = format!("The provided client secret keys for app '{client}' are expired.");
        return Err(Refusal::client(7_000_222, message));
    }
    let message = format!(
        "Invalid client secret provided. Ensure the secret being sent in the request is the client \
         secret value, not the client secret ID, for a secret added to app '{client}'."
    );
    Err(Refusal::client(7_000_215, message))
}

fn find_tenant<'a>(cloud: &'a Cloud, name: &str) -> Result<(usize, &'a Tenant), Refusal> {
    if ["common", "organizations", "consumers"].contains(&name) {
        let message = "The endpoint is not supported for client credentials; they \
                       need the tenant by name or id.";
        return Err(Refusal::bad("invalid_request", 9_001_023, message));
    }
    if Guid::parse(name).is_none() && !name.contains('.') {
        let message = format!(
            "Specified tenant identifier '{name}' is neither a valid DNS name, nor a valid external \
             domain."
        );
        return Err(Refusal::bad("invalid_request", 900_023, message));
    }
    cloud.tenant(name).ok_or_else(|| {
        let message = format!(
            "Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are \
             signing into the correct cloud."
        );
        Refusal::bad("invalid_request", 90_002, message)
    })
}

/// The one resource of a scope.
fn find_resource(scope: &str, tenant: &Tenant) -> Result<(String, Audience), Refusal> {
    let mut scopes = scope.split_whitespace();
    let resource = match (scopes.next(), scopes.next()) {
        (Some(one), None) => one.strip_suffix("/.default"),
        _ => None,
    };
    let Some(resource) = resource.filter(|resource| !resource.is_empty()) else {
        let message =
            format!("The provided value for the input parameter 'scope' is not valid: '{scope}'.");
        return Err(Refusal::bad("invalid_scope", 70_011, message));
    };
    let audience = Audience::of(resource);
    let registered = audience != Some(Audience::Defender) || tenant.account.defender_registered;
    match audience.filter(|_| registered) {
        Some(audience) => Ok((resource.to_owned(), audience)),
        None => {
            let message = format!(
                "The resource principal named {resource} was not found in the tenant named {}.",
                tenant.account.tenant_id
            );
            Err(Refusal::bad("invalid_resource", 500_011, message))
        }
    }
}

/// Whom a token is issued to.
struct Grantee<'a> {
    client: &'a str,
    /// By what: 1 is a secret, 2 an assertion.
    proof: &'static str,
}

fn issue(
    cloud: &Cloud,
    place: usize,
    tenant: &Tenant,
    grantee: Grantee<'_>,
    resource: &str,
    audience: Audience,
) -> Granted {
    let account = &tenant.account;
    let roles = match audience {
        Audience::Defender => account.defender_roles.clone(),
        Audience::Graph => account.graph_roles.clone(),
        Audience::Simulator => [&account.defender_roles[..], &account.graph_roles[..]].concat(),
        Audience::Other => Vec::new(),
    };
    let (now, lifetime) = (cloud.now(), cloud.options.token_lifetime);
    let mut claims = json!({
        "aud": resource,
        "iss": format!("https://sts.windows.net/{}/", account.tenant_id),
        "iat": now.timestamp(),
        "nbf": now.timestamp(),
        "exp": (now + lifetime).timestamp(),
        "appid": grantee.client,
        "appidacr": grantee.proof,
        "tid": account.tenant_id,
        "tenant_region_scope": "EU",
        "uti": cloud.fresh_guid().to_string(),
        "ver": "1.0",
    });
    // Without a granted role the claim is absent, not empty.
    if let (Some(claims), false) = (claims.as_object_mut(), roles.is_empty()) {
        claims.insert("roles".into(), json!(roles));
    }
    let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
    let token = format!("{header}.{}.simulated", URL_SAFE_NO_PAD.encode(claims.to_string()));

    let expires = now + lifetime;
    let mut tokens = lock(&cloud.tokens);
    tokens.0.retain(|_, grant| grant.expires + lifetime > now);
    tokens.0.insert(token.clone(), Grant { tenant: place, audience, roles, expires });
    Granted { token, issued: now, expires }
}
