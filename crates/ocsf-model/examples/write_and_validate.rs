//! Builds an event, validates it, and writes it in both dialects.
#![allow(clippy::print_stdout)] // It shows something to a person.

use stocktake_ocsf_model::{Device, Dialect, InventoryInfo, Metadata, Product, validate, write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = |text: &str| Some(text.to_owned());
    let product = Product { name: text("Example"), ..Default::default() };
    let version = stocktake_ocsf_model::VERSION.to_owned();
    let metadata = Metadata { product: Box::new(product), version, ..Default::default() };
    let device = Device { uid: text("d1"), hostname: text("host"), ..Default::default() };
    let (device, metadata) = (Box::new(device), Box::new(metadata));
    let event = InventoryInfo { device, metadata, ..Default::default() };

    for dialect in [Dialect::Ocsf, Dialect::Sekoia { extra_fields: false }] {
        let mut line = Vec::new();
        write(&event, dialect, &mut line)?;
        println!("{}: {}", dialect.name(), String::from_utf8(line)?);
    }
    for violation in validate(&serde_json::to_value(&event)?) {
        println!("{violation}");
    }
    Ok(())
}
