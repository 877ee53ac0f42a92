//! Responses read as pages, without keeping the async workers from their work.

use bytes::Bytes;
use stocktake_http_stack::{ApiError, ApiErrorKind, ApiStack};

use crate::{PageError, WirePage, WireRecord, parse_page};

/// Larger bodies are parsed away from the async workers: a full page has about 10 MB, which takes
/// tens of milliseconds during which a worker would serve nothing else.
const LARGEST_PARSED_IN_PLACE: usize = 64 * 1024;

/// Parses the body of a response of `stack` as [`parse_page`] does, on a blocking thread when it is
/// large. `operation` is the one that was called.
///
/// # Errors
/// [`page_error`] of what [`parse_page`] reports, or of [`PageError::Interrupted`] when the runtime
/// stops.
pub async fn read_page<R>(
    stack: &ApiStack,
    operation: &'static str,
    body: Bytes,
) -> Result<WirePage<R>, ApiError>
where
    R: WireRecord + Send + 'static,
{
    let page = if body.len() <= LARGEST_PARSED_IN_PLACE {
        parse_page(&body)
    } else {
        // `spawn_blocking` works on runtimes of every flavour, `block_in_place` does not.
        let parsing = tokio::task::spawn_blocking(move || parse_page(&body));
        parsing.await.unwrap_or(Err(PageError::Interrupted))
    };
    page.map_err(|error| page_error(stack, operation, &error))
}

/// The failure of a call to `stack` whose response holds no page. A page that breaks off, or in whose
/// middle the server failed, may be whole the next time; the other errors are not expected to pass.
pub fn page_error(stack: &ApiStack, operation: &'static str, error: &PageError) -> ApiError {
    let kind = match error {
        PageError::BrokenOff | PageError::Interrupted | PageError::ServerError(_) => {
            ApiErrorKind::Unavailable
        }
        PageError::NotAnEnvelope | PageError::Doubled(_) => ApiErrorKind::Malformed,
        PageError::TooManyRecords => ApiErrorKind::TooLarge,
    };
    let mut failure = stack.error(operation, kind);
    failure.message = error.to_string();
    failure
}

#[cfg(test)]
mod tests {
    use stocktake_connector_core::{ErrorCode, Failure, Recovery};

    use super::*;
    use crate::cursor::tests::stack;

    #[test]
    fn each_page_error_has_its_code_and_recovery() {
        for (error, code, recovery) in [
            (PageError::BrokenOff, ErrorCode::ApiUnavailable, Recovery::Retry),
            (PageError::Interrupted, ErrorCode::ApiUnavailable, Recovery::Retry),
            (PageError::NotAnEnvelope, ErrorCode::AnswerMalformed, Recovery::Defect),
            (
                PageError::ServerError(Default::default()),
                ErrorCode::ApiUnavailable,
                Recovery::Retry,
            ),
            (PageError::Doubled("value"), ErrorCode::AnswerMalformed, Recovery::Defect),
            (PageError::TooManyRecords, ErrorCode::AnswerTooLarge, Recovery::Defect),
        ] {
            let failure = Failure::from(page_error(&stack(), "list machines", &error));
            assert_eq!((failure.code, failure.recovery), (code, recovery), "{failure}");
            assert!(failure.message.starts_with("defender: list machines: "), "{failure}");
            assert!(failure.message.ends_with(&error.to_string()), "{failure}");
        }
    }
}
