//! A certificate and its key as PEM text.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let _ = stocktake_auth::fuzzing::pem(text);
});
