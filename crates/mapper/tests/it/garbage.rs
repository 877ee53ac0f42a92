//! Values that cannot be read: the event is that of a record without them.

use serde_json::{Value, json};
use stocktake_connector_core::{Enrichment, Fingerprint};
use stocktake_defender_api::Machine;
use stocktake_graph_api::ManagedDevice;
use stocktake_odata::WireObject;

use crate::fixtures::{AnyForm, forms, mapper, now, records};

const GARBAGE: [fn() -> Value; 6] = [
    || json!(true),
    || json!(1.5),
    || json!([[]]),
    || json!({"a": [1]}),
    || json!(["a", {}, 5]),
    || json!("x".repeat(70_000)),
];

fn fingerprint(
    machine: &Value,
    device: &Value,
    form: &AnyForm,
) -> (Option<Fingerprint>, Vec<&'static str>) {
    use stocktake_connector_core::Mapper as _;
    let machine: Machine = serde_json::from_value(machine.clone()).unwrap();
    let device: ManagedDevice = serde_json::from_value(device.clone()).unwrap();
    let noted = machine.unreadable.iter().chain(&device.unreadable).map(|value| value.field);
    let noted: Vec<_> = noted.collect();
    let enrichment = Enrichment::Matched(device);
    let mapper = mapper();
    let event = mapper.map(&machine, &enrichment, now()).unwrap();
    (form.encode(&event, &mut Vec::new()).ok().map(|encoded| encoded.fingerprint), noted)
}

fn with(record: &Value, name: &str, value: Value) -> Value {
    let mut record = record.clone();
    record[name] = value;
    record
}

#[test]
fn the_fingerprint_of_an_event_does_not_depend_on_values_that_cannot_be_read() {
    let records = records();
    let laptop = records.iter().find(|pair| pair.name == "laptop-with-every-detail").unwrap();
    let machine = serde_json::to_value(&laptop.machine).unwrap();
    let device = serde_json::to_value(laptop.enrichment.matched()).unwrap();
    for (_, form) in forms() {
        for name in Machine::WIRE_NAMES.iter().filter(|name| **name != "id") {
            let (without, _) = fingerprint(&with(&machine, name, Value::Null), &device, &*form);
            for garbage in GARBAGE {
                let (found, noted) = fingerprint(&with(&machine, name, garbage()), &device, &*form);
                if !noted.is_empty() && !name.starts_with("machineTags") {
                    assert_eq!(found, without, "{name}: {}", garbage());
                }
            }
        }
        for name in ManagedDevice::WIRE_NAMES {
            let (without, _) = fingerprint(&machine, &with(&device, name, Value::Null), &*form);
            for garbage in GARBAGE {
                let (found, noted) = fingerprint(&machine, &with(&device, name, garbage()), &*form);
                if !noted.is_empty() {
                    assert_eq!(found, without, "{name}: {}", garbage());
                }
            }
        }
    }
}
