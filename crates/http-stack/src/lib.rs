//! The one tower stack over reqwest: deadline, retry, quota, pause, token, bounds.

mod answers;
mod backoff;
mod call;
mod cursor;
mod failure;
mod layers;
mod options;
mod origin;
mod stack;
mod transport;

pub use answers::{AnswerPolicy, ErrorDetail, Flaw, JsonAnswers, ODataAnswers, clean_text};
pub use call::CallCounts;
pub use cursor::CursorTrail;
pub use options::{Authorisation, Backoff, Limits, Quota, StackOptions};
pub use origin::{Origin, UrlError, base_url};
pub use stack::ApiStack;
pub use transport::{Transport, TransportError, TransportOptions};
