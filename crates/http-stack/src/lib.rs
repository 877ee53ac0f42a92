//! The one tower stack over reqwest: deadline, retry, quota, pause, token, bounds.

mod answers;
mod cursor;
mod options;
mod origin;
mod stack;
mod transport;

pub use answers::{AnswerPolicy, ErrorDetail, Flaw, JsonAnswers, ODataAnswers, clean_text};
pub use cursor::CursorTrail;
pub use options::{Authorisation, Backoff, Limits, Quota, StackOptions};
pub use origin::{Origin, UrlError, base_url};
pub use stack::{ApiStack, CallCounts};
pub use transport::{Transport, TransportError, TransportOptions};
