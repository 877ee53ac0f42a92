//! Certificates and private keys in a PFX (PKCS#12) file.

use p12_keystore::{Pkcs12Archive, error::Error};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use secrecy::zeroize::Zeroizing;

/// What a PFX file has.
pub(super) struct Opened {
    pub(super) keys: Vec<Zeroizing<PrivateKeyDer<'static>>>,
    /// In DER.
    pub(super) certificates: Vec<Vec<u8>>,
}

/// Opens the file. The error is a predicate that says what is wrong.
pub(super) fn open(pfx: &[u8], password: Option<&str>) -> Result<Opened, &'static str> {
    let archive = Pkcs12Archive::from_pkcs12(pfx, password.unwrap_or_default()).map_err(
        |error| match error {
            Error::MacError(_) if password.is_none() => {
                "is a PFX file that needs a password; set `password` or `password_file`"
            }
            Error::MacError(_) => "is a PFX file, and the password does not open it",
            Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => {
                "is a PFX file that is encrypted in a way that is not supported; export it with AES-256 \
                 and SHA-256"
            }
            // The library's own message stays out: it may quote the content.
            _ => "is a PFX (PKCS#12) file that is damaged",
        },
    )?;
    let key =
        |der: &[u8]| Zeroizing::new(PrivateKeyDer::from(PrivatePkcs8KeyDer::from(der.to_vec())));
    Ok(Opened {
        keys: archive.keys.iter().map(|bag| key(bag.key.as_der())).collect(),
        certificates: archive.certs.iter().map(|bag| bag.cert.as_der().to_vec()).collect(),
    })
}
