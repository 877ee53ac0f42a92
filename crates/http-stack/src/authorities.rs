//! The authorities that are trusted beside the system's, as their file names them at a handshake.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::transport::TransportError;

struct Held {
    verifier: Arc<Verifier>,
    /// What `verifier` was made of. Compared whole, because a time stamp can miss a quick change.
    content: Vec<u8>,
    /// Why the file of now does not count; kept so that each reason is logged once.
    fault: Option<String>,
}

/// Judges servers by the system's authorities and those that the file holds at the time of a handshake.
/// While a new file cannot be used, the last good one counts.
pub(crate) struct WatchedAuthorities {
    path: PathBuf,
    provider: Arc<CryptoProvider>,
    held: Mutex<Held>,
}

impl WatchedAuthorities {
    pub(crate) fn open(path: &Path, provider: Arc<CryptoProvider>) -> Result<Self, TransportError> {
        let content = read(path)?;
        let verifier = Arc::new(verifier(path, &content, &provider)?);
        let held = Mutex::new(Held { verifier, content, fault: None });
        Ok(Self { path: path.to_owned(), provider, held })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Whoever panicked with the lock left a whole value: fields are replaced one by one, and any
        // mix of them is read again by the next handshake.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look_again(&self, held: &mut Held) -> Result<(), TransportError> {
        let content = read(&self.path)?;
        if content != held.content {
            held.verifier = Arc::new(verifier(&self.path, &content, &self.provider)?);
            held.content = content;
            tracing::info!(file = %self.path.display(), "the extra CA file has been read again");
        }
        Ok(())
    }

    /// The verifier of the file of now.
    fn current(&self) -> Arc<Verifier> {
        let mut held = self.held();
        // A small file, once for each connection: not worth a thread of its own.
        let fault = self.look_again(&mut held).err().map(|error| error.to_string());
        if let Some(fault) = &fault
            && held.fault.as_ref() != Some(fault)
        {
            tracing::warn!(%fault, "the authorities of before are still trusted");
        }
        held.fault = fault;
        Arc::clone(&held.verifier)
    }

    /// For what does not depend on authorities.
    fn last(&self) -> Arc<Verifier> {
        Arc::clone(&self.held().verifier)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TransportError> {
    fs::read(path).map_err(|error| TransportError::ExtraCa {
        path: path.to_owned(),
        source: pem::Error::Io(error),
    })
}

fn verifier(
    path: &Path,
    content: &[u8],
    provider: &Arc<CryptoProvider>,
) -> Result<Verifier, TransportError> {
    let found = CertificateDer::pem_slice_iter(content)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| TransportError::ExtraCa { path: path.to_owned(), source })?;
    if found.is_empty() {
        return Err(TransportError::EmptyExtraCa { path: path.to_owned() });
    }
    Verifier::new_with_extra_roots(found, Arc::clone(provider)).map_err(TransportError::Trust)
}

impl fmt::Debug for WatchedAuthorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchedAuthorities").field("path", &self.path).finish_non_exhaustive()
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
        let current = self.current();
        current.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.last().verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.last().verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.last().supported_verify_schemes()
    }
}
