//! Certificates and a private key in a PFX (PKCS#12) file.

use p12_keystore::{Pkcs12Archive, error::Error};
use secrecy::zeroize::Zeroizing;

use super::identity::{Found, KeyDer};

/// Reads the first private key and every certificate. An error says what is wrong.
pub(super) fn read(file: &[u8], password: &str) -> Result<Found, String> {
    let archive = Pkcs12Archive::from_pkcs12(file, password).map_err(|error| match error {
        Error::MacError(_) => "the password does not open it".to_owned(),
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => {
            "it is encrypted in a way that is not supported; export it with AES-256 and SHA-256"
                .to_owned()
        }
        // The library's own message stays out: it may quote the content.
        _ => "it is not a PFX (PKCS#12) file, or it is damaged".to_owned(),
    })?;
    let Some(bag) = archive.keys.first() else {
        return Err("it has no private key; export it with its key".to_owned());
    };
    let key = KeyDer::Pkcs8(Zeroizing::new(bag.key.as_der().to_vec()));
    let certificates: Vec<_> = archive.certs.iter().map(|bag| bag.cert.as_der().to_vec()).collect();
    if certificates.is_empty() {
        return Err("it has no certificate".to_owned());
    }
    Ok(Found { key, certificates })
}
