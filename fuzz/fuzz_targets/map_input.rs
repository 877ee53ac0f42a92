//! Files of records for `stocktake map`: whatever can be mapped is strict OCSF.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stocktake_ocsf_model::validate_as_declared;

/// Stands between machines and managed devices; JSON has no such byte.
const BETWEEN: u8 = 0;

fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |byte| *byte == BETWEEN);
    let machines = parts.next().unwrap_or_default();
    for line in stocktake_connector_runtime::fuzzing::map_input(machines, parts.next()) {
        let event = serde_json::from_slice(&line).expect("an event is JSON");
        let violations = validate_as_declared(&event);
        assert!(violations.is_empty(), "{violations:?}");
    }
});
