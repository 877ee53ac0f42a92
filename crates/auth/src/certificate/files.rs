//! The keys and certificates of a credential's files.

use std::path::Path;

use rustls_pki_types::PrivateKeyDer;
use secrecy::zeroize::Zeroizing;

use stocktake_http_stack::{CertificateFile, Content};

/// A private key, and where it stands.
pub(super) struct FoundKey {
    pub(super) place: String,
    pub(super) key: Zeroizing<PrivateKeyDer<'static>>,
}

/// A certificate in DER, and where it stands.
pub(super) struct FoundCertificate {
    pub(super) place: String,
    pub(super) der: Vec<u8>,
}

/// What the files of a credential have.
#[derive(Default)]
pub(super) struct Found {
    pub(super) keys: Vec<FoundKey>,
    pub(super) certificates: Vec<FoundCertificate>,
    /// About parts that are of no use. Nothing of their content.
    pub(super) remarks: Vec<String>,
}

impl Found {
    /// Adds what `content`, that of the file at `path`, has. The password is that of a PFX.
    pub(super) fn add(&mut self, content: &[u8], path: &Path, password: Option<&str>) {
        for part in CertificateFile::read(content, path).parts {
            let place = part.to_string();
            match part.content {
                Content::Certificate(certificate) => {
                    self.certificates.push(FoundCertificate { place, der: certificate.to_vec() });
                }
                Content::Key(key) => self.keys.push(FoundKey { place, key: Zeroizing::new(key) }),
                Content::Pfx(pfx) => {
                    if let Err(why) = self.open(&pfx.0, place.clone(), password) {
                        self.remarks.push(format!("{place} {why}"));
                    }
                }
                Content::Unread(why) => self.remarks.push(format!("{place} {why}")),
                _ => {}
            }
        }
    }

    #[cfg(feature = "pfx")]
    fn open(
        &mut self,
        pfx: &[u8],
        place: String,
        password: Option<&str>,
    ) -> Result<(), &'static str> {
        let opened = super::pfx::open(pfx, password)?;
        if opened.keys.is_empty() {
            let remark = "is a PFX file without a private key; export it with its key";
            self.remarks.push(format!("{place} {remark}"));
        }
        let own = || place.clone();
        self.keys.extend(opened.keys.into_iter().map(|key| FoundKey { place: own(), key }));
        let certificates = opened.certificates.into_iter();
        self.certificates.extend(certificates.map(|der| FoundCertificate { place: own(), der }));
        Ok(())
    }

    #[cfg(not(feature = "pfx"))]
    fn open(&mut self, _: &[u8], _: String, _: Option<&str>) -> Result<(), &'static str> {
        Err("is a PFX file, and this program was built without the feature `pfx`")
    }

    /// Why there is no `what`.
    pub(super) fn without(&self, what: &str) -> String {
        CertificateFile::without(what, &self.remarks)
    }
}
