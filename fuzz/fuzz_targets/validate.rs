//! An event of unknown origin, judged and projected in every version.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stocktake_ocsf_model::{Version, validate, validate_as_declared};

fuzz_target!(|text: &[u8]| {
    let Ok(event) = serde_json::from_slice::<serde_json::Value>(text) else { return };
    for violation in validate_as_declared(&event) {
        assert!(!violation.message.is_empty());
    }
    for version in Version::ALL {
        let mut event = event.clone();
        version.project(&mut event);
        validate(&event, version);
    }
});
