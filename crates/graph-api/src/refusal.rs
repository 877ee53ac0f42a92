//! Refusals: which failures mean that the Intune of a tenant is permanently absent.

use stocktake_http_stack::{ApiError, ApiErrorKind};

/// The permission that reading managed devices takes.
const PERMISSION: &str = "DeviceManagementManagedDevices.Read.All";

/// Why Intune is permanently absent in this tenant; `None` when the failure is of another kind.
///
/// - 400 "Request not applicable to target tenant.": the tenant has no Intune.
/// - 401 or 403 with the code `Forbidden`, Graph's or Intune's own, or the realm `urn:intune:service`: the same
///   (AzureAD/microsoft-authentication-library-for-js#7007).
/// - 403 with a code of Graph itself: permission or consent is missing. A 403 without one comes from
///   something in between and says nothing about the tenant.
pub fn find_refusal(error: &ApiError) -> Option<String> {
    let code = error.code.as_deref().unwrap_or_default();
    let message = error.message.to_ascii_lowercase();
    let inner_code = error.inner_code.as_deref().unwrap_or_default();
    let intune_refuses = [code, inner_code].iter().any(|c| c.eq_ignore_ascii_case("Forbidden"))
        || message.contains("urn:intune:service")
        || message.contains("must have one of the following scopes");
    let reason = match error.status? {
        400 if message.contains("not applicable to target tenant") => "the tenant has no Intune",
        401 if intune_refuses => {
            "the tenant has no Intune, or Intune does not accept the application"
        }
        403 if message.contains("must have one of the following scopes") => {
            "the application lacks the permission DeviceManagementManagedDevices.Read.All"
        }
        403 if intune_refuses
            || ["UnknownError", "Authorization_RequestDenied", "AccessDenied"]
                .iter()
                .any(|known| code.eq_ignore_ascii_case(known)) =>
        {
            "the application lacks the permission DeviceManagementManagedDevices.Read.All, or the \
             tenant has no Intune"
        }
        _ => return None,
    };
    Some(format!("{reason}: {error}"))
}

/// Adds advice where this API's own knowledge says more than the status.
pub(crate) fn advise(mut error: ApiError) -> ApiError {
    let message = error.message.to_ascii_lowercase();
    match error.kind {
        ApiErrorKind::Forbidden => {
            error.advice = Some(format!(
                "Grant the application {PERMISSION} in Microsoft Graph, as an application \
                 permission, and have an administrator consent to it; or switch enrichment off."
            ));
        }
        ApiErrorKind::Refused if message.contains("not applicable to target tenant") => {
            error.advice =
                Some("Switch enrichment off for this tenant, or license Intune.".to_owned());
        }
        _ => {}
    }
    error
}

#[cfg(test)]
mod tests {
    use stocktake_http_stack::ErrorCodes;

    use super::*;

    fn error(status: u16, code: &str, message: &str) -> ApiError {
        let kind = match status {
            401 => ApiErrorKind::Unauthorised,
            403 => ApiErrorKind::Forbidden,
            429 => ApiErrorKind::Throttled,
            500.. => ApiErrorKind::Unavailable,
            _ => ApiErrorKind::Refused,
        };
        let mut error = ApiError::new("graph", &ErrorCodes::SOURCE, "list managed devices", kind);
        error.status = Some(status);
        error.code = (!code.is_empty()).then(|| code.to_owned());
        error.message = message.to_owned();
        error
    }

    #[test]
    fn a_permanent_absence_is_distinguished_from_a_failure_for_now() {
        let scopes = "Application is not authorized to perform this operation. Application must \
                      have one of the following scopes: DeviceManagementManagedDevices.Read.All";
        for (status, code, message, permanent) in [
            (400, "BadRequest", "Request not applicable to target tenant.", true),
            (400, "BadRequest", "Invalid filter clause", false),
            (401, "InvalidAuthenticationToken", "Access token has expired", false),
            (401, "Forbidden", "", true),
            (401, "UnknownError", "realm=\"urn:intune:service\"", true),
            (403, "Forbidden", scopes, true),
            (403, "UnknownError", "", true),
            (403, "", "an HTML page instead of JSON", false),
            (404, "ResourceNotFound", "", false),
            (429, "TooManyRequests", "", false),
            (500, "InternalServerError", "", false),
            (503, "Forbidden", "", false),
        ] {
            let found = find_refusal(&error(status, code, message));
            assert_eq!(found.is_some(), permanent, "{status} {code} {message}: {found:?}");
        }
    }

    #[test]
    fn a_missing_permission_is_named() {
        let error = advise(error(403, "Forbidden", ""));
        assert!(error.advice.unwrap().contains(PERMISSION));
    }
}
