//! Compression of request bodies.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// How the body of a request is compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestEncoding {
    /// Not at all.
    #[default]
    Identity,
    /// `Content-Encoding: gzip`.
    Gzip,
    /// `Content-Encoding: zstd`.
    #[cfg(feature = "zstd")]
    Zstd,
}

impl RequestEncoding {
    /// The value of `Content-Encoding`; `None` for [`RequestEncoding::Identity`].
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            #[cfg(feature = "zstd")]
            Self::Zstd => Some("zstd"),
        }
    }

    pub(crate) fn compress(self, body: &Bytes) -> io::Result<Bytes> {
        match self {
            Self::Identity => Ok(body.clone()),
            Self::Gzip => {
                // JSON of devices shrinks to a tenth or less.
                let buffer = Vec::with_capacity(body.len() / 8);
                let mut encoder = GzEncoder::new(buffer, Compression::default());
                encoder.write_all(body)?;
                encoder.finish().map(Bytes::from)
            }
            #[cfg(feature = "zstd")]
            Self::Zstd => zstd::stream::encode_all(body.as_ref(), zstd::DEFAULT_COMPRESSION_LEVEL)
                .map(Bytes::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_compressed_body_is_smaller_and_reads_as_before() {
        let body = Bytes::from(r#"{"device":"laptop"}"#.repeat(10_000));
        let gzip = RequestEncoding::Gzip.compress(&body).unwrap();
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(gzip.as_ref()).read_to_end(&mut text).unwrap();
        assert!(gzip.len() < body.len() / 50 && text == body, "{}", gzip.len());
        #[cfg(feature = "zstd")]
        {
            let zstd = RequestEncoding::Zstd.compress(&body).unwrap();
            assert!(zstd.len() < body.len() / 50, "{}", zstd.len());
            assert_eq!(zstd::stream::decode_all(zstd.as_ref()).unwrap(), body);
        }
    }
}
