//! Assertions: signed tokens by which an application proves itself, and how they are verified.
//!
//! Rules: *Certificate credentials*
//! (<https://learn.microsoft.com/entra/identity-platform/certificate-credentials>). Nothing here is
//! shared with the code under test.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::registration::{RegisteredCertificate, Registration, hexadecimal};

/// Clocks may differ by this much.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// Why an assertion is refused: Entra's number and words.
pub(crate) type Refused = (u32, String);

/// Whom an assertion must name.
pub(crate) struct Expected<'a> {
    pub(crate) app_id: &'a str,
    pub(crate) token_endpoint: &'a str,
    pub(crate) now: DateTime<Utc>,
}

/// The assertions that were taken, by their id, until they end.
#[derive(Debug, Default)]
pub(crate) struct Taken(HashMap<String, DateTime<Utc>>);

/// A token in its parts.
pub(crate) struct Jwt {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signed: String,
    signature: Vec<u8>,
}

impl Jwt {
    fn parse(text: &str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let part = |text: &str| {
            let json = URL_SAFE_NO_PAD.decode(text).ok()?;
            serde_json::from_slice(&json).ok()
        };
        Some(Self {
            header: part(header)?,
            claims: part(claims)?,
            signed: signed.to_owned(),
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    fn claim(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn has_audience(&self, audience: &str) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(text)) => text == audience,
            Some(Value::Array(values)) => values.iter().any(|value| value == audience),
            _ => false,
        }
    }

    fn is_signed_by(&self, algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> bool {
        UnparsedPublicKey::new(algorithm, key)
            .verify(self.signed.as_bytes(), &self.signature)
            .is_ok()
    }

    fn instant(&self, name: &str) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.claims.get(name)?.as_i64()?, 0)
    }

    fn check_times(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, Refused> {
        let refused = || {
            let shown = |name| self.instant(name).unwrap_or_default().to_rfc3339();
            let message = format!(
                "Client assertion is not within its valid time range. Current time: {}, assertion \
                 valid from {}, expiry time of assertion {}.",
                now.to_rfc3339(),
                shown("nbf"),
                shown("exp"),
            );
            (700_024, message)
        };
        let end = self.instant("exp").ok_or_else(refused)?;
        let begin = self.instant("nbf").or_else(|| self.instant("iat")).ok_or_else(refused)?;
        if begin > now + SKEW || end < now - SKEW { Err(refused()) } else { Ok(end) }
    }
}

/// Verifies an assertion of the application's own key, or of an issuer that it trusts.
pub(crate) fn verify(
    text: &str,
    expected: &Expected<'_>,
    registration: &Registration,
    taken: &mut Taken,
    issuer_key: &IssuerKey,
) -> Result<(), Refused> {
    let Some(jwt) = Jwt::parse(text) else {
        return Err((50_027, "JWT token is invalid or malformed.".to_owned()));
    };
    let own = jwt.field("x5t").is_some() || jwt.field("x5t#S256").is_some();
    if own || jwt.claim("iss") == expected.app_id {
        verify_own(&jwt, expected, &registration.certificates, taken)
    } else {
        verify_federated(&jwt, expected, registration, issuer_key)
    }
}

fn verify_own(
    jwt: &Jwt,
    expected: &Expected<'_>,
    certificates: &[RegisteredCertificate],
    taken: &mut Taken,
) -> Result<(), Refused> {
    if [jwt.claim("iss"), jwt.claim("sub")] != [expected.app_id; 2] {
        let message =
            "Client assertion application identifier doesn't match 'client_id' parameter.";
        return Err((700_021, message.to_owned()));
    }
    let certificate = find_certificate(jwt, certificates)?;
    let invalid = |reason: &str| {
        let thumbprint = certificate.thumbprint();
        let message = format!(
            "Client assertion contains an invalid signature. [Reason - {reason}, Thumbprint of key \
             used by client: '{thumbprint}']"
        );
        (700_027, message)
    };
    let algorithm: &'static dyn VerificationAlgorithm = match jwt.field("alg") {
        Some("PS256") => &RSA_PSS_2048_8192_SHA256,
        Some("RS256") => &RSA_PKCS1_2048_8192_SHA256,
        _ => return Err(invalid("The algorithm is not supported.")),
    };
    if !jwt.is_signed_by(algorithm, &certificate.public_key) {
        return Err(invalid("The provided signature value did not match the expected one."));
    }
    if certificate.expires < expected.now {
        return Err(invalid("The key used is expired."));
    }
    if jwt.claim("aud") != expected.token_endpoint {
        let message = "Client assertion audience claim does not match Realm issuer.";
        return Err((700_023, message.to_owned()));
    }
    let end = jwt.check_times(expected.now)?;
    let id = jwt.claim("jti");
    taken.0.retain(|_, end| *end + SKEW >= expected.now);
    if id.is_empty() || taken.0.insert(id.to_owned(), end).is_some() {
        return Err((50_013, "Assertion is invalid: its id is missing or was used.".to_owned()));
    }
    Ok(())
}

fn find_certificate<'a>(
    jwt: &Jwt,
    certificates: &'a [RegisteredCertificate],
) -> Result<&'a RegisteredCertificate, Refused> {
    let named = |name: &str| URL_SAFE_NO_PAD.decode(jwt.field(name)?).ok();
    let (sha256, sha1) = (named("x5t#S256"), named("x5t"));
    let Some(shown) = sha256.as_ref().or(sha1.as_ref()) else {
        let message = "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 \
                       thumbprint, nor keyId specified in token header.";
        return Err((5_002_723, message.to_owned()));
    };
    // Where both are given, both must fit.
    let fits = |certificate: &&RegisteredCertificate| {
        sha256.as_ref().is_none_or(|hash| *hash == certificate.sha256)
            && sha1.as_ref().is_none_or(|hash| *hash == certificate.sha1)
    };
    certificates.iter().find(fits).ok_or_else(|| {
        let message = format!(
            "The certificate with identifier used to sign the client assertion is not registered on \
             application. [Reason - The key was not found., Thumbprint of key used by client: '{}']",
            hexadecimal(shown)
        );
        (700_027, message)
    })
}

fn verify_federated(
    jwt: &Jwt,
    expected: &Expected<'_>,
    registration: &Registration,
    issuer_key: &IssuerKey,
) -> Result<(), Refused> {
    let trusted = &registration.federated;
    let (issuer, subject) = (jwt.claim("iss"), jwt.claim("sub"));
    let no_match = |code: u32, what: &str| {
        (
            code,
            format!("No matching federated identity record found for presented assertion {what}."),
        )
    };
    if trusted.is_empty() {
        let message =
            "No matching federated identity record found for presented assertion.".to_owned();
        return Err((70_021, message));
    }
    let mut fitting: Vec<_> = trusted.iter().filter(|one| one.issuer == issuer).collect();
    if fitting.is_empty() {
        return Err(no_match(700_211, &format!("issuer '{issuer}'")));
    }
    fitting.retain(|one| one.subject == subject);
    if fitting.is_empty() {
        return Err(no_match(700_213, &format!("subject '{subject}'")));
    }
    if !fitting.iter().any(|one| jwt.has_audience(&one.audience)) {
        return Err(no_match(700_212, "audience"));
    }
    let signed = jwt.field("alg") == Some("ES256")
        && jwt.is_signed_by(&ECDSA_P256_SHA256_FIXED, issuer_key.0.public_key().as_ref());
    if !signed {
        return Err((50_013, "Assertion failed signature validation.".to_owned()));
    }
    jwt.check_times(expected.now).map(|_| ())
}

/// What a projected token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectedToken {
    /// The claim `iss`.
    pub issuer: String,
    /// The claim `sub`.
    pub subject: String,
    /// The claim `aud`.
    pub audience: String,
    /// How long it is valid, in seconds. Default 3,600, as in Kubernetes.
    #[serde(default = "an_hour")]
    pub lifetime_seconds: i64,
}

fn an_hour() -> i64 {
    3_600
}

/// The key by which every outside issuer signs, as if it were published below the issuer's address.
#[derive(Debug)]
pub(crate) struct IssuerKey(EcdsaKeyPair);

impl IssuerKey {
    pub(crate) fn generate() -> Option<Self> {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).ok()?;
        EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).ok().map(Self)
    }

    /// A token as Kubernetes projects it into a pod. `None`: the key does not sign.
    pub(crate) fn token(&self, token: &ProjectedToken, now: DateTime<Utc>) -> Option<String> {
        let header = json!({"alg": "ES256", "kid": "simulated"});
        let claims = json!({
            "iss": token.issuer,
            "sub": token.subject,
            "aud": [token.audience],
            "iat": now.timestamp(),
            "nbf": now.timestamp(),
            "exp": now.timestamp() + token.lifetime_seconds,
        });
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
    }
}
