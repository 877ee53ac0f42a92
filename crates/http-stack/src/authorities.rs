//! The authorities that are trusted in addition to the system's, as their file has them at a handshake.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use stocktake_connector_core::{Clock, SystemClock};

use crate::certificate_file::{WEAK_RSA_BITS, judge, quoted, rsa_bits};
use crate::{CertificateFile, Content, FileRemark, Reloadable, TransportError};

/// Twenty times the list that operating systems ship.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Verifies servers by the system's authorities and those that the file holds at the time of a
/// handshake.
#[derive(Debug)]
pub(crate) struct ReloadableAuthorities(Reloadable<Authorities, TransportError>);

/// What the file held when it was read.
#[derive(Debug)]
struct Authorities {
    verifier: Verifier,
    /// The authorities whose signatures are refused, in DER.
    weak: Vec<CertificateDer<'static>>,
    remarks: Vec<FileRemark>,
}

/// A signature that is not verified because the key is too short.
#[derive(Debug)]
pub(crate) struct WeakKey {
    bits: usize,
}

impl Error for WeakKey {}

impl fmt::Display for WeakKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an RSA key of {} bits, and at least {WEAK_RSA_BITS} are needed", self.bits)
    }
}

impl ReloadableAuthorities {
    pub(crate) fn open(path: &Path, provider: Arc<CryptoProvider>) -> Result<Self, TransportError> {
        let file = path.to_owned();
        Reloadable::open([path.to_owned()], MAX_BYTES, move |[content]| {
            Authorities::read(content, &file, &provider)
        })
        .map(Self)
    }

    /// Remarks about parts of the file that are of no use.
    pub(crate) fn remarks(&self) -> Vec<FileRemark> {
        self.0.current().map(|current| current.remarks.clone()).unwrap_or_default()
    }

    fn current(&self) -> Result<Arc<Authorities>, rustls::Error> {
        self.0.current().map_err(|error| rustls::Error::General(error.to_string()))
    }

    /// The authorities that judged the certificate just now.
    fn last(&self) -> Result<Arc<Authorities>, rustls::Error> {
        self.0.last_good().map_or_else(|| self.current(), Ok)
    }
}

impl Authorities {
    fn read(
        content: &[u8],
        path: &Path,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, TransportError> {
        let file = CertificateFile::read(content, path);
        let now = SystemClock.now();
        let (mut found, mut remarks) = (Vec::new(), Vec::new());
        let mut store = RootCertStore::empty();
        for part in &file.parts {
            match &part.content {
                // The error of the store is left out: it may quote the certificate.
                Content::Certificate(certificate) => match store.add(certificate.clone()) {
                    Ok(()) => {
                        remarks.extend(judge(certificate, true, now).iter().map(|why| part.remark(why)));
                        found.push(certificate.clone());
                    }
                    Err(_) => remarks.push(part.remark("cannot be read as a certificate")),
                },
                Content::Key(_) => remarks.push(part.remark(
                    "is a private key, which is not used: remove it from the file of authorities",
                )),
                Content::Pfx(_) => remarks.push(part.remark(format_args!(
                    "is a PFX file; take its certificates out with `openssl pkcs12 -in {} -nokeys -out \
                     ca.pem`",
                    quoted(path)
                ))),
                Content::Unread(why) => remarks.push(part.remark(why)),
            }
        }
        if found.is_empty() {
            let problem = CertificateFile::without("certificate", &remarks);
            return Err(TransportError::ExtraCaUnusable { path: path.to_owned(), problem });
        }
        let remarks = FileRemark::log(path, remarks);
        let is_weak = |certificate: &&CertificateDer<'static>| {
            rsa_bits(certificate).is_some_and(|bits| bits < WEAK_RSA_BITS)
        };
        let weak = found.iter().filter(is_weak).cloned().collect();
        let verifier = Verifier::new_with_extra_roots(found, Arc::clone(provider))
            .map_err(TransportError::Trust)?;
        Ok(Self { verifier, weak, remarks })
    }

    /// The same error, unless a key that is too short explains it.
    fn explain<'a>(
        &'a self,
        error: rustls::Error,
        shown: impl IntoIterator<Item = &'a CertificateDer<'a>>,
    ) -> rustls::Error {
        let rustls::Error::InvalidCertificate(CertificateError::BadSignature) = error else {
            return error;
        };
        let bits =
            shown.into_iter().chain(&self.weak).filter_map(|certificate| rsa_bits(certificate));
        match bits.min().filter(|bits| *bits < WEAK_RSA_BITS) {
            Some(bits) => CertificateError::Other(OtherError(Arc::new(WeakKey { bits }))).into(),
            None => error,
        }
    }
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
        let current = self.current()?;
        current
            .verifier
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| {
                current.explain(error, std::iter::once(end_entity).chain(intermediates))
            })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let last = self.last()?;
        last.verifier
            .verify_tls12_signature(message, certificate, signature)
            .map_err(|error| last.explain(error, [certificate]))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let last = self.last()?;
        last.verifier
            .verify_tls13_signature(message, certificate, signature)
            .map_err(|error| last.explain(error, [certificate]))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.last().map(|last| last.verifier.supported_verify_schemes()).unwrap_or_default()
    }
}
