//! What fuzzing starts from: the data of the tests, and an example of what has no file there.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

/// Writes the seeds of each target into a folder of its name.
pub(super) fn write(root: &Path, corpus: &Path) -> anyhow::Result<()> {
    for (target, seeds) in all(root)? {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:02}")), seed)?;
        }
    }
    Ok(())
}

type Seeds = (&'static str, Vec<Vec<u8>>);

fn all(root: &Path) -> anyhow::Result<Vec<Seeds>> {
    let (machines, devices) = records(root)?;
    let page =
        |records: &[Value], link: &str| text(&json!({ "value": records, "@odata.nextLink": link }));
    let whole = |records: &[Value]| {
        let mut pages: Vec<_> =
            records.iter().map(|record| text(&json!({ "value": [record] }))).collect();
        pages.push(page(records, "https://graph.microsoft.com/v1.0/next?$skiptoken=1"));
        pages
    };
    let mapped = machines.iter().zip(&devices).map(|(machine, device)| {
        let mut pair = text(machine);
        if !device.is_null() {
            pair.push(0);
            pair.extend(text(device));
        }
        pair
    });
    let known: Vec<_> = devices.iter().filter(|device| !device.is_null()).cloned().collect();
    let template = fs::read(root.join("crates/connector-runtime/src/config/stocktake.toml"))?;
    let certificates = root.join("crates/auth/tests/data");
    Ok(vec![
        ("defender_page", whole(&machines)),
        ("graph_page", whole(&known)),
        ("graph_batch_answer", known.iter().map(batch).collect()),
        ("map_input", mapped.chain([lines(&machines)]).collect()),
        ("validate", contents(&root.join("crates/mapper/tests/data/events"), "json")?),
        ("pem", pairs(&contents(&certificates, "pem")?)),
        ("pfx", contents(&certificates, "pfx")?),
        ("toml_configuration", vec![template, TOML.into()]),
        ("yaml_configuration", YAML.map(Into::into).to_vec()),
        ("token_answer", TOKENS.map(Into::into).to_vec()),
        ("error_envelope", REFUSALS.map(Into::into).to_vec()),
        ("sekoia_responses", TASKS.map(Into::into).to_vec()),
    ])
}

/// The machines and managed devices of the mapper's tests; null where there is no device.
fn records(root: &Path) -> anyhow::Result<(Vec<Value>, Vec<Value>)> {
    let mut records = (Vec::new(), Vec::new());
    for pair in contents(&root.join("crates/mapper/tests/data/records"), "json")? {
        let mut pair: Value = serde_json::from_slice(&pair)?;
        records.0.push(pair["machine"].take());
        records.1.push(pair["managedDevice"].take());
    }
    Ok(records)
}

fn text(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn lines(values: &[Value]) -> Vec<u8> {
    values.iter().map(|value| format!("{value}\n")).collect::<String>().into_bytes()
}

fn batch(device: &Value) -> Vec<u8> {
    text(&json!({ "responses": [
        { "id": "0", "status": 200, "headers": { "Content-Type": "application/json" },
          "body": { "value": [device], "@odata.nextLink": "https://graph.microsoft.com/next" } },
        { "id": 1, "status": "200", "body": device },
        { "id": "2", "status": 429, "headers": { "Retry-After": "30" },
          "body": { "error": { "code": "TooManyRequests", "message": "Please retry" } } },
    ] }))
}

/// Each of these alone, and behind each other: certificates and keys have files of their own.
fn pairs(pems: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let pairs = pems.windows(2).map(<[_]>::concat);
    pems.iter().cloned().chain(pairs).collect()
}

/// The files of a folder with an extension, in order of their names.
fn contents(folder: &Path, extension: &str) -> anyhow::Result<Vec<Vec<u8>>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths =
        entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<PathBuf>>>()?;
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    paths.iter().map(|path| Ok(fs::read(path)?)).collect()
}

const TOML: &str = r#"
[tenants.contoso]
tenant_id = "00000000-0000-0000-0000-000000000001"
app_id = "00000000-0000-0000-0000-000000000002"
app_secret_file = "/run/secrets/contoso"
sinks = ["out"]

[sinks.out]
type = "stdout"
form = "ocsf"
"#;

const YAML: [&str; 2] = [
    "tenants:\n  contoso:\n    tenant_id: 00000000-0000-0000-0000-000000000001\n    app_id: \
     00000000-0000-0000-0000-000000000002\n    app_secret_file: /run/secrets/contoso\nsinks:\n  \
     out: { type: stdout, form: ocsf }\n",
    "log: &log\n  level: info\nhttp: [*log, \"\\u00e9\", !!str 1, 0x10, ~]\n",
];

const TOKENS: [&str; 3] = [
    r#"{"token_type":"Bearer","expires_in":3599,"access_token":"eyJhbGciOiJub25lIn0.eyJhdWQiOiJhIiwicm9sZXMiOlsiTWFjaGluZS5SZWFkLkFsbCJdLCJleHAiOjF9.c2ln"}"#,
    r#"{"access_token":"t","expires_on":"7200","resource":"https://graph.microsoft.com"}"#,
    "eyJhbGciOiJub25lIn0.eyJhdWQiOiJhIiwicm9sZXMiOlsiTWFjaGluZS5SZWFkLkFsbCJdLCJleHAiOjF9.c2ln",
];

/// The first byte chooses the status.
const REFUSALS: [&str; 7] = [
    "0120",
    "0Wed, 21 Oct 2026 07:28:00 GMT",
    r#"0{"error":{"code":"TooManyRequests","message":"You have exceeded the allowed quota of 100 calls per 60 seconds. Try again in 14 seconds","target":"|1."}}"#,
    r#"1{"error":{"code":"Forbidden","message":"Missing application roles. API required roles: Machine.Read.All, application roles: .","innerError":{"request-id":"7"}}}"#,
    r#"2{"error":{"code":"BadRequest","message":"{\"ErrorCode\":\"X\",\"Message\":\"An error - Operation ID: 1\"}"}}"#,
    r#"2{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1","error_codes":[7000215],"trace_id":"00000000-0000-0000-0000-000000000001"}"#,
    "3<html><head><title>503</title></head><body>Unavailable</body></html>",
];

const TASKS: [&str; 3] = [
    r#"{"task_id":"3f2504e0-4f89-11d3-9a0c-0305e82c3301"}"#,
    r#"{"uuid":"3f2504e0-4f89-11d3-9a0c-0305e82c3301","status":"FINISHED","error":null}"#,
    r#"{"status":"FAILED","error":{"message":"no such connector"}}"#,
];
