//! Control over HTTP, for a test in another process: everything below `/simulator/`.

use hyper::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cloud::Handle;
use crate::fault::Fault;
use crate::fleet::{Expectation, Fleet};
use crate::query::Query;
use crate::registration::RegisteredCertificate;
use crate::response::ApiResponse;

/// The response of `POST /simulator/fleet/{change|add|remove}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Altered {
    /// The machines concerned.
    pub ids: Vec<String>,
    /// What a client must find now.
    pub expectation: Expectation,
}

/// Serves a path below `/simulator/`.
pub(crate) fn respond(
    handle: &Handle,
    method: &Method,
    path: &str,
    query: Query<'_>,
    body: &[u8],
) -> ApiResponse {
    match reply(handle, method, path, query, body) {
        Ok(body) => ApiResponse::json(StatusCode::OK, &body),
        Err((status, message)) => ApiResponse::json(status, &json!({ "error": message })),
    }
}

type Refusal = (StatusCode, String);

fn reply(
    handle: &Handle,
    method: &Method,
    path: &str,
    query: Query<'_>,
    body: &[u8],
) -> Result<Value, Refusal> {
    match (method.as_str(), path) {
        ("GET", "health") => Ok(json!({"status": "ready"})),
        ("GET", "calls") => written(&handle.calls()),
        ("DELETE", "calls") => done(|| handle.reset_calls()),
        ("GET", "faults") => written(&handle.faults()),
        ("POST", "faults") => {
            for fault in read_faults(body)? {
                handle.add_fault(fault);
            }
            written(&handle.faults())
        }
        ("DELETE", "faults") => done(|| handle.clear_faults()),
        ("GET", "fleet") => written(&fleet(handle, query)?.expectation()),
        ("GET", "fleet/ids") => written(&fleet(handle, query)?.device_ids()),
        ("POST", "fleet/change") => alter(handle, query, Fleet::change),
        ("POST", "fleet/add") => alter(handle, query, Fleet::add),
        ("POST", "fleet/remove") => alter(handle, query, Fleet::remove),
        ("GET", "received") => {
            let mut reply = written(&handle.received())?;
            if let (Some(fields), Some(_)) = (reply.as_object_mut(), query.get("bodies")) {
                fields.insert("bodies".into(), written(&handle.received_events())?);
            }
            Ok(reply)
        }
        ("DELETE", "received") => done(|| handle.reset_received()),
        ("POST", "poison") => {
            let uid = query.get("uid").ok_or_else(|| bad("uid is missing"))?;
            done(|| handle.poison(uid))
        }
        ("DELETE", "poison") => done(|| handle.clear_poison()),
        ("DELETE", "tokens") => done(|| handle.revoke_tokens()),
        (_, "secrets" | "certificates" | "federated") => {
            register(handle, method.as_str(), path, query, body)
        }
        ("POST", "projected-token") => {
            let token = handle.projected_token(&parsed(body)?);
            token.map(|token| json!({ "token": token })).ok_or_else(|| bad("the key does not sign"))
        }
        _ => Err((StatusCode::NOT_FOUND, format!("the simulator has no {method} {path}"))),
    }
}

/// Changes what proves the application of the tenant that the query names, or of the first one.
fn register(
    handle: &Handle,
    method: &str,
    path: &str,
    query: Query<'_>,
    body: &[u8],
) -> Result<Value, Refusal> {
    let named = query.get("tenant").or_else(|| handle.first_tenant());
    let tenant = named.ok_or_else(|| bad("there is no tenant"))?;
    let of_query = |name: &str| query.get(name).ok_or_else(|| bad(format!("{name} is missing")));
    let known = match (method, path) {
        ("POST", "secrets") => handle.add_secret(&tenant, parsed(body)?),
        ("DELETE", "secrets") => handle.remove_secret(&tenant, &of_query("value")?),
        ("POST", "certificates") => {
            let text = String::from_utf8_lossy(body);
            let certificate =
                RegisteredCertificate::from_pem(&text).map_err(|error| bad(error.to_string()))?;
            handle.add_certificate(&tenant, certificate)
        }
        ("DELETE", "certificates") => handle.remove_certificate(&tenant, &of_query("thumbprint")?),
        ("POST", "federated") => handle.add_federated(&tenant, parsed(body)?),
        ("DELETE", "federated") => handle.remove_federated(&tenant, &parsed(body)?),
        _ => return Err((StatusCode::NOT_FOUND, format!("the simulator has no {method} {path}"))),
    };
    if known { done(|| ()) } else { Err((StatusCode::NOT_FOUND, format!("no tenant {tenant}"))) }
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| bad(error.to_string()))
}

/// One fault or a list of them.
fn read_faults(body: &[u8]) -> Result<Vec<Fault>, Refusal> {
    let list = body.trim_ascii_start().first() == Some(&b'[');
    let read = if list {
        serde_json::from_slice(body)
    } else {
        serde_json::from_slice(body).map(|fault| vec![fault])
    };
    read.map_err(|error| bad(error.to_string()))
}

fn alter(
    handle: &Handle,
    query: Query<'_>,
    change: fn(&Fleet, usize) -> Vec<String>,
) -> Result<Value, Refusal> {
    let count = query.number("count").map_err(bad)?.ok_or_else(|| bad("count is missing"))?;
    let fleet = fleet(handle, query)?;
    let ids = change(&fleet, count);
    written(&Altered { ids, expectation: fleet.expectation() })
}

/// The fleet of the tenant that the query names, or of the first one.
fn fleet(handle: &Handle, query: Query<'_>) -> Result<Fleet, Refusal> {
    match query.get("tenant") {
        None => Ok(handle.fleet()),
        Some(tenant) => {
            let unknown = || (StatusCode::NOT_FOUND, format!("no tenant {tenant}"));
            handle.fleet_of(&tenant).ok_or_else(unknown)
        }
    }
}

fn written(value: &impl Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(value)
        .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}

fn done(deed: impl FnOnce()) -> Result<Value, Refusal> {
    deed();
    Ok(json!({"done": true}))
}

fn bad(message: impl Into<String>) -> Refusal {
    (StatusCode::BAD_REQUEST, message.into())
}
