//! Why Entra gave no token, and what to do about it.

use std::sync::Arc;
use std::time::Duration;

use stocktake_connector_core::{ApiError, ApiErrorKind, Recovery, TokenError, TokenScope};
use stocktake_http_stack::clean_text;

use crate::aadsts::{self, Outlook};
use crate::{CredentialError, ProofMark};

/// The pause after a refusal that asking again soon would make worse.
const SLOWLY: Duration = Duration::from_secs(10 * 60);

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
        /// What the proof that was sent is known by.
        proof: ProofMark,
        /// The call.
        #[source]
        source: Arc<ApiError>,
    },
    /// Entra answered with success, but not with a token.
    #[error("entra's answer for {scope} holds no token: {problem}")]
    Answer {
        /// What the token was for.
        scope: TokenScope,
        /// What is wrong with the answer.
        problem: &'static str,
    },
}

/// What the words of an error are filled with.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    pub(crate) app: String,
    pub(crate) tenant: String,
    pub(crate) login: String,
}

impl EntraError {
    pub(crate) fn call(scope: TokenScope, proof: ProofMark, source: ApiError) -> Self {
        let aadsts =
            source.code.as_deref().and_then(|code| code.strip_prefix("AADSTS")?.parse().ok());
        Self::Call { scope, aadsts, proof, source: Arc::new(source) }
    }

    /// Entra's most specific error code, without its prefix `AADSTS`.
    pub fn aadsts(&self) -> Option<u32> {
        match self {
            Self::Call { aadsts, .. } => *aadsts,
            Self::Credential { .. } | Self::Answer { .. } => None,
        }
    }

    /// What the caller should do.
    pub fn recovery(&self) -> Recovery {
        let (row, source) = match self {
            Self::Credential { .. } => return Recovery::Operator,
            Self::Answer { .. } => return Recovery::Defect,
            Self::Call { aadsts, source, .. } => (aadsts.and_then(aadsts::row), source),
        };
        match row.map(|row| row.outlook) {
            Some(Outlook::Operator) => Recovery::Operator,
            Some(Outlook::Passes) => Recovery::NextCycle { after: source.retry_after },
            Some(Outlook::PassesSlowly) => {
                Recovery::NextCycle { after: Some(source.retry_after.unwrap_or(SLOWLY)) }
            }
            None => match source.kind {
                // A refusal in words that we do not know is still about our settings; so is a login
                // host without the endpoint.
                ApiErrorKind::Refused | ApiErrorKind::NotFound => Recovery::Operator,
                _ => source.recovery(),
            },
        }
    }

    /// The error as the callers of a token provider see it.
    pub(crate) fn into_token_error(self, names: &Names) -> TokenError {
        let (message, advice) = match &self {
            Self::Credential { source, .. } => {
                ("the app's credential cannot be read".to_owned(), Some(mend(source, &names.app)))
            }
            Self::Answer { problem, .. } => (
                format!("entra's answer holds no token: {problem}"),
                Some(format!("Check that {} is Entra's login host.", names.login)),
            ),
            Self::Call { scope, aadsts, proof, source } => {
                words(scope, *aadsts, proof, source, names)
            }
        };
        TokenError { message, advice, recovery: self.recovery(), source: Some(Box::new(self)) }
    }
}

fn words(
    scope: &TokenScope,
    aadsts: Option<u32>,
    proof: &ProofMark,
    source: &ApiError,
    names: &Names,
) -> (String, Option<String>) {
    if let Some((code, row)) = aadsts.and_then(|code| Some((code, aadsts::row(code)?))) {
        let advice = fill(row.advice(proof), scope, proof, names);
        return (format!("{} (AADSTS{code})", row.meaning), Some(advice));
    }
    match source.kind {
        ApiErrorKind::Throttled => (
            "entra asks to slow down".to_owned(),
            Some("Wait; other programs may ask for tokens of the same app too often.".to_owned()),
        ),
        ApiErrorKind::Unavailable | ApiErrorKind::DeadlineExceeded => (
            format!("entra cannot be asked: {}", source.message),
            Some(source.advice.clone().unwrap_or_else(|| {
                format!("Check that {} can be reached from here.", names.login)
            })),
        ),
        ApiErrorKind::NotFound | ApiErrorKind::Malformed => (
            format!("{} does not answer like entra: {}", names.login, source.message),
            Some(format!("Check that {} is Entra's login host.", names.login)),
        ),
        _ => {
            let code = source.code.as_deref().filter(|code| !source.message.contains(code));
            let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
            (
                format!("entra refused: {}{code}", source.message),
                Some(source.advice.clone().unwrap_or_else(|| {
                    format!(
                        "Check tenant id {}, app id {} and its credential; the error's code is \
                         explained at https://login.microsoftonline.com/error.",
                        names.tenant, names.app
                    )
                })),
            )
        }
    }
}

/// What the operator does about a credential that cannot be presented.
fn mend(error: &CredentialError, app: &str) -> String {
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

/// `advice` with the names of what is at hand.
fn fill(advice: &str, scope: &TokenScope, proof: &ProofMark, names: &Names) -> String {
    let mut filled = advice
        .replace("{app}", &names.app)
        .replace("{tenant}", &names.tenant)
        .replace("{login}", &names.login)
        .replace("{scope}", scope.as_str());
    let mut put = |name: &str, value: &str| filled = filled.replace(name, value);
    match proof {
        ProofMark::Secret { file: Some(file) } => put("{place}", &file.display().to_string()),
        ProofMark::Certificate { thumbprint, not_after } => {
            put("{thumbprint}", thumbprint);
            put("{not_after}", &not_after.format("%Y-%m-%d").to_string());
        }
        ProofMark::Federated { issuer, subject, audience, file } => {
            let shown = |claim: &Option<String>| match claim {
                // The claims come out of a file: one that is no token may hold anything.
                Some(claim) => format!("`{}`", clean_text(claim)),
                None => "(none)".to_owned(),
            };
            put("{file}", &file.display().to_string());
            put("{issuer}", &shown(issuer));
            put("{subject}", &shown(subject));
            put("{audience}", &shown(audience));
        }
        ProofMark::Secret { file: None } | ProofMark::Other => {}
    }
    put("{place}", "the configuration");
    filled
}
