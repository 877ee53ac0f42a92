//! The authorities that are trusted beside the system's, as their file names them at a handshake.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::transport::TransportError;
use crate::watched::{Files, Watched};

/// The file, and what its verifiers are made with.
struct AuthoritiesFile {
    path: PathBuf,
    provider: Arc<CryptoProvider>,
}

impl Files for AuthoritiesFile {
    type Content = Vec<u8>;
    type Made = Verifier;
    type Error = TransportError;

    fn name(&self) -> &Path {
        &self.path
    }

    fn read(&self) -> Result<Vec<u8>, TransportError> {
        fs::read(&self.path).map_err(|error| self.unreadable(pem::Error::Io(error)))
    }

    fn make(&self, content: &Vec<u8>) -> Result<Verifier, TransportError> {
        let found = CertificateDer::pem_slice_iter(content)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|source| self.unreadable(source))?;
        if found.is_empty() {
            return Err(TransportError::EmptyExtraCa { path: self.path.clone() });
        }
        let mut store = RootCertStore::empty();
        for certificate in &found {
            // Only here the file at fault is known: below, the system's certificates are added.
            store.add(certificate.clone()).map_err(|source| {
                TransportError::ExtraCaCertificate { path: self.path.clone(), source }
            })?;
        }
        Verifier::new_with_extra_roots(found, Arc::clone(&self.provider))
            .map_err(TransportError::Trust)
    }
}

impl AuthoritiesFile {
    fn unreadable(&self, source: pem::Error) -> TransportError {
        TransportError::ExtraCa { path: self.path.clone(), source }
    }
}

/// Judges servers by the system's authorities and those that the file holds at the time of a handshake.
/// While a new file cannot be used, the last good one counts.
pub(crate) struct WatchedAuthorities(Watched<AuthoritiesFile>);

impl WatchedAuthorities {
    pub(crate) fn open(path: &Path, provider: Arc<CryptoProvider>) -> Result<Self, TransportError> {
        Watched::open(AuthoritiesFile { path: path.to_owned(), provider }).map(Self)
    }
}

impl fmt::Debug for WatchedAuthorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchedAuthorities")
            .field("path", &self.0.files.path)
            .finish_non_exhaustive()
    }
}

impl ServerCertVerifier for WatchedAuthorities {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let current = self.0.current();
        current.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.last().verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.last().verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.last().supported_verify_schemes()
    }
}
