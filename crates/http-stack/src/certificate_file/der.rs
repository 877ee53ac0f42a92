//! What a piece of DER is, by its outermost structure.

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::zeroize::Zeroizing;

use super::{Content, Pfx};

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// `[0]`: the version of a certificate, where it is not the first.
const VERSION: u8 = 0xa0;

/// 1.2.840.113549.1.7.2: signed data, as a bundle of certificates is.
const SIGNED_DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

/// A PFX whose length is written at its end (BER), as some Java libraries make it.
const BER_PFX: [u8; 5] = [SEQUENCE, 0x80, INTEGER, 0x01, 0x03];

/// The element at the start of some bytes.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    tag: u8,
    pub(super) content: &'a [u8],
    /// With tag and length.
    whole: &'a [u8],
    pub(super) rest: &'a [u8],
}

/// Reads the element at the start of `bytes`; `None` when they are not DER, or break off.
pub(super) fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let (&[tag, first], after) = bytes.split_first_chunk::<2>()?;
    let (length, after) = match first {
        0..=0x7f => (usize::from(first), after),
        0x81..=0x84 => {
            let (length, after) = after.split_at_checked(usize::from(first & 0x7f))?;
            let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (length, after)
        }
        _ => return None,
    };
    let (content, rest) = after.split_at_checked(length)?;
    let whole = bytes.get(..bytes.len() - rest.len())?;
    Some(Element { tag, content, whole, rest })
}

/// What the element at the start of `bytes` is, and the bytes after it; `None` when it is nothing that
/// certificate files have. `file` is for the commands in remarks.
pub(super) fn classify<'a>(bytes: &'a [u8], file: &str) -> Option<(Content, &'a [u8])> {
    if bytes.starts_with(&BER_PFX) {
        return Some((pfx(bytes), &[]));
    }
    let outer = element(bytes).filter(|outer| outer.tag == SEQUENCE)?;
    let first = element(outer.content)?;
    let second = element(first.rest);
    let content = match first.tag {
        INTEGER if first.content == [3] && second?.tag == SEQUENCE => pfx(outer.whole),
        INTEGER => Content::Key(PrivateKeyDer::try_from(outer.whole).ok()?.clone_key()),
        OID if first.content == SIGNED_DATA => Content::Unread(format!(
            "is a PKCS#7 bundle; take its certificates out with `openssl pkcs7 -print_certs -in {file} \
             -out certificates.pem` (for a binary file, with `-inform DER`)"
        )),
        SEQUENCE => signed_or_wrapped(first, second?, outer.whole, file)?,
        _ => return None,
    };
    Some((content, outer.rest))
}

fn pfx(bytes: &[u8]) -> Content {
    Content::Pfx(Pfx(Zeroizing::new(bytes.to_vec())))
}

/// A sequence that begins with another: a certificate and its like, or a key behind its algorithm.
fn signed_or_wrapped(
    first: Element<'_>,
    second: Element<'_>,
    whole: &[u8],
    file: &str,
) -> Option<Content> {
    let inner = element(first.content)?;
    Some(match (inner.tag, second.tag) {
        (OID, OCTET_STRING) => Content::Unread(encrypted(file)),
        (OID, BIT_STRING) => Content::Unread("is a public key".to_owned()),
        (VERSION, SEQUENCE) => Content::Certificate(CertificateDer::from(whole.to_vec())),
        (INTEGER, SEQUENCE) => {
            // A certificate of the first version has a serial number here; a request and a list of
            // revoked certificates have a version.
            let algorithm = element(inner.rest)?;
            let issuer = element(algorithm.rest)?;
            match (element(algorithm.content).map(|own| own.tag), element(issuer.rest)?.tag) {
                (Some(OID), SEQUENCE) => Content::Certificate(CertificateDer::from(whole.to_vec())),
                (Some(OID), _) => Content::Unread("is a list of revoked certificates".to_owned()),
                (Some(SET) | None, _) => {
                    Content::Unread("is a request for a certificate, not a certificate".to_owned())
                }
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// What is said of an encrypted key.
pub(super) fn encrypted(file: &str) -> String {
    format!(
        "is an encrypted private key; decrypt it with `openssl pkey -in {file} -out key.pem`, and let \
         only the program read the result"
    )
}
