//! Builds an event and writes it in the first and the last version, each with its violations.
#![allow(clippy::print_stdout)] // It shows something to a person.

use stocktake_ocsf_model::{Device, InventoryInfo, Metadata, Product, Version, validate};

fn main() {
    let device = Device {
        uid: Some("d1".into()),
        hostname: Some("host".into()),
        model: Some("Surface Pro 9".into()),
        ..Default::default()
    };
    let product = Product {
        name: Some("Example".into()),
        vendor_name: Some("Contoso".into()),
        ..Default::default()
    };
    let metadata = Metadata { product: Box::new(product), ..Default::default() };
    let (device, metadata) = (Box::new(device), Box::new(metadata));
    let event = InventoryInfo { device, metadata, ..Default::default() };

    for version in Version::ALL {
        let mut event = event.to_value();
        version.project(&mut event);
        println!("{version}: {event}");
        for violation in validate(&event, version) {
            println!("{violation}");
        }
    }
}
