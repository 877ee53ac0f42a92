//! A private key and the certificate that belongs to it.

use std::fmt;

use chrono::{DateTime, Utc};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::rsa::KeyPair;
use secrecy::zeroize::Zeroizing;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::time::Time;

/// The content of a PEM or PFX file.
pub(super) struct Found {
    pub(super) key: KeyDer,
    /// In DER.
    pub(super) certificates: Vec<Vec<u8>>,
}

/// A private key in DER.
pub(super) enum KeyDer {
    Pkcs8(Zeroizing<Vec<u8>>),
    Pkcs1(Zeroizing<Vec<u8>>),
}

/// A private key and the certificate that belongs to it.
pub(crate) struct Identity {
    pub(super) key: KeyPair,
    /// In DER; the key's own comes first.
    pub(super) certificates: Vec<Vec<u8>>,
    pub(super) facts: CertificateFacts,
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
    /// Finds the certificate of `key`. An error says what is wrong.
    pub(super) fn new(key: &KeyDer, certificates: &[Vec<u8>]) -> Result<Self, String> {
        let pair = match key {
            KeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der),
            KeyDer::Pkcs1(der) => KeyPair::from_der(der),
        };
        let key = pair.map_err(|rejected| match rejected.to_string().as_str() {
            "WrongAlgorithm" => {
                "the private key is not an RSA key; Entra accepts RSA certificates only".to_owned()
            }
            reason => format!(
                "the private key is not a usable RSA key ({reason}); use one of 2048 to 4096 bits"
            ),
        })?;
        let mut parsed = Vec::new();
        for der in certificates {
            let certificate = Certificate::from_der(der)
                .map_err(|_| "a certificate in it is damaged".to_owned())?;
            parsed.push((der, certificate));
        }
        let own = parsed.iter().find(|(_, certificate)| {
            let info = certificate.tbs_certificate().subject_public_key_info();
            info.subject_public_key.as_bytes() == Some(key.public().as_ref())
        });
        let Some((own, certificate)) = own else {
            return Err(
                "the private key does not belong to the certificate; after a renewal both \
                        have to be replaced"
                    .to_owned(),
            );
        };
        let validity = certificate.tbs_certificate().validity();
        let facts = CertificateFacts {
            thumbprint: hexadecimal(digest(&SHA1_FOR_LEGACY_USE_ONLY, own).as_ref()),
            sha256: hexadecimal(digest(&SHA256, own).as_ref()),
            not_before: instant(validity.not_before)?,
            not_after: instant(validity.not_after)?,
        };
        let others = certificates.iter().filter(|der| der != own).cloned();
        let certificates = std::iter::once((*own).clone()).chain(others).collect();
        Ok(Self { key, certificates, facts })
    }
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
