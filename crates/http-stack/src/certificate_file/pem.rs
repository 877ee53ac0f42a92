//! PEM (RFC 7468), also where its line ends were lost.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::zeroize::Zeroizing;

use super::{Content, Part, Place, der};

pub(super) const BEGIN: &str = "-----BEGIN";
const END: &str = "-----END";
const DASHES: &str = "-----";

/// The labels that are repeated in remarks. Of another one, where a line end was lost, the rest may be
/// the key.
const LABELS: [&str; 20] = [
    "CERTIFICATE",
    "X509 CERTIFICATE",
    "TRUSTED CERTIFICATE",
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "EC PARAMETERS",
    "DH PARAMETERS",
    "CERTIFICATE REQUEST",
    "NEW CERTIFICATE REQUEST",
    "PUBLIC KEY",
    "RSA PUBLIC KEY",
    "SSH2 PUBLIC KEY",
    "X509 CRL",
    "PKCS7",
    "CMS",
    "PKCS12",
];
const UNKNOWN: &str = "of an unknown kind";

/// Base64 with or without padding.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The sections of `text`, and the text around them that looks like the remains of one.
pub(super) fn sections(text: &str, file: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut number = 0;
    let mut rest = text;
    while let Some((outside, after)) = rest.split_once(BEGIN) {
        number += 1;
        if outside.contains(END) {
            let remains = "has an END line without its BEGIN line".to_owned();
            parts.push(Part::new(Place::BeforeSection(number), Content::Unread(remains)));
        }
        let (label, content, after) = section(after, file);
        parts.push(Part::new(Place::Section { number, label }, content));
        rest = after;
    }
    if without_escapes(rest).contains(char::is_alphanumeric) {
        let unread = "is not read".to_owned();
        parts.push(Part::new(Place::AfterLastSection, Content::Unread(unread)));
    }
    parts
}

/// The section whose BEGIN line goes on with `text`: its label, its content, and the text after it.
fn section<'a>(text: &'a str, file: &str) -> (&'static str, Content, &'a str) {
    let unread = |predicate: &str| Content::Unread(predicate.to_owned());
    let next = text.find(BEGIN).unwrap_or(text.len());
    let (own, others) = text.split_at(next);
    let Some((label, body)) = own.split_once(DASHES) else {
        return (UNKNOWN, unread("has a BEGIN line that breaks off"), others);
    };
    let label = known(label);
    let Some((body, end)) = body.split_once(END) else {
        return (label, unread("has no END line"), others);
    };
    let Some((end_label, _)) = end.split_once(DASHES) else {
        return (label, unread("has an END line that breaks off"), others);
    };
    if known(end_label) != label {
        return (label, unread("ends as a section of another kind"), others);
    }
    let after = text.get(own.len() - end.len() + end_label.len() + DASHES.len()..);
    (label, content(label, body, file), after.unwrap_or(others))
}

/// The label as it is known. Where all white space was lost, labels have lost theirs.
fn known(label: &str) -> &'static str {
    let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let label = bare(label);
    LABELS.into_iter().find(|known| bare(known) == label).unwrap_or(UNKNOWN)
}

fn content(label: &str, body: &str, file: &str) -> Content {
    match label {
        "OPENSSH PRIVATE KEY" => {
            return Content::Unread(format!(
                "is a key in OpenSSH's own form; convert a copy of it with `ssh-keygen -p -m PEM -f \
                 {file}`"
            ));
        }
        "EC PARAMETERS" | "DH PARAMETERS" => {
            return Content::Unread("is not needed, and not read".to_owned());
        }
        UNKNOWN => return Content::Unread("is not read".to_owned()),
        _ => {}
    }
    // The header of the old form of encryption.
    if body.contains("ENCRYPTED") {
        return Content::Unread(der::encrypted(file));
    }
    let damaged = || Content::Unread("is damaged".to_owned());
    let Some(bytes) = decode(body) else { return damaged() };
    // What comes after the element is OpenSSL's, in a trusted certificate.
    match der::classify(&bytes, file) {
        Some((content, _)) => content,
        None => damaged(),
    }
}

/// The bytes of base64 text, whatever stands between its characters.
pub(super) fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text = Zeroizing::new(without_escapes(text));
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control() && *c != '\u{feff}' && *c != '\u{200b}')
        .collect();
    let plain = Zeroizing::new(plain);
    BASE64.decode(plain.as_bytes()).ok().map(Zeroizing::new)
}

/// `text` without line ends that are written out, as `\n` and `\r\n`, and without quotation marks.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                while characters.next_if_eq(&'\\').is_some() {}
                characters.next_if(|next| matches!(next, 'n' | 'r' | 't'));
            }
            '"' | '\'' => {}
            other => plain.push(other),
        }
    }
    plain
}
