//! Cursors: the links by which a remote names its next page.
//!
//! A link belongs to the remote, so it is followed as it came and never edited
//! (<https://learn.microsoft.com/graph/paging>). The request carries our token, so a link is followed
//! to the configured origin only.

use std::collections::HashSet;

use stocktake_connector_core::{ErrorCode, Fingerprint};
use stocktake_http_stack::{ApiError, ApiErrorKind, ApiStack, Origin};
use url::Url;

/// Longest link that is followed, in bytes. Servers refuse request lines far shorter than this.
const LONGEST_LINK: usize = 16 * 1024;

/// Why a listing cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// The link leaves the configured origin.
    #[error("the link to the next page points to {found}, not to the configured {expected}")]
    Foreign {
        /// Where the link points to.
        found: Origin,
        /// Where the listing began.
        expected: Origin,
    },
    /// The next page was read before: the listing would never end.
    #[error("after {pages} pages the listing returns to a page that was read before")]
    Repeated {
        /// Pages that were read.
        pages: u64,
    },
    /// Page after page brings nothing new.
    #[error("after {pages} pages the listing brings nothing new")]
    Stalled {
        /// Pages that were read.
        pages: u64,
    },
    /// The listing is longer than allowed.
    #[error("the listing has more than {bound} pages (bound `max_pages`)")]
    TooManyPages {
        /// How many are allowed.
        bound: u64,
    },
    /// The link is longer than allowed.
    #[error("the link to the next page is longer than {LONGEST_LINK} bytes")]
    TooLong,
    /// The link cannot be read.
    #[error("the link to the next page is not a URL: {0}")]
    NotAUrl(#[from] url::ParseError),
}

impl CursorError {
    /// The failure of a listing that calls `stack`. None of these is expected to pass by itself.
    pub fn into_api_error(self, stack: &ApiStack, operation: &'static str) -> ApiError {
        let mut error = stack.error(operation, ApiErrorKind::Malformed);
        error.error_code = match &self {
            Self::Foreign { .. } => ErrorCode::ForeignCursor,
            Self::Repeated { .. } => ErrorCode::RepeatedCursor,
            Self::Stalled { .. } => ErrorCode::ListingStalled,
            Self::TooManyPages { .. } => ErrorCode::TooManyPages,
            Self::TooLong | Self::NotAUrl(_) => ErrorCode::AnswerMalformed,
        };
        error.message = self.to_string();
        error
    }
}

/// The cursors that one listing has followed.
///
/// Memory: 16 bytes for each page, whatever the length of the links.
#[derive(Debug)]
pub struct CursorTrail {
    first: Url,
    origin: Origin,
    max_pages: u64,
    pages: u64,
    seen: HashSet<Fingerprint>,
}

impl CursorTrail {
    /// A listing whose first page is `first`, and which may have `max_pages` pages.
    pub fn new(first: &Url, max_pages: u64) -> Self {
        Self {
            first: first.clone(),
            origin: Origin::of(first),
            max_pages,
            pages: 1,
            seen: HashSet::from([fingerprint(first)]),
        }
    }

    /// Pages so far, the first included.
    pub fn pages(&self) -> u64 {
        self.pages
    }

    /// Resolves the `link` that a page names as the next one, and counts that page.
    ///
    /// # Errors
    /// When the link leaves the origin, was followed before, is one page too many, or is not a URL.
    pub fn follow(&mut self, link: &str) -> Result<Url, CursorError> {
        if link.len() > LONGEST_LINK {
            return Err(CursorError::TooLong);
        }
        let url = self.first.join(link)?;
        let found = Origin::of(&url);
        // A user in the link would be sent as credentials of another kind than ours.
        if found != self.origin || !url.username().is_empty() || url.password().is_some() {
            return Err(CursorError::Foreign { found, expected: self.origin.clone() });
        }
        if !self.seen.insert(fingerprint(&url)) {
            return Err(CursorError::Repeated { pages: self.pages });
        }
        if self.pages >= self.max_pages {
            return Err(CursorError::TooManyPages { bound: self.max_pages });
        }
        self.pages += 1;
        Ok(url)
    }
}

fn fingerprint(url: &Url) -> Fingerprint {
    Fingerprint::of([url.as_str().as_bytes()])
}

#[cfg(test)]
pub(crate) mod tests {
    use stocktake_connector_core::{Failure, Recovery};
    use stocktake_http_stack::{StackOptions, Transport, TransportOptions};

    use super::*;

    /// A stack that errors are made with; it is never called.
    pub(crate) fn stack() -> ApiStack {
        let origin = Origin::parse("https://api.example.com").unwrap();
        let transport = Transport::new(&TransportOptions::default()).unwrap();
        ApiStack::new(&transport, StackOptions::new("defender", origin))
    }

    fn trail() -> CursorTrail {
        let first = Url::parse("https://api.example.com/api/machines?$filter=x").unwrap();
        CursorTrail::new(&first, 3)
    }

    #[test]
    fn a_link_to_the_same_origin_is_followed_as_it_came() {
        let link = "https://api.example.com:443/api/machines?$skip=10000&$skiptoken=a%2Bb";
        let url = trail().follow(link).unwrap();
        assert_eq!(url.query(), Some("$skip=10000&$skiptoken=a%2Bb"));
        assert_eq!(trail().follow("?$skip=1").unwrap().path(), "/api/machines");
    }

    #[test]
    fn a_link_that_leaves_the_origin_is_not_followed() {
        for link in [
            "https://evil.example.com/api/machines?$skip=1",
            "http://api.example.com/api/machines?$skip=1",
            "https://api.example.com:8443/api/machines?$skip=1",
            "//evil.example.com/?$skip=1",
            "https://api.example.com@evil.example.com/",
            "https://user@api.example.com/api/machines?$skip=1",
            "file:///etc/passwd",
        ] {
            let error = trail().follow(link).unwrap_err();
            assert!(matches!(error, CursorError::Foreign { .. }), "{link}: {error}");
        }
    }

    #[test]
    fn a_link_that_repeats_is_an_error_and_so_is_the_first_page() {
        let mut trail = trail();
        trail.follow("?$skip=1").unwrap();
        for link in ["?$skip=1", "?$filter=x"] {
            let error = trail.follow(link).unwrap_err();
            assert!(matches!(error, CursorError::Repeated { pages: 2 }), "{error}");
        }
    }

    #[test]
    fn one_page_more_than_the_bound_is_an_error() {
        let mut trail = trail();
        trail.follow("?$skip=1").unwrap();
        trail.follow("?$skip=2").unwrap();
        let error = trail.follow("?$skip=3").unwrap_err();
        assert!(matches!(error, CursorError::TooManyPages { bound: 3 }), "{error}");
        assert_eq!(trail.pages(), 3);
    }

    #[test]
    fn a_link_that_is_not_a_url_is_an_error() {
        let error = trail().follow("https://[").unwrap_err();
        assert!(matches!(error, CursorError::NotAUrl(_)), "{error}");
        let error = trail().follow(&"x".repeat(LONGEST_LINK + 1)).unwrap_err();
        assert_eq!(error, CursorError::TooLong);
    }

    #[test]
    fn each_cursor_error_is_a_defect_with_its_code_and_its_detail() {
        for (links, code, detail) in [
            (&["https://evil.example/x"][..], ErrorCode::ForeignCursor, "https://evil.example"),
            (&["?$skip=1", "?$skip=1"], ErrorCode::RepeatedCursor, "after 2 pages"),
            (&["?a", "?b", "?c"], ErrorCode::TooManyPages, "more than 3 pages (bound `max_pages`)"),
            (&["https://["], ErrorCode::AnswerMalformed, "not a URL"),
        ] {
            let mut trail = trail();
            let error = links.iter().find_map(|link| trail.follow(link).err()).unwrap();
            let failure = Failure::from(error.into_api_error(&stack(), "list machines"));
            assert_eq!((failure.code, failure.recovery), (code, Recovery::Defect), "{failure}");
            assert!(failure.message.contains(detail), "{failure}");
            assert!(failure.message.starts_with("defender: list machines: "), "{failure}");
        }
    }
}
