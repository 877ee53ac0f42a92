//! Names of spans. One per call and one per attempt; what neither waits nor fails has none.

/// One pass over a tenant.
pub const CYCLE: &str = "cycle";
/// One call to an outside API, its retries and waits included.
pub const HTTP_CALL: &str = "http_call";
/// One request on the wire.
pub const HTTP_ATTEMPT: &str = "http_attempt";
