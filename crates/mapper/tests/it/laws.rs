//! Laws that hold for every record.

use proptest::prelude::*;
use stocktake_connector_core::Mapper as _;
use stocktake_mapper::{Mac, TABLE};
use stocktake_ocsf_model::{Dialect, Written, validate, write};

use crate::arbitrary::{enrichment, machine};
use crate::coverage::unexplained;
use crate::fixtures::{DIALECTS, mapper, now};

proptest! {
    #[test]
    fn a_machine_with_an_id_is_mapped_and_always_to_the_same_event(
        machine in machine(),
        enrichment in enrichment(),
    ) {
        for (_, dialect) in DIALECTS {
            let mapper = mapper(dialect);
            let event = mapper.map(&machine, &enrichment, now()).unwrap();
            prop_assert_eq!(&event, &mapper.map(&machine, &enrichment, now()).unwrap());
            write(&event, dialect, &mut Vec::new()).unwrap();
        }
    }

    #[test]
    fn an_event_of_the_ocsf_dialect_is_valid(machine in machine(), enrichment in enrichment()) {
        let event = mapper(Dialect::Ocsf).map(&machine, &enrichment, now()).unwrap();
        let event = serde_json::to_value(event).unwrap();
        prop_assert_eq!(validate(&event), []);
    }

    #[test]
    fn every_value_of_any_event_has_its_row(
        machine in machine(),
        enrichment in enrichment(),
    ) {
        for (_, dialect) in DIALECTS {
            let event = mapper(dialect).map(&machine, &enrichment, now()).unwrap();
            let written = serde_json::to_value(Written { event: &event, dialect }).unwrap();
            let unexplained = unexplained(&written, dialect);
            prop_assert!(unexplained.is_empty(), "{dialect:?}: {unexplained:?}");
        }
    }

    #[test]
    fn an_explanation_has_a_line_for_each_row(machine in machine(), enrichment in enrichment()) {
        for (_, dialect) in DIALECTS {
            let explained = mapper(dialect).explain(&machine, &enrichment, now()).unwrap();
            let rows = TABLE.iter().filter(|row| row.dialects.contains(dialect)).count();
            prop_assert_eq!(explained.len(), rows);
        }
    }

    #[test]
    fn a_mac_address_that_is_written_reads_as_itself(text in "\\PC{0,24}|[0-9a-fA-F:-]{12,17}") {
        if let Some(mac) = Mac::parse(&text) {
            prop_assert_eq!(Mac::parse(&mac.to_string()), Some(mac));
        }
    }
}
