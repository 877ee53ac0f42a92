//! A certificate and its key as a PFX file, with the password of the test data.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let _ = stocktake_auth::fuzzing::pfx(file, "test-password");
});
