//! Sekoia.io: the HTTP API of the asset connector and its tasks.

use hyper::header::HeaderMap;
use hyper::{Method, StatusCode};
use serde_json::json;

use crate::cloud::{Cloud, lock};
use crate::entra::bearer;
use crate::fault::Effect;
use crate::options::SekoiaOptions;
use crate::response::ApiResponse;

/// Serves `POST /api/v2/asset-management/asset-connector/{uuid}`.
pub(crate) fn push(
    cloud: &Cloud,
    method: &Method,
    headers: &HeaderMap,
    connector: &str,
    body: &[u8],
    effect: Option<&Effect>,
) -> ApiResponse {
    let options = &cloud.options.sekoia;
    if let Err(refusal) = known(headers, options) {
        return refusal;
    }
    if method != Method::POST {
        return message(405, "method not allowed");
    }
    if !connector.eq_ignore_ascii_case(&options.connector_uuid) {
        return message(404, "no such asset connector");
    }
    let task_id = cloud.fresh_guid().to_string();
    let (status, body) = lock(&cloud.receiver).push(body, task_id, effect);
    ApiResponse::json(StatusCode::from_u16(status).unwrap_or(StatusCode::OK), &body)
}

/// Serves `GET /api/v1/tasks/{id}`.
pub(crate) fn task(cloud: &Cloud, method: &Method, headers: &HeaderMap, id: &str) -> ApiResponse {
    if let Err(refusal) = known(headers, &cloud.options.sekoia) {
        return refusal;
    }
    if method != Method::GET {
        return message(405, "method not allowed");
    }
    match lock(&cloud.receiver).poll(id) {
        Some(status) => ApiResponse::json(StatusCode::OK, &json!({"uuid": id, "status": status})),
        None => message(404, "no such task"),
    }
}

fn known(headers: &HeaderMap, options: &SekoiaOptions) -> Result<(), ApiResponse> {
    if bearer(headers) == Some(options.api_key.as_str()) {
        return Ok(());
    }
    Err(message(401, "the API key is not valid"))
}

/// A response in the API's form of an error.
pub(crate) fn message(status: u16, message: &str) -> ApiResponse {
    let body = json!({"code": status, "message": message});
    ApiResponse::json(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), &body)
}
