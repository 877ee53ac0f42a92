//! Requests to the machines API, and what its refusals mean.

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderValue, Method, Request};
use stocktake_connector_core::{ApiError, ApiErrorKind, DeviceUid};
use stocktake_http_stack::{ApiStack, UrlTemplate, read_page};
use stocktake_odata::WirePage;
use url::Url;

use crate::options::API;
use crate::{DefenderOptions, Machine};

/// Reads machines of one tenant. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DefenderClient {
    stack: ApiStack,
    pub(crate) options: DefenderOptions,
}

impl DefenderClient {
    /// A client that calls through `stack`; build that from [`DefenderOptions::stack_options`].
    pub fn new(stack: ApiStack, options: DefenderOptions) -> Self {
        Self { stack, options }
    }

    /// The machine with this id; `None` when Defender does not know it.
    ///
    /// # Errors
    /// [`ApiError`] when the call failed, its retries included.
    ///
    /// # Facts
    /// The same id may alternate between 200 and 404 (MicrosoftDocs/microsoft-365-docs#13047). Only a
    /// 404 with Defender's own code counts: one of a proxy, or of a wrong path, says nothing of a
    /// machine and is an error.
    pub async fn machine(&self, uid: &DeviceUid) -> Result<Option<Machine>, ApiError> {
        const OPERATION: &str = "look up machine";
        let segment = uid.as_str().trim();
        // Dot segments vanish from a URL, however they are encoded: the list would be asked instead.
        if matches!(segment, "." | "..") {
            return Ok(None);
        }
        let url = self.url(&[segment]);
        let body = match self.get(OPERATION, UrlTemplate("/api/machines/{id}"), &url).await {
            Ok(body) => body,
            Err(error) if is_unknown_machine(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        match serde_json::from_slice(&body) {
            Ok(machine) => Ok(Some(machine)),
            Err(error) => {
                let message = format!("the machine cannot be read: {error}");
                Err(self.error(OPERATION, ApiErrorKind::Malformed, message))
            }
        }
    }

    /// Whether Defender answers for this id. The record itself need not be readable.
    pub(crate) async fn knows(&self, uid: &DeviceUid) -> Result<bool, ApiError> {
        match self.machine(uid).await {
            Ok(machine) => Ok(machine.is_some()),
            Err(error) if error.kind == ApiErrorKind::Malformed && error.status.is_none() => {
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }

    /// One page of the listing.
    pub(crate) async fn page(&self, url: &Url) -> Result<WirePage<Machine>, ApiError> {
        const OPERATION: &str = "list machines";
        let body = self.get(OPERATION, UrlTemplate("/api/machines"), url).await?;
        read_page(body)
            .await
            .map_err(|error| self.error(OPERATION, error.kind(), error.to_string()))
    }

    /// `{base}/api/machines` and `segments` below it, percent-encoded.
    pub(crate) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.options.base_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "machines"]).extend(segments);
        }
        url.set_query(None);
        url
    }

    async fn get(
        &self,
        operation: &'static str,
        template: UrlTemplate,
        url: &Url,
    ) -> Result<Bytes, ApiError> {
        let request = Request::builder()
            .method(Method::GET)
            .uri(url.as_str())
            .extension(template)
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .body(Bytes::new());
        match request {
            Ok(request) => self.stack.call(operation, request).await.map(http::Response::into_body),
            Err(error) => {
                let message = format!("the request cannot be written: {error}");
                Err(self.error(operation, ApiErrorKind::Refused, message))
            }
        }
        .map_err(|error| advise(operation, error))
    }

    fn error(&self, operation: &'static str, kind: ApiErrorKind, message: String) -> ApiError {
        let mut error = ApiError::new(API, operation, kind);
        error.tenant = self.options.tenant.clone();
        error.message = message;
        error
    }
}

/// Says what an operator can do, where this API's own knowledge says more than its status.
fn advise(operation: &'static str, mut error: ApiError) -> ApiError {
    match error.kind {
        ApiErrorKind::Forbidden if is_role_missing(&error) => {
            let required = required_roles(&error.message)
                .unwrap_or_else(|| "Machine.Read.All, Machine.ReadWrite.All".to_owned());
            error.advice = Some(format!(
                "Grant the application one of these roles of the API WindowsDefenderATP, as an \
                 application permission, and have an administrator consent to it: {required}. \
                 Machine.Read.All is enough."
            ));
        }
        ApiErrorKind::Unauthorised if !is_licence(&error.message) => {
            error.advice = Some(format!(
                "Check that the token is asked for the scope {} (or that of your cloud) and that \
                 the application has the role Machine.Read.All.",
                DefenderOptions::DEFAULT_SCOPE
            ));
        }
        ApiErrorKind::NotFound if operation == "list machines" => {
            error.advice = Some(
                "Check the base URL: it must not end in /api. A tenant without recent machines may \
                 answer 404 too, so nothing is taken for removed."
                    .to_owned(),
            );
        }
        _ => {}
    }
    error
}

/// Defender's own word that there is no such machine
/// (<https://learn.microsoft.com/defender-endpoint/api/common-errors>).
fn is_unknown_machine(error: &ApiError) -> bool {
    let code = error.code.as_deref().unwrap_or_default();
    error.kind == ApiErrorKind::NotFound
        && ["NotFound", "ResourceNotFound"].iter().any(|known| code.eq_ignore_ascii_case(known))
}

fn is_role_missing(error: &ApiError) -> bool {
    // The others name a feature that is switched off: the stack's advice fits them.
    !matches!(error.code.as_deref(), Some("DisabledFeature" | "DisallowedOperation"))
}

/// "Account mode is inactive", "No Tvm license", "Account is not provisioned" come as 401.
fn is_licence(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["inactive", "license", "not provisioned"].iter().any(|word| message.contains(word))
}

/// The roles in "Missing application roles. API required roles: A,B, application roles: C.".
fn required_roles(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("required roles:")?;
    let roles = rest.split(", application roles").next().unwrap_or(rest);
    let roles: Vec<_> = roles
        .split(',')
        .map(|role| role.trim().trim_end_matches('.'))
        .filter(|role| !role.is_empty() && role.len() < 100)
        .collect();
    (!roles.is_empty()).then(|| roles.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(kind: ApiErrorKind, message: &str) -> Option<String> {
        let mut error = ApiError::new(API, "list machines", kind);
        error.message = message.to_owned();
        advise("list machines", error).advice
    }

    #[test]
    fn a_missing_role_is_named() {
        let message = "Missing application roles. API required roles: \
                       Machine.Read.All,Machine.ReadWrite.All, application roles: Alert.Read.All.";
        let advice = advice(ApiErrorKind::Forbidden, message).unwrap();
        assert!(advice.contains("it: Machine.Read.All, Machine.ReadWrite.All. "), "{advice}");
        assert!(!advice.contains("Alert"), "{advice}");
    }

    #[test]
    fn a_refusal_without_words_still_names_the_role() {
        assert!(advice(ApiErrorKind::Forbidden, "").unwrap().contains("Machine.Read.All"));
        assert!(advice(ApiErrorKind::Unauthorised, "").unwrap().contains("/.default"));
    }

    #[test]
    fn a_missing_licence_is_not_taken_for_a_wrong_scope() {
        assert_eq!(advice(ApiErrorKind::Unauthorised, "No Tvm license"), None);
    }
}
