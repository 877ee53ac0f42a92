use std::fs;
use std::path::Path;
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta};
use secrecy::{ExposeSecret, SecretString};
use stocktake_auth::{
    AssertionForm, AuthenticationContext, CertificateCredential, CertificateOptions,
    CertificateSource, Claims, ClientAuthentication, Credential, CredentialError, SecretSource,
    SentCredential,
};
use stocktake_connector_core::{Clock, TokenProvider};
use url::Url;

use super::simulated::{APP, Cloud, defender, registered};
use super::{HandClock, chain, data};

const FIRST: &str = "D7AFB12DAA8B4BB1A27100E1266F553B3277D533";

fn pem(certificate: &str, key: &str) -> CertificateSource {
    CertificateSource::Files {
        certificate: data(certificate),
        key: Some(data(key)),
        password: None,
    }
}

fn pfx(name: &str, password: Option<&str>) -> CertificateSource {
    let password = password.map(|password| SecretSource::Value(password.into()));
    CertificateSource::Files { certificate: data(name), key: None, password }
}

fn first() -> CertificateSource {
    pem("first-certificate.pem", "first-key.pem")
}

fn credential(source: CertificateSource) -> CertificateCredential {
    CertificateCredential::new(CertificateOptions::new(source))
}

async fn cloud() -> Cloud {
    let certificates = ["first-certificate.pem", "second-certificate.pem"].map(registered);
    Cloud::start(|account| account.certificates = certificates.to_vec()).await
}

async fn accepted(cloud: &Cloud, credential: impl Credential + 'static) {
    let token = cloud.tokens(credential).token(&defender()).await.unwrap();
    assert_eq!(Claims::decode(&token).unwrap().appid.as_deref(), Some(APP));
}

/// A refusal's code, with what is printed.
async fn refused(cloud: &Cloud, credential: impl Credential + 'static) -> (u32, String) {
    let tokens = cloud.tokens(credential);
    let code = tokens.get(&defender()).await.unwrap_err().aadsts().unwrap();
    let error = tokens.token(&defender()).await.unwrap_err();
    (code, format!("{}; {}", chain(&error), error.advice.unwrap_or_default()))
}

#[tokio::test]
async fn entra_accepts_every_form_of_certificate() {
    let cloud = cloud().await;
    let folder = tempfile::tempdir().unwrap();
    let one = folder.path().join("chain-and-key.pem");
    // The authority first: the key decides which certificate is its own.
    let parts = ["authority.pem", "first-certificate.pem", "first-key.pem"];
    let text: String = parts.iter().map(|name| fs::read_to_string(data(name)).unwrap()).collect();
    fs::write(&one, &text).unwrap();
    for source in [
        first(),
        pem("first-certificate.pem", "first-key-pkcs1.pem"),
        CertificateSource::file(one),
        CertificateSource::Text(SecretString::from(text)),
        pfx("first.pfx", Some("test-password")),
        pfx("second-legacy.pfx", Some("test-password")),
    ] {
        for form in [AssertionForm::Ps256, AssertionForm::Rs256] {
            for send_chain in [false, true] {
                let source = source.clone();
                let options = CertificateOptions { source, form, send_chain };
                accepted(&cloud, CertificateCredential::new(options)).await;
            }
        }
    }
}

fn context(now: DateTime<chrono::Utc>, url: &Url) -> AuthenticationContext<'_> {
    AuthenticationContext { token_endpoint: url, client_id: APP, now }
}

fn part(jwt: &str, place: usize) -> serde_json::Value {
    use base64::Engine;
    let part = jwt.split('.').nth(place).unwrap();
    let json = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&json).unwrap()
}

#[tokio::test]
async fn the_assertion_says_what_entra_asks_for() {
    let url = "https://login.example.com/t/oauth2/v2.0/token".parse().unwrap();
    let now = DateTime::from_timestamp(1_000, 0).unwrap();
    let mut options = CertificateOptions::new(pfx("first.pfx", Some("test-password")));
    options.send_chain = true;
    let credential = CertificateCredential::new(options);
    let authentication = credential.authenticate(&context(now, &url)).await.unwrap();
    let (names, values): (Vec<_>, Vec<_>) = authentication.form.iter().cloned().unzip();
    assert_eq!(names, ["client_assertion_type", "client_assertion"]);
    let jwt = values[1].expose_secret();
    let header = part(jwt, 0);
    assert_eq!((&header["alg"], &header["typ"]), (&"PS256".into(), &"JWT".into()));
    // openssl x509 -fingerprint -sha256, in base64url.
    assert_eq!(header["x5t#S256"], "ln46dBFwqYIi-nNJUp-x2DK4YWx73rLSt3TQjF1IXFw");
    assert_eq!(header["x5c"].as_array().unwrap().len(), 2, "the certificate and its authority");
    let claims = part(jwt, 1);
    assert_eq!(claims["aud"], url.as_str());
    assert_eq!((&claims["iss"], &claims["sub"]), (&APP.into(), &APP.into()));
    assert_eq!((&claims["nbf"], &claims["iat"]), (&1_000.into(), &1_000.into()));
    assert_eq!(claims["exp"], 1_600);
    let again = credential.authenticate(&context(now, &url)).await.unwrap();
    assert_ne!(part(again.form[1].1.expose_secret(), 1)["jti"], claims["jti"]);
    let not_after = "2126-11-02T01:29:22Z".parse().unwrap();
    assert_eq!(
        authentication.sent,
        SentCredential::Certificate { thumbprint: FIRST.into(), not_after }
    );
}

#[tokio::test]
async fn callers_see_when_a_certificate_expires() {
    let facts = credential(first()).facts().unwrap();
    assert_eq!(facts.thumbprint, FIRST);
    assert!(facts.sha256.starts_with("967E3A741170A982"), "{facts:?}");
    assert_eq!(facts.not_before.to_rfc3339(), "2026-11-26T01:29:22+00:00");
    assert_eq!(facts.not_after.to_rfc3339(), "2126-11-02T01:29:22+00:00");
}

/// An assertion that is changed before it is sent.
#[derive(Debug)]
struct Altered {
    inner: CertificateCredential,
    how: How,
    kept: Mutex<Option<ClientAuthentication>>,
}

#[derive(Debug, Clone, Copy)]
enum How {
    ForAnotherEndpoint,
    ForAnotherApp,
    Seconds(i64),
    WithAnotherSignature,
    Replayed,
}

#[async_trait]
impl Credential for Altered {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
    ) -> Result<ClientAuthentication, CredentialError> {
        let elsewhere = "https://login.example.com/x/oauth2/v2.0/token".parse().unwrap();
        let mut context = *context;
        match self.how {
            How::ForAnotherEndpoint => context.token_endpoint = &elsewhere,
            How::ForAnotherApp => context.client_id = "another",
            How::Seconds(seconds) => context.now += TimeDelta::seconds(seconds),
            How::WithAnotherSignature => {
                let mut first = self.inner.authenticate(&context).await?;
                let other = self.inner.authenticate(&context).await?;
                let signed = |authentication: &ClientAuthentication| {
                    let jwt = authentication.form[1].1.expose_secret().to_owned();
                    let (signed, signature) = jwt.rsplit_once('.').unwrap();
                    (signed.to_owned(), signature.to_owned())
                };
                first.form[1].1 = format!("{}.{}", signed(&first).0, signed(&other).1).into();
                return Ok(first);
            }
            How::Replayed => {
                if let Some(kept) = self.kept.lock().unwrap().clone() {
                    return Ok(kept);
                }
            }
        }
        let authentication = self.inner.authenticate(&context).await?;
        *self.kept.lock().unwrap() = Some(authentication.clone());
        Ok(authentication)
    }
}

fn altered(how: How) -> Altered {
    Altered { inner: credential(first()), how, kept: Mutex::new(None) }
}

#[tokio::test]
async fn entra_refuses_an_assertion_that_is_wrong() {
    let cloud = cloud().await;
    cloud.handle().remove_certificate(super::simulated::TENANT, FIRST);
    let (code, printed) = refused(&cloud, credential(first())).await;
    assert_eq!(code, 700_027);
    assert!(printed.contains(&format!("thumbprint {FIRST} (valid until 2126-11-02)")), "{printed}");

    cloud.handle().add_certificate(super::simulated::TENANT, registered("first-certificate.pem"));
    for (how, expected, advice) in [
        (How::ForAnotherEndpoint, 700_023, "login host"),
        (How::ForAnotherApp, 700_021, APP),
        (How::Seconds(-3_600), 700_024, "clock"),
        (How::Seconds(3_600), 700_024, "clock"),
        (How::WithAnotherSignature, 700_027, FIRST),
    ] {
        let (code, printed) = refused(&cloud, altered(how)).await;
        assert_eq!(code, expected, "{how:?}");
        assert!(printed.contains(advice), "{how:?}: {printed}");
    }

    let replayed = cloud.tokens(altered(How::Replayed));
    let token = replayed.get(&defender()).await.unwrap();
    replayed.invalidate(&defender(), &token);
    assert_eq!(replayed.get(&defender()).await.unwrap_err().aadsts(), Some(50_013));

    // A hundred years later.
    cloud.clock.advance(200 * 365 * 24 * 3_600);
    let (code, printed) = refused(&cloud, credential(first())).await;
    assert_eq!(code, 700_027);
    assert!(printed.contains("valid until 2126-11-02"), "{printed}");
}

fn put(folder: &Path, name: &str, from: &str) {
    // As Kubernetes does it: another file takes the name.
    let next = folder.join("next");
    fs::copy(data(from), &next).unwrap();
    fs::rename(next, folder.join(name)).unwrap();
}

#[tokio::test]
async fn a_rotated_certificate_is_used_for_the_next_token_and_a_half_written_one_is_not() {
    let cloud = cloud().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put(folder, "tls.crt", "first-certificate.pem");
    put(folder, "tls.key", "first-key.pem");
    let source = CertificateSource::Files {
        certificate: folder.join("tls.crt"),
        key: Some(folder.join("tls.key")),
        password: None,
    };
    let credential = credential(source.clone());
    let watched = self::credential(source);
    let thumbprint = || watched.facts().unwrap().thumbprint;
    let tokens = cloud.tokens(credential);
    let old = tokens.token(&defender()).await.unwrap();
    assert_eq!(thumbprint(), FIRST);

    // Half-way: the new certificate is there and its key is not; then the key is half written.
    put(folder, "tls.crt", "second-certificate.pem");
    assert_eq!(thumbprint(), FIRST);
    fs::write(folder.join("tls.key"), "-----BEGIN PRIVATE KEY-----\nMIIE").unwrap();
    assert_eq!(thumbprint(), FIRST);
    fs::write(folder.join("tls.key"), "").unwrap();
    cloud.clock.advance(3_400);
    let renewed = tokens.token(&defender()).await.unwrap();
    assert!(!renewed.same_as(&old), "renewed by the old certificate");

    put(folder, "tls.key", "second-key.pem");
    assert_ne!(thumbprint(), FIRST);
    // The new one alone is registered from here on; the token in use stays in use.
    cloud.handle().remove_certificate(super::simulated::TENANT, FIRST);
    assert!(tokens.token(&defender()).await.unwrap().same_as(&renewed));
    cloud.clock.advance(3_400);
    assert!(!tokens.token(&defender()).await.unwrap().same_as(&renewed));
}

#[tokio::test]
async fn a_certificate_that_entra_does_not_know_yet_leaves_the_old_token_in_use() {
    let cloud = cloud().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.pfx");
    fs::copy(data("first.pfx"), &file).unwrap();
    let password = folder.path().join("password");
    fs::write(&password, "test-password\n").unwrap();
    let tokens = cloud.tokens(credential(CertificateSource::Files {
        certificate: file.clone(),
        key: None,
        password: Some(SecretSource::File(password)),
    }));
    let old = tokens.token(&defender()).await.unwrap();
    let second = registered("second-certificate.pem");
    cloud.handle().remove_certificate(super::simulated::TENANT, &second.thumbprint());
    put(folder.path(), "app.pfx", "second-legacy.pfx");
    cloud.clock.advance(3_400);
    assert!(tokens.token(&defender()).await.unwrap().same_as(&old));
    cloud.handle().add_certificate(super::simulated::TENANT, second);
    cloud.clock.advance(60);
    assert!(!tokens.token(&defender()).await.unwrap().same_as(&old));
}

#[tokio::test]
async fn a_certificate_of_no_use_is_named_with_what_would_be() {
    let clock = HandClock::new();
    let url: Url = "https://login.example.com/".parse().unwrap();
    let no_key = CertificateSource::file(data("first-certificate.pem"));
    for (source, expected) in [
        (no_key, "no private key"),
        (pem("first-key.pem", "first-key.pem"), "no certificate"),
        (pem("README.md", "README.md"), "neither PEM nor DER"),
        (pem("first-certificate.pem", "second-key.pem"), "does not belong"),
        (pem("first-certificate.pem", "encrypted-key.pem"), "encrypted"),
        (pem("first-certificate.pem", "encrypted-key-pkcs1.pem"), "encrypted"),
        (pem("ec-certificate.pem", "ec-key.pem"), "not an RSA key"),
        (pem("ec-certificate.pem", "ec-key-sec1.pem"), "not an RSA key"),
        (pem("small-certificate.pem", "small-key.pem"), "fewer than 2048 bits"),
        (pem("first-certificate.pem", "missing.pem"), "missing.pem cannot be read"),
        (pfx("first.pfx", Some("wrong")), "password does not open"),
        (pfx("first.pfx", None), "needs a password"),
        (pfx("first.pfx", Some("")), "the secret is empty"),
        (pfx("no-key.pfx", Some("test-password")), "without a private key"),
        (pfx("first-key.pem", Some("test-password")), "no certificate"),
        (CertificateSource::Text("canary".into()), "neither PEM nor DER"),
    ] {
        let credential = credential(source);
        let error = credential.authenticate(&context(clock.now(), &url)).await.unwrap_err();
        let printed = chain(&error);
        assert!(printed.contains(expected), "{printed}");
        assert!(!printed.contains("canary"), "{printed}");
    }
}
