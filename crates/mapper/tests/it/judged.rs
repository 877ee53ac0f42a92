//! Mapped events before the official packages: the OCSF schema and the models of Sekoia.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use stocktake_connector_core::Mapper as _;
use stocktake_ocsf_model::{Dialect, write};

use crate::arbitrary::{enrichment, machine};
use crate::fixtures::{mapper, now, records};
use crate::judge::judge;

/// Enough for every rule to meet most of the values that it tells apart.
const ARBITRARY: usize = 400;

/// The records of `tests/data` and as many arbitrary ones, the same in every run.
fn lines(dialect: Dialect) -> Vec<Vec<u8>> {
    let mapper = mapper(dialect);
    let mut runner = TestRunner::deterministic();
    let pairs = (machine(), enrichment());
    let arbitrary = (0..ARBITRARY).map(|_| pairs.new_tree(&mut runner).unwrap().current());
    records()
        .into_iter()
        .map(|pair| (pair.machine, pair.enrichment))
        .chain(arbitrary)
        .map(|(machine, enrichment)| {
            let mut line = Vec::new();
            let event = mapper.map(&machine, &enrichment, now()).unwrap();
            write(&event, dialect, &mut line).unwrap();
            line
        })
        .collect()
}

#[track_caller]
fn check(script: &str, dialect: Dialect) {
    let mut events = lines(dialect).join(&b'\n');
    events.push(b'\n');
    let Some(judgement) = judge(script, &[], events) else { return };
    assert!(judgement.is_valid, "{dialect:?}: {}", judgement.output);
}

#[test]
fn the_official_schema_takes_every_event_of_the_ocsf_dialect() {
    check("ocsf_judge.py", Dialect::Ocsf);
}

#[test]
fn the_models_of_sekoia_take_every_event_of_the_sekoia_dialect() {
    check("sekoia_judge.py", Dialect::Sekoia { extra_fields: false });
    check("sekoia_judge.py", Dialect::Sekoia { extra_fields: true });
}
