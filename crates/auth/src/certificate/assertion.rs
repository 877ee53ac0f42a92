//! The signed client assertion (RFC 7523) of a certificate.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::identity::Identity;
use super::{AssertionForm, CertificateError, CertificateOptions};
use crate::AuthenticationContext;

/// How long an assertion is valid: the upper end of what Entra recommends.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// Signs a fresh assertion.
pub(super) fn sign(
    identity: &Identity,
    options: &CertificateOptions,
    context: &AuthenticationContext<'_>,
) -> Result<SecretString, CertificateError> {
    let failed = |_| CertificateError::Signing { thumbprint: identity.facts.thumbprint.clone() };
    let random = SystemRandom::new();
    let mut id = [0; 16];
    random.fill(&mut id).map_err(failed)?;
    let claims = json!({
        "aud": context.token_endpoint.as_str(),
        "iss": context.client_id,
        "sub": context.client_id,
        "jti": uuid::Builder::from_random_bytes(id).into_uuid().to_string(),
        "nbf": context.now.timestamp(),
        "iat": context.now.timestamp(),
        "exp": (context.now + LIFETIME).timestamp(),
    });
    let signed = format!("{}.{}", part(&header(identity, options)), part(&claims));
    let padding: &'static dyn RsaEncoding = match options.form {
        AssertionForm::Ps256 => &RSA_PSS_SHA256,
        AssertionForm::Rs256 => &RSA_PKCS1_SHA256,
    };
    let mut signature = vec![0; identity.key.public().modulus_len()];
    identity.key.sign(padding, &random, signed.as_bytes(), &mut signature).map_err(failed)?;
    Ok(SecretString::from(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

fn header(identity: &Identity, options: &CertificateOptions) -> Value {
    let own = identity.certificates.first().map(Vec::as_slice).unwrap_or_default();
    let mut header = match options.form {
        AssertionForm::Ps256 => json!({
            "alg": "PS256",
            "x5t#S256": URL_SAFE_NO_PAD.encode(digest(&SHA256, own)),
        }),
        AssertionForm::Rs256 => json!({
            "alg": "RS256",
            "x5t": URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, own)),
        }),
    };
    if let Some(fields) = header.as_object_mut() {
        fields.insert("typ".to_owned(), json!("JWT"));
        if options.send_chain {
            // The one part of a JWT that is written in plain base64 (RFC 7515, section 4.1.6).
            let chain = identity.certificates.iter().map(|der| STANDARD.encode(der));
            fields.insert("x5c".to_owned(), chain.collect());
        }
    }
    header
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
