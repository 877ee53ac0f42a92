//! Cursors: the links by which a remote names its next page.
//!
//! A link is the remote's own, so it is followed as it came and never edited
//! (<https://learn.microsoft.com/graph/paging>); but it carries our token with it, so it is followed
//! to the configured origin only.

use std::collections::HashSet;

use url::Url;

use stocktake_connector_core::{ApiError, ApiErrorKind, Fingerprint, SourceError};

use crate::Origin;

/// Longest link that is followed, in bytes. Servers refuse request lines far shorter than this.
const LONGEST_LINK: usize = 16 * 1024;

/// The cursors that one listing has followed.
///
/// Memory: 16 bytes for each page, whatever the links' length.
#[derive(Debug)]
pub struct CursorTrail {
    api: &'static str,
    first: Url,
    origin: Origin,
    max_pages: u64,
    pages: u64,
    seen: HashSet<Fingerprint>,
}

impl CursorTrail {
    /// A listing at `api` whose first page is `first`, and which may have `max_pages` pages.
    pub fn new(first: &Url, api: &'static str, max_pages: u64) -> Self {
        Self {
            api,
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

    /// Takes the `link` that a page named as the next one, and gives the URL to ask.
    ///
    /// # Errors
    /// When the link leaves the origin, was followed before, is one page too many, or is no URL.
    // Once a page: the size of the error is nothing beside the call.
    #[allow(clippy::result_large_err)]
    pub fn follow(&mut self, link: &str) -> Result<Url, SourceError> {
        if link.len() > LONGEST_LINK {
            return Err(self.malformed(format!(
                "the link to the next page is longer than {LONGEST_LINK} bytes"
            )));
        }
        let url = self.first.join(link).map_err(|error| {
            self.malformed(format!("the link to the next page is not a URL: {error}"))
        })?;
        let found = Origin::of(&url);
        // A user in the link would be sent as credentials of another kind than ours.
        if found != self.origin || !url.username().is_empty() || url.password().is_some() {
            return Err(SourceError::ForeignCursor {
                api: self.api,
                found: found.to_string(),
                expected: self.origin.to_string(),
            });
        }
        if !self.seen.insert(fingerprint(&url)) {
            return Err(SourceError::RepeatedCursor { api: self.api, pages: self.pages });
        }
        if self.pages >= self.max_pages {
            return Err(SourceError::TooManyPages { api: self.api, bound: self.max_pages });
        }
        self.pages += 1;
        Ok(url)
    }

    fn malformed(&self, message: String) -> SourceError {
        let mut error = ApiError::new(self.api, "follow the next page", ApiErrorKind::Malformed);
        error.message = message;
        error.into()
    }
}

fn fingerprint(url: &Url) -> Fingerprint {
    Fingerprint::of([url.as_str().as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail() -> CursorTrail {
        let first = Url::parse("https://api.example.com/api/machines?$filter=x").unwrap();
        CursorTrail::new(&first, "defender", 3)
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
            assert!(matches!(error, SourceError::ForeignCursor { .. }), "{link}: {error}");
        }
    }

    #[test]
    fn a_link_that_repeats_is_an_error_and_so_is_the_first_page() {
        let mut trail = trail();
        trail.follow("?$skip=1").unwrap();
        for link in ["?$skip=1", "?$filter=x"] {
            let error = trail.follow(link).unwrap_err();
            assert!(matches!(error, SourceError::RepeatedCursor { pages: 2, .. }), "{error}");
        }
    }

    #[test]
    fn one_page_more_than_the_bound_is_an_error() {
        let mut trail = trail();
        trail.follow("?$skip=1").unwrap();
        trail.follow("?$skip=2").unwrap();
        let error = trail.follow("?$skip=3").unwrap_err();
        assert!(matches!(error, SourceError::TooManyPages { bound: 3, .. }), "{error}");
        assert_eq!(trail.pages(), 3);
    }

    #[test]
    fn a_link_that_is_no_url_is_an_error() {
        for link in ["https://[", &"x".repeat(LONGEST_LINK + 1)] {
            assert!(matches!(trail().follow(link).unwrap_err(), SourceError::Api(_)));
        }
    }
}
