//! A page of Defender's machines.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stocktake_connector_core::SourceRecord;
use stocktake_defender_api::Machine;
use stocktake_odata::{LONGEST_PAYLOAD, MOST_RECORDS, parse_page};

fuzz_target!(|body: &[u8]| {
    let Ok(page) = parse_page::<Machine>(body) else { return };
    assert!(page.records.len() + page.malformed.len() <= MOST_RECORDS);
    for record in &page.malformed {
        assert!(record.payload.len() <= LONGEST_PAYLOAD);
    }
    for machine in &page.records {
        let _ = (machine.uid(), machine.join_key());
    }
});
