//! The response with a token, of Entra and of the endpoints of managed identities.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use stocktake_connector_core::AccessToken;

/// The lifetime of a token that does not name its own: short, so that it is renewed soon.
const DEFAULT_LIFETIME: u64 = 300;
/// The longest lifetime that is believed. Tokens with continuous access evaluation live 28 hours.
const LONGEST_LIFETIME: u64 = 48 * 60 * 60;

/// Managed-identity endpoints write its numbers as strings, so both are accepted.
#[derive(Deserialize)]
struct TokenResponse {
    access_token: Option<SecretString>,
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Value,
    /// App Service gives the time of expiry instead, in seconds since 1970.
    #[serde(default)]
    expires_on: Value,
}

/// Reads a token that was requested at `requested_at`.
pub(crate) fn read_token(
    body: &Bytes,
    requested_at: DateTime<Utc>,
) -> Result<AccessToken, &'static str> {
    let response: TokenResponse =
        serde_json::from_slice(body).map_err(|_| "it is not the documented JSON")?;
    let secret = response
        .access_token
        .filter(|token| !token.expose_secret().is_empty())
        .ok_or("`access_token` is missing")?;
    // RFC 6749 §5.1: the type is compared without case.
    if !response.token_type.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err("`token_type` is not `Bearer`");
    }
    let until_expiry = || {
        let expiry = i64::try_from(seconds(&response.expires_on)?).ok()?;
        Some(u64::try_from(expiry - requested_at.timestamp()).unwrap_or_default())
    };
    let lifetime = seconds(&response.expires_in).or_else(until_expiry);
    let lifetime = lifetime.unwrap_or(DEFAULT_LIFETIME).min(LONGEST_LIFETIME);
    let expires_at = requested_at + TimeDelta::seconds(i64::try_from(lifetime).unwrap_or_default());
    Ok(AccessToken::new(secret, Some(expires_at)))
}

fn seconds(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lifetime(body: &str) -> Result<i64, &'static str> {
        let token = read_token(&Bytes::copy_from_slice(body.as_bytes()), DateTime::UNIX_EPOCH)?;
        Ok(token.expires_at().unwrap().timestamp())
    }

    #[test]
    fn a_lifetime_may_be_a_number_a_string_or_missing() {
        for (body, expected) in [
            (r#"{"access_token": "t", "token_type": "Bearer", "expires_in": 3599}"#, 3599),
            (r#"{"access_token": "t", "token_type": "bearer", "expires_in": "3599"}"#, 3599),
            (r#"{"access_token": "t"}"#, 300),
            (r#"{"access_token": "t", "expires_on": "7200"}"#, 7200),
            (r#"{"access_token": "t", "expires_on": "soon"}"#, 300),
            (r#"{"access_token": "t", "expires_in": "60", "expires_on": "7200"}"#, 60),
            (r#"{"access_token": "t", "expires_in": -1}"#, 300),
            (r#"{"access_token": "t", "expires_in": 0}"#, 0),
            (r#"{"access_token": "t", "expires_in": 1e18}"#, 300),
            (r#"{"access_token": "t", "expires_in": 999999999}"#, 172_800),
        ] {
            assert_eq!(lifetime(body), Ok(expected), "{body}");
        }
    }

    #[test]
    fn a_response_without_a_bearer_token_is_refused() {
        for body in [
            "[]",
            "{}",
            r#"{"access_token": ""}"#,
            r#"{"access_token": 7}"#,
            r#"{"access_token": "t", "token_type": "pop"}"#,
        ] {
            assert!(lifetime(body).is_err(), "{body}");
        }
    }
}
