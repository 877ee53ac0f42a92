//! Maps the pair of JSON files named as arguments, a machine and a managed device, and prints the
//! event: `cargo run -p stocktake-mapper --example map_a_pair -- machine.json managed-device.json`

use std::{env, error::Error, fs, io};

use stocktake_connector_core::{Clock as _, Enrichment, Mapper as _, SystemClock};
use stocktake_mapper::{DefenderMapper, MapperOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = env::args().skip(1);
    let [Some(machine), Some(device)] = [files.next(), files.next()] else {
        return Err("name a file with a machine and one with a managed device".into());
    };
    let machine = serde_json::from_slice(&fs::read(machine)?)?;
    let device = Enrichment::Matched(serde_json::from_slice(&fs::read(device)?)?);

    let mapper = DefenderMapper::new(MapperOptions::default());
    let event = mapper.map(&machine, &device, SystemClock.now())?;
    serde_json::to_writer_pretty(io::stdout(), &event.to_value())?;
    Ok(())
}
