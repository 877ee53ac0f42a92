//! The files of authorities and of client certificates: what is read, what is remarked, what is refused,
//! and why a server is not trusted although a file is named.

use std::fs;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose};
use stocktake_connector_core::{SystemClock, chain};
use stocktake_http_stack::{
    CertificateFault, ClientIdentity, ConnectionFault, Transport, TransportOptions,
};
use tokio_rustls::rustls::version::TLS13;

use super::tls_server::{Authority, TlsServer, serve};
use super::{get, stack_to};

/// The three forms in which secret stores lose the line ends of PEM.
fn one_line(pem: &str) -> [String; 3] {
    [pem.replace('\n', ""), pem.replace('\n', " "), pem.replace('\n', "\\n")]
}

/// Whether a text shows a piece of a key that is long enough to help anyone, as text or as numbers.
fn shows_part_of(shown: &str, pem: &str) -> bool {
    let secret: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let numbers: String = shown
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse::<u8>().ok())
        .map(char::from)
        .collect();
    let plain: String = shown.split_whitespace().collect();
    let secret: Vec<char> = secret.chars().collect();
    secret.windows(20).step_by(4).any(|part| {
        let part: String = part.iter().collect();
        plain.contains(&part) || numbers.contains(&part)
    })
}

#[tokio::test]
async fn keys_and_authorities_that_lost_their_line_ends_are_read() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("stocktake");
    let ca = fs::read_to_string(authority.file("ca.pem")).unwrap();
    let server = serve(&authority, TlsServer::wanting(&authority, &TLS13)).await;
    let forms = one_line(&ca).into_iter().zip(one_line(&certificate)).zip(one_line(&key));
    for ((ca, certificate), key) in forms {
        fs::write(authority.file("ca.pem"), ca).unwrap();
        fs::write(authority.file("client.pem"), certificate).unwrap();
        fs::write(authority.file("client.key"), key).unwrap();
        let options = TransportOptions {
            client_identity: Some(ClientIdentity {
                certificate_file: authority.file("client.pem"),
                key_file: authority.file("client.key"),
            }),
            ..authority.trusted()
        };
        get(&stack_to(&server.base, &options), &server.base).await.unwrap();
        assert_eq!(Transport::new(&options).unwrap().file_remarks(), []);
    }
}

#[test]
fn a_damaged_key_on_one_line_is_named_and_not_shown() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("stocktake");
    fs::write(authority.file("client.pem"), certificate).unwrap();
    let body: String = key.lines().filter(|line| !line.starts_with("-----")).collect();
    let damages: [fn(&str, &str) -> String; 6] = [
        |key, _| key.replace("-----END PRIVATE KEY-----", ""),
        |key, _| key.replace("-----END PRIVATE KEY-----", "-----END CERTIFICATE-----"),
        |key, _| key.replace("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY"),
        |key, _| key.replace("-----BEGIN PRIVATE KEY-----", ""),
        |key, body| key.replace(body.get(40..44).unwrap(), "*"),
        |_, body| format!("-----BEGIN {body}-----{body}-----END {body}-----"),
    ];
    let stripped = key.replace('\n', "");
    for (number, damage) in damages.iter().enumerate() {
        for form in one_line(&key).iter().chain([&key, &stripped]) {
            let damaged = damage(form, &body);
            for (key_file, options) in [
                (
                    "client.key",
                    TransportOptions {
                        client_identity: Some(ClientIdentity {
                            certificate_file: authority.file("client.pem"),
                            key_file: authority.file("client.key"),
                        }),
                        ..TransportOptions::default()
                    },
                ),
                ("ca.pem", authority.trusted()),
            ] {
                fs::write(authority.file(key_file), &damaged).unwrap();
                let Err(error) = Transport::new(&options) else {
                    // A damage that this form does not have.
                    assert!(key_file == "client.key" && &damaged == form, "{number}");
                    continue;
                };
                let shown = format!("{} {error} {error:?}", chain(&error));
                assert!(shown.contains(key_file), "{number}: {shown}");
                assert!(!shows_part_of(&shown, &key), "{number}: {shown}");
            }
        }
    }
}

#[test]
fn parts_of_a_ca_file_that_are_of_no_use_are_remarked_and_the_rest_is_trusted() {
    let authority = Authority::new();
    let ca = fs::read_to_string(authority.file("ca.pem")).unwrap();
    let (server, key) = authority.issue("localhost");
    let (ended, _) = authority.issue_with("localhost", |params: &mut CertificateParams| {
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    });
    let damaged = "-----BEGIN CERTIFICATE-----\nMIIBAAAA\n-----END CERTIFICATE-----\n";
    let short = include_str!("../data/short-authority.pem");
    for (content, remark) in [
        (format!("{ca}{damaged}"), "section 2 (CERTIFICATE) is damaged"),
        (format!("{damaged}{ca}"), "section 1 (CERTIFICATE) is damaged"),
        (format!("{ca}{key}"), "section 2 (PRIVATE KEY) is a private key, which is not used"),
        (format!("{ca}{ended}"), "section 2 (CERTIFICATE) expired on 2001-01-01"),
        (format!("{ca}{server}"), "section 2 (CERTIFICATE) is not of an authority"),
        (format!("{ca}{short}"), "of an authority with an RSA key of 1024 bits"),
        (format!("{ca}and more"), "text after the last section is not read"),
        (
            format!("{ca}-----BEGIN CERTIFICATE-----\nMIIB"),
            "section 2 (CERTIFICATE) has no END line",
        ),
    ] {
        fs::write(authority.file("ca.pem"), &content).unwrap();
        let transport = Transport::new(&authority.trusted()).unwrap();
        let remarks = transport.file_remarks();
        assert!(remarks.iter().any(|found| found.text.contains(remark)), "{remark}: {remarks:?}");
        assert!(remarks.iter().all(|found| found.path == authority.file("ca.pem")), "{remarks:?}");
        assert!(!shows_part_of(&format!("{remarks:?}"), &key), "{remarks:?}");
    }
}

#[test]
fn a_file_without_any_certificate_is_refused_with_all_that_is_in_it() {
    let authority = Authority::new();
    let (_, key) = authority.issue("localhost");
    for (content, problem) in [
        (key.clone(), "it has no certificate; section 1 (PRIVATE KEY) is a private key"),
        (String::new(), "it is empty"),
        ("\u{fffd}".to_owned(), "it is neither PEM nor DER"),
    ] {
        fs::write(authority.file("ca.pem"), content).unwrap();
        let error = Transport::new(&authority.trusted()).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
        assert!(!shows_part_of(&error, &key), "{error}");
    }
}

async fn fault(server: TlsServer<'_>, options: &TransportOptions) -> (CertificateFault, String) {
    let server = serve(&Authority::new(), server).await;
    let transport = Transport::new(options).unwrap();
    let failure = transport.probe(&server.base.parse().unwrap(), &SystemClock).await.outcome;
    let failure = failure.unwrap_err();
    let error = get(&stack_to(&server.base, options), &server.base).await.unwrap_err();
    assert_eq!(error.advice.as_deref(), Some(&*failure.advice));
    assert_eq!((&error.message, error.attempts), (&failure.message, 1));
    let ConnectionFault::Untrusted(fault) = failure.fault else { panic!("{failure:?}") };
    (fault, format!("{}; {}", failure.message, failure.advice))
}

#[tokio::test]
async fn a_server_that_is_not_trusted_despite_the_file_comes_with_the_reason() {
    let authority = Authority::new();
    let trusting = |pem: &str| {
        fs::write(authority.file("ca.pem"), pem).unwrap();
        authority.trusted()
    };
    let of_itself = fs::read_to_string(authority.file("ca.pem")).unwrap();
    let same_name = fs::read_to_string(Authority::new().file("ca.pem")).unwrap();
    let (for_clients, client_key) = authority.issue_with("localhost", |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let (by_another, another_key) = Authority::named("Another CA").issue("localhost");
    let (own, own_key) = authority.issue("localhost");
    let (sub, sub_key) = authority.issue_with("localhost", |params| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    });
    for (trusted, shows, expected, words) in [
        (
            include_str!("../data/sha1-authority.pem"),
            (include_str!("../data/sha1-server.pem"), include_str!("../data/sha1-key.pem")),
            CertificateFault::WeakSignature,
            &["signed with SHA-1", "SHA-256"][..],
        ),
        (
            include_str!("../data/short-authority.pem"),
            (include_str!("../data/short-server.pem"), include_str!("../data/short-key.pem")),
            CertificateFault::WeakKey,
            &["RSA key of fewer than 2048 bits", "2048 bits or more"],
        ),
        (&same_name, (&own, &own_key), CertificateFault::BadSignature, &["another key", "ca.pem"]),
        (
            &of_itself,
            (&sub, &sub_key),
            CertificateFault::CaUsedAsEndEntity,
            &["certificate of an authority, not of a server", "basicConstraints=CA:FALSE"],
        ),
        (
            &of_itself,
            (&for_clients, &client_key),
            CertificateFault::WrongPurpose,
            &["another use", "extendedKeyUsage"],
        ),
        (
            &of_itself,
            (&by_another, &another_key),
            CertificateFault::UnknownIssuer,
            &["not trusted", "nor in", "ca.pem"],
        ),
    ] {
        let server = TlsServer { shows: Some(shows), ..TlsServer::default() };
        let (fault, text) = fault(server, &trusting(trusted)).await;
        assert_eq!(fault, expected, "{text}");
        assert!(words.iter().all(|word| text.contains(word)), "{expected:?}: {text}");
        // The file is named already.
        assert!(!text.contains("as extra CA file"), "{text}");
    }
}
