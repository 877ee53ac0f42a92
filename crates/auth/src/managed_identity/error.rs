//! Why a host gave no token, and what to do about it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use stocktake_connector_core::{ErrorCode, Failure, Recovery, TokenScope};
use stocktake_http_stack::ApiError;

use super::AssignedIdentity;
use crate::SentCredential;
use crate::aadsts;
use crate::error::{code_of, fill_sent, recovery_of};

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
    /// No endpoint responds: mostly the program does not run where it was configured to.
    #[error("no managed identity endpoint responds at {origin}")]
    NoResponse {
        /// The configured endpoint.
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
    /// The host responded with success, but not with a token.
    #[error("the response for {scope} has no token: {problem}")]
    InvalidResponse {
        /// What the token was for.
        scope: TokenScope,
        /// What is wrong with the response.
        problem: &'static str,
    },
    /// No response came in time.
    #[error("the managed identity gave no token for {scope} in time")]
    TimedOut {
        /// What the token was for.
        scope: TokenScope,
    },
}

impl ManagedIdentityError {
    /// What the error is looked up by.
    pub fn code(&self) -> ErrorCode {
        code_of(self.recovery())
    }

    /// What the caller should do.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Scope { .. } => Recovery::Operator,
            Self::NoResponse { .. } | Self::TimedOut { .. } => Recovery::Retry,
            Self::InvalidResponse { .. } => Recovery::Defect,
            Self::Call { source, .. } => recovery_of(source),
        }
    }

    /// When a token may be asked for again at the earliest.
    pub fn retry_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::NoResponse { source, .. } | Self::Call { source, .. } => source.retry_at,
            Self::Scope { .. } | Self::InvalidResponse { .. } | Self::TimedOut { .. } => None,
        }
    }

    pub(super) fn into_failure(self, identity: &AssignedIdentity) -> Failure {
        let (message, advice) = match &self {
            Self::Scope { .. } | Self::InvalidResponse { .. } | Self::TimedOut { .. } => {
                (self.to_string(), None)
            }
            Self::NoResponse { .. } => (
                self.to_string(),
                Some(
                    "Run this on an Azure host with a managed identity, or configure another \
                     credential; outside Azure there is no such endpoint."
                        .to_owned(),
                ),
            ),
            Self::Call { scope, source } => explain(scope, source, identity),
        };
        let mut failure = Failure::new(self.code(), self.recovery(), message)
            .with_retry_at(self.retry_at())
            .because(self);
        failure.advice = advice;
        failure
    }
}

/// Message and advice of a failed call.
fn explain(
    scope: &TokenScope,
    source: &ApiError,
    identity: &AssignedIdentity,
) -> (String, Option<String>) {
    let code = source.code.as_deref().unwrap_or_default();
    let known = code.strip_prefix("AADSTS").and_then(|code| aadsts::row(code.parse().ok()?));
    match (known, source.status) {
        // Entra's refusal, passed on by the host.
        (Some(row), _) => {
            let sent = SentCredential::ManagedIdentity { identity: identity.to_string() };
            let advice = fill_sent(row.advice(&sent), scope, &sent);
            (format!("{} ({code})", row.meaning), Some(advice))
        }
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
