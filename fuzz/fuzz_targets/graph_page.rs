//! A page of Intune's managed devices, indexed as the join does.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stocktake_graph_api::{JoinIndexBuilder, ManagedDevice, UnreadableDevices};
use stocktake_odata::parse_page;

fuzz_target!(|body: &[u8]| {
    let Ok(mut page) = parse_page::<ManagedDevice>(body) else { return };
    let mut unreadable = UnreadableDevices::default();
    for record in &page.malformed {
        unreadable.add(record, None);
    }
    let mut index = JoinIndexBuilder::with_capacity(page.records.len());
    for device in &mut page.records {
        index.add(device);
        // What could not be read is counted when it is read, and not kept.
        device.unreadable.clear();
    }
    let index = index.build();
    for key in page.records.iter().filter_map(ManagedDevice::azure_ad_device_id) {
        let found = index.get(key).expect("what was indexed is found");
        assert!(page.records.contains(&found), "what is found is what was indexed");
    }
});
