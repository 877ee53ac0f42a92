//! Names of spans. One per call and one per attempt; what neither waits nor fails has none.

/// One pass over a tenant: the root of a trace.
pub const CYCLE: &str = "cycle";
/// One page of the source, from asking for it until it is parsed.
pub const PAGE: &str = "page";
/// The records of a page's devices from the enricher. What it asks for, pages and look-ups, are its
/// calls; it asks for nothing where it has the whole list already.
pub const ENRICHMENT: &str = "enrichment";
/// One batch at a sink, until it is acknowledged and noted in state.
pub const BATCH: &str = "batch";
/// One call to an outside API, its retries and waits included.
pub const HTTP_CALL: &str = "http_call";
/// One request on the wire.
pub const HTTP_ATTEMPT: &str = "http_attempt";
