//! Sekoia's responses to a push and about a task.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if let Some(segment) = stocktake_sinks::fuzzing::sekoia_responses(body) {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        assert!(!segment.is_empty() && segment.bytes().all(safe), "{segment}");
    }
});
