//! An event of unknown origin, judged.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stocktake_ocsf_model::validate;

fuzz_target!(|text: &[u8]| {
    if let Ok(event) = serde_json::from_slice(text) {
        for violation in validate(&event) {
            assert!(!violation.message.is_empty());
        }
    }
});
