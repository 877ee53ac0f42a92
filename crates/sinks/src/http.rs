//! What sinks at the other end of HTTP share in their settings.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stocktake_connector_core::{Failure, SinkName, chain};
use stocktake_http_stack::{ClientIdentity, Origin, Transport, base_url};
use url::Url;

use crate::context::unusable;
use crate::{Faults, HttpContext};

/// How one receiver is connected to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TlsSettings {
    /// A PEM file of certificate authorities that are trusted for this receiver, besides the system's
    /// and instead of `http.extra_ca_file`; read again when it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_ca_file: Option<PathBuf>,
    /// A PEM file with the certificate that this program shows to the receiver; read again when it
    /// changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate_file: Option<PathBuf>,
    /// A PEM file with the private key of that certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_key_file: Option<PathBuf>,
}

impl TlsSettings {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Notes a certificate without its key, and a key without its certificate.
    pub fn validate(&self, faults: &mut Faults) {
        let pair = [
            ("client_key_file", &self.client_key_file),
            ("client_certificate_file", &self.client_certificate_file),
        ];
        if let [(missing, None), (other, Some(_))] | [(other, Some(_)), (missing, None)] = pair {
            faults.invalid(format!("tls.{missing}"), format!("is missing; it goes with `{other}`"));
        }
    }

    /// The connections to the receiver: the shared ones when nothing is set.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn transport(&self, name: &SinkName, http: &HttpContext) -> Result<Transport, Failure> {
        if self.is_empty() {
            return Ok(http.transport.clone());
        }
        let mut options = http.options.clone();
        if let Some(path) = &self.extra_ca_file {
            options.extra_ca_file = Some(path.clone());
        }
        if let (Some(certificate), Some(key)) =
            (&self.client_certificate_file, &self.client_key_file)
        {
            options.client_identity = Some(ClientIdentity {
                certificate_file: certificate.clone(),
                key_file: key.clone(),
            });
        }
        Transport::new(&options).map_err(|error| unusable(name, "tls", chain(&error)))
    }
}

/// Notes a URL that is not the base of an API.
pub fn validate_base_url(path: &str, url: &str, faults: &mut Faults) {
    if let Err(error) = Origin::parse(url) {
        faults.invalid(path, error.to_string());
    }
}

/// Reads a URL that was validated.
///
/// # Errors
/// When it was not, and cannot be used.
pub fn read_base_url(name: &SinkName, path: &str, url: &str) -> Result<Url, Failure> {
    base_url(url).map_err(|error| unusable(name, path, chain(&error)))
}
