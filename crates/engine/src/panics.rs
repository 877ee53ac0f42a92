//! Catches the panics of a stage where its counts are still available.
//!
//! Stages run code of third parties: mappers, forms, enrichers. A panic there is a defect, but it
//! must end only the cycle, with accounts that balance. So a stage keeps its counts outside the
//! future that may panic.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Runs `stage` to its end.
///
/// # Errors
/// The message of the panic. Only the stage's counts are valid then.
pub(crate) async fn catch_panic<F: Future>(stage: F) -> Result<F::Output, String> {
    let mut stage = pin!(stage);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| stage.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panic) => Poll::Ready(Err(message(panic.as_ref()))),
    })
    .await
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("it panicked: {}", text.unwrap_or("without a message"))
}
