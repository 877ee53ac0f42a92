//! Requests to Graph, and the listing of managed devices.

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use stocktake_connector_core::{ApiError, ApiErrorKind, Page, SourceError};
use stocktake_http_stack::{ApiStack, CursorTrail, UrlTemplate, read_page};
use stocktake_odata::WirePage;
use url::Url;

use crate::options::API;
use crate::refusal::advise;
use crate::{GraphOptions, ManagedDevice};

/// Names that Graph learnt after its enumerations were closed come only on request
/// (<https://learn.microsoft.com/graph/best-practices-concept>, evolvable enumerations).
const PREFER: &str = "include-unknown-enum-members";

/// Reads managed devices of one tenant. Cheap to clone.
#[derive(Debug, Clone)]
pub struct GraphClient {
    pub(crate) stack: ApiStack,
    pub(crate) options: GraphOptions,
}

impl GraphClient {
    /// A client that calls through `stack`; build that from [`GraphOptions::stack_options`].
    pub fn new(stack: ApiStack, options: GraphOptions) -> Self {
        Self { stack, options }
    }

    /// Where the API is.
    pub fn base_url(&self) -> &Url {
        &self.options.base_url
    }

    /// Starts a listing of all managed devices; nothing is asked before its first page.
    pub fn list_managed_devices(&self) -> ManagedDeviceListing {
        let mut first = self.url(&["deviceManagement", "managedDevices"]);
        // No `$top`: 1,000 is the default and the most, and more than that is not documented.
        first.set_query(Some(&select()));
        ManagedDeviceListing {
            trail: CursorTrail::new(&first, API, self.options.max_pages),
            client: self.clone(),
            next: Some(first),
        }
    }

    /// Asks for one managed device, whichever, to learn whether Graph answers at all.
    ///
    /// # Errors
    /// [`ApiError`] when it does not.
    pub async fn probe(&self) -> Result<(), ApiError> {
        let mut url = self.url(&["deviceManagement", "managedDevices"]);
        url.set_query(Some("$select=id&$top=1"));
        self.page("probe managed devices", &url).await.map(drop)
    }

    pub(crate) async fn page(
        &self,
        operation: &'static str,
        url: &Url,
    ) -> Result<WirePage<ManagedDevice>, ApiError> {
        let template = UrlTemplate("/v1.0/deviceManagement/managedDevices");
        let request = Request::get(url.as_str()).extension(template);
        let body = self.call(operation, request, Bytes::new()).await?;
        read_page(body)
            .await
            .map_err(|error| self.error(operation, error.kind(), error.to_string()))
    }

    pub(crate) async fn call(
        &self,
        operation: &'static str,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<Bytes, ApiError> {
        let mut request = request.header(ACCEPT, "application/json").header("prefer", PREFER);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        match request.body(body) {
            Ok(request) => self
                .stack
                .call(operation, request)
                .await
                .map(http::Response::into_body)
                .map_err(advise),
            Err(error) => {
                let message = format!("the request cannot be written: {error}");
                Err(self.error(operation, ApiErrorKind::Refused, message))
            }
        }
    }

    /// `{base}/v1.0` and `segments` below it.
    pub(crate) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.options.base_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v1.0").extend(segments);
        }
        url.set_query(None);
        url
    }

    pub(crate) fn error(
        &self,
        operation: &'static str,
        kind: ApiErrorKind,
        message: String,
    ) -> ApiError {
        let mut error = ApiError::new(API, operation, kind);
        error.tenant = self.options.tenant.clone();
        error.message = message;
        error
    }
}

/// `$select` of what is used: a record without it has several kilobytes.
pub(crate) fn select() -> String {
    format!("$select={}", ManagedDevice::SELECTED.join(","))
}

/// A listing of managed devices, one page at a time.
#[derive(Debug)]
pub struct ManagedDeviceListing {
    client: GraphClient,
    trail: CursorTrail,
    /// `None` after the last page.
    next: Option<Url>,
}

impl ManagedDeviceListing {
    /// The next page; `None` after the last one. A page may be empty without being the last
    /// (<https://learn.microsoft.com/graph/paging>).
    ///
    /// # Errors
    /// [`SourceError`] when a page cannot be read or a link must not be followed.
    ///
    /// # Cancellation
    /// Dropping the future loses nothing: the next call asks for the same page.
    pub async fn next_page(&mut self) -> Result<Option<Page<ManagedDevice>>, SourceError> {
        let Some(url) = &self.next else { return Ok(None) };
        let page = self.client.page("list managed devices", url).await?;
        self.next = match page.next_link {
            Some(link) => Some(self.trail.follow(&link)?),
            None => None,
        };
        Ok(Some(Page {
            records: page.records,
            malformed: page.malformed,
            excluded: Vec::new(),
            last: self.next.is_none(),
        }))
    }
}
