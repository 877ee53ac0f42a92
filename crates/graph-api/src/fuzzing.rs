//! The private readers of outside bytes, as `fuzz/` calls them. Not part of the public API.

use bytes::Bytes;
use http::StatusCode;
use stocktake_http_stack::{ErrorDetail, ResponsePolicy};
use stocktake_odata::{ODataResponses, parse_page};

use crate::ManagedDevice;

/// The response to a batch; each item is read as a look-up, as details and as a refusal.
pub fn batch_response(body: &[u8]) -> Option<Vec<ErrorDetail>> {
    let items = crate::batch::parse_responses(body, usize::MAX)?;
    let read = items.values().map(|response| {
        if let Ok(page) = parse_page::<ManagedDevice>(response.body().as_bytes()) {
            for mut device in page.records {
                let _ = crate::details::merge_details(&mut device, response.body());
            }
        }
        let body = Bytes::copy_from_slice(response.body().as_bytes());
        ODataResponses.read_error(StatusCode::TOO_MANY_REQUESTS, &response.headers(), &body)
    });
    Some(read.collect())
}
