//! How requests are authenticated: which secret, and how it is put into the request.

mod sigv4;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Request};
use ring::hmac;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use stocktake_connector_core::{AccessToken, TokenProvider, TokenScope};

pub use sigv4::SigV4;

/// How the requests of a stack are authenticated.
///
/// The secret is asked for before each attempt, below retries and waits, and the final bytes are signed.
/// After a 401 the provider is asked for another one, and the attempt is repeated once with it.
#[derive(Clone)]
pub struct Authentication {
    /// How the secret is used.
    pub scheme: AuthenticationScheme,
    /// Gives and caches the secret.
    pub provider: Arc<dyn TokenProvider>,
    /// What the secret is for; empty for providers that have one secret only.
    pub scope: TokenScope,
}

/// How a secret is put into a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthenticationScheme {
    /// `Authorization: Bearer SECRET`.
    Bearer,
    /// `Authorization: Basic …`, with the secret as password.
    Basic {
        /// The user.
        user: String,
    },
    /// The secret as the value of a header.
    Header {
        /// The header.
        name: HeaderName,
    },
    /// `Authorization: Splunk SECRET`.
    Splunk,
    /// `Authorization: ApiKey SECRET`.
    ApiKey,
    /// HMAC-SHA256 of the body's final bytes, with the secret as key.
    Hmac(HmacSignature),
    /// AWS Signature Version 4. The secret is `ACCESS_KEY_ID:SECRET_ACCESS_KEY`, with `:SESSION_TOKEN` at
    /// its end for temporary credentials: one text, so that its parts are replaced together.
    SigV4(SigV4),
}

/// How an HMAC is written into its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HmacSignature {
    /// The header.
    pub header: HeaderName,
    /// What comes before the signature: `sha256=`. May be empty.
    pub prefix: String,
    /// How the signature is written.
    pub encoding: SignatureEncoding,
}

/// How the bytes of a signature are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureEncoding {
    /// Lower-case hexadecimal.
    Hex,
    /// Base64 with padding.
    Base64,
}

/// The secret does not fit the scheme. The message never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnusableSecret(pub(crate) &'static str);

impl Authentication {
    /// Bearer tokens of `provider` for `scope`.
    pub fn bearer(provider: Arc<dyn TokenProvider>, scope: TokenScope) -> Self {
        Self { scheme: AuthenticationScheme::Bearer, provider, scope }
    }

    /// The one secret of `provider`, by `scheme`.
    pub fn with_secret(scheme: AuthenticationScheme, provider: Arc<dyn TokenProvider>) -> Self {
        Self { scheme, provider, scope: TokenScope::new("") }
    }
}

impl fmt::Debug for Authentication {
    // By hand, because a third party's provider may derive a `Debug` that shows its secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authentication")
            .field("scheme", &self.scheme)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl AuthenticationScheme {
    /// Signs `request`, whose body must not change any more.
    pub(crate) fn sign(
        &self,
        request: &mut Request<Bytes>,
        secret: &AccessToken,
        now: DateTime<Utc>,
    ) -> Result<(), UnusableSecret> {
        let secret = secret.expose();
        let (name, value) = match self {
            Self::Bearer => (AUTHORIZATION, Zeroizing::new(format!("Bearer {secret}"))),
            Self::Splunk => (AUTHORIZATION, Zeroizing::new(format!("Splunk {secret}"))),
            Self::ApiKey => (AUTHORIZATION, Zeroizing::new(format!("ApiKey {secret}"))),
            Self::Basic { user } => {
                // RFC 7617 §2: the first colon ends the user.
                if user.contains(':') {
                    return Err(UnusableSecret("the user of basic authentication holds a colon"));
                }
                let pair = Zeroizing::new(format!("{user}:{secret}"));
                let pair = Zeroizing::new(base64(pair.as_bytes()));
                (AUTHORIZATION, Zeroizing::new(format!("Basic {}", *pair)))
            }
            Self::Header { name } => (name.clone(), Zeroizing::new(secret.to_owned())),
            Self::Hmac(HmacSignature { header, prefix, encoding }) => {
                let tag = hmac::sign(&hmac_key(secret.as_bytes()), request.body());
                let signature = match encoding {
                    SignatureEncoding::Hex => hex(tag.as_ref()),
                    SignatureEncoding::Base64 => base64(tag.as_ref()),
                };
                (header.clone(), Zeroizing::new(format!("{prefix}{signature}")))
            }
            Self::SigV4(scheme) => return scheme.sign(request, secret, now),
        };
        let value = sensitive(&value)?;
        request.headers_mut().insert(name, value);
        Ok(())
    }

    /// What a response must not repeat of a request that is signed with `secret`.
    pub(crate) fn secrets(&self, secret: &AccessToken) -> Vec<SecretString> {
        let secret = secret.expose();
        match self {
            Self::Basic { user } => {
                let pair = Zeroizing::new(format!("{user}:{secret}"));
                vec![secret.into(), base64(pair.as_bytes()).into()]
            }
            // The first part is the id of the key, and is no secret.
            Self::SigV4(_) => secret.split(':').skip(1).map(SecretString::from).collect(),
            Self::Bearer | Self::Header { .. } | Self::Splunk | Self::ApiKey | Self::Hmac(_) => {
                vec![secret.into()]
            }
        }
    }
}

/// A header value that no `Debug` shows and that HPACK does not index.
fn sensitive(text: &str) -> Result<HeaderValue, UnusableSecret> {
    // The error of `HeaderValue` holds no part of the text, but neither does it help.
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| UnusableSecret("the secret holds a character that a header must not have"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn hmac_key(key: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, key)
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hmac_scheme(prefix: &str, encoding: SignatureEncoding) -> AuthenticationScheme {
        AuthenticationScheme::Hmac(HmacSignature {
            header: HeaderName::from_static("x-signature"),
            prefix: prefix.to_owned(),
            encoding,
        })
    }

    fn sigv4() -> AuthenticationScheme {
        AuthenticationScheme::SigV4(SigV4 {
            region: "us-east-1".to_owned(),
            service: "es".to_owned(),
            content_hash_header: true,
        })
    }

    fn signed(scheme: &AuthenticationScheme, secret: &str, body: &'static str) -> Request<Bytes> {
        let mut request = Request::post("https://api.example.com/push")
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap();
        scheme.sign(&mut request, &AccessToken::new(secret, None), DateTime::UNIX_EPOCH).unwrap();
        request
    }

    #[test]
    fn each_scheme_writes_its_header() {
        // RFC 7617 §2 and RFC 4231 §4.3 have the values of basic and of the HMAC.
        let mac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let header = AuthenticationScheme::Header { name: HeaderName::from_static("dd-api-key") };
        let user = "Aladdin".to_owned();
        for (scheme, secret, name, value) in [
            (AuthenticationScheme::Bearer, "s", "authorization", "Bearer s"),
            (AuthenticationScheme::Splunk, "s", "authorization", "Splunk s"),
            (AuthenticationScheme::ApiKey, "s", "authorization", "ApiKey s"),
            (
                AuthenticationScheme::Basic { user },
                "open sesame",
                "authorization",
                "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            ),
            (header, "s", "dd-api-key", "s"),
            (
                hmac_scheme("sha256=", SignatureEncoding::Hex),
                "Jefe",
                "x-signature",
                &format!("sha256={mac}"),
            ),
            (
                hmac_scheme("", SignatureEncoding::Base64),
                "Jefe",
                "x-signature",
                "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
            ),
        ] {
            let request = signed(&scheme, secret, "what do ya want for nothing?");
            let found = &request.headers()[name];
            assert_eq!(found, value, "{scheme:?}");
            assert!(found.is_sensitive(), "{scheme:?}");
        }
    }

    #[test]
    fn no_scheme_shows_its_secret() {
        for scheme in [
            AuthenticationScheme::Bearer,
            AuthenticationScheme::Splunk,
            AuthenticationScheme::ApiKey,
            AuthenticationScheme::Basic { user: "me".to_owned() },
            AuthenticationScheme::Header { name: HeaderName::from_static("x-key") },
            hmac_scheme("", SignatureEncoding::Hex),
            sigv4(),
        ] {
            let secret = "AKID:canary:canary-session";
            let provider: Arc<dyn TokenProvider> = Arc::new(AccessToken::new(secret, None));
            let shown = format!("{:?}", Authentication::with_secret(scheme.clone(), provider));
            assert!(!shown.contains("canary"), "{shown}");
            let request = signed(&scheme, secret, "");
            let encoded = base64(format!("me:{secret}").as_bytes());
            let shown = format!("{request:?}");
            assert!(!shown.contains("canary") && !shown.contains(&encoded), "{shown}");
        }
    }

    #[test]
    fn a_secret_that_does_not_fit_is_an_error() {
        let sign = |scheme: AuthenticationScheme, secret: &str| {
            let mut request = Request::new(Bytes::new());
            let secret = AccessToken::new(secret, None);
            scheme.sign(&mut request, &secret, DateTime::UNIX_EPOCH).map_err(|error| error.0)
        };
        assert!(sign(AuthenticationScheme::Bearer, "a\n").unwrap_err().contains("character"));
        let user = "a:b".to_owned();
        assert!(sign(AuthenticationScheme::Basic { user }, "s").unwrap_err().contains("colon"));
        assert!(sign(sigv4(), "only-one-part").unwrap_err().contains("ACCESS_KEY_ID"));
    }
}
