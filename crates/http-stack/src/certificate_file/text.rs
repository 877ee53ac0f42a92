//! The layers of text around certificates and keys: encodings, base64, JSON.

use secrecy::zeroize::Zeroizing;
use serde_json::Value;

use super::{Content, Part, Place, der, pem};

/// Base64 of base64 of a PEM file is what a Kubernetes secret makes of one that was encoded by hand.
const DEEPEST: usize = 4;

/// Java's keystores, in both of their old forms.
const JAVA: [[u8; 4]; 2] = [[0xfe, 0xed, 0xfe, 0xed], [0xce, 0xce, 0xce, 0xce]];

/// The parts of a file. `file` is its path as a shell takes it.
pub(super) fn read(bytes: &[u8], file: &str) -> Vec<Part> {
    layer(bytes, file, DEEPEST)
}

fn layer(bytes: &[u8], file: &str, depth: usize) -> Vec<Part> {
    if JAVA.iter().any(|magic| bytes.starts_with(magic)) {
        return unread(format!(
            "is a Java keystore; convert it with `keytool -importkeystore -srckeystore {file} \
             -destkeystore store.pfx -deststoretype PKCS12`"
        ));
    }
    let elements = elements(bytes, file);
    if !elements.is_empty() {
        return elements;
    }
    let text = decode_text(bytes);
    let trimmed = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
    if trimmed.is_empty() {
        return unread(EMPTY);
    }
    if trimmed.starts_with(['{', '[', '"'])
        && let Ok(json) = serde_json::from_str::<Value>(trimmed)
    {
        return read_json(json, file, depth);
    }
    if trimmed.contains(pem::BEGIN) {
        return pem::sections(trimmed, file);
    }
    if depth > 0
        && !trimmed.contains("-----")
        && let Some(inner) = pem::decode(&trimmed.replace('-', "+").replace('_', "/"))
    {
        let parts = layer(&inner, file, depth - 1);
        if parts.iter().any(is_recognised) {
            return parts;
        }
    }
    unread(name(trimmed))
}

/// One element of DER after the other; nothing when the bytes are not DER.
fn elements(bytes: &[u8], file: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some((content, after)) = der::classify(rest, file) {
        parts.push(Part::new(Place::Whole, content));
        rest = after;
    }
    if !parts.is_empty() && !rest.trim_ascii().is_empty() {
        let remains = Content::Unread("has more bytes at its end, which are not read".to_owned());
        parts.push(Part::new(Place::Whole, remains));
    }
    parts
}

fn unread(predicate: impl Into<String>) -> Vec<Part> {
    vec![Part::new(Place::Whole, Content::Unread(predicate.into()))]
}

const EMPTY: &str = "is empty";
const UNRECOGNISED: &str = "is neither PEM nor DER, nor base64 text of them";

/// Whether base64 was rightly taken for base64.
fn is_recognised(part: &Part) -> bool {
    !matches!(&part.content, Content::Unread(why) if why == EMPTY || why == UNRECOGNISED)
}

/// What a text is that holds neither PEM nor base64.
fn name(text: &str) -> &'static str {
    let has = |word: &str| text.contains(word);
    if text.starts_with('<') {
        "is an HTML or XML page"
    } else if has("kind: Secret") {
        KUBERNETES
    } else if has("-----END") {
        "has an END line without its BEGIN line"
    } else if has("BEGIN ") && (has("CERTIFICATE") || has("PRIVATE KEY")) {
        "has a BEGIN line without its five hyphens on both sides; an editor may have changed them"
    } else {
        UNRECOGNISED
    }
}

const KUBERNETES: &str = "is a Kubernetes manifest; take the value out of it with `kubectl get secret \
                          NAME -o jsonpath='{.data.tls\\.key}' | base64 -d`";

/// A secret as its store prints it. Only the form of Azure Key Vault says which of its texts is meant.
fn read_json(json: Value, file: &str, depth: usize) -> Vec<Part> {
    let Some(depth) = depth.checked_sub(1) else { return unread(UNRECOGNISED) };
    match json {
        Value::String(text) => layer(Zeroizing::new(text).as_bytes(), file, depth),
        Value::Object(mut fields) => match (fields.remove("value"), fields.remove("cer")) {
            (Some(Value::String(text)), _) => layer(Zeroizing::new(text).as_bytes(), file, depth),
            // Key Vault's description of a certificate: the certificate alone, in base64.
            (_, Some(Value::String(text))) => {
                let mut parts = layer(text.as_bytes(), file, depth);
                parts.extend(unread(
                    "is Key Vault's description of a certificate, without its private key; get both \
                     with `az keyvault secret download --vault-name VAULT --name NAME --encoding \
                     base64 --file certificate.pfx`",
                ));
                parts
            }
            _ if fields.contains_key("kty") => {
                unread("is a JSON Web Key; give the certificate and its key as PEM or PFX")
            }
            _ if fields.get("kind").is_some_and(|kind| kind == "Secret") => unread(KUBERNETES),
            _ => unread("is JSON without a text `value`; put the PEM text itself into the file"),
        },
        _ => unread("is JSON without a text `value`; put the PEM text itself into the file"),
    }
}

/// The text of a file in UTF-8 or UTF-16, as editors and shells on Windows write it. What is neither has
/// [`char::REPLACEMENT_CHARACTER`] in its place.
pub fn decode_text(bytes: &[u8]) -> Zeroizing<String> {
    let little = |pair: [u8; 2]| u16::from_le_bytes(pair);
    let big = |pair: [u8; 2]| u16::from_be_bytes(pair);
    let from: Option<fn([u8; 2]) -> u16> = match bytes {
        [0xff, 0xfe, ..] => Some(little),
        [0xfe, 0xff, ..] => Some(big),
        // Without a mark: what is meant here begins with a character of ASCII.
        [first, 0, ..] if *first != 0 => Some(little),
        [0, second, ..] if *second != 0 => Some(big),
        _ => None,
    };
    Zeroizing::new(match from {
        None => String::from_utf8_lossy(bytes).into_owned(),
        Some(from) => {
            let (pairs, _) = bytes.as_chunks::<2>();
            let units = pairs.iter().map(|pair| from(*pair));
            char::decode_utf16(units)
                .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
    })
}
