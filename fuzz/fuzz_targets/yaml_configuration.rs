//! A configuration in YAML.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(faults) = stocktake_connector_runtime::fuzzing::yaml_configuration(text) {
        assert!(!faults.is_empty());
    }
});
