//! The bill of materials: every crate that is in the program, as CycloneDX 1.6.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use chrono::DateTime;
use serde_json::{Value, json};
use toml_edit::DocumentMut;

use crate::digest::sha256;
use crate::program::printed;

/// The crate that is the program.
const PROGRAM: &str = "stocktake-connector-runtime";

/// A crate, as one release of it.
type Crate = (String, String);

/// The document for the program as it is built for `target`.
pub(crate) fn cyclonedx(root: &Path, target: &str, time: u64) -> anyhow::Result<String> {
    let cargo = |arguments: &[&str]| {
        printed(Command::new(env!("CARGO")).args(arguments).arg("--locked").current_dir(root))
    };
    let metadata = cargo(&["metadata", "--format-version=1", "--filter-platform", target])?;
    // The graph of `metadata` has the features of the whole workspace; the tree those of the program.
    let tree = cargo(&[
        "tree",
        "--package",
        PROGRAM,
        "--edges=normal",
        "--prefix=none",
        "--target",
        target,
        "--format={p}",
    ])?;
    let checksums = checksums(&fs::read_to_string(root.join("Cargo.lock"))?)?;
    let document = document(&serde_json::from_str(&metadata)?, &inside(&tree), &checksums, time)?;
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// Name and version in lines like `serde v1.0.0 (proc-macro)`.
fn inside(tree: &str) -> BTreeSet<Crate> {
    tree.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next()?;
            let version = words.next()?.strip_prefix('v')?;
            Some((name.to_owned(), version.to_owned()))
        })
        .collect()
}

/// The checksums that the lock file has: those of the packages as the registry gives them.
fn checksums(lock: &str) -> anyhow::Result<BTreeMap<Crate, String>> {
    let lock: DocumentMut = lock.parse().context("Cargo.lock")?;
    let packages = lock["package"].as_array_of_tables().context("Cargo.lock has no packages")?;
    let text = |package: &toml_edit::Table, key: &str| {
        package.get(key).and_then(|value| value.as_str()).map(str::to_owned)
    };
    Ok(packages
        .iter()
        .filter_map(|package| {
            let known = (text(package, "name")?, text(package, "version")?);
            Some((known, text(package, "checksum")?))
        })
        .collect())
}

fn document(
    metadata: &Value,
    inside: &BTreeSet<Crate>,
    checksums: &BTreeMap<Crate, String>,
    time: u64,
) -> anyhow::Result<Value> {
    // By the id that the graph uses.
    let mut references = BTreeMap::new();
    let mut components = BTreeMap::new();
    let mut program = Value::Null;
    for package in metadata["packages"].as_array().context("no packages")? {
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let known = (text("name"), text("version"));
        if !inside.contains(&known) {
            continue;
        }
        let reference = format!("pkg:cargo/{}@{}", known.0, known.1);
        references.insert(text("id"), reference.clone());
        let component = component(package, &reference, checksums.get(&known));
        if known.0 == PROGRAM {
            program = component;
            program["type"] = "application".into();
            program["name"] = "stocktake".into();
        } else {
            components.insert(reference, component);
        }
    }
    let mut dependencies = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array().context("no graph")? {
        let Some(from) = node["id"].as_str().and_then(|id| references.get(id)) else { continue };
        let to: BTreeSet<_> = node["deps"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|to| {
                let kinds = to["dep_kinds"].as_array();
                kinds.into_iter().flatten().any(|kind| kind["kind"].is_null())
            })
            .filter_map(|to| references.get(to["pkg"].as_str()?))
            .collect();
        dependencies.insert(from, json!({ "ref": from, "dependsOn": to }));
    }
    let time = DateTime::from_timestamp(i64::try_from(time)?, 0).context("no such time")?;
    let components: Vec<_> = components.into_values().collect();
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial_number(&json!([program, components, time.timestamp()])),
        "version": 1,
        "metadata": {
            "timestamp": time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "tools": { "components": [{ "type": "application", "name": "cargo xtask dist" }] },
            "component": program,
        },
        "components": components,
        "dependencies": dependencies.into_values().collect::<Vec<_>>(),
    }))
}

fn component(package: &Value, reference: &str, checksum: Option<&String>) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference,
        "name": package["name"],
        "version": package["version"],
        "purl": reference,
    });
    if let Some(licence) = package["license"].as_str() {
        // Older packages write a slash where SPDX says OR.
        let expression = licence.replace(" / ", "/").replace('/', " OR ");
        component["licenses"] = json!([{ "expression": expression }]);
    }
    if let Some(checksum) = checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let Some(url) = package["repository"].as_str() {
        component["externalReferences"] = json!([{ "type": "vcs", "url": url }]);
    }
    component
}

/// A UUID of version 8 made from the content, so that the same build has the same number.
fn serial_number(content: &Value) -> String {
    let digits = sha256(content.to_string().as_bytes());
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!(
        "urn:uuid:{}-{}-8{}-a{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Value {
        let metadata = json!({
            "packages": [
                { "id": "z", "name": "zeta", "version": "2.0.0", "license": "MIT/Apache-2.0" },
                { "id": "p", "name": PROGRAM, "version": "0.1.0", "license": "Apache-2.0" },
                { "id": "a", "name": "alpha", "version": "1.0.0", "license": null },
                { "id": "t", "name": "only-in-tests", "version": "1.0.0", "license": "MIT" },
            ],
            "resolve": { "nodes": [
                { "id": "z", "deps": [] },
                { "id": "p", "deps": [
                    { "pkg": "z", "dep_kinds": [{ "kind": null }] },
                    { "pkg": "a", "dep_kinds": [{ "kind": "dev" }] },
                    { "pkg": "t", "dep_kinds": [{ "kind": null }] },
                ] },
                { "id": "a", "deps": [{ "pkg": "z", "dep_kinds": [{ "kind": null }] }] },
            ] },
        });
        let inside =
            inside(&format!("{PROGRAM} v0.1.0 (/here)\nzeta v2.0.0\nalpha v1.0.0 (proc-macro)\n"));
        let checksums = checksums(
            "[[package]]\nname = \"zeta\"\nversion = \"2.0.0\"\nchecksum = \"abc\"\n\
             [[package]]\nname = \"alpha\"\nversion = \"1.0.0\"\n",
        );
        document(&metadata, &inside, &checksums.unwrap(), 86_400).unwrap()
    }

    #[test]
    fn what_is_in_the_program_is_listed_in_order_and_nothing_else() {
        let made = made();
        let names: Vec<_> =
            made["components"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
        assert_eq!(names, ["alpha", "zeta"]);
        assert_eq!(made["components"][1]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(made["components"][1]["hashes"][0]["content"], "abc");
        assert_eq!(made["components"][0].get("licenses"), None);
        assert_eq!(made["metadata"]["component"]["name"], "stocktake");
        assert_eq!(made["metadata"]["timestamp"], "1970-01-02T00:00:00Z");
    }

    #[test]
    fn dependencies_of_the_program_alone_are_drawn() {
        let program = format!("pkg:cargo/{PROGRAM}@0.1.0");
        let made = made();
        let drawn = made["dependencies"].as_array().unwrap();
        let of = |name: &str| drawn.iter().find(|d| d["ref"] == name).unwrap()["dependsOn"].clone();
        assert_eq!(of(&program), json!(["pkg:cargo/zeta@2.0.0"]));
        assert_eq!(of("pkg:cargo/alpha@1.0.0"), json!(["pkg:cargo/zeta@2.0.0"]));
        assert_eq!(drawn.len(), 3);
    }

    #[test]
    fn the_serial_number_is_a_uuid_that_the_content_makes() {
        let number = made()["serialNumber"].as_str().unwrap().to_owned();
        assert_eq!(number, made()["serialNumber"]);
        let groups: Vec<_> = number.strip_prefix("urn:uuid:").unwrap().split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(groups[2].starts_with('8') && groups[3].starts_with('a'), "{number}");
    }
}
