//! What a certificate says about itself, as far as remarks and advice need it.

use chrono::{DateTime, Utc};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::BasicConstraints;
use x509_cert::time::Time;

use super::der::element;

/// The least bits of an RSA key whose signatures are verified.
pub(crate) const WEAK_RSA_BITS: usize = 2048;

/// rsaEncryption.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Predicates about a certificate that does not do what it is in its file for: it has expired, or, as
/// an authority, cannot vouch for a server. Nothing about one that cannot be read.
pub(crate) fn judge(certificate: &[u8], is_authority: bool, now: DateTime<Utc>) -> Vec<String> {
    let Ok(certificate) = Certificate::from_der(certificate) else { return Vec::new() };
    let tbs = certificate.tbs_certificate();
    let mut found = Vec::new();
    let day = |at: DateTime<Utc>| at.format("%F").to_string();
    let validity = tbs.validity();
    if let Some(end) = instant(validity.not_after).filter(|end| *end <= now) {
        found.push(format!("expired on {}; replace it", day(end)));
    }
    if let Some(start) = instant(validity.not_before).filter(|start| *start > now) {
        found.push(format!("is not valid before {}", day(start)));
    }
    if !is_authority {
        return found;
    }
    if let Some(bits) = bits(&certificate).filter(|bits| *bits < WEAK_RSA_BITS) {
        found.push(format!(
            "is of an authority with an RSA key of {bits} bits, whose signatures are refused; it needs \
             {WEAK_RSA_BITS} or more"
        ));
    }
    let constraints = tbs.get_extension::<BasicConstraints>();
    let signs = matches!(constraints, Ok(Some((_, BasicConstraints { ca: true, .. }))));
    let has_extensions = tbs.extensions().is_some();
    if has_extensions && !signs && tbs.issuer() != tbs.subject() {
        found.push(
            "is not of an authority, so nothing is trusted by it; name its issuer's certificate"
                .to_owned(),
        );
    }
    found
}

/// The bits of a certificate's RSA key; `None` for another key.
pub(crate) fn rsa_bits(certificate: &[u8]) -> Option<usize> {
    bits(&Certificate::from_der(certificate).ok()?)
}

fn bits(certificate: &Certificate) -> Option<usize> {
    let info = certificate.tbs_certificate().subject_public_key_info();
    if info.algorithm.oid != RSA {
        return None;
    }
    let key = element(info.subject_public_key.as_bytes()?)?;
    let modulus = element(key.content)?.content;
    let modulus = modulus.iter().position(|byte| *byte != 0).and_then(|at| modulus.get(at..))?;
    Some(modulus.len() * 8 - modulus.first()?.leading_zeros() as usize)
}

fn instant(time: Time) -> Option<DateTime<Utc>> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    DateTime::from_timestamp(seconds, 0)
}
