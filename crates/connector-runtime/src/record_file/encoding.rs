//! What the bytes of a file are, and their text as UTF-8.

use std::io::{self, Cursor, Read};

/// Bytes that are looked at to recognise an encoding or another kind of file.
const LOOKED_AT: usize = 16;

/// Bytes that are read at once.
const CHUNK: usize = 64 * 1024;

/// Stands for what is not text: no byte of valid UTF-8, so that the record around it is malformed.
const NOT_TEXT: u8 = 0xFF;

/// A Unicode encoding of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16(Endian),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endian {
    Little,
    Big,
}

/// Files that are recognised by their first bytes. None of them begins as JSON can.
const OTHER_FILES: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "is compressed with gzip; decompress it first"),
    (b"PK\x03\x04", "is a ZIP archive (or an Office document); extract it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd; decompress it first"),
    (b"BZh", "is compressed with bzip2; decompress it first"),
    (b"\xfd7zXZ\x00", "is compressed with xz; decompress it first"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive; extract it first"),
    (b"SQLite format 3\x00", "is an SQLite database"),
    (b"PAR1", "is a Parquet file"),
    (b"%PDF", "is a PDF document"),
    (b"\x7fELF", "is a program"),
    (b"-----BEGIN", "is a PEM file (a certificate or a key)"),
    (b"\x30\x82", "is a PFX (PKCS#12) or another DER file"),
    (b"\x30\x80", "is a PFX (PKCS#12) or another DER file"),
    (b"\x00\x00\xfe\xff", UTF_32),
    (b"\xff\xfe\x00\x00", UTF_32),
];

const UTF_32: &str = "is UTF-32 text; save it as UTF-8";

/// The text of a file as UTF-8, without its byte order mark.
///
/// Read are UTF-8 and UTF-16 of both byte orders, with a byte order mark or without one.
pub(super) struct Utf8Text<R> {
    bytes: io::Chain<Cursor<Vec<u8>>, R>,
    encoding: Encoding,
    /// Where the bytes are read into.
    chunk: Vec<u8>,
    /// Bytes that are not decoded yet.
    undecoded: Vec<u8>,
    /// A first half of a surrogate pair.
    high: Option<u16>,
    decoded: Cursor<Vec<u8>>,
}

impl<R: Read> Utf8Text<R> {
    /// Looks at the first bytes.
    ///
    /// # Errors
    /// The outer one when they cannot be read; the inner one says what the file is instead of text.
    pub(super) fn new(mut bytes: R) -> io::Result<Result<Self, &'static str>> {
        let mut start = Vec::with_capacity(LOOKED_AT);
        (&mut bytes).take(LOOKED_AT as u64).read_to_end(&mut start)?;
        let (encoding, mark) = match recognise(&start) {
            Ok(recognised) => recognised,
            Err(what) => return Ok(Err(what)),
        };
        start.drain(..mark);
        Ok(Ok(Self {
            bytes: Cursor::new(start).chain(bytes),
            encoding,
            chunk: Vec::new(),
            undecoded: Vec::new(),
            high: None,
            decoded: Cursor::default(),
        }))
    }

    fn decode(&mut self, endian: Endian, is_last: bool) {
        let text = self.decoded.get_mut();
        text.clear();
        let mut push = |unit: Result<char, u16>| match unit {
            Ok(character) => {
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Err(_) => text.push(NOT_TEXT),
        };
        let (pairs, rest) = self.undecoded.as_chunks::<2>();
        let units = pairs.iter().map(|pair| match endian {
            Endian::Little => u16::from_le_bytes(*pair),
            Endian::Big => u16::from_be_bytes(*pair),
        });
        let mut units: Vec<u16> = self.high.take().into_iter().chain(units).collect();
        if !is_last && units.last().is_some_and(|unit| (0xD800..0xDC00).contains(unit)) {
            self.high = units.pop();
        }
        for unit in char::decode_utf16(units) {
            push(unit.map_err(|error| error.unpaired_surrogate()));
        }
        if is_last && !rest.is_empty() {
            push(Err(0));
        }
        self.undecoded = if is_last { Vec::new() } else { rest.to_vec() };
        self.decoded.set_position(0);
    }
}

impl<R: Read> Read for Utf8Text<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let Encoding::Utf16(endian) = self.encoding else { return self.bytes.read(target) };
        if target.is_empty() {
            return Ok(0);
        }
        loop {
            let read = self.decoded.read(target)?;
            if read > 0 {
                return Ok(read);
            }
            self.chunk.resize(CHUNK, 0);
            let read = self.bytes.read(&mut self.chunk)?;
            self.undecoded.extend_from_slice(self.chunk.get(..read).unwrap_or_default());
            if read == 0 && self.undecoded.is_empty() && self.high.is_none() {
                return Ok(0);
            }
            self.decode(endian, read == 0);
        }
    }
}

/// The encoding and the length of the byte order mark, or what the file is instead of text.
///
/// Without a mark the zeros around the first characters show the encoding: JSON begins with ASCII.
fn recognise(start: &[u8]) -> Result<(Encoding, usize), &'static str> {
    if let Some((_, what)) = OTHER_FILES.iter().find(|(first, _)| start.starts_with(first)) {
        return Err(what);
    }
    let little = Encoding::Utf16(Endian::Little);
    let big = Encoding::Utf16(Endian::Big);
    match start {
        [0xEF, 0xBB, 0xBF, ..] => Ok((Encoding::Utf8, 3)),
        [0xFF, 0xFE, ..] => Ok((little, 2)),
        [0xFE, 0xFF, ..] => Ok((big, 2)),
        [1..=255, 0, 0, 0, ..] | [0, 0, 0, 1..=255, ..] => Err(UTF_32),
        [1..=255, 0, 1..=255, 0, ..] | [1..=255, 0] => Ok((little, 0)),
        [0, 1..=255, 0, 1..=255, ..] | [0, 1..=255] => Ok((big, 0)),
        _ if start.contains(&0) => Err("is a binary file"),
        _ => Ok((Encoding::Utf8, 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives out three bytes at a time, as a slow pipe may.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            let (first, rest) = self.0.split_at(self.0.len().min(target.len()).min(3));
            target[..first.len()].copy_from_slice(first);
            self.0 = rest;
            Ok(first.len())
        }
    }

    fn text(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
        let mut text = Vec::new();
        Utf8Text::new(Slow(bytes)).unwrap()?.read_to_end(&mut text).unwrap();
        Ok(text)
    }

    fn utf_16(text: &str, mark: bool, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let mark = mark.then_some(0xFEFF);
        mark.into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
    }

    proptest! {
        #[test]
        fn every_encoding_of_a_text_reads_as_the_text(body in any::<String>(), mark: bool) {
            let json = format!("[\"{body}\"]");
            let utf_8 = if mark { format!("\u{feff}{json}") } else { json.clone() };
            for bytes in [
                utf_8.into_bytes(),
                utf_16(&json, mark, u16::to_le_bytes),
                utf_16(&json, mark, u16::to_be_bytes),
            ] {
                prop_assert_eq!(text(&bytes), Ok(json.clone().into_bytes()));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = text(&bytes);
        }
    }

    #[test]
    fn what_is_not_text_stays_no_text() {
        let lone = [b"[\0\"\0".as_slice(), &[0x00, 0xD8], b"\"\0]\0"].concat();
        assert_eq!(text(&lone), Ok(b"[\"\xff\"]".to_vec()));
        assert_eq!(text(b"[\0]\0x"), Ok(b"[]\xff".to_vec()));
        assert_eq!(text(b""), Ok(vec![]));
    }

    #[test]
    fn other_files_are_named() {
        let utf_32 = |bytes: fn(u32) -> [u8; 4]| -> Vec<u8> {
            "[]".chars().flat_map(|one| bytes(one.into())).collect()
        };
        for (bytes, what) in [
            (b"\x1f\x8b\x08\0".to_vec(), "gzip"),
            (b"PK\x03\x04".to_vec(), "ZIP"),
            (b"SQLite format 3\0".to_vec(), "SQLite"),
            (b"\x30\x82\x0a\x01".to_vec(), "PFX"),
            (b"-----BEGIN PRIVATE KEY-----".to_vec(), "PEM"),
            (b"\xff\xfe\0\0[\0\0\0".to_vec(), "UTF-32"),
            (utf_32(u32::to_le_bytes), "UTF-32"),
            (utf_32(u32::to_be_bytes), "UTF-32"),
            (b"{\"a\0".to_vec(), "binary"),
        ] {
            let told = text(&bytes).unwrap_err();
            assert!(told.contains(what), "{bytes:?}: {told}");
        }
    }
}
