//! Certificates and private keys, in every form in which files have them.
//!
//! A file is judged by its content; its name says nothing. What is not read is named, with the command
//! that converts it, and never quoted: an error of a parser could hold the key.

mod der;
mod facts;
mod pem;
mod text;

use std::fmt;
use std::path::Path;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::zeroize::Zeroizing;

pub use text::decode_text;

pub(crate) use facts::{WEAK_RSA_BITS, judge, rsa_bits};

/// The parts of a file with certificates and private keys, in their order.
///
/// PEM is read with any line ends or none, with `\n` written out, and with text around it; DER; both in
/// base64; and the JSON of a secret of Azure Key Vault, which has one of them in `value`. Text may be
/// UTF-8 or UTF-16. A PFX is recognised and not opened.
///
/// ```
/// use std::path::Path;
///
/// use stocktake_http_stack::{CertificateFile, Content};
///
/// let file = CertificateFile::read(b"-----BEGIN CERTIFICATE-----MIIB", Path::new("ca.pem"));
/// let Content::Unread(why) = &file.parts[0].content else { panic!("it is cut off") };
/// assert_eq!(file.parts[0].remark(why), "section 1 (CERTIFICATE) has no END line");
/// ```
#[derive(Debug)]
pub struct CertificateFile {
    /// What was found.
    pub parts: Vec<Part>,
}

/// A part of a file. Neither `Debug` nor `Display` shows a key.
#[derive(Debug)]
pub struct Part {
    place: Place,
    /// What it is.
    pub content: Content,
}

/// What a part of a file is.
#[derive(Debug)]
#[non_exhaustive]
pub enum Content {
    /// A certificate.
    Certificate(CertificateDer<'static>),
    /// A private key without a passphrase.
    Key(PrivateKeyDer<'static>),
    /// A PFX (PKCS#12) file.
    Pfx(Pfx),
    /// Something that is not read. The text says what it is, as a predicate, and may name the command
    /// that converts it: `is a Java keystore; …`. It holds nothing of the content.
    Unread(String),
}

/// The bytes of a PFX (PKCS#12) file.
pub struct Pfx(pub Zeroizing<Vec<u8>>);

impl fmt::Debug for Pfx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pfx(…)")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Whole,
    Section { number: usize, label: &'static str },
    BeforeSection(usize),
    AfterLastSection,
}

impl fmt::Display for Part {
    /// Where it is: `section 2 (CERTIFICATE)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Whole => f.write_str("it"),
            Place::Section { number, label } => write!(f, "section {number} ({label})"),
            Place::BeforeSection(number) => write!(f, "text before section {number}"),
            Place::AfterLastSection => f.write_str("text after the last section"),
        }
    }
}

impl Part {
    fn new(place: Place, content: Content) -> Self {
        Self { place, content }
    }

    /// A remark about this part: `section 2 (CERTIFICATE) is damaged`.
    pub fn remark(&self, predicate: impl fmt::Display) -> String {
        format!("{self} {predicate}")
    }
}

impl CertificateFile {
    /// Reads `content`, the content of the file at `path`, which the commands in remarks name.
    pub fn read(content: &[u8], path: &Path) -> Self {
        Self { parts: text::read(content, &quoted(path)) }
    }

    /// Why a file is of no use to a reader that needs a `what`, after `remarks` about its parts.
    pub fn without(what: &str, remarks: &[String]) -> String {
        match remarks {
            [] => format!("it has no {what}"),
            // About the file as a whole.
            [only] if only.starts_with("it ") => only.clone(),
            remarks => format!("it has no {what}; {}", remarks.join("; ")),
        }
    }
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-+:".contains(character);
    if !path.is_empty() && path.chars().all(plain) {
        path
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}
