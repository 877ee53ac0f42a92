//! One call, from its arrival to its response: its API, its fault, and its service.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use crate::cloud::{Cloud, Handle, lock};
use crate::fault::{Api, Effect, RetryAfter, Target};
use crate::query::Query;
use crate::response::{ApiResponse, ResponseBody, http_date};
use crate::{batch, control, defender, entra, graph, identity_host, sekoia};

/// A greater request is not read.
const GREATEST_REQUEST: usize = 64 * 1024 * 1024;

/// The connection ends without a response.
#[derive(Debug, thiserror::Error)]
#[error("a simulated fault closed the connection without a response")]
pub(crate) struct ClosedConnection;

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route<'a> {
    Control(&'a str),
    Token(&'a str),
    Imds,
    AppService,
    Machines,
    Machine(&'a str),
    ManagedDevices,
    ManagedDevice(&'a str),
    Batch,
    Push(&'a str),
    Task(&'a str),
    Unknown,
}

impl<'a> Route<'a> {
    fn of(path: &'a str) -> Self {
        let parts: Vec<_> = path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["simulator", ..] => {
                let rest = path.trim_matches('/').strip_prefix("simulator");
                Self::Control(rest.unwrap_or_default().trim_matches('/'))
            }
            [tenant, "oauth2", "v2.0", "token"] => Self::Token(tenant),
            ["metadata", "identity", "oauth2", "token"] => Self::Imds,
            ["msi", "token"] => Self::AppService,
            // Versioned paths respond the same
            // (https://learn.microsoft.com/defender-endpoint/api/exposed-apis-list).
            ["api", "machines"] | ["api", "v1.0", "machines"] => Self::Machines,
            ["api", "machines", id] | ["api", "v1.0", "machines", id] => Self::Machine(id),
            ["v1.0", "deviceManagement", "managedDevices"] => Self::ManagedDevices,
            ["v1.0", "deviceManagement", "managedDevices", id] => Self::ManagedDevice(id),
            ["v1.0", "$batch" | "%24batch"] => Self::Batch,
            ["api", "v2", "asset-management", "asset-connector", id] => Self::Push(id),
            ["api", "v1", "tasks", id] => Self::Task(id),
            _ => Self::Unknown,
        }
    }

    fn api(self) -> Api {
        match self {
            Self::Control(_) | Self::Unknown => Api::Any,
            Self::Token(_) => Api::Entra,
            Self::Imds | Self::AppService => Api::ManagedIdentity,
            Self::Machines => Api::DefenderList,
            Self::Machine(_) => Api::DefenderLookup,
            Self::ManagedDevices => Api::GraphList,
            Self::ManagedDevice(_) => Api::GraphLookup,
            Self::Batch => Api::GraphBatch,
            Self::Push(_) => Api::SekoiaPush,
            Self::Task(_) => Api::SekoiaTask,
        }
    }
}

/// A call with its body.
struct Call<'a> {
    cloud: &'a Cloud,
    route: Route<'a>,
    method: &'a Method,
    headers: &'a HeaderMap,
    /// Scheme, host and port as the client named them: links lead back to the same.
    origin: String,
    path: &'a str,
    query: Query<'a>,
    body: Bytes,
}

/// Serves one request.
pub(crate) async fn respond(
    cloud: Arc<Cloud>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, ClosedConnection> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    let route = Route::of(path);
    let target = head.uri.path_and_query().map_or(path, |target| target.as_str());
    let Ok(body) = Limited::new(body, GREATEST_REQUEST).collect().await else {
        return Ok(
            ApiResponse::whole(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "").into_response()
        );
    };
    let body = body.to_bytes();
    let query = Query(head.uri.query().unwrap_or_default());
    if let Route::Control(path) = route {
        let handle = Handle(Arc::clone(&cloud));
        return Ok(control::respond(&handle, &head.method, path, query, &body).into_response());
    }

    let tenant = match route {
        Route::Token(tenant) => Some(tenant),
        _ => entra::caller(&cloud, &head.headers).map(|tenant| tenant.account.tenant_id.as_str()),
    };
    let api = route.api();
    let number = cloud.call_log().arrived(api, tenant, head.method.as_str(), target);
    // `$` may come encoded; conditions are written with it plain.
    let plain = target.replace("%24", "$");
    let effect = match api {
        Api::Any => None,
        api => cloud.strike(&Target { api, path: &plain, tenant }),
    };
    let call = Call {
        cloud: &cloud,
        route,
        method: &head.method,
        headers: &head.headers,
        origin: origin(&cloud, &head.headers),
        path,
        query,
        body,
    };
    let responded = call.respond_with_fault(api, effect.as_ref(), number).await;
    let mut response = responded?;
    let headers = response.headers_mut();
    let date = HeaderValue::from_str(&http_date(cloud.now(), 0));
    if let (false, Ok(date)) = (headers.contains_key(header::DATE), date) {
        headers.insert(header::DATE, date);
    }
    if let Ok(id) = HeaderValue::from_str(&cloud.fresh_guid().to_string()) {
        headers.insert(HeaderName::from_static("request-id"), id);
    }
    Ok(response)
}

fn origin(cloud: &Cloud, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match host {
        Some(host) => format!("http://{host}"),
        None => format!("http://{}", cloud.address),
    }
}

impl Call<'_> {
    /// The response as a fault leaves it.
    async fn respond_with_fault(
        &self,
        api: Api,
        effect: Option<&Effect>,
        number: u64,
    ) -> Result<Response<ResponseBody>, ClosedConnection> {
        let cloud = self.cloud;
        let ended = |status: Option<u16>| cloud.call_log().ended(number, status, effect);
        let instead = match effect {
            Some(Effect::Reset) => {
                ended(None);
                return Err(ClosedConnection);
            }
            Some(Effect::Hang) => {
                ended(None);
                return std::future::pending().await;
            }
            Some(effect) => self.instead(api, effect),
            None => None,
        };
        let response = instead.unwrap_or_else(|| self.respond(effect));
        let status = response.status.as_u16();
        match effect {
            Some(Effect::LostAnswer) => {
                ended(None);
                return Err(ClosedConnection);
            }
            Some(Effect::TruncatedBody) => {
                ended(Some(status));
                return Ok(response.into_truncated_response());
            }
            Some(Effect::SlowBody { bytes, every_millis }) => {
                ended(Some(status));
                return Ok(
                    response.into_slow_response(*bytes, Duration::from_millis(*every_millis))
                );
            }
            _ => ended(Some(status)),
        }
        let response = match effect {
            Some(Effect::CutJson) => response.cut(),
            _ => response,
        };
        Ok(self.compress(response).into_response())
    }

    fn compress(&self, response: ApiResponse) -> ApiResponse {
        let accepted =
            self.headers.get(header::ACCEPT_ENCODING).and_then(|names| names.to_str().ok());
        let taken = accepted.is_some_and(|names| names.contains("gzip"));
        if taken && self.cloud.options.gzip { response.compressed() } else { response }
    }

    /// The response of the service.
    fn respond(&self, effect: Option<&Effect>) -> ApiResponse {
        let Self { cloud, method, headers, path, query, .. } = *self;
        let (origin, body) = (self.origin.as_str(), &self.body);
        match self.route {
            Route::Token(tenant) => entra::token(cloud, method, origin, tenant, body),
            Route::Imds => identity_host::imds(cloud, headers, query),
            Route::AppService => identity_host::app_service(cloud, headers, query),
            Route::Machines => defender::list(cloud, method, headers, origin, path, query, effect),
            Route::Machine(id) => defender::lookup(cloud, method, headers, id),
            Route::ManagedDevices => graph::list(cloud, method, headers, origin, query, effect),
            Route::ManagedDevice(id) => graph::lookup(cloud, method, headers, id, query),
            Route::Batch => batch::batch(cloud, method, headers, origin, body),
            Route::Push(connector) => sekoia::push(cloud, method, headers, connector, body, effect),
            Route::Task(id) => sekoia::task(cloud, method, headers, id),
            Route::Unknown if path.starts_with("/v1.0") => {
                let message = "Resource not found for the segment.";
                graph::Refusal::new(400, "BadRequest", message).respond(cloud)
            }
            Route::Unknown | Route::Control(_) => defender::unknown(cloud),
        }
    }

    /// What is responded in the service's place.
    fn instead(&self, api: Api, effect: &Effect) -> Option<ApiResponse> {
        match effect {
            Effect::Status { code, retry_after, body } => {
                let response = match body {
                    Some(body) => {
                        let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::BAD_GATEWAY);
                        let json = body.starts_with(['{', '[']);
                        let kind = if json { "application/json" } else { "text/plain" };
                        ApiResponse::whole(status, kind, body.clone())
                    }
                    None => self.usual(api, *code),
                };
                Some(match retry_after {
                    Some(RetryAfter::Seconds(seconds)) => {
                        response.with(header::RETRY_AFTER, seconds.to_string())
                    }
                    Some(RetryAfter::Date(seconds)) => {
                        response.with(header::RETRY_AFTER, http_date(self.cloud.now(), *seconds))
                    }
                    None => response,
                })
            }
            Effect::QuotaInWords { limit, wait_seconds } => {
                let message = format!(
                    "API calls quota exceeded! Maximum allowed {limit} per 00:01:00 for the key \
                     GetMachines+TenantID+AppID. You can send requests again in {wait_seconds} \
                     seconds."
                );
                Some(defender::error(self.cloud, 429, "429", &message))
            }
            Effect::Html => {
                let page = "<!DOCTYPE html><html><head><title>Our services aren't available right \
                            now</title></head><body><h1>We're working to restore them</h1></body></html>";
                Some(ApiResponse::whole(StatusCode::OK, "text/html", page))
            }
            Effect::Redirect { location } => {
                let response = ApiResponse::whole(StatusCode::FOUND, "text/plain", "");
                Some(response.with(header::LOCATION, location.clone()))
            }
            Effect::HugeBody { bytes } => {
                Some(ApiResponse::streamed("application/json", huge_body(*bytes)))
            }
            // The call goes on, and meets the 401 that a revoked token earns.
            Effect::ExpireTokens => {
                lock(&self.cloud.tokens).revoke();
                None
            }
            _ => None,
        }
    }

    /// What an API says with a status.
    fn usual(&self, api: Api, status: u16) -> ApiResponse {
        let code = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        // Gateways respond for the service behind them, in HTML.
        if (502..=504).contains(&status) {
            let page = format!("<html><head><title>{code}</title></head><body></body></html>");
            return ApiResponse::whole(code, "text/html", page);
        }
        match api {
            Api::Entra if status == 429 => {
                // AzureAD/microsoft-authentication-library-for-dotnet#2855
                ApiResponse::whole(code, "text/plain", "Too Many Requests")
            }
            Api::Entra | Api::ManagedIdentity => {
                let body = serde_json::json!({
                    "error": if status >= 500 { "temporarily_unavailable" } else { "invalid_request" },
                    "error_description": "AADSTS90033: A transient error has occurred. Please try again.",
                    "error_codes": [90_033],
                });
                ApiResponse::json(code, &body)
            }
            Api::GraphList | Api::GraphLookup | Api::GraphBatch => {
                batch::fault(status).respond(self.cloud)
            }
            Api::SekoiaPush | Api::SekoiaTask => {
                sekoia::message(status, code.canonical_reason().unwrap_or("error"))
            }
            _ => {
                let word = match status {
                    401 => "Unauthorized",
                    403 => "Forbidden",
                    404 => "NotFound",
                    429 => "TooManyRequests",
                    400..=499 => "BadRequest",
                    _ => "InternalServerError",
                };
                let message = code.canonical_reason().unwrap_or("error");
                defender::error(self.cloud, status, word, message)
            }
        }
    }
}

/// A listing whose one record holds a text of this many bytes.
fn huge_body(bytes: u64) -> crate::response::Pieces {
    const PIECE: u64 = 64 * 1024;

    let before = std::iter::once(Bytes::from_static(br#"{"value":[{"id":""#));
    let whole =
        std::iter::repeat_n(Bytes::from(vec![b'a'; PIECE as usize]), (bytes / PIECE) as usize);
    let rest = std::iter::once(Bytes::from(vec![b'a'; (bytes % PIECE) as usize]));
    let after = std::iter::once(Bytes::from_static(br#""}]}"#));
    Box::new(before.chain(whole).chain(rest).chain(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_documented_path_leads_to_its_api() {
        let token = "/00000000-0000-0000-0000-000000000001/oauth2/v2.0/token";
        assert_eq!(Route::of(token).api(), Api::Entra);
        assert_eq!(Route::of("/metadata/identity/oauth2/token"), Route::Imds);
        assert_eq!(Route::of("/msi/token").api(), Api::ManagedIdentity);
        assert_eq!(Route::of("/api/machines"), Route::Machines);
        assert_eq!(Route::of("/api/v1.0/machines/ab"), Route::Machine("ab"));
        assert_eq!(Route::of("/v1.0/$batch"), Route::Batch);
        assert_eq!(Route::of("/api/v1/tasks/7"), Route::Task("7"));
        assert_eq!(Route::of("/simulator/fleet/add"), Route::Control("fleet/add"));
        // The wrong path that the documentation's readers take.
        assert_eq!(Route::of("/api/machine"), Route::Unknown);
    }
}
