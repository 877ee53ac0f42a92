//! Pages: parsing them without keeping the async workers from their work.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use stocktake_odata::{PageError, WirePage, parse_page};

/// Bodies larger than this are parsed away from the async workers: a full page has about 10 MB,
/// which is tens of milliseconds during which a worker would serve nobody else.
const PARSED_IN_PLACE: usize = 64 * 1024;

/// Reads a page as [`parse_page`] does, on a blocking thread when it is large.
///
/// # Errors
/// Those of [`parse_page`], and [`PageError::Interrupted`] when the runtime stops.
pub async fn read_page<R>(body: Bytes) -> Result<WirePage<R>, PageError>
where
    R: DeserializeOwned + Send + 'static,
{
    if body.len() <= PARSED_IN_PLACE {
        return parse_page(&body);
    }
    // `spawn_blocking` works on runtimes of every flavour, `block_in_place` does not.
    let parsing = tokio::task::spawn_blocking(move || parse_page(&body));
    parsing.await.unwrap_or(Err(PageError::Interrupted))
}
