//! AWS Signature Version 4.
//!
//! Facts: *Create a signed AWS API request*
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderName, HeaderValue, Request};
use ring::{digest, hmac};
use secrecy::zeroize::Zeroizing;
use url::Url;

use super::{UnusableSecret, hex, hmac_key, sensitive};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const CONTENT_HASH: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const SESSION_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// What a signature is valid for.
///
/// The method, the path, the query, the body, and the headers `host`, `content-type` and `x-amz-*` are
/// signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigV4 {
    /// The region: `eu-central-1`.
    pub region: String,
    /// The service: `es`, `aoss`, `sts`.
    pub service: String,
    /// Sends the digest of the body as `x-amz-content-sha256`, which OpenSearch Serverless and S3 want.
    pub content_hash_header: bool,
}

impl SigV4 {
    pub(super) fn sign(
        &self,
        request: &mut Request<Bytes>,
        secret: &str,
        now: DateTime<Utc>,
    ) -> Result<(), UnusableSecret> {
        let mut parts = secret.splitn(3, ':');
        let (Some(key_id), Some(key)) = (parts.next(), parts.next()) else {
            return Err(UnusableSecret(
                "the secret is not of the form ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN]",
            ));
        };
        let Ok(url) = Url::parse(&request.uri().to_string()) else {
            return Err(UnusableSecret("a request without an absolute URL cannot be signed"));
        };
        let content_hash = hash(request.body());
        let time = now.format("%Y%m%dT%H%M%SZ").to_string();
        let headers = request.headers_mut();
        headers.insert(DATE, ascii(&time)?);
        if let Some(token) = parts.next() {
            headers.insert(SESSION_TOKEN, sensitive(token)?);
        }
        if self.content_hash_header {
            headers.insert(CONTENT_HASH, ascii(&content_hash)?);
        }

        let (canonical_headers, signed_headers) = canonical_headers(request, &url);
        let canonical_request = Zeroizing::new(format!(
            "{}\n{}\n{}\n{canonical_headers}\n{signed_headers}\n{content_hash}",
            request.method(),
            self.canonical_path(url.path()),
            canonical_query(&url),
            canonical_headers = *canonical_headers,
        ));
        let date = now.format("%Y%m%d").to_string();
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let to_sign =
            format!("{ALGORITHM}\n{time}\n{scope}\n{}", hash(canonical_request.as_bytes()));

        let first = Zeroizing::new(format!("AWS4{key}"));
        let mut derived = hmac_key(first.as_bytes());
        for part in [date.as_str(), &self.region, &self.service, "aws4_request"] {
            derived = hmac_key(hmac::sign(&derived, part.as_bytes()).as_ref());
        }
        let signature = hex(hmac::sign(&derived, to_sign.as_bytes()).as_ref());
        let value = sensitive(&format!(
            "{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={signed_headers}, \
             Signature={signature}"
        ))?;
        request.headers_mut().insert(AUTHORIZATION, value);
        Ok(())
    }

    /// The path as it goes over the wire, encoded once more; S3 alone signs it as it is.
    fn canonical_path(&self, path: &str) -> String {
        if self.service == "s3" {
            return path.to_owned();
        }
        path.split('/').map(encode).collect::<Vec<_>>().join("/")
    }
}

/// The pairs of the query, encoded and in order.
fn canonical_query(url: &Url) -> String {
    let mut pairs: Vec<_> =
        url.query_pairs().map(|(name, value)| (encode(&name), encode(&value))).collect();
    pairs.sort();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// One line per signed header, and the list of their names.
fn canonical_headers(request: &Request<Bytes>, url: &Url) -> (Zeroizing<String>, String) {
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let mut headers = vec![(HOST.as_str(), host)];
    for (name, value) in request.headers() {
        if name.as_str() == "content-type" || name.as_str().starts_with("x-amz-") {
            let text = String::from_utf8_lossy(value.as_bytes());
            let text = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
            headers.push((name.as_str(), text));
        }
    }
    headers.sort();
    let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
    let lines = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    (Zeroizing::new(lines), names.join(";"))
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => {
                encoded.push('%');
                encoded.push_str(&hex(&[byte]).to_ascii_uppercase());
            }
        }
    }
    encoded
}

fn hash(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Text of our own that always fits into a header.
fn ascii(text: &str) -> Result<HeaderValue, UnusableSecret> {
    HeaderValue::from_str(text).map_err(|_| UnusableSecret("a header cannot be written"))
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;

    use super::*;

    const KEYS: &str = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    const TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

    fn authorization(service: &str, request: http::request::Builder, body: &'static str) -> String {
        sign(service, KEYS, request, body)
    }

    fn sign(
        service: &str,
        secret: &str,
        request: http::request::Builder,
        body: &'static str,
    ) -> String {
        let mut request = request.body(Bytes::from_static(body.as_bytes())).unwrap();
        let now = DateTime::parse_from_rfc3339("2015-08-30T12:36:00Z").unwrap().to_utc();
        let scheme = SigV4 {
            region: "us-east-1".to_owned(),
            service: service.to_owned(),
            content_hash_header: false,
        };
        scheme.sign(&mut request, secret, now).unwrap();
        request.headers()[AUTHORIZATION].to_str().unwrap().to_owned()
    }

    /// Requests of AWS's published `aws-sig-v4-test-suite`.
    #[test]
    fn the_published_requests_have_the_published_signatures() {
        let url = |rest: &str| format!("https://example.amazonaws.com{rest}");
        let form = "application/x-www-form-urlencoded";
        for (name, request, body, headers, signature) in [
            (
                "get-vanilla",
                Request::get(url("/")),
                "",
                "host;x-amz-date",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "post-vanilla",
                Request::post(url("/")),
                "",
                "host;x-amz-date",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                "get-vanilla-query-order-key-case",
                Request::get(url("/?Param2=value2&Param1=value1")),
                "",
                "host;x-amz-date",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "get-vanilla-utf8-query",
                Request::get(url("/?%E1%88%B4=bar")),
                "",
                "host;x-amz-date",
                "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
            ),
            (
                "post-x-www-form-urlencoded",
                Request::post(url("/")).header(CONTENT_TYPE, form),
                "Param1=value1",
                "content-type;host;x-amz-date",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ] {
            assert_eq!(
                authorization("service", request, body),
                format!(
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/\
                     aws4_request, SignedHeaders={headers}, Signature={signature}"
                ),
                "{name}"
            );
        }
    }

    #[test]
    fn a_session_token_is_sent_and_signed() {
        let request = Request::post("https://example.amazonaws.com/");
        let found = sign("service", &format!("{KEYS}:{TOKEN}"), request, "");
        // The suite's `post-sts-header-before`.
        let expected = "SignedHeaders=host;x-amz-date;x-amz-security-token, \
                        Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead";
        assert!(found.ends_with(expected), "{found}");
    }

    #[test]
    fn the_documented_request_has_the_documented_signature() {
        let request =
            Request::get("https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08")
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8");
        let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        assert!(authorization("iam", request, "").ends_with(signature));
    }

    #[test]
    fn a_path_is_encoded_once_more_except_for_s3() {
        let path = |service: &str| {
            let (region, service) = ("r".to_owned(), service.to_owned());
            SigV4 { region, service, content_hash_header: true }.canonical_path("/a%20b/_bulk")
        };
        assert_eq!(path("es"), "/a%2520b/_bulk");
        assert_eq!(path("s3"), "/a%20b/_bulk");
    }
}
