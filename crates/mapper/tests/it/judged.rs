//! Mapped events before the official packages: the OCSF schema and the models of Sekoia.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use stocktake_connector_core::Mapper as _;
use stocktake_ocsf_model::Version;

use crate::arbitrary::{enrichment, machine};
use crate::fixtures::{AnyForm, mapper, now, ocsf, records, sekoia};
use crate::judge::judge;

/// Enough for every rule to meet most of the values that it tells apart.
const ARBITRARY: usize = 400;

/// The records of `tests/data` and as many arbitrary ones, the same in every run.
fn lines(form: &AnyForm) -> Vec<u8> {
    let mapper = mapper();
    let mut runner = TestRunner::deterministic();
    let pairs = (machine(), enrichment());
    let arbitrary = (0..ARBITRARY).map(|_| pairs.new_tree(&mut runner).unwrap().current());
    let records = records().into_iter().map(|pair| (pair.machine, pair.enrichment));
    let mut lines = Vec::new();
    for (machine, enrichment) in records.chain(arbitrary) {
        form.encode(&mapper.map(&machine, &enrichment, now()).unwrap(), &mut lines).unwrap();
        lines.push(b'\n');
    }
    lines
}

#[track_caller]
fn check(script: &str, arguments: &[&str], form: &AnyForm) {
    let Some(judgement) = judge(script, arguments, lines(form)) else { return };
    assert!(judgement.is_valid, "{form:?}: {}", judgement.output);
}

#[test]
fn the_official_schema_takes_every_event_of_the_ocsf_form_in_every_version() {
    for version in Version::ALL {
        check("ocsf_judge.py", &["--version", version.as_str()], &*ocsf(version));
    }
}

#[test]
fn the_models_of_sekoia_take_every_event_of_the_sekoia_form() {
    check("sekoia_judge.py", &[], &*sekoia(false));
    check("sekoia_judge.py", &[], &*sekoia(true));
}
