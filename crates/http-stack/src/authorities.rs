//! The authorities that are trusted in addition to the system's, as their file has them at a handshake.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::{Reloadable, TransportError};

/// Twenty times the list that operating systems ship.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Verifies servers by the system's authorities and those that the file holds at the time of a
/// handshake.
#[derive(Debug)]
pub(crate) struct ReloadableAuthorities(Reloadable<Verifier, TransportError>);

impl ReloadableAuthorities {
    pub(crate) fn open(path: &Path, provider: Arc<CryptoProvider>) -> Result<Self, TransportError> {
        let file = path.to_owned();
        Reloadable::open([path.to_owned()], MAX_BYTES, move |[content]| {
            verifier(content, &file, &provider)
        })
        .map(Self)
    }

    fn current(&self) -> Result<Arc<Verifier>, rustls::Error> {
        self.0.current().map_err(|error| rustls::Error::General(error.to_string()))
    }

    /// The verifier that judged the certificate just now.
    fn last(&self) -> Result<Arc<Verifier>, rustls::Error> {
        self.0.last_good().map_or_else(|| self.current(), Ok)
    }
}

fn verifier(
    content: &[u8],
    path: &Path,
    provider: &Arc<CryptoProvider>,
) -> Result<Verifier, TransportError> {
    let found = CertificateDer::pem_slice_iter(content)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| TransportError::ExtraCaPem { path: path.to_owned(), source })?;
    if found.is_empty() {
        return Err(TransportError::EmptyExtraCa { path: path.to_owned() });
    }
    let mut store = RootCertStore::empty();
    for certificate in &found {
        // Only here the file at fault is known: below, the system's certificates are added.
        store.add(certificate.clone()).map_err(|source| TransportError::ExtraCaCertificate {
            path: path.to_owned(),
            source,
        })?;
    }
    Verifier::new_with_extra_roots(found, Arc::clone(provider)).map_err(TransportError::Trust)
}

impl ServerCertVerifier for ReloadableAuthorities {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.current()?.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.last()?.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.last()?.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.last().map(|verifier| verifier.supported_verify_schemes()).unwrap_or_default()
    }
}
