//! Why Entra gave no token, and what to do about it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use stocktake_connector_core::{DirectoryId, ErrorCode, Failure, Recovery, TokenScope};
use stocktake_http_stack::{ApiError, ApiErrorKind, clean_text};

use crate::aadsts::{self, Fix, Outlook};
use crate::{CredentialError, SentCredential};

/// The wait after a refusal that asking again soon would make worse.
const RETRY_LATER: TimeDelta = TimeDelta::minutes(10);

/// Why Entra gave no token.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum EntraError {
    /// The credential could not be presented; Entra was not asked.
    #[error("entra was not asked for a token for {scope}")]
    Credential {
        /// What the token was for.
        scope: TokenScope,
        /// What failed.
        #[source]
        source: Arc<CredentialError>,
    },
    /// Entra refused, or could not be asked.
    #[error("entra gave no token for {scope}")]
    Call {
        /// What the token was for.
        scope: TokenScope,
        /// Entra's most specific error code, without its prefix `AADSTS`.
        aadsts: Option<u32>,
        /// The credential that was sent.
        sent: SentCredential,
        /// When a token may be asked for again at the earliest.
        retry_at: Option<DateTime<Utc>>,
        /// The call.
        #[source]
        source: Arc<ApiError>,
    },
    /// Entra responded with success, but not with a token.
    #[error("entra's response for {scope} has no token: {problem}")]
    InvalidResponse {
        /// What the token was for.
        scope: TokenScope,
        /// What is wrong with the response.
        problem: &'static str,
    },
    /// No response came in time.
    #[error("entra gave no token for {scope} in time")]
    TimedOut {
        /// What the token was for.
        scope: TokenScope,
    },
}

/// The names that advice is filled with.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    pub(crate) app: String,
    pub(crate) directory: DirectoryId,
    pub(crate) login: String,
}

impl EntraError {
    /// A failed call, as it was at `now`.
    pub(crate) fn call(
        scope: TokenScope,
        sent: SentCredential,
        source: ApiError,
        now: DateTime<Utc>,
    ) -> Self {
        let aadsts: Option<u32> =
            source.code.as_deref().and_then(|code| code.strip_prefix("AADSTS")?.parse().ok());
        let outlook = aadsts.and_then(aadsts::row).map(|row| row.outlook);
        let later = || (outlook == Some(Outlook::RetryLater)).then(|| now + RETRY_LATER);
        let retry_at = source.retry_at.or_else(later);
        Self::Call { scope, aadsts, sent, retry_at, source: Arc::new(source) }
    }

    /// Entra's most specific error code, without its prefix `AADSTS`.
    pub fn aadsts(&self) -> Option<u32> {
        match self {
            Self::Call { aadsts, .. } => *aadsts,
            Self::Credential { .. } | Self::InvalidResponse { .. } | Self::TimedOut { .. } => None,
        }
    }

    /// Where an operator fixes it, when Entra's code says so.
    pub fn fix(&self) -> Option<Fix> {
        match self {
            Self::Call { aadsts, sent, .. } => aadsts::row((*aadsts)?)?.fix_for(sent),
            Self::Credential { .. } | Self::InvalidResponse { .. } | Self::TimedOut { .. } => None,
        }
    }

    /// What the error is looked up by.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Credential { .. } => ErrorCode::CredentialUnreadable,
            Self::InvalidResponse { .. } => ErrorCode::NoLoginHost,
            Self::TimedOut { .. } => ErrorCode::TokenUnavailable,
            // An operator corrects the address; no credential was refused.
            Self::Call { aadsts: None, source, .. } if source.kind == ApiErrorKind::NotFound => {
                ErrorCode::NoLoginHost
            }
            Self::Call { .. } => code_of(self.recovery()),
        }
    }

    /// What the caller should do.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Credential { .. } => Recovery::Operator,
            Self::InvalidResponse { .. } => Recovery::Defect,
            Self::TimedOut { .. } => Recovery::Retry,
            Self::Call { aadsts, source, .. } => {
                match aadsts.and_then(aadsts::row).map(|row| row.outlook) {
                    Some(Outlook::Operator) => Recovery::Operator,
                    Some(Outlook::Retry | Outlook::RetryLater) => Recovery::Retry,
                    None => recovery_of(source),
                }
            }
        }
    }

    /// When a token may be asked for again at the earliest.
    pub fn retry_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Call { retry_at, .. } => *retry_at,
            Self::Credential { .. } | Self::InvalidResponse { .. } | Self::TimedOut { .. } => None,
        }
    }

    /// The error as the callers of a token provider see it.
    pub(crate) fn into_failure(self, names: &Names) -> Failure {
        let (message, advice) = match &self {
            Self::Credential { source, .. } => {
                ("the app's credential cannot be read".to_owned(), credential_advice(source, names))
            }
            Self::InvalidResponse { problem, .. } => (
                format!("entra's response has no token: {problem}"),
                format!("Check that {} is Entra's login host.", names.login),
            ),
            Self::TimedOut { .. } => (
                "entra gave no token in time".to_owned(),
                format!("Check that {} can be reached from here.", names.login),
            ),
            Self::Call { scope, aadsts, sent, source, .. } => {
                explain(scope, *aadsts, sent, source, names)
            }
        };
        Failure::new(self.code(), self.recovery(), message)
            .with_retry_at(self.retry_at())
            .with_advice(advice)
            .because(self)
    }
}

/// The error code of a failed call for a token.
pub(crate) fn code_of(recovery: Recovery) -> ErrorCode {
    match recovery {
        Recovery::Operator => ErrorCode::TokenRefused,
        Recovery::Retry => ErrorCode::TokenUnavailable,
        Recovery::Defect => ErrorCode::NoLoginHost,
    }
}

/// What to do about a failed call for a token whose own error code is not known.
pub(crate) fn recovery_of(error: &ApiError) -> Recovery {
    match error.kind {
        // A refusal with an unknown reason is still about the settings; so is a login host without
        // the endpoint.
        ApiErrorKind::Refused | ApiErrorKind::NotFound => Recovery::Operator,
        _ => error.recovery(),
    }
}

/// Message and advice of a failed call.
fn explain(
    scope: &TokenScope,
    aadsts: Option<u32>,
    sent: &SentCredential,
    source: &ApiError,
    names: &Names,
) -> (String, String) {
    if let Some((code, row)) = aadsts.and_then(|code| Some((code, aadsts::row(code)?))) {
        let advice = fill(row.advice(sent), scope, sent, names);
        return (format!("{} (AADSTS{code})", row.meaning), advice);
    }
    let login = &names.login;
    match source.kind {
        ApiErrorKind::Throttled => (
            "entra asks to slow down".to_owned(),
            "Wait; other programs may ask for tokens of the same app too often.".to_owned(),
        ),
        ApiErrorKind::Unavailable | ApiErrorKind::DeadlineExceeded => (
            format!("entra cannot be reached: {}", source.message),
            source
                .advice
                .clone()
                .unwrap_or_else(|| format!("Check that {login} can be reached from here.")),
        ),
        ApiErrorKind::NotFound | ApiErrorKind::Malformed => (
            format!("{login} does not respond like entra: {}", source.message),
            format!("Check that {login} is Entra's login host."),
        ),
        _ => {
            let code = source.code.as_deref().filter(|code| !source.message.contains(code));
            let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
            let advice = source.advice.clone().unwrap_or_else(|| {
                format!(
                    "Check tenant id {}, app id {} and its credential; the error's code is \
                     explained at https://login.microsoftonline.com/error.",
                    names.directory, names.app
                )
            });
            (format!("entra refused: {}{code}", source.message), advice)
        }
    }
}

/// What the operator does about a credential that cannot be presented.
fn credential_advice(error: &CredentialError, names: &Names) -> String {
    let app = &names.app;
    match error {
        CredentialError::Certificate(_) => format!(
            "Give app {app} a certificate with its RSA private key, unencrypted in PEM files or in a \
             PFX file with its password."
        ),
        CredentialError::FederatedToken(_) => format!(
            "Check that the pod has the label `azure.workload.identity/use: \"true\"`, or that the \
             file of AZURE_FEDERATED_TOKEN_FILE holds a token for app {app}."
        ),
        CredentialError::Secret(_) | CredentialError::Other { .. } => {
            format!("Put the credential of app {app}, and nothing else, into its file or setting.")
        }
    }
}

/// `advice` with the names filled in.
fn fill(advice: &str, scope: &TokenScope, sent: &SentCredential, names: &Names) -> String {
    let filled = advice
        .replace("{app}", &names.app)
        .replace("{tenant}", names.directory.as_str())
        .replace("{login}", &names.login);
    fill_sent(&filled, scope, sent)
}

/// `advice` with the names filled in that a managed identity has, too.
pub(crate) fn fill_sent(advice: &str, scope: &TokenScope, sent: &SentCredential) -> String {
    let mut filled = advice.replace("{scope}", scope.as_str());
    let mut replace = |name: &str, value: &str| filled = filled.replace(name, value);
    match sent {
        SentCredential::Secret { file: Some(file) } => {
            replace("{place}", &file.display().to_string());
        }
        SentCredential::Certificate { thumbprint, not_after } => {
            replace("{thumbprint}", thumbprint);
            replace("{not_after}", &not_after.format("%Y-%m-%d").to_string());
        }
        SentCredential::Federated { issuer, subject, audience, file } => {
            let shown = |claim: &Option<String>| match claim {
                // The claims come out of a file, which may hold anything.
                Some(claim) => format!("`{}`", clean_text(claim)),
                None => "(none)".to_owned(),
            };
            replace("{file}", &file.display().to_string());
            replace("{issuer}", &shown(issuer));
            replace("{subject}", &shown(subject));
            replace("{audience}", &shown(audience));
        }
        SentCredential::ManagedIdentity { identity } => replace("{identity}", identity),
        SentCredential::Secret { file: None } | SentCredential::Other => {}
    }
    replace("{place}", "the configuration");
    filled
}
