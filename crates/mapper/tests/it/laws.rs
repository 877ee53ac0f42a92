//! Laws that hold for every record.

use proptest::prelude::*;
use stocktake_connector_core::Mapper as _;
use stocktake_mapper::{Mac, carried_by};
use stocktake_ocsf_model::{Version, validate};

use crate::arbitrary::{enrichment, machine};
use crate::coverage::unexplained;
use crate::fixtures::{encoded, forms, mapper, now, ocsf};

proptest! {
    #[test]
    fn a_machine_with_an_id_is_mapped_and_always_to_the_same_event(
        machine in machine(),
        enrichment in enrichment(),
    ) {
        let mapper = mapper();
        let event = mapper.map(&machine, &enrichment, now()).unwrap();
        prop_assert_eq!(&event, &mapper.map(&machine, &enrichment, now()).unwrap());
        for (_, form) in forms() {
            form.encode(&event, &mut Vec::new()).unwrap();
        }
    }

    #[test]
    fn an_event_is_valid_in_every_version(machine in machine(), enrichment in enrichment()) {
        let mapper = mapper();
        let event = mapper.map(&machine, &enrichment, now()).unwrap();
        for version in Version::ALL {
            let event = encoded(&*ocsf(version), &event);
            prop_assert_eq!(validate(&event, version), [], "{}", version);
        }
    }

    #[test]
    fn every_value_of_any_event_has_its_row(
        machine in machine(),
        enrichment in enrichment(),
    ) {
        let mapper = mapper();
        let event = mapper.map(&machine, &enrichment, now()).unwrap();
        for (name, form) in forms() {
            let unexplained = unexplained(&encoded(&*form, &event), &*form);
            prop_assert!(unexplained.is_empty(), "{name}: {unexplained:?}");
        }
    }

    #[test]
    fn an_explanation_has_a_line_for_each_row(machine in machine(), enrichment in enrichment()) {
        for (_, form) in forms() {
            let explained = mapper().explain(&machine, &enrichment, now(), &*form).unwrap();
            prop_assert_eq!(explained.len(), carried_by(&*form).len());
        }
    }

    #[test]
    fn a_mac_address_that_is_written_reads_as_itself(text in "\\PC{0,24}|[0-9a-fA-F:-]{12,17}") {
        if let Some(mac) = Mac::parse(&text) {
            prop_assert_eq!(Mac::parse(&mac.to_string()), Some(mac));
        }
    }
}
