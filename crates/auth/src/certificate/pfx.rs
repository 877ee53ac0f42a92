//! Certificates and private keys in a PFX (PKCS#12) file.

use p12_keystore::{Pkcs12Archive, error::Error};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use secrecy::zeroize::Zeroizing;

use super::files::{Found, FoundCertificate, FoundKey};

/// Opens the file and adds what it has. The error is a predicate that says what is wrong.
pub(super) fn open(
    pfx: &[u8],
    place: String,
    password: Option<&str>,
    found: &mut Found,
) -> Result<(), &'static str> {
    let archive = Pkcs12Archive::from_pkcs12(pfx, password.unwrap_or_default()).map_err(|error| {
        match error {
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
        }
    })?;
    if archive.keys.is_empty() {
        found
            .remarks
            .push(format!("{place} is a PFX file without a private key; export it with its key"));
    }
    found.keys.extend(archive.keys.iter().map(|bag| {
        let key = PrivatePkcs8KeyDer::from(bag.key.as_der().to_vec());
        FoundKey { place: place.clone(), key: Zeroizing::new(PrivateKeyDer::from(key)) }
    }));
    found.certificates.extend(
        archive
            .certs
            .iter()
            .map(|bag| FoundCertificate { place: place.clone(), der: bag.cert.as_der().to_vec() }),
    );
    Ok(())
}
