//! The response to a batch of Graph.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let _ = stocktake_graph_api::fuzzing::batch_response(body);
});
