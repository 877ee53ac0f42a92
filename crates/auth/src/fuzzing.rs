//! The private readers of outside bytes, as `fuzz/` calls them. Not part of the public API.

use std::path::Path;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use stocktake_connector_core::AccessToken;
use stocktake_http_stack::{ErrorDetail, ResponsePolicy};

use crate::certificate;

/// A token endpoint's success.
///
/// # Errors
/// What is wrong, when it has no token.
pub fn token_response(
    body: &[u8],
    requested_at: DateTime<Utc>,
) -> Result<AccessToken, &'static str> {
    crate::token_response::read_token(&Bytes::copy_from_slice(body), requested_at)
}

/// A token endpoint's refusal.
pub fn token_refusal(status: StatusCode, body: &[u8]) -> ErrorDetail {
    let body = Bytes::copy_from_slice(body);
    crate::responses::EntraResponses.read_error(status, &HeaderMap::new(), &body)
}

/// A file with certificate and key.
///
/// # Errors
/// What is wrong, when it cannot be presented.
pub fn pem(text: &[u8]) -> Result<(), String> {
    certificate::read(&[(text, Path::new("file"))], None).map(drop)
}

/// A PFX file.
///
/// # Errors
/// What is wrong, when it cannot be presented.
pub fn pfx(file: &[u8], password: &str) -> Result<(), String> {
    certificate::read(&[(file, Path::new("file"))], Some(password)).map(drop)
}
