//! Certificates and a private key in PEM.

use rustls_pki_types::pem::{PemObject, SectionKind};
use secrecy::zeroize::Zeroizing;

use super::identity::{Found, KeyDer};

/// Reads the first private key and every certificate. An error says what is wrong.
pub(super) fn read(text: &[u8]) -> Result<Found, String> {
    let readable = String::from_utf8_lossy(text);
    // Before the sections: the header lines of the old form are not base64.
    if readable.contains("BEGIN ENCRYPTED PRIVATE KEY")
        || readable.contains("Proc-Type: 4,ENCRYPTED")
    {
        return Err(
            "the private key is encrypted; store it unencrypted (`openssl rsa -in …`) in a \
                    file that only the program can read, or use a PFX file with a password"
                .to_owned(),
        );
    }
    let (mut key, mut certificates) = (None, Vec::new());
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text) {
        let (kind, der) = section.map_err(|_| "it is damaged PEM".to_owned())?;
        match kind {
            SectionKind::Certificate => certificates.push(der),
            SectionKind::PrivateKey if key.is_none() => {
                key = Some(KeyDer::Pkcs8(Zeroizing::new(der)));
            }
            SectionKind::RsaPrivateKey if key.is_none() => {
                key = Some(KeyDer::Pkcs1(Zeroizing::new(der)));
            }
            SectionKind::EcPrivateKey => {
                return Err(
                    "the private key is an EC key; Entra accepts RSA certificates only".to_owned()
                );
            }
            _ => {}
        }
    }
    match (key, certificates.is_empty()) {
        (Some(key), false) => Ok(Found { key, certificates }),
        (None, false) => Err("it has no private key (`BEGIN PRIVATE KEY`)".to_owned()),
        (Some(_), true) => Err("it has no certificate (`BEGIN CERTIFICATE`)".to_owned()),
        (None, true) => Err("it is not PEM text with a certificate and a private key".to_owned()),
    }
}
