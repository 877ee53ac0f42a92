//! What an application registration holds: secrets, certificates, federated credentials.

use std::fmt;

use chrono::{DateTime, Utc};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use serde::{Deserialize, Serialize};
use x509_cert::Certificate;
use x509_cert::der::{Decode, DecodePem, Encode};

/// A client secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientSecret {
    /// Its value.
    pub value: String,
    /// When it ends; `None` is never.
    #[serde(default)]
    pub expires: Option<DateTime<Utc>>,
}

impl ClientSecret {
    /// A secret that does not end.
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), expires: None }
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret").field("expires", &self.expires).finish_non_exhaustive()
    }
}

/// Why a certificate cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an X.509 certificate in PEM or DER")]
pub struct NotACertificate;

/// A certificate that the application may sign assertions with.
#[derive(Clone, PartialEq, Eq)]
pub struct RegisteredCertificate {
    pub(crate) sha1: Vec<u8>,
    pub(crate) sha256: Vec<u8>,
    /// The `RSAPublicKey` of PKCS#1, in DER.
    pub(crate) public_key: Vec<u8>,
    pub(crate) expires: DateTime<Utc>,
}

impl RegisteredCertificate {
    /// Reads PEM text; the first certificate in it counts, as when a file is uploaded.
    ///
    /// # Errors
    /// When there is none.
    pub fn from_pem(text: &str) -> Result<Self, NotACertificate> {
        let begin = text.find("-----BEGIN CERTIFICATE-----").ok_or(NotACertificate)?;
        let text = text.get(begin..).unwrap_or_default();
        const END: &str = "-----END CERTIFICATE-----";
        let end = text.find(END).ok_or(NotACertificate)? + END.len();
        let one = text.get(..end).unwrap_or_default();
        let certificate = Certificate::from_pem(one).map_err(|_| NotACertificate)?;
        Self::from_der(&certificate.to_der().map_err(|_| NotACertificate)?)
    }

    /// Reads DER.
    ///
    /// # Errors
    /// When it is not a certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, NotACertificate> {
        let certificate = Certificate::from_der(der).map_err(|_| NotACertificate)?;
        let content = certificate.tbs_certificate();
        let seconds = content.validity().not_after.to_unix_duration().as_secs();
        let seconds = i64::try_from(seconds).map_err(|_| NotACertificate)?;
        let key = content.subject_public_key_info().subject_public_key.as_bytes();
        Ok(Self {
            sha1: digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref().to_vec(),
            sha256: digest(&SHA256, der).as_ref().to_vec(),
            public_key: key.ok_or(NotACertificate)?.to_vec(),
            expires: DateTime::from_timestamp(seconds, 0).ok_or(NotACertificate)?,
        })
    }

    /// SHA-1 in upper-case hexadecimal digits, as the portal shows it.
    pub fn thumbprint(&self) -> String {
        hexadecimal(&self.sha1)
    }
}

impl fmt::Debug for RegisteredCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredCertificate").field("thumbprint", &self.thumbprint()).finish()
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Whose tokens the application takes as proof: a federated credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FederatedCredential {
    /// The claim `iss`.
    pub issuer: String,
    /// The claim `sub`.
    pub subject: String,
    /// The claim `aud`.
    pub audience: String,
}

impl FederatedCredential {
    /// As Kubernetes' webhook makes them: `system:serviceaccount:{namespace}:{account}`.
    pub fn kubernetes(issuer: &str, namespace: &str, account: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            subject: format!("system:serviceaccount:{namespace}:{account}"),
            audience: "api://AzureADTokenExchange".to_owned(),
        }
    }
}

/// Everything that proves the application, as it is now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registration {
    pub(crate) secrets: Vec<ClientSecret>,
    pub(crate) certificates: Vec<RegisteredCertificate>,
    pub(crate) federated: Vec<FederatedCredential>,
}
