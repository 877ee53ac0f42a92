//! The claims of an access token, for diagnosis.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use stocktake_connector_core::AccessToken;

/// Longest token that is decoded. Entra's have one or two kilobytes.
const LONGEST_TOKEN: usize = 64 * 1024;

/// A token that cannot be decoded. It may work all the same: its form is not a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the access token is not a JWT; only an API call shows what it permits")]
pub struct OpaqueToken;

/// The claims of an access token.
///
/// Nothing is verified, so they may decide advice and nothing else. Entra issues a token even when no
/// permission was granted; `roles` is empty then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Claims {
    /// Which API the token is for.
    #[serde(deserialize_with = "text")]
    pub aud: Option<String>,
    /// The tenant, as a GUID.
    #[serde(deserialize_with = "text")]
    pub tid: Option<String>,
    /// The application, as a GUID. Tokens of format 2.0 name it `azp`.
    #[serde(alias = "azp", deserialize_with = "text")]
    pub appid: Option<String>,
    /// The application permissions that were granted: `Machine.Read.All`.
    #[serde(deserialize_with = "texts")]
    pub roles: Vec<String>,
    /// When the token expires.
    #[serde(deserialize_with = "seconds")]
    pub exp: Option<DateTime<Utc>>,
    /// When the token was issued.
    #[serde(deserialize_with = "seconds")]
    pub iat: Option<DateTime<Utc>>,
}

impl Claims {
    /// Decodes `token`.
    ///
    /// # Errors
    /// When it is not a JWT.
    pub fn decode(token: &AccessToken) -> Result<Self, OpaqueToken> {
        let claims = payload(token.expose()).ok_or(OpaqueToken)?;
        serde_json::from_value(Value::Object(claims)).map_err(|_| OpaqueToken)
    }

    /// Whether one of `roles` was granted.
    pub fn has_any_role(&self, roles: &[&str]) -> bool {
        self.roles.iter().any(|granted| roles.contains(&granted.as_str()))
    }
}

/// The claims of a JWT, unverified; `None` for a token of another form.
pub(crate) fn payload(jwt: &str) -> Option<Map<String, Value>> {
    let payload = jwt.split('.').nth(1).filter(|_| jwt.len() <= LONGEST_TOKEN)?;
    let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&json).ok()
}

fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Value::deserialize(from)?.as_str().map(str::to_owned))
}

fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let Value::Array(values) = Value::deserialize(from)? else { return Ok(Vec::new()) };
    Ok(values.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let seconds = Value::deserialize(from)?.as_i64();
    Ok(seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claims(payload: &str) -> Result<Claims, OpaqueToken> {
        let token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(payload));
        Claims::decode(&AccessToken::new(token, None))
    }

    #[test]
    fn the_claims_worth_checking_are_read() {
        let found = claims(
            r#"{"aud": "https://api.securitycenter.microsoft.com", "tid": "t", "appid": "a",
                "roles": ["Machine.Read.All"], "exp": 3900, "iat": 0, "ver": "1.0"}"#,
        );
        let found = found.unwrap();
        assert_eq!(
            found,
            Claims {
                aud: Some("https://api.securitycenter.microsoft.com".into()),
                tid: Some("t".into()),
                appid: Some("a".into()),
                roles: vec!["Machine.Read.All".into()],
                exp: DateTime::from_timestamp(3900, 0),
                iat: DateTime::from_timestamp(0, 0),
            }
        );
        assert!(found.has_any_role(&["Machine.ReadWrite.All", "Machine.Read.All"]));
        assert!(!found.has_any_role(&["DeviceManagementManagedDevices.Read.All"]));
    }

    #[test]
    fn a_token_without_a_permission_has_no_roles() {
        assert_eq!(claims(r#"{"azp": "a"}"#).unwrap().roles, Vec::<String>::new());
        let odd = claims(r#"{"aud": 1, "roles": "x", "exp": "never", "iat": 1e300}"#).unwrap();
        assert_eq!(odd, Claims::default());
    }

    #[test]
    fn a_token_of_another_form_is_opaque() {
        for token in ["", "opaque", "a.b", "a.!!.c", "a.W10.c", &"x".repeat(LONGEST_TOKEN + 1)] {
            assert_eq!(Claims::decode(&AccessToken::new(token, None)), Err(OpaqueToken), "{token}");
        }
    }

    proptest! {
        #[test]
        fn any_token_is_decoded_without_a_panic(token in any::<String>(), payload in any::<String>()) {
            let _ = Claims::decode(&AccessToken::new(token, None));
            let _ = claims(&payload);
        }
    }
}
