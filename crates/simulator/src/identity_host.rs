//! The endpoints that Azure hosts have for their managed identities: IMDS and App Service.
//!
//! Facts: *How to use managed identities on an Azure VM to acquire an access token*
//! (<https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>)
//! and *REST endpoint reference* of App Service
//! (<https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference>).

use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde_json::{Map, Value, json};

use crate::cloud::{Cloud, Tenant};
use crate::entra;
use crate::options::HostIdentity;
use crate::query::Query;
use crate::response::ApiResponse;

/// Serves `GET /metadata/identity/oauth2/token`.
pub(crate) fn imds(cloud: &Cloud, headers: &HeaderMap, query: Query<'_>) -> ApiResponse {
    let refused = |message: &str| {
        let body = json!({"error": "invalid_request", "error_description": message});
        ApiResponse::json(StatusCode::BAD_REQUEST, &body)
    };
    if headers.get("metadata").is_none_or(|value| !value.as_bytes().eq_ignore_ascii_case(b"true")) {
        return refused("Required metadata header not specified");
    }
    if headers.contains_key("x-forwarded-for") {
        return refused("Forwarded requests are not served");
    }
    if query.get("api-version").as_deref() != Some("2018-02-01") {
        return refused("The api-version is missing or not supported");
    }
    let Some((place, tenant, identity)) = find(cloud, query, "msi_res_id") else {
        return refused("Identity not found");
    };
    let Some(resource) = query.get("resource") else {
        return refused("The resource is missing");
    };
    match entra::grant_to_host(cloud, place, tenant, &identity.client_id, &resource) {
        Ok(granted) => {
            let (now, end) = (granted.issued, granted.expires);
            let seconds = (end - now).num_seconds().to_string();
            let mut body = common(&granted, &identity.client_id, &resource);
            body.insert("expires_in".into(), json!(seconds));
            body.insert("ext_expires_in".into(), json!(seconds));
            body.insert("not_before".into(), json!(now.timestamp().to_string()));
            ApiResponse::json(StatusCode::OK, &Value::Object(body))
        }
        Err(refusal) => refusal.respond(cloud),
    }
}

/// Serves `GET /msi/token`, which `IDENTITY_ENDPOINT` names.
pub(crate) fn app_service(cloud: &Cloud, headers: &HeaderMap, query: Query<'_>) -> ApiResponse {
    let refused = |status: StatusCode, message: &str| {
        ApiResponse::json(status, &json!({"statusCode": status.as_u16(), "message": message}))
    };
    let shown = headers.get("x-identity-header").map(|value| value.as_bytes());
    let known = |tenant: &Tenant| {
        let identity = tenant.account.host_identity.as_ref();
        identity.is_some_and(|identity| Some(identity.header.as_bytes()) == shown)
    };
    if !cloud.tenants.iter().any(known) {
        return refused(StatusCode::UNAUTHORIZED, "X-IDENTITY-HEADER is missing or wrong.");
    }
    if query.get("api-version").as_deref() != Some("2019-08-01") {
        return refused(StatusCode::BAD_REQUEST, "The api-version is missing or not supported.");
    }
    let Some((place, tenant, identity)) = find(cloud, query, "mi_res_id") else {
        return refused(StatusCode::BAD_REQUEST, "No managed identity found for the given id.");
    };
    let Some(resource) = query.get("resource") else {
        return refused(StatusCode::BAD_REQUEST, "The resource is missing.");
    };
    match entra::grant_to_host(cloud, place, tenant, &identity.client_id, &resource) {
        Ok(granted) => {
            let body = common(&granted, &identity.client_id, &resource);
            ApiResponse::json(StatusCode::OK, &Value::Object(body))
        }
        Err(refusal) => refusal.respond(cloud),
    }
}

/// The response of both; every number is a string.
fn common(granted: &entra::Granted, client_id: &str, resource: &str) -> Map<String, Value> {
    Map::from_iter([
        ("access_token".into(), json!(granted.token)),
        ("client_id".into(), json!(client_id)),
        ("expires_on".into(), json!(granted.expires.timestamp().to_string())),
        ("resource".into(), json!(resource)),
        ("token_type".into(), json!("Bearer")),
    ])
}

/// The identity that the query names, or the default one.
fn find<'a>(
    cloud: &'a Cloud,
    query: Query<'_>,
    resource_id: &str,
) -> Option<(usize, &'a Tenant, &'a HostIdentity)> {
    let named = |name: &str| query.get(name).filter(|id| !id.is_empty());
    let (client, object) = (named("client_id"), named("object_id"));
    let resource = named(resource_id);
    cloud.tenants.iter().enumerate().find_map(|(place, tenant)| {
        let identity = tenant.account.host_identity.as_ref()?;
        let fits = match (&client, &object, &resource) {
            (Some(id), _, _) => id.eq_ignore_ascii_case(&identity.client_id),
            (None, Some(id), _) => id.eq_ignore_ascii_case(&identity.object_id),
            (None, None, Some(id)) => id.eq_ignore_ascii_case(&identity.resource_id),
            (None, None, None) => identity.is_default,
        };
        fits.then_some((place, tenant, identity))
    })
}
