//! Why a host gave no token, and what to do about it.

use std::sync::Arc;

use stocktake_connector_core::{ApiError, ApiErrorKind, Recovery, TokenError, TokenScope};

use super::AssignedIdentity;
use crate::aadsts;

/// Why the host gave no token.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ManagedIdentityError {
    /// The scope names no resource.
    #[error("scope {scope} does not end in `/.default`; a managed identity needs a resource")]
    Scope {
        /// What the token was for.
        scope: TokenScope,
    },
    /// No endpoint answers: the program does not run where it was configured to.
    #[error("no managed identity endpoint answers at {origin}")]
    NotOnAzure {
        /// Where it was looked for.
        origin: String,
        /// The call.
        #[source]
        source: Arc<ApiError>,
    },
    /// The host refused, or failed for now.
    #[error("the managed identity gave no token for {scope}")]
    Call {
        /// What the token was for.
        scope: TokenScope,
        /// The call.
        #[source]
        source: Arc<ApiError>,
    },
    /// The host answered with success, but not with a token.
    #[error("the answer for {scope} holds no token: {problem}")]
    Answer {
        /// What the token was for.
        scope: TokenScope,
        /// What is wrong with the answer.
        problem: &'static str,
    },
}

impl ManagedIdentityError {
    /// What the caller should do.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Scope { .. } => Recovery::Operator,
            Self::NotOnAzure { .. } => Recovery::NextCycle { after: None },
            Self::Answer { .. } => Recovery::Defect,
            Self::Call { source, .. } => match source.kind {
                ApiErrorKind::Refused | ApiErrorKind::NotFound => Recovery::Operator,
                _ => source.recovery(),
            },
        }
    }

    pub(super) fn into_token_error(self, identity: &AssignedIdentity) -> TokenError {
        let (message, advice) = match &self {
            Self::Scope { .. } | Self::Answer { .. } => (self.to_string(), None),
            Self::NotOnAzure { .. } => (
                self.to_string(),
                Some(
                    "Run this on an Azure host with a managed identity, or configure another \
                     credential; outside Azure there is no such endpoint."
                        .to_owned(),
                ),
            ),
            Self::Call { source, .. } => words(source, identity),
        };
        TokenError { message, advice, recovery: self.recovery(), source: Some(Box::new(self)) }
    }
}

fn words(source: &ApiError, identity: &AssignedIdentity) -> (String, Option<String>) {
    let code = source.code.as_deref().unwrap_or_default();
    let known = code.strip_prefix("AADSTS").and_then(|code| aadsts::row(code.parse().ok()?));
    match (known, source.status) {
        // Entra's refusal, passed on by the host.
        (Some(row), _) => (
            format!("{} ({code})", row.meaning),
            Some(format!("Check that {identity} may use the API, and that its tenant has it.")),
        ),
        (None, Some(400)) => (
            format!("{identity} is not assigned to this host: {}", source.message),
            Some(
                "Assign the identity to this virtual machine or app, under Identity in the portal, \
                 or correct its id in the configuration."
                    .to_owned(),
            ),
        ),
        (None, Some(401 | 403)) => (
            format!("the host refuses this program: {}", source.message),
            Some(
                "Check that IDENTITY_ENDPOINT and IDENTITY_HEADER are those that the host has set \
                 for this process."
                    .to_owned(),
            ),
        ),
        _ => (
            format!("the managed identity endpoint gives no token: {}", source.message),
            source.advice.clone(),
        ),
    }
}
