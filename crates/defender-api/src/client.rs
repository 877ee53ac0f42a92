//! Requests to the machines API, and advice on its refusals.

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderValue, Method, Request};
use stocktake_connector_core::DeviceUid;
use stocktake_http_stack::{ApiError, ApiErrorKind, ApiStack, UrlTemplate};
use stocktake_odata::{WirePage, check_record, page_error, parse_record, read_page};
use url::Url;

use crate::{DefenderOptions, Machine};

/// Names the listing in errors and spans.
pub(crate) const LIST_MACHINES: &str = "list machines";

/// Reads machines of one tenant. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DefenderClient {
    pub(crate) stack: ApiStack,
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
    /// [`ApiError`] when the call failed, its retries included, or when the response is something else
    /// than this machine.
    ///
    /// # Facts
    /// The same id may alternate between 200 and 404 (MicrosoftDocs/microsoft-365-docs#13047). Only a
    /// 404 with Defender's own code counts: one of a proxy, or of a wrong path, says nothing about a
    /// machine and is an error.
    pub async fn machine(&self, uid: &DeviceUid) -> Result<Option<Machine>, ApiError> {
        const OPERATION: &str = "look up machine";
        let segment = uid.as_str().trim();
        // Dot segments vanish from a URL, however they are encoded: it would name the list instead.
        if matches!(segment, "." | "..") {
            return Ok(None);
        }
        let url = self.url(&[segment]);
        let body = match self.get(OPERATION, UrlTemplate("/api/machines/{id}"), &url).await {
            Ok(body) => body,
            Err(error) if is_unknown_machine(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let malformed = |message| self.error(OPERATION, ApiErrorKind::Malformed, message);
        check_record(&body).map_err(|error| page_error(&self.stack, OPERATION, &error))?;
        let machine: Machine = parse_record(&body)
            .map_err(|error| malformed(format!("the machine cannot be read: {error}")))?;
        if !machine.id.as_deref().is_some_and(|id| id.trim().eq_ignore_ascii_case(segment)) {
            return Err(malformed("the response is not the requested machine".to_owned()));
        }
        Ok(Some(machine))
    }

    /// Whether Defender responds with a record for this id, readable or not.
    pub(crate) async fn has_machine(&self, uid: &DeviceUid) -> Result<bool, ApiError> {
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
        let body = self.get(LIST_MACHINES, UrlTemplate("/api/machines"), url).await?;
        read_page(&self.stack, LIST_MACHINES, body).await
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
        let mut error = self.stack.error(operation, kind);
        error.message = message;
        error
    }
}

/// Adds advice where this API's own knowledge says more than the status.
fn advise(operation: &'static str, mut error: ApiError) -> ApiError {
    let advice = match error.kind {
        ApiErrorKind::Forbidden if is_feature_disabled(&error) => {
            "Enable the feature that the message names in the Microsoft Defender portal.".to_owned()
        }
        ApiErrorKind::Forbidden => {
            let required = required_roles(&error.message)
                .unwrap_or_else(|| "Machine.Read.All, Machine.ReadWrite.All".to_owned());
            format!(
                "Grant the application one of these roles of the API WindowsDefenderATP, as an \
                 application permission, and have an administrator consent to it: {required}. \
                 Machine.Read.All is enough. A role that was just granted shows in new tokens: after \
                 minutes, and after up to 24 hours in those of a managed identity."
            )
        }
        ApiErrorKind::Unauthorised if is_licence_missing(&error.message) => {
            "Check that the tenant has an active Defender for Endpoint licence.".to_owned()
        }
        ApiErrorKind::Unauthorised => format!(
            "Check that the token is requested for the scope {} (or that of your cloud) and that \
             the application has the role Machine.Read.All.",
            DefenderOptions::DEFAULT_SCOPE
        ),
        ApiErrorKind::NotFound if operation == LIST_MACHINES => {
            "Check the base URL: it must not end in /api. A tenant without recent machines may get \
             404 too, so nothing is marked as removed."
                .to_owned()
        }
        _ => return error,
    };
    error.advice = Some(advice);
    error
}

/// Whether Defender itself reports that there is no such machine
/// (<https://learn.microsoft.com/defender-endpoint/api/common-errors>).
fn is_unknown_machine(error: &ApiError) -> bool {
    let code = error.code.as_deref().unwrap_or_default();
    error.kind == ApiErrorKind::NotFound
        && ["NotFound", "ResourceNotFound"].iter().any(|known| code.eq_ignore_ascii_case(known))
}

fn is_feature_disabled(error: &ApiError) -> bool {
    matches!(error.code.as_deref(), Some("DisabledFeature" | "DisallowedOperation"))
}

/// "Account mode is inactive", "No Tvm license", "Account is not provisioned" come as 401, with no
/// code of their own.
fn is_licence_missing(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["inactive", "license", "not provisioned"].iter().any(|text| message.contains(text))
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
    use stocktake_http_stack::ErrorCodes;

    use super::*;

    /// The advice on a refused listing.
    fn advice(kind: ApiErrorKind, code: &str, message: &str) -> String {
        let mut error = ApiError::new("defender", &ErrorCodes::SOURCE, LIST_MACHINES, kind);
        error.code = Some(code.to_owned());
        error.message = message.to_owned();
        advise(LIST_MACHINES, error).advice.unwrap()
    }

    #[test]
    fn a_missing_role_is_named() {
        let message = "Missing application roles. API required roles: \
                       Machine.Read.All,Machine.ReadWrite.All, application roles: Alert.Read.All.";
        let advice = advice(ApiErrorKind::Forbidden, "Forbidden", message);
        assert!(advice.contains("it: Machine.Read.All, Machine.ReadWrite.All. "), "{advice}");
        assert!(!advice.contains("Alert"), "{advice}");
    }

    #[test]
    fn each_refusal_gets_the_advice_that_fits_it() {
        for (kind, code, message, expected) in [
            (ApiErrorKind::Forbidden, "", "", "Machine.Read.All"),
            (ApiErrorKind::Forbidden, "DisabledFeature", "", "Enable the feature"),
            (ApiErrorKind::Unauthorised, "", "", "/.default"),
            (ApiErrorKind::Unauthorised, "Unauthorized", "No Tvm license", "licence"),
            (ApiErrorKind::NotFound, "", "", "base URL"),
        ] {
            let advice = advice(kind, code, message);
            assert!(advice.contains(expected), "{kind:?} {code} {message}: {advice}");
        }
    }
}
