//! Serves, and the bodies that carry them: streamed, compressed, slow or broken off.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, Sleep, sleep_until};

/// Pieces of a body, made when they are due.
pub(crate) type Pieces = Box<dyn Iterator<Item = Bytes> + Send>;

/// A response before faults and compression.
pub(crate) struct ApiResponse {
    pub(crate) status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: Pieces,
    /// Known when the body is not streamed.
    length: Option<usize>,
}

impl ApiResponse {
    /// A body that is there as a whole.
    pub(crate) fn whole(status: StatusCode, kind: &str, body: impl Into<Bytes>) -> Self {
        let body: Bytes = body.into();
        let length = Some(body.len());
        let headers = vec![(header::CONTENT_TYPE, kind.to_owned())];
        Self { status, headers, body: Box::new(std::iter::once(body)), length }
    }

    /// A JSON body.
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self::whole(status, "application/json; charset=utf-8", body.to_string())
    }

    /// A body that is written while it is sent.
    pub(crate) fn streamed(kind: &str, body: Pieces) -> Self {
        let headers = vec![(header::CONTENT_TYPE, kind.to_owned())];
        Self { status: StatusCode::OK, headers, body, length: None }
    }

    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Compresses the body, unless it is hardly worth a frame.
    pub(crate) fn compressed(mut self) -> Self {
        if self.length.is_some_and(|length| length < 1_024) {
            return self;
        }
        self.headers.push((header::CONTENT_ENCODING, "gzip".into()));
        self.headers.push((header::VARY, "Accept-Encoding".into()));
        self.length = None;
        self.body = Box::new(Gzip { pieces: self.body, encoder: Some(encoder()) });
        self
    }

    /// The first half of the body, as if it were the whole.
    pub(crate) fn cut(self) -> Self {
        let Self { status, headers, body, .. } = self;
        let mut whole = collect(body);
        whole.truncate(whole.len() / 2);
        let length = Some(whole.len());
        Self { status, headers, body: Box::new(std::iter::once(whole)), length }
    }

    /// The response as it is.
    pub(crate) fn into_response(self) -> Response<ResponseBody> {
        let exact = self.length.map(|length| length as u64);
        let body = ResponseBody::Pieces { pieces: self.body, exact };
        response(self.status, self.headers, body)
    }

    /// The response with a body that comes bit by bit.
    pub(crate) fn into_slow_response(
        self,
        bytes: usize,
        every: Duration,
    ) -> Response<ResponseBody> {
        let rest = collect(self.body);
        let wait = Box::pin(sleep_until(Instant::now()));
        let body = ResponseBody::Slow { rest, bytes: bytes.max(1), every, wait };
        response(self.status, self.headers, body)
    }

    /// The response that announces its whole body and breaks off in the middle.
    pub(crate) fn into_truncated_response(mut self) -> Response<ResponseBody> {
        let mut whole = collect(self.body);
        self.headers.push((header::CONTENT_LENGTH, whole.len().to_string()));
        whole.truncate(whole.len() / 2);
        response(
            self.status,
            self.headers,
            ResponseBody::Broken { half: Some(whole), flushed: false },
        )
    }
}

fn response(
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: ResponseBody,
) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn collect(pieces: Pieces) -> Bytes {
    let mut whole = BytesMut::new();
    for piece in pieces {
        whole.extend_from_slice(&piece);
    }
    whole.freeze()
}

fn encoder() -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), Compression::fast())
}

/// Compresses pieces one by one, so that a page is never whole in memory.
struct Gzip {
    pieces: Pieces,
    /// `None` when the stream is finished.
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl Iterator for Gzip {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        loop {
            let mut encoder = self.encoder.take()?;
            let Some(piece) = self.pieces.next() else {
                // Writing into a vector cannot fail.
                return encoder.finish().ok().map(Bytes::from);
            };
            encoder.write_all(&piece).ok()?;
            let ready = std::mem::take(encoder.get_mut());
            self.encoder = Some(encoder);
            if !ready.is_empty() {
                return Some(ready.into());
            }
        }
    }
}

/// A body on the wire.
pub(crate) enum ResponseBody {
    /// Written when the connection takes it.
    Pieces { pieces: Pieces, exact: Option<u64> },
    /// A few bytes at each tick.
    Slow { rest: Bytes, bytes: usize, every: Duration, wait: Pin<Box<Sleep>> },
    /// Half of what was announced, then the end of the connection.
    Broken { half: Option<Bytes>, flushed: bool },
}

/// The connection ends in the middle of a body, as a fault asked.
#[derive(Debug, thiserror::Error)]
#[error("body broken off by a simulated fault")]
pub(crate) struct BrokenOff;

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match self.get_mut() {
            Self::Pieces { pieces, .. } => {
                Poll::Ready(pieces.next().map(|piece| Ok(Frame::data(piece))))
            }
            Self::Slow { rest, bytes, every, wait } => {
                if rest.is_empty() {
                    return Poll::Ready(None);
                }
                std::task::ready!(wait.as_mut().poll(cx));
                wait.as_mut().reset(Instant::now() + *every);
                let piece = rest.split_to(rest.len().min(*bytes));
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Self::Broken { half, flushed } => match half.take() {
                Some(half) => Poll::Ready(Some(Ok(Frame::data(half)))),
                // A pause lets the connection flush the half before the error closes it.
                None if !*flushed => {
                    *flushed = true;
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                None => Poll::Ready(Some(Err(BrokenOff))),
            },
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Pieces { exact: Some(exact), .. } => SizeHint::with_exact(*exact),
            _ => SizeHint::default(),
        }
    }
}

/// A page of a listing, written piece by piece.
pub(crate) struct PageBody<W> {
    pub(crate) before: Option<Vec<u8>>,
    pub(crate) records: std::vec::IntoIter<usize>,
    /// Writes the record of an index; the first argument is its place on the page.
    pub(crate) write: W,
    pub(crate) after: Option<Vec<u8>>,
    place: usize,
}

impl<W: FnMut(usize, usize, &mut Vec<u8>)> PageBody<W> {
    pub(crate) fn new(before: Vec<u8>, records: Vec<usize>, write: W, after: Vec<u8>) -> Self {
        let records = records.into_iter();
        Self { before: Some(before), records, write, after: Some(after), place: 0 }
    }
}

impl<W: FnMut(usize, usize, &mut Vec<u8>)> Iterator for PageBody<W> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        /// Enough to keep the connection busy, little enough to be forgotten.
        const PIECE: usize = 64 * 1024;

        let mut out = self.before.take().unwrap_or_default();
        out.reserve(PIECE + 4_096);
        while out.len() < PIECE {
            let Some(index) = self.records.next() else {
                match self.after.take() {
                    Some(after) => out.extend_from_slice(&after),
                    None if out.is_empty() => return None,
                    None => {}
                }
                break;
            };
            if self.place > 0 {
                out.push(b',');
            }
            (self.write)(self.place, index, &mut out);
            self.place += 1;
        }
        Some(out.into())
    }
}

/// A time this many seconds from now, in the format of HTTP headers.
pub(crate) fn http_date(now: DateTime<Utc>, seconds: u32) -> String {
    let at = now + TimeDelta::seconds(seconds.into());
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_http_date_has_the_format_of_headers() {
        let now = "1994-11-06T08:49:30Z".parse().unwrap();
        assert_eq!(http_date(now, 7), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
