//! The private readers of outside bytes, as `fuzz/` calls them. No part of the public API.

use bytes::Bytes;
use http::StatusCode;
use stocktake_http_stack::{ErrorDetail, ODataResponses, ResponsePolicy};
use stocktake_odata::parse_page;

use crate::ManagedDevice;

/// The answer to a batch; each item is read as a look-up, as details and as a refusal.
pub fn batch_answer(body: &[u8]) -> Option<Vec<ErrorDetail>> {
    let items = crate::batch::by_place(body)?;
    let read = items.values().map(|answer| {
        if let Ok(page) = parse_page::<ManagedDevice>(answer.body().as_bytes()) {
            for mut device in page.records {
                let _ = crate::details::complete(&mut device, answer.body());
            }
        }
        let body = Bytes::copy_from_slice(answer.body().as_bytes());
        ODataResponses.read_error(StatusCode::TOO_MANY_REQUESTS, &answer.headers(), &body)
    });
    Some(read.collect())
}
