use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use reqwest::Response;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256};
use serde_json::{Value, json};
use stocktake_simulator::{
    ClientSecret, FederatedCredential, HostIdentity, ProjectedToken, RegisteredCertificate,
};

use crate::client::{DEFENDER, Hands, TENANT, World, fleet, options, start_of_time};

const APP: &str = "00000000-0000-0000-0000-000000000002";

/// Text of the keys and certificates that are made for tests.
fn data(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../auth/tests/data");
    fs::read_to_string(folder.join(name)).unwrap()
}

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem
        .lines()
        .skip_while(|line| !line.starts_with("-----BEGIN"))
        .filter(|line| !line.starts_with("-----"))
        .collect();
    base64::engine::general_purpose::STANDARD.decode(body).unwrap()
}

/// An assertion by hand, from the rules alone.
fn assertion(header: &Value, claims: &Value) -> String {
    let key = KeyPair::from_pkcs8(&der(&data("first-key.pem"))).unwrap();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    let padding: &'static dyn ring::signature::RsaEncoding =
        if header["alg"] == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
    key.sign(padding, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

async fn code(answer: Response) -> Option<u64> {
    let ok = answer.status() == 200;
    let body: Value = answer.json().await.unwrap();
    if ok { None } else { body["error_codes"][0].as_u64() }
}

impl World {
    async fn prove(&self, proof: &[(&str, &str)]) -> Option<u64> {
        let mut form =
            vec![("grant_type", "client_credentials"), ("client_id", APP), ("scope", DEFENDER)];
        form.extend_from_slice(proof);
        code(self.token_answer(TENANT, &form).await).await
    }

    async fn by_secret(&self, secret: &str) -> Option<u64> {
        self.prove(&[("client_secret", secret)]).await
    }

    async fn by_assertion(&self, jwt: &str) -> Option<u64> {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        self.prove(&[("client_assertion_type", kind), ("client_assertion", jwt)]).await
    }

    async fn change(&self, method: reqwest::Method, path: &str, body: String) -> u16 {
        let url = self.url(&format!("/simulator/{path}"));
        self.http.request(method, url).body(body).send().await.unwrap().status().as_u16()
    }
}

#[tokio::test]
async fn several_secrets_are_good_at_once_and_each_ends_on_its_own() {
    let hands = Hands::default();
    let mut options = options(fleet(1, 0));
    options.clock = hands.clock();
    let ending = ClientSecret {
        expires: Some(start_of_time() + TimeDelta::seconds(60)),
        ..ClientSecret::new("ending")
    };
    options.tenants[0].more_secrets = vec![ending];
    let world = World::start(options).await;
    assert_eq!(world.by_secret("simulated-secret").await, None);
    assert_eq!(world.by_secret("ending").await, None);
    hands.forward(60);
    assert_eq!(world.by_secret("ending").await, Some(7_000_222));
    let handle = world.handle();
    assert_eq!(world.by_secret("new").await, Some(7_000_215));
    assert!(handle.add_secret(TENANT, ClientSecret::new("new")));
    assert_eq!(world.by_secret("new").await, None);
    assert!(handle.remove_secret(TENANT, "simulated-secret"));
    assert_eq!(world.by_secret("simulated-secret").await, Some(7_000_215));
    assert!(!handle.add_secret("unknown", ClientSecret::new("new")));
}

#[tokio::test]
async fn an_assertion_is_verified_in_every_part() {
    let mut options = options(fleet(1, 0));
    let certificate = data("first-certificate.pem");
    options.tenants[0].certificates = vec![RegisteredCertificate::from_pem(&certificate).unwrap()];
    let world = World::start(options).await;
    let (now, certificate) = (start_of_time().timestamp(), der(&certificate));
    let sha256 = URL_SAFE_NO_PAD.encode(digest(&SHA256, &certificate));
    let sha1 = URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate));
    let modern = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": sha256});
    let claims = |id: &str| {
        json!({
            "aud": world.url(&format!("/{TENANT}/oauth2/v2.0/token")), "iss": APP, "sub": APP,
            "jti": id, "nbf": now, "iat": now, "exp": now + 600,
        })
    };
    let with = |name: &str, value: Value| {
        let mut claims = claims(name);
        claims[name] = value;
        claims
    };
    let other = URL_SAFE_NO_PAD.encode([0; 32]);
    for (header, claims, expected) in [
        (modern.clone(), claims("1"), None),
        (modern.clone(), claims("1"), Some(50_013)),
        (json!({"alg": "RS256", "x5t": sha1}), claims("2"), None),
        (json!({"alg": "RS256", "x5t": sha1, "x5t#S256": sha256}), claims("3"), None),
        (json!({"alg": "PS256", "x5t": sha1, "x5t#S256": other}), claims("4"), Some(700_027)),
        (json!({"alg": "HS256", "x5t": sha1}), claims("5"), Some(700_027)),
        (json!({"alg": "PS256"}), claims("6"), Some(5_002_723)),
        (modern.clone(), with("jti", json!("")), Some(50_013)),
        (modern.clone(), with("aud", json!("https://login.example.com")), Some(700_023)),
        (modern.clone(), with("iss", json!("x")), Some(700_021)),
        (modern.clone(), with("sub", json!("x")), Some(700_021)),
        (modern.clone(), with("exp", json!(now - 301)), Some(700_024)),
        (modern.clone(), with("nbf", json!(now + 301)), Some(700_024)),
        (modern.clone(), with("nbf", json!(now + 299)), None),
    ] {
        let jwt = assertion(&header, &claims);
        assert_eq!(world.by_assertion(&jwt).await, expected, "{header} {claims}");
    }
    let jwt = assertion(&modern, &claims("7"));
    assert_eq!(world.prove(&[("client_assertion", &jwt)]).await, Some(900_144));
    let claims = claims("8");
    let jwt = assertion(&json!({"alg": "RS256", "x5t#S256": sha256}), &claims);
    let (header, rest) =
        (URL_SAFE_NO_PAD.encode(modern.to_string()), jwt.split_once('.').unwrap().1);
    assert_eq!(world.by_assertion(&format!("{header}.{rest}")).await, Some(700_027));
    assert_eq!(world.by_assertion("no.jwt").await, Some(50_027));
}

#[tokio::test]
async fn another_process_changes_what_proves_the_application() {
    use reqwest::Method;

    let world = World::of(1, 0).await;
    let secret = json!({"value": "new", "expires": null}).to_string();
    assert_eq!(world.change(Method::POST, "secrets", secret.clone()).await, 200);
    assert_eq!(world.by_secret("new").await, None);
    assert_eq!(world.change(Method::DELETE, "secrets?value=new", String::new()).await, 200);
    assert_eq!(world.by_secret("new").await, Some(7_000_215));
    let unknown = format!("secrets?tenant={APP}");
    assert_eq!(world.change(Method::POST, &unknown, secret).await, 404);

    let pem = data("first-certificate.pem");
    let thumbprint = RegisteredCertificate::from_pem(&pem).unwrap().thumbprint();
    assert_eq!(world.change(Method::POST, "certificates", pem).await, 200);
    assert_eq!(world.change(Method::POST, "certificates", "no PEM".into()).await, 400);
    let path = format!("certificates?thumbprint={thumbprint}");
    assert_eq!(world.change(Method::DELETE, &path, String::new()).await, 200);

    let trusted = FederatedCredential::kubernetes("https://issuer.example.com", "n", "a");
    let token = ProjectedToken {
        issuer: trusted.issuer.clone(),
        subject: trusted.subject.clone(),
        audience: trusted.audience.clone(),
        lifetime_seconds: 600,
    };
    let url = world.url("/simulator/projected-token");
    let given: Value =
        world.http.post(url).json(&token).send().await.unwrap().json().await.unwrap();
    let jwt = given["token"].as_str().unwrap();
    let trusted = json!(trusted).to_string();
    assert_eq!(world.by_assertion(jwt).await, Some(70_021));
    assert_eq!(world.change(Method::POST, "federated", trusted.clone()).await, 200);
    assert_eq!(world.by_assertion(jwt).await, None);
    assert_eq!(world.change(Method::DELETE, "federated", trusted).await, 200);
    assert_eq!(world.by_assertion(jwt).await, Some(70_021));
}

#[tokio::test]
async fn a_host_gives_tokens_to_those_who_show_that_they_run_on_it() {
    let mut options = options(fleet(1, 0));
    let mut identity = HostIdentity::default();
    identity.is_default = false;
    options.tenants[0].host_identity = Some(identity.clone());
    let world = World::start(options).await;
    let resource = "resource=https://api.securitycenter.microsoft.com";
    let named = format!("client_id={}", identity.client_id);
    let imds = |rest: &str| world.http.get(world.url("/metadata/identity/oauth2/token?") + rest);
    let good = format!("api-version=2018-02-01&{resource}&{named}");
    let answer = imds(&good).header("Metadata", "true").send().await.unwrap();
    let body: Value = answer.json().await.unwrap();
    for name in ["expires_in", "expires_on", "not_before", "ext_expires_in"] {
        assert!(body[name].is_string(), "{name}: {body}");
    }
    for (rest, header) in [
        (good.as_str(), ("x-none", "x")),
        (&good, ("metadata", "false")),
        (&format!("{resource}&{named}"), ("metadata", "true")),
        (&format!("api-version=2018-02-01&{named}"), ("metadata", "true")),
        (&format!("api-version=2018-02-01&{resource}"), ("metadata", "true")),
    ] {
        let answer = imds(rest).header(header.0, header.1).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{rest} {header:?}");
    }
    let forwarded = imds(&good).header("metadata", "true").header("x-forwarded-for", "10.0.0.1");
    assert_eq!(forwarded.send().await.unwrap().status(), 400);

    let app = |version: &str, header: &str| {
        let url = world.url(&format!("/msi/token?api-version={version}&{resource}&{named}"));
        world.http.get(url).header("X-IDENTITY-HEADER", header)
    };
    let answer = app("2019-08-01", &identity.header).send().await.unwrap();
    let body: Value = answer.json().await.unwrap();
    assert!(body["expires_on"].is_string() && body.get("expires_in").is_none(), "{body}");
    assert_eq!(app("2019-08-01", "wrong").send().await.unwrap().status(), 401);
    assert_eq!(app("2017-09-01", &identity.header).send().await.unwrap().status(), 400);
}
