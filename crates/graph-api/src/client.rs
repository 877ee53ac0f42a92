//! Requests to Graph, and the listing of managed devices.

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use stocktake_connector_core::Page;
use stocktake_http_stack::{ApiError, ApiErrorKind, ApiStack, UrlTemplate};
use stocktake_odata::{CursorError, CursorTrail, ListingProgress, WirePage, read_page};
use url::Url;
use uuid::Uuid;

use crate::refusal::advise;
use crate::{GraphOptions, ManagedDevice};

/// Members that were added after an enumeration was closed come only on request
/// (<https://learn.microsoft.com/graph/best-practices-concept>, evolvable enumerations).
const PREFER: &str = "include-unknown-enum-members";

/// Names the listing in errors and spans.
const LIST_DEVICES: &str = "list managed devices";

/// Empty pages in a row that may have a link to another one: Graph may filter after it has cut the pages,
/// but not for ever (<https://learn.microsoft.com/graph/paging>).
const MOST_EMPTY_PAGES: u32 = 100;

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

    /// Starts a listing of all managed devices; nothing is requested before its first page.
    pub fn list_managed_devices(&self) -> ManagedDeviceListing {
        let mut first = self.url(&["deviceManagement", "managedDevices"]);
        // No `$top`: 1,000 is the default and the most, and more than that is not documented.
        first.set_query(Some(&select_query()));
        ManagedDeviceListing {
            trail: CursorTrail::new(&first, self.options.max_pages),
            progress: ListingProgress::new(MOST_EMPTY_PAGES),
            client: self.clone(),
            next: Some(first),
        }
    }

    /// Reads any one managed device, to find out whether Graph responds at all.
    ///
    /// # Errors
    /// [`ApiError`] when it does not.
    pub async fn probe(&self) -> Result<(), ApiError> {
        let mut url = self.url(&["deviceManagement", "managedDevices"]);
        url.set_query(Some("$select=id&$top=1"));
        self.page("probe managed devices", &url).await.map(drop)
    }

    /// The Entra device id of any managed device; `None` when the first of the list have none.
    pub(crate) async fn any_device(&self) -> Result<Option<Uuid>, ApiError> {
        let mut url = self.url(&["deviceManagement", "managedDevices"]);
        url.set_query(Some("$select=id,azureADDeviceId&$top=20"));
        let page = self.page("probe managed devices", &url).await?;
        Ok(page.records.iter().find_map(ManagedDevice::azure_ad_device_id))
    }

    pub(crate) async fn page(
        &self,
        operation: &'static str,
        url: &Url,
    ) -> Result<WirePage<ManagedDevice>, ApiError> {
        let template = UrlTemplate("/v1.0/deviceManagement/managedDevices");
        let request = Request::get(url.as_str()).extension(template);
        let body = self.call(operation, request, Bytes::new()).await?;
        read_page(&self.stack, operation, body).await
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
        let mut error = self.stack.error(operation, kind);
        error.message = message;
        error
    }
}

/// `$select` of the properties that are used: a whole record has several kilobytes.
pub(crate) fn select_query() -> String {
    format!("$select={}", ManagedDevice::SELECTED.join(","))
}

/// A listing of managed devices, one page at a time.
#[derive(Debug)]
pub struct ManagedDeviceListing {
    client: GraphClient,
    trail: CursorTrail,
    progress: ListingProgress,
    /// `None` after the last page.
    next: Option<Url>,
}

impl ManagedDeviceListing {
    /// The next page; `None` after the last one. A page may be empty without being the last
    /// (<https://learn.microsoft.com/graph/paging>).
    ///
    /// # Errors
    /// [`ApiError`] when a page cannot be read or its link must not be followed.
    ///
    /// # Cancellation
    /// Dropping the future loses nothing: the next call asks for the same page.
    pub async fn next_page(&mut self) -> Result<Option<Page<ManagedDevice>>, ApiError> {
        let Some(url) = &self.next else { return Ok(None) };
        let page = self.client.page(LIST_DEVICES, url).await?;
        let ids =
            page.records.iter().map(|device| device.id.as_deref().unwrap_or_default().as_bytes());
        let malformed = page.malformed.iter().map(|record| record.payload.as_bytes());
        let has_stalled = self.progress.has_stalled(ids.chain(malformed));
        self.next = match page.next_link {
            Some(link) => {
                let next = match self.trail.follow(&link) {
                    Ok(_) if has_stalled => Err(CursorError::Stalled { pages: self.trail.pages() }),
                    followed => followed,
                };
                Some(next.map_err(|error| error.into_api_error(&self.client.stack, LIST_DEVICES))?)
            }
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
