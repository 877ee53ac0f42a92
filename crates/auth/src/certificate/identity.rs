//! A private key and the certificate that belongs to it.

use std::fmt;

use chrono::{DateTime, Utc};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::rsa::KeyPair;
use rustls_pki_types::PrivateKeyDer;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::time::Time;

use super::files::{Found, FoundCertificate, FoundKey};

/// A private key and the certificate that belongs to it.
pub(crate) struct Identity {
    pub(super) key: KeyPair,
    /// In DER; the key's own comes first.
    pub(super) certificates: Vec<Vec<u8>>,
    pub(super) facts: CertificateFacts,
    /// About parts of the files that are of no use. Nothing of their content.
    pub(super) remarks: Vec<String>,
}

/// The public facts of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateFacts {
    /// SHA-1 in upper-case hexadecimal digits, as the portal shows it.
    pub thumbprint: String,
    /// SHA-256 in upper-case hexadecimal digits.
    pub sha256: String,
    /// When it becomes valid.
    pub not_before: DateTime<Utc>,
    /// When it expires. Entra accepts no assertion after that.
    pub not_after: DateTime<Utc>,
}

impl Identity {
    /// Finds a key and the certificate that belongs to it. An error says what is wrong.
    pub(super) fn new(mut found: Found) -> Result<Self, String> {
        if found.keys.is_empty() {
            return Err(found.without("private key"));
        }
        let mut parsed = Vec::new();
        for FoundCertificate { place, der } in std::mem::take(&mut found.certificates) {
            match Certificate::from_der(&der) {
                Ok(certificate) => parsed.push((der, certificate)),
                Err(_) => found.remarks.push(format!("{place} cannot be read as a certificate")),
            }
        }
        if parsed.is_empty() {
            return Err(found.without("certificate"));
        }
        let (mut pair, mut unusable) = (None, None);
        for FoundKey { place, key } in &found.keys {
            match key_pair(key) {
                Ok(key) => match parsed.iter().position(|(_, own)| belongs(own, &key)) {
                    Some(own) if pair.is_none() => pair = Some((key, own)),
                    Some(_) => {}
                    None => found.remarks.push(format!("{place} belongs to no certificate here")),
                },
                Err(why) => {
                    found.remarks.push(format!("{place} is not used: {why}"));
                    unusable.get_or_insert(why);
                }
            }
        }
        let Some((key, own)) = pair else {
            return Err(unusable.unwrap_or_else(|| {
                "the private key does not belong to the certificate; after a renewal both have to be \
                 replaced"
                    .to_owned()
            }));
        };
        let leaf = parsed.remove(own);
        parsed.insert(0, leaf);
        let Some((der, certificate)) = parsed.first() else {
            return Err(found.without("certificate"));
        };
        let validity = certificate.tbs_certificate().validity();
        let facts = CertificateFacts {
            thumbprint: hexadecimal(digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref()),
            sha256: hexadecimal(digest(&SHA256, der).as_ref()),
            not_before: instant(validity.not_before)?,
            not_after: instant(validity.not_after)?,
        };
        let certificates = parsed.into_iter().map(|(der, _)| der).collect();
        Ok(Self { key, certificates, facts, remarks: found.remarks })
    }
}

fn key_pair(key: &PrivateKeyDer<'static>) -> Result<KeyPair, String> {
    let pair = match key {
        PrivateKeyDer::Pkcs8(key) => KeyPair::from_pkcs8(key.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(key) => KeyPair::from_der(key.secret_pkcs1_der()),
        _ => return Err(NOT_RSA.to_owned()),
    };
    pair.map_err(|rejected| match rejected.to_string().as_str() {
        "WrongAlgorithm" => NOT_RSA.to_owned(),
        "TooSmall" => {
            "the RSA key has fewer than 2048 bits; use one of 2048 to 4096 bits".to_owned()
        }
        // The words of `ring` for a kind of rejection, not of the key.
        reason => format!(
            "the private key is not a usable RSA key ({reason}); use one of 2048 to 4096 bits"
        ),
    })
}

const NOT_RSA: &str = "the private key is not an RSA key; Entra accepts RSA certificates only";

fn belongs(certificate: &Certificate, key: &KeyPair) -> bool {
    let info = certificate.tbs_certificate().subject_public_key_info();
    info.subject_public_key.as_bytes() == Some(key.public().as_ref())
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("facts", &self.facts).finish_non_exhaustive()
    }
}

fn instant(time: Time) -> Result<DateTime<Utc>, String> {
    i64::try_from(time.to_unix_duration().as_secs())
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .ok_or_else(|| "the certificate's dates cannot be read".to_owned())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
