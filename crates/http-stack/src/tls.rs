//! TLS: which authorities are trusted, which client certificate is presented, which protocols are used.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_platform_verifier::Verifier;
use stocktake_connector_core::{Clock, SystemClock};

use crate::authorities::ReloadableAuthorities;
use crate::client_identity::ReloadableIdentity;
use crate::file_remark::FileRemark;
use crate::transport_error::TransportError;
use crate::transport_options::TransportOptions;

/// Named rather than left to the library: nothing older than TLS 1.2 is ever spoken.
static VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// What every connection is made with.
#[derive(Debug, Clone)]
pub(crate) struct TlsSetUp {
    pub(crate) config: ClientConfig,
    /// Verifies the server's certificate; `None` where no authority is trusted.
    pub(crate) verifier: Option<Arc<dyn ServerCertVerifier>>,
    /// Presents our certificate to a server that asks for one.
    pub(crate) identity: Option<Arc<dyn ResolvesClientCert>>,
    authorities: Option<Arc<ReloadableAuthorities>>,
    own: Option<Arc<ReloadableIdentity>>,
}

impl TlsSetUp {
    /// The system's certificates, the extra ones and the client's own, on `ring`.
    ///
    /// The provider is passed on rather than installed for the process: a program that embeds this
    /// crate may have its own.
    pub(crate) fn new(options: &TransportOptions) -> Result<Self, TransportError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let own = match &options.client_identity {
            None => None,
            Some(files) => {
                let own = ReloadableIdentity::open(files.clone(), Arc::clone(&provider))?;
                Some(Arc::new(own))
            }
        };
        let identity = own.clone().map(|own| own as Arc<dyn ResolvesClientCert>);
        let authorities = match &options.extra_ca_file {
            None => None,
            Some(path) => Some(Arc::new(ReloadableAuthorities::open(path, Arc::clone(&provider))?)),
        };
        let builder =
            ClientConfig::builder_with_details(Arc::clone(&provider), Arc::new(MachineTime))
                .with_protocol_versions(VERSIONS)
                .map_err(TransportError::Trust)?;
        let verifier = match &authorities {
            Some(authorities) => Some(Arc::clone(authorities) as Arc<dyn ServerCertVerifier>),
            None => system_verifier(provider),
        };
        let (mut config, verifier) = match verifier {
            Some(verifier) => {
                let config = builder
                    // The verifier is the one that reqwest uses itself; with an extra CA file, one such
                    // for what the file holds at each handshake.
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::clone(&verifier))
                    .with_no_client_auth();
                (config, Some(verifier))
            }
            None => {
                let roots = RootCertStore::empty();
                (builder.with_root_certificates(roots).with_no_client_auth(), None)
            }
        };
        if let Some(identity) = &identity {
            config.client_auth_cert_resolver = Arc::clone(identity);
        }
        if identity.is_some() || options.extra_ca_file.is_some() {
            // A resumed session would go on under a certificate, or by an authority, that has been
            // replaced since.
            config.resumption = Resumption::disabled();
        }
        // A preconfigured TLS set-up must name its protocols itself, or HTTP/2 is never offered.
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { config, verifier, identity, authorities, own })
    }

    /// Remarks about parts of the configured files that are of no use, as the files are now.
    pub(crate) fn remarks(&self) -> Vec<FileRemark> {
        let authorities = self.authorities.iter().flat_map(|authorities| authorities.remarks());
        authorities.chain(self.own.iter().flat_map(|own| own.remarks())).collect()
    }
}

/// The machine's time, for the validity of certificates. The library's own panics before 1970.
#[derive(Debug)]
struct MachineTime;

impl TimeProvider for MachineTime {
    fn current_time(&self) -> Option<UnixTime> {
        unix_time(SystemClock.now())
    }
}

fn unix_time(now: DateTime<Utc>) -> Option<UnixTime> {
    now.signed_duration_since(DateTime::UNIX_EPOCH).to_std().ok().map(UnixTime::since_unix_epoch)
}

/// The verifier by the system's authorities alone; `None` where there are none.
fn system_verifier(provider: Arc<CryptoProvider>) -> Option<Arc<dyn ServerCertVerifier>> {
    match Verifier::new(provider) {
        Ok(verifier) => Some(Arc::new(verifier)),
        // A bare container has no certificates at all. What stays on this machine works there; every
        // other host is refused as untrusted, and the log says why.
        Err(error) => {
            tracing::warn!(
                %error,
                "the system has no CA certificates, so no other host can be trusted; \
                 install them, or name a PEM file as extra CA file"
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::ClientConnection;
    use rustls::pki_types::ServerName;

    #[test]
    fn nothing_older_than_tls_1_2_is_offered() {
        let set_up = TlsSetUp::new(&TransportOptions::default()).unwrap();
        let name = ServerName::try_from("api.example.com").unwrap();
        let mut client = ClientConnection::new(Arc::new(set_up.config), name).unwrap();
        let mut hello = Vec::new();
        client.write_tls(&mut hello).unwrap();
        // RFC 8446 §4.2.1: the extension's number, its length, the list's length, the versions.
        let head = [0x00, 0x2b, 0x00, 0x05, 0x04];
        let start = hello.windows(head.len()).position(|bytes| bytes == head).unwrap() + head.len();
        let mut offered = [&hello[start..start + 2], &hello[start + 2..start + 4]];
        offered.sort_unstable();
        assert_eq!(offered, [[0x03, 0x03], [0x03, 0x04]], "1.2 and 1.3");
    }

    #[test]
    fn certificates_are_judged_by_the_machines_time_and_by_none_before_1970() {
        let time = |second| unix_time(DateTime::from_timestamp(second, 0).unwrap());
        assert_eq!(time(1_790_000_000).map(|time| time.as_secs()), Some(1_790_000_000));
        assert_eq!(time(-1), None);
        let set_up = TlsSetUp::new(&TransportOptions::default()).unwrap();
        let now = set_up.config.time_provider.current_time().unwrap().as_secs();
        assert!(now.abs_diff(UnixTime::now().as_secs()) < 60, "{now}");
    }

    #[test]
    fn a_missing_ca_file_is_named() {
        let error = TlsSetUp::new(&TransportOptions {
            extra_ca_file: Some("/nonexistent/ca.pem".into()),
            ..TransportOptions::default()
        });
        let error = error.unwrap_err().to_string();
        assert!(error.contains("/nonexistent/ca.pem"), "{error}");
    }

    #[test]
    fn a_ca_file_with_a_block_that_is_no_certificate_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("authorities.pem");
        let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        std::fs::write(&file, nonsense).unwrap();
        let error = TlsSetUp::new(&TransportOptions {
            extra_ca_file: Some(file),
            ..TransportOptions::default()
        });
        let error = error.unwrap_err().to_string();
        assert!(error.contains("authorities.pem"), "{error}");
        assert!(error.ends_with("section 1 (CERTIFICATE) is damaged"), "{error}");
    }

    #[test]
    fn a_ca_file_without_a_certificate_is_refused() {
        let error = TlsSetUp::new(&TransportOptions {
            extra_ca_file: Some(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into()),
            ..TransportOptions::default()
        });
        let error = error.unwrap_err().to_string();
        assert!(error.contains("it is neither PEM nor DER"), "{error}");
    }
}
