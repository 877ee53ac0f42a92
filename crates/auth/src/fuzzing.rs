//! The private readers of outside bytes, as `fuzz/` calls them. No part of the public API.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use stocktake_connector_core::AccessToken;
use stocktake_http_stack::{ErrorDetail, ResponsePolicy};

use crate::certificate;

/// A token endpoint's success.
///
/// # Errors
/// In words, when it holds no token.
pub fn token_answer(body: &[u8], asked_at: DateTime<Utc>) -> Result<AccessToken, &'static str> {
    crate::token_answer::read_token(&Bytes::copy_from_slice(body), asked_at)
}

/// A token endpoint's refusal.
pub fn token_refusal(status: StatusCode, body: &[u8]) -> ErrorDetail {
    let body = Bytes::copy_from_slice(body);
    crate::answers::EntraAnswers.read_error(status, &HeaderMap::new(), &body)
}

/// A PEM text with certificate and key.
///
/// # Errors
/// In words, when it cannot be presented.
pub fn pem(text: &[u8]) -> Result<(), String> {
    certificate::read_pem(text).map(drop)
}

/// A PFX file.
///
/// # Errors
/// In words, when it cannot be presented.
pub fn pfx(file: &[u8], password: &str) -> Result<(), String> {
    certificate::read_pfx(file, password).map(drop)
}
