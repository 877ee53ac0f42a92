//! Some hundred mapped events before the official judges: the OCSF schema and Sekoia's own models.

use crate::judge::judge;
use crate::site::{command, ended, odd_fleet};

async fn judged(dialect: &str, extra: &[&str], script: &str) {
    let fleet = odd_fleet(400, 320);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("machines.json"), fleet.machines_json()).unwrap();
    std::fs::write(folder.path().join("managed.json"), fleet.managed_devices_json()).unwrap();
    let mut program = command(folder.path());
    program
        .args(["map", "--machines", "machines.json", "--managed-devices", "managed.json"])
        .args(["--form", dialect])
        .args(extra);
    let mapped = ended(program.spawn().unwrap()).await;
    assert_eq!(mapped.code, Some(3), "odd records are named: {mapped:#?}");
    assert!(mapped.stdout.lines().count() > 350);

    let Some(judgement) = judge(script, &[], mapped.stdout.into_bytes()) else { return };
    assert!(judgement.is_valid, "{}", judgement.output);
}

#[tokio::test]
async fn ocsf_events_are_valid_under_the_official_schema() {
    judged("ocsf", &[], "ocsf_judge.py").await;
}

#[tokio::test]
async fn sekoia_events_are_what_sekoias_models_take() {
    judged("sekoia", &[], "sekoia_judge.py").await;
}

#[tokio::test]
async fn sekoia_events_with_extra_fields_are_what_sekoias_models_take() {
    judged("sekoia", &["--extra-fields"], "sekoia_judge.py").await;
}
