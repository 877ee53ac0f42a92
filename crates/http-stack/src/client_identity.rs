//! The certificate that we show to servers which ask for one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, SignatureScheme};

use stocktake_connector_core::{Clock, SystemClock};

use crate::certificate_file::{judge, quoted};
use crate::{CertificateFile, Content, FileRemark, Reloadable, ShownPath, UnreadableFile};

/// A certificate and its key, for servers that ask for a client certificate.
///
/// Both files are read again before each handshake that asks, so that a renewed certificate holds
/// from the next connection on. While the new files cannot be used, the last good ones are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// A PEM file with the certificate, and after it those between it and its authority's.
    pub certificate_file: PathBuf,
    /// A PEM file with the certificate's private key, without a passphrase. May be the same file.
    pub key_file: PathBuf,
}

/// Why a client certificate cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientIdentityError {
    /// A file cannot be read.
    #[error("client certificate: {} cannot be read", ShownPath(&.0.path))]
    File(#[from] UnreadableFile),
    /// The certificate's file has no certificate, or the key's file no key.
    #[error("client certificate: {}: {problem}", ShownPath(path))]
    Unreadable {
        /// The configured file.
        path: PathBuf,
        /// What the file is, and how it is converted. Nothing of its content.
        problem: String,
    },
    /// The key belongs to another certificate.
    #[error(
        "client certificate: the key in {} belongs to no certificate in {}",
        key_file.display(), certificate_file.display()
    )]
    KeyMismatch {
        /// The certificate's file.
        certificate_file: PathBuf,
        /// The key's file.
        key_file: PathBuf,
    },
    /// The key is of a kind that TLS cannot use here.
    #[error("client certificate: the key in {} cannot be used; it must be RSA, ECDSA or Ed25519", key_file.display())]
    UnusableKey {
        /// The key's file.
        key_file: PathBuf,
    },
}

/// Nothing that identifies a client is larger.
const MAX_BYTES: u64 = 1024 * 1024;

/// Shows the certificate that the files hold at the time of a handshake.
#[derive(Debug)]
pub(crate) struct ReloadableIdentity(Reloadable<Identity, ClientIdentityError>);

/// What the files held when they were read.
#[derive(Debug)]
struct Identity {
    certified: Arc<CertifiedKey>,
    remarks: Vec<FileRemark>,
}

impl ReloadableIdentity {
    pub(crate) fn open(
        files: ClientIdentity,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, ClientIdentityError> {
        let paths = [files.certificate_file.clone(), files.key_file.clone()];
        Reloadable::open(paths, MAX_BYTES, move |[certificate, key]| {
            files.read(certificate, key, &provider)
        })
        .map(Self)
    }

    /// Remarks about parts of the files that are of no use.
    pub(crate) fn remarks(&self) -> Vec<FileRemark> {
        self.0.current().map(|current| current.remarks.clone()).unwrap_or_default()
    }
}

impl ClientIdentity {
    fn read(
        &self,
        certificate: &[u8],
        key: &[u8],
        provider: &CryptoProvider,
    ) -> Result<Identity, ClientIdentityError> {
        let Self { certificate_file, key_file } = self;
        let unreadable = |path: &Path, problem| ClientIdentityError::Unreadable {
            path: path.to_owned(),
            problem,
        };
        let is_one_file = certificate_file == key_file;
        let now = SystemClock.now();

        let file = CertificateFile::read(certificate, certificate_file);
        let (mut certificates, mut remarks) = (Vec::new(), Vec::new());
        for part in &file.parts {
            match &part.content {
                Content::Certificate(certificate) => {
                    remarks
                        .extend(judge(certificate, false, now).iter().map(|why| part.remark(why)));
                    certificates.push(certificate.clone());
                }
                Content::Key(_) if is_one_file => {}
                Content::Key(_) => remarks.push(part.remark(format_args!(
                    "is a private key, which is not used: the key is read from {}",
                    key_file.display()
                ))),
                Content::Pfx(_) => remarks.push(part.remark(split_pfx(certificate_file))),
                Content::Unread(why) => remarks.push(part.remark(why)),
            }
        }
        if certificates.is_empty() {
            return Err(unreadable(
                certificate_file,
                CertificateFile::without("certificate", &remarks),
            ));
        }
        let mut remarks = FileRemark::log(certificate_file, remarks);

        let file = CertificateFile::read(key, key_file);
        let (mut keys, mut key_remarks) = (Vec::new(), Vec::new());
        for part in &file.parts {
            match &part.content {
                Content::Key(key) => keys.push(key),
                Content::Certificate(_) if is_one_file => {}
                Content::Certificate(_) => key_remarks.push(part.remark(format_args!(
                    "is a certificate, which is not used: certificates are read from {}",
                    certificate_file.display()
                ))),
                Content::Pfx(_) => key_remarks.push(part.remark(split_pfx(key_file))),
                Content::Unread(why) => key_remarks.push(part.remark(why)),
            }
        }
        if keys.is_empty() {
            return Err(unreadable(
                key_file,
                CertificateFile::without("private key", &key_remarks),
            ));
        }
        if !is_one_file {
            remarks.extend(FileRemark::log(key_file, key_remarks));
        }
        let certified = self.match_up(certificates, &keys, provider)?;
        Ok(Identity { certified: Arc::new(certified), remarks })
    }

    /// The first key that a certificate belongs to, and the certificates with that one in front.
    fn match_up(
        &self,
        certificates: Vec<CertificateDer<'static>>,
        keys: &[&PrivateKeyDer<'static>],
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, ClientIdentityError> {
        let mut is_usable = false;
        for key in keys {
            // The library's own error stays out: it may quote the key.
            let Ok(key) = provider.key_provider.load_private_key(key.clone_key()) else { continue };
            is_usable = true;
            for (index, own) in certificates.iter().enumerate() {
                let mut pair = CertifiedKey::new(vec![own.clone()], Arc::clone(&key));
                if matches!(
                    pair.keys_match(),
                    Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown))
                ) {
                    let others =
                        certificates.iter().enumerate().filter(|(other, _)| *other != index);
                    pair.cert.extend(others.map(|(_, certificate)| certificate.clone()));
                    return Ok(pair);
                }
            }
        }
        let Self { certificate_file, key_file } = self.clone();
        Err(if is_usable {
            ClientIdentityError::KeyMismatch { certificate_file, key_file }
        } else {
            ClientIdentityError::UnusableKey { key_file }
        })
    }
}

fn split_pfx(path: &Path) -> String {
    let path = quoted(path);
    format!(
        "is a PFX file; write its certificates and key as PEM with `openssl pkcs12 -in {path} -nodes \
         -out client.pem`"
    )
}

impl ResolvesClientCert for ReloadableIdentity {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.current().ok().map(|current| Arc::clone(&current.certified))
    }

    fn has_certs(&self) -> bool {
        true
    }
}
