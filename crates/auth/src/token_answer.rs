//! The answer with a token, as Entra and the endpoints of managed identities give it.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use stocktake_connector_core::AccessToken;

/// The life of a token that does not say how long it lives: short, so that it is soon renewed.
const UNTOLD_LIFE: u64 = 300;
/// The longest life that is believed. Tokens with continuous access evaluation live 28 hours.
const LONGEST_LIFE: u64 = 48 * 60 * 60;

/// Managed-identity endpoints write its numbers as strings, so both are taken.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<SecretString>,
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Value,
    /// App Service gives the end instead, in seconds since 1970.
    #[serde(default)]
    expires_on: Value,
}

/// Reads a token that was asked for at `asked_at`.
pub(crate) fn read_token(
    body: &Bytes,
    asked_at: DateTime<Utc>,
) -> Result<AccessToken, &'static str> {
    let answer: TokenAnswer =
        serde_json::from_slice(body).map_err(|_| "it is not the documented JSON")?;
    let secret = answer
        .access_token
        .filter(|token| !token.expose_secret().is_empty())
        .ok_or("`access_token` is missing")?;
    // RFC 6749 §5.1: the type is compared without case.
    if !answer.token_type.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err("`token_type` is not `Bearer`");
    }
    let until_end = || {
        let end = i64::try_from(seconds(&answer.expires_on)?).ok()?;
        Some(u64::try_from(end - asked_at.timestamp()).unwrap_or_default())
    };
    let life = seconds(&answer.expires_in).or_else(until_end);
    let life = life.unwrap_or(UNTOLD_LIFE).min(LONGEST_LIFE);
    let expires_at = asked_at + TimeDelta::seconds(i64::try_from(life).unwrap_or_default());
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

    fn life(body: &str) -> Result<i64, &'static str> {
        let token = read_token(&Bytes::copy_from_slice(body.as_bytes()), DateTime::UNIX_EPOCH)?;
        Ok(token.expires_at().unwrap().timestamp())
    }

    #[test]
    fn a_life_may_be_a_number_a_string_or_missing() {
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
            assert_eq!(life(body), Ok(expected), "{body}");
        }
    }

    #[test]
    fn an_answer_without_a_bearer_token_is_refused() {
        for body in [
            "[]",
            "{}",
            r#"{"access_token": ""}"#,
            r#"{"access_token": 7}"#,
            r#"{"access_token": "t", "token_type": "pop"}"#,
        ] {
            assert!(life(body).is_err(), "{body}");
        }
    }
}
