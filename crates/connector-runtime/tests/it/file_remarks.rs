//! Parts of certificate files that are of no use: named by `check` and by the log, never silent, and no
//! reason to refuse the rest.

use std::fs;
use std::path::Path;

use serde_json::Value;
use stocktake_simulator::RegisteredCertificate;

use crate::site::{Site, fleet};

fn data(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../auth/tests/data");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// The details of the warnings of `check`, with their targets and steps.
fn warnings(checked: &str) -> Vec<String> {
    let checked: Value = serde_json::from_str(checked).unwrap();
    let mut found = Vec::new();
    for target in checked.as_array().unwrap() {
        for finding in target["findings"].as_array().unwrap() {
            if finding["verdict"] == "warning" {
                let [target, step, detail] =
                    [&target["target"], &finding["step"], &finding["detail"]]
                        .map(|text| text.as_str().unwrap());
                found.push(format!("{target}, {step}: {detail}"));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_are_of_no_use_are_named_by_check_and_the_log_and_the_rest_is_used() {
    let damaged = "-----BEGIN CERTIFICATE-----\nMIIBAAAA\n-----END CERTIFICATE-----\n";
    let registered = RegisteredCertificate::from_pem(&data("first-certificate.pem")).unwrap();
    let site = Site::with(fleet(2, 2), |options| {
        options.tenants[0].certificates.push(registered);
    })
    .await;
    let [shared, own, credential] =
        ["ca.pem", "sink-ca.pem", "app.pem"].map(|name| site.path(name));
    fs::write(&shared, data("authority.pem") + damaged).unwrap();
    fs::write(&own, data("authority.pem") + &data("second-key.pem")).unwrap();
    let pair = data("first-certificate.pem") + &data("first-key.pem");
    fs::write(&credential, pair + damaged).unwrap();
    let site = site
        .set("http", &format!("extra_ca_file = {shared:?}\n"))
        .set("sinks.soc.tls", &format!("extra_ca_file = {own:?}\n"))
        .with_credential("certificate", &format!("certificate_file = {credential:?}\n"));

    let checked = site.run(&["check", "--output", "json"]).await;
    let found = warnings(&checked.stdout);
    for (start, end) in [
        ("configuration, certificates: ", "ca.pem: section 2 (CERTIFICATE) is damaged"),
        (
            "sink soc, certificates: ",
            "(PRIVATE KEY) is a private key, which is not used: remove it \
                                      from the file of authorities",
        ),
        ("tenant contoso, credential file: ", "section 3 (CERTIFICATE) is damaged"),
    ] {
        let is_found = found.iter().any(|line| line.starts_with(start) && line.ends_with(end));
        assert!(is_found, "{start}… {end}: {found:#?}");
    }

    let synced = site.run(&["sync", "--full", "--log-format", "json"]).await;
    assert_eq!(synced.code, Some(0), "{synced:#?}");
    for remark in ["section 2 (CERTIFICATE) is damaged", "section 3 (CERTIFICATE) is damaged"] {
        assert_eq!(synced.stderr.matches(remark).count(), 1, "{remark}: {}", synced.stderr);
    }
    let key: Vec<_> = data("second-key.pem").lines().map(str::to_owned).collect();
    let shown = checked.stdout + &checked.stderr + &synced.stdout + &synced.stderr;
    assert!(!shown.contains(&key[5]), "{shown}");
}
