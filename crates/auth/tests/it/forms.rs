//! Certificates and keys in every form in which secret stores and editors hand them over, and in those
//! that are refused: a sentence that says what the file is, and nothing of what is in it.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use stocktake_auth::{CertificateCredential, CertificateOptions, CertificateSource, SecretSource};

use super::{chain, data};

const THUMBPRINT: &str = "D7AFB12DAA8B4BB1A27100E1266F553B3277D533";

fn text(name: &str) -> String {
    fs::read_to_string(data(name)).unwrap()
}

/// A certificate and its key in PEM.
fn pair() -> String {
    text("first-certificate.pem") + &text("first-key.pem")
}

fn wrapped(text: &str) -> String {
    text.as_bytes()
        .chunks(64)
        .fold(String::new(), |lines, line| lines + std::str::from_utf8(line).unwrap() + "\n")
}

fn utf16(text: &str, order: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
    let mark = mark.then_some('\u{feff}');
    let text: String = mark.into_iter().chain(text.chars()).collect();
    text.encode_utf16().flat_map(order).collect()
}

/// The base64 text of a section.
fn body(name: &str) -> String {
    let text = text(name);
    let lines = text.lines().skip_while(|line| !line.starts_with("-----BEGIN")).skip(1);
    lines.take_while(|line| !line.starts_with("-----")).collect()
}

fn der(name: &str) -> Vec<u8> {
    STANDARD.decode(body(name)).unwrap()
}

fn read(
    content: &[u8],
    name: &str,
    password: Option<&str>,
) -> Result<(String, Vec<String>), String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, content).unwrap();
    let source = CertificateSource::Files {
        certificate: file,
        key: None,
        password: password.map(|password| SecretSource::Value(password.into())),
    };
    let credential = CertificateCredential::new(CertificateOptions::new(source));
    match credential.facts() {
        Ok(facts) => Ok((facts.thumbprint, credential.remarks())),
        Err(error) => {
            let place = folder.path().display().to_string();
            Err(format!("{} {error:?}", chain(&error)).replace(&place, ""))
        }
    }
}

#[test]
fn every_form_of_pem_is_read_whatever_the_file_is_called() {
    let pair = pair();
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    let escaped = pair.replace('\n', "\\n");
    let json = |value: &str| {
        serde_json::json!({
            "contentType": "application/x-pem-file", "id": "https://v.example.com/secrets/c",
            "value": value,
        })
    };
    for (form, content) in [
        ("as it is", pair.clone().into_bytes()),
        ("Windows line ends", pair.replace('\n', "\r\n").into_bytes()),
        ("old line ends", pair.replace('\n', "\r").into_bytes()),
        ("line ends stripped", pair.replace('\n', "").into_bytes()),
        ("line ends as spaces", pair.replace('\n', " ").into_bytes()),
        ("line ends as tabs", pair.replace('\n', "\t").into_bytes()),
        ("line ends written out", escaped.clone().into_bytes()),
        ("Windows line ends written out", pair.replace('\n', "\\r\\n").into_bytes()),
        ("written out twice", pair.replace('\n', "\\\\n").into_bytes()),
        ("quoted", format!("\"{escaped}\"").into_bytes()),
        ("in single quotes", format!("'{escaped}'\n").into_bytes()),
        ("all white space stripped", bare(&pair).into_bytes()),
        ("indented", pair.replace('\n', "\n    ").into_bytes()),
        ("blank lines", pair.replace('\n', "\n\n").into_bytes()),
        ("byte order mark", format!("\u{feff}{pair}").into_bytes()),
        ("UTF-16", utf16(&pair, u16::to_le_bytes, true)),
        ("UTF-16, the other order", utf16(&pair, u16::to_be_bytes, true)),
        ("UTF-16 without a mark", utf16(&pair, u16::to_le_bytes, false)),
        (
            "bag attributes",
            format!("Bag Attributes\n    localKeyID: 01 00\nsubject=CN = first\n{pair}")
                .into_bytes(),
        ),
        ("a comment in Latin-1", [b"# Schl\xfcssel\n", pair.as_bytes()].concat()),
        ("a variable", format!("CERTIFICATE=\"{escaped}\"").into_bytes()),
        ("base64", STANDARD.encode(&pair).into_bytes()),
        ("base64 in lines", wrapped(&STANDARD.encode(&pair)).into_bytes()),
        ("base64 twice", STANDARD.encode(STANDARD.encode(&pair)).into_bytes()),
        ("base64 of UTF-16", STANDARD.encode(utf16(&pair, u16::to_le_bytes, true)).into_bytes()),
        ("Key Vault's JSON", json(&pair).to_string().into_bytes()),
        ("a JSON text", serde_json::to_vec(&pair).unwrap()),
        (
            "other labels",
            pair.replace("BEGIN CERTIFICATE", "BEGIN X509 CERTIFICATE")
                .replace("END CERTIFICATE", "END X509 CERTIFICATE")
                .into_bytes(),
        ),
        ("binary", [der("first-certificate.pem"), der("first-key.pem")].concat()),
        ("binary, PKCS#1", [der("first-key-pkcs1.pem"), der("first-certificate.pem")].concat()),
    ] {
        for name in ["app.pem", "app.pfx", "app", "app.key"] {
            assert_eq!(
                read(&content, name, None),
                Ok((THUMBPRINT.into(), vec![])),
                "{form}, {name}"
            );
        }
    }
}

#[test]
fn every_form_of_a_pfx_is_read_whatever_the_file_is_called() {
    let pfx = fs::read(data("first.pfx")).unwrap();
    let encoded = STANDARD.encode(&pfx);
    for (form, content) in [
        ("as it is", pfx.clone()),
        ("base64", encoded.clone().into_bytes()),
        ("base64 in lines", wrapped(&encoded).into_bytes()),
        ("base64 with Windows line ends", wrapped(&encoded).replace('\n', "\r\n").into_bytes()),
        ("base64 in quotes", format!("\"{encoded}\"\n").into_bytes()),
        ("base64 in UTF-16", utf16(&encoded, u16::to_le_bytes, true)),
        ("base64 without padding", encoded.trim_end_matches('=').as_bytes().to_vec()),
        ("base64 for URLs", encoded.replace('+', "-").replace('/', "_").into_bytes()),
        ("base64 twice", STANDARD.encode(&encoded).into_bytes()),
        (
            "Key Vault's JSON",
            serde_json::json!({"contentType": "application/x-pkcs12", "value": encoded})
                .to_string()
                .into_bytes(),
        ),
        (
            "PEM",
            format!("-----BEGIN PKCS12-----\n{}-----END PKCS12-----\n", wrapped(&encoded))
                .into_bytes(),
        ),
    ] {
        for name in ["app.pfx", "app.pem", "app"] {
            let read = read(&content, name, Some("test-password"));
            assert_eq!(read, Ok((THUMBPRINT.into(), vec![])), "{form}, {name}");
        }
    }
}

#[test]
fn parts_that_are_of_no_use_are_named_and_the_rest_is_used() {
    let pair = pair();
    let damaged = "-----BEGIN CERTIFICATE-----\nMIIBcanary\n-----END CERTIFICATE-----\n";
    let request = "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n";
    for (content, remark) in [
        (format!("{damaged}{pair}"), "section 1 (CERTIFICATE) is damaged"),
        (format!("{pair}{request}"), "section 3 (CERTIFICATE REQUEST) is damaged"),
        (format!("{pair}canary"), "text after the last section is not read"),
        (
            format!("canary\n-----END CERTIFICATE-----\n{pair}"),
            "text before section 1 has an END line without its BEGIN line",
        ),
        (
            format!("-----BEGIN CERTIFICATE-----\ncanary\n{pair}"),
            "section 1 (CERTIFICATE) has no END line",
        ),
        (
            format!("-----BEGIN SECRET CANARY-----\nAAAA\n-----END SECRET CANARY-----\n{pair}"),
            "section 1 (of an unknown kind) is not read",
        ),
        (
            format!("{pair}{}", text("second-key.pem")),
            "section 3 (PRIVATE KEY) belongs to no certificate here",
        ),
        (
            format!("{pair}{}", text("encrypted-key.pem")),
            "section 3 (ENCRYPTED PRIVATE KEY) is an encrypted private key; decrypt it with `openssl \
             pkey -in",
        ),
        (
            format!("{}{pair}", text("ec-key-sec1.pem")),
            "(EC PRIVATE KEY) is not used: the private key",
        ),
    ] {
        let (thumbprint, remarks) = read(content.as_bytes(), "app.pem", None).unwrap();
        assert_eq!(thumbprint, THUMBPRINT);
        assert!(remarks.iter().any(|found| found.contains(remark)), "{remark}: {remarks:?}");
        assert!(!format!("{remarks:?}").to_lowercase().contains("canary"), "{remarks:?}");
    }
}

/// Every piece of a secret that is long enough to help anyone.
fn shows_part_of(shown: &str, secret: &str) -> bool {
    let plain: String = shown.chars().filter(|c| !c.is_whitespace()).collect();
    // A byte string in `Debug` has its bytes as numbers.
    let numbers: String = shown
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse::<u8>().ok())
        .map(char::from)
        .collect();
    let secret: Vec<char> = secret.chars().filter(|c| !c.is_whitespace()).collect();
    secret.windows(20).step_by(4).any(|part| {
        let part: String = part.iter().collect();
        plain.contains(&part) || numbers.contains(&part)
    })
}

#[test]
fn what_is_refused_is_named_with_one_command_and_never_quoted() {
    let key = text("first-key.pem");
    let body = body("first-key.pem");
    let cut = |text: &str| text[..text.len() / 2].to_owned();
    let bundle = STANDARD.decode("MBYGCSqGSIb3DQEHAqAJMAcCAQExADAA").unwrap();
    let json_key = format!(r#"{{"kty": "RSA", "n": "AQAB", "d": "{body}"}}"#);
    for (content, expected) in [
        (Vec::new(), "is empty"),
        (b" \r\n".to_vec(), "is empty"),
        (
            format!("-----BEGIN PRIVATE KEY-----{body}").into_bytes(),
            "(PRIVATE KEY) has no END line",
        ),
        (format!("-----BEGIN PRIVATE KEY{body}").into_bytes(), "has a BEGIN line that breaks off"),
        (
            format!("-----BEGIN {body}-----\n{body}\n-----END {body}-----").into_bytes(),
            "section 1 (of an unknown kind)",
        ),
        (
            format!("-----BEGIN PRIVATE KEY-----{body}-----END CERTIFICATE-----").into_bytes(),
            "ends as a section of another kind",
        ),
        (cut(&key).into_bytes(), "has no END line"),
        (key.replace("-----", "——").into_bytes(), "without its five hyphens"),
        (key.replace('M', "*").into_bytes(), "(PRIVATE KEY) is damaged"),
        (text("encrypted-key.pem").into_bytes(), "`openssl pkey -in /app.pem -out key.pem`"),
        (text("encrypted-key-pkcs1.pem").replace('\n', " ").into_bytes(), "`openssl pkey -in"),
        (
            key.replace("PRIVATE KEY", "OPENSSH PRIVATE KEY").into_bytes(),
            "`ssh-keygen -p -m PEM -f /app.pem`",
        ),
        (b"\xfe\xed\xfe\xed\0\0\0\x02".to_vec(), "is a Java keystore; convert it with `keytool"),
        (bundle, "is a PKCS#7 bundle; take its certificates out with `openssl pkcs7"),
        (b"<html><body>Sign in</body></html>".to_vec(), "is an HTML or XML page"),
        (json_key.into_bytes(), "is a JSON Web Key"),
        (
            format!(r#"{{"data": {{"private_key": "{body}"}}}}"#).into_bytes(),
            "is JSON without a text `value`",
        ),
        (
            format!("apiVersion: v1\nkind: Secret\ndata:\n  tls.key: {body}\n").into_bytes(),
            "is a Kubernetes manifest",
        ),
        (body.replace('M', "*").into_bytes(), "is neither PEM nor DER"),
        (cut(&body).into_bytes(), "is neither PEM nor DER"),
        (b"\0\x01\x02\xff".to_vec(), "is neither PEM nor DER"),
    ] {
        let error = read(&content, "app.pem", None).unwrap_err();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(!shows_part_of(&error, &body), "{error}");
    }
}

#[test]
fn a_certificate_of_key_vault_without_its_key_comes_with_the_command_for_both() {
    let certificate = STANDARD.encode(der("first-certificate.pem"));
    let json = serde_json::json!({"cer": certificate, "kid": "https://v.example.com/keys/c/1"});
    let error = read(json.to_string().as_bytes(), "app.json", None).unwrap_err();
    assert!(error.contains("without its private key"), "{error}");
    assert!(error.contains("az keyvault secret download"), "{error}");
}

#[test]
fn the_one_file_of_certificate_and_key_may_be_named_twice() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("both.pem");
    fs::write(&file, pair()).unwrap();
    let source =
        CertificateSource::Files { certificate: file.clone(), key: Some(file), password: None };
    let credential = CertificateCredential::new(CertificateOptions::new(source));
    assert_eq!(credential.facts().unwrap().thumbprint, THUMBPRINT);
    assert_eq!(credential.remarks(), Vec::<String>::new());
}

#[test]
fn commands_name_the_file_as_a_shell_takes_it() {
    let name = "my key's.pem";
    let error = read(text("encrypted-key.pem").as_bytes(), name, None).unwrap_err();
    assert!(error.contains(r"/my key'\''s.pem' -out"), "{error}");
}
