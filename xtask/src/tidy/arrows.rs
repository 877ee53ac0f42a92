//! Which crate may depend on which: the code map of ARCHITECTURE.md, checked against the manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::program::printed;

/// The file that holds the code map.
const ARCHITECTURE: &str = "ARCHITECTURE.md";

/// The prefix of our packages.
const PREFIX: &str = "stocktake-";

/// What crates must not pull in, and why.
const BANS: &[Ban] = &[
    Ban {
        crates: &["mapper", "ocsf-model"],
        banned: &["tokio", "reqwest", "hyper", "rusqlite"],
        reason: "it stays pure",
    },
    Ban {
        crates: &["engine"],
        banned: &["clap", "figment", "rusqlite", "reqwest"],
        reason: "it works without the program",
    },
    Ban {
        crates: &["auth", "defender-api", "engine", "graph-api", "http-stack", "mapper"],
        banned: &["tracing-subscriber"],
        reason: "the program that embeds it sets up the log",
    },
    Ban {
        crates: &["connector-runtime"],
        banned: &["aws-lc-rs", "hyper-tls", "native-tls", "openssl"],
        reason: "the one TLS stack is rustls with ring",
    },
    Ban {
        crates: &["connector-runtime"],
        banned: &["isahc", "ureq"],
        reason: "the one HTTP client is reqwest",
    },
];

struct Ban {
    crates: &'static [&'static str],
    banned: &'static [&'static str],
    reason: &'static str,
}

/// Checks the dependencies of every crate.
pub(super) fn check(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    let map = CodeMap::parse(&fs::read_to_string(root.join(ARCHITECTURE))?)?;
    let metadata = printed(
        std::process::Command::new(env!("CARGO"))
            .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
            .current_dir(root),
    )?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    map.compare(packages, faults);
    for name in packages.iter().filter_map(ours) {
        let bans: Vec<_> = BANS.iter().filter(|ban| ban.crates.contains(&name)).collect();
        let tree = if bans.is_empty() { BTreeSet::new() } else { tree(root, name)? };
        for ban in bans {
            for banned in ban.banned.iter().filter(|banned| tree.contains(**banned)) {
                faults.push(format!("crate {name} pulls in {banned}, but {}", ban.reason));
            }
        }
    }
    Ok(())
}

/// The name of a package or a dependency without the prefix; `None` when it is not ours.
fn ours(package: &Value) -> Option<&str> {
    package["name"].as_str()?.strip_prefix(PREFIX)
}

/// Names of every crate below one of ours, as the program is built.
fn tree(root: &Path, name: &str) -> anyhow::Result<BTreeSet<String>> {
    let tree = printed(
        std::process::Command::new(env!("CARGO"))
            .args(["tree", "--edges=normal", "--prefix=none", "--offline", "--package"])
            .arg(format!("{PREFIX}{name}"))
            .current_dir(root),
    )?;
    Ok(tree.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// The crates, and the crates that each may depend on.
#[derive(Debug)]
struct CodeMap(BTreeMap<String, Allowed>);

#[derive(Debug, PartialEq)]
enum Allowed {
    All,
    Only(BTreeMap<String, Scope>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Scope {
    Whole,
    /// Without default features and without `client`.
    WireTypes,
}

impl CodeMap {
    /// Reads the lines `crate → targets  description` of the code map. Targets are separated by
    /// commas; at least two spaces end them.
    fn parse(architecture: &str) -> anyhow::Result<Self> {
        let lines = architecture
            .lines()
            .skip_while(|line| *line != "crates/")
            .skip(1)
            .take_while(|line| line.starts_with("  "));
        let mut crates = BTreeMap::new();
        for line in lines {
            let parts = line.split_once('→').context("a crate of the code map has no arrow")?;
            let targets = parts.1.trim().split("  ").next().unwrap_or_default();
            let allowed = match targets {
                "all" => Allowed::All,
                "nothing" => Allowed::Only(BTreeMap::new()),
                some => {
                    Allowed::Only(some.split(',').map(|target| scoped(target.trim())).collect())
                }
            };
            crates.insert(parts.0.trim().to_owned(), allowed);
        }
        ensure!(!crates.is_empty(), "{ARCHITECTURE} has no code map");
        Ok(Self(crates))
    }

    /// Compares the dependencies of each package with the map. Those of tests are free.
    fn compare(&self, packages: &[Value], faults: &mut Vec<String>) {
        let existing: BTreeSet<_> = packages.iter().filter_map(ours).collect();
        for name in self.0.keys().filter(|name| !existing.contains(name.as_str())) {
            faults.push(format!("{ARCHITECTURE} maps a crate {name} that does not exist"));
        }
        for package in packages {
            let Some(name) = ours(package) else { continue };
            let Some(allowed) = self.0.get(name) else {
                faults.push(format!("crate {name} is missing in the code map of {ARCHITECTURE}"));
                continue;
            };
            let Allowed::Only(allowed) = allowed else { continue };
            for dependency in package["dependencies"].as_array().into_iter().flatten() {
                let Some(target) = ours(dependency) else { continue };
                if dependency["kind"] == "dev" {
                    continue;
                }
                match allowed.get(target) {
                    None => faults.push(format!(
                        "crate {name} depends on {target}; the code map of {ARCHITECTURE} has no \
                         such arrow"
                    )),
                    Some(Scope::WireTypes) if !takes_wire_types(dependency) => faults.push(
                        format!("crate {name} depends on more than the wire types of {target}"),
                    ),
                    Some(_) => {}
                }
            }
        }
    }
}

fn scoped(target: &str) -> (String, Scope) {
    match target.strip_suffix(" (wire types)") {
        Some(name) => (name.to_owned(), Scope::WireTypes),
        None => (target.to_owned(), Scope::Whole),
    }
}

fn takes_wire_types(dependency: &Value) -> bool {
    let features = dependency["features"].as_array();
    dependency["uses_default_features"] == false
        && features.is_none_or(|features| !features.contains(&Value::from("client")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MAP: &str = "text\n```text\ncrates/\n  core    → nothing   traits\n  api     → core      \
                       calls, pages\n  mapper  → core, api (wire types)   rules\n  program → all   \
                       the rest\nxtask/  tools\n```\n";

    fn package(name: &str, dependencies: Value) -> Value {
        json!({ "name": format!("{PREFIX}{name}"), "dependencies": dependencies })
    }

    fn dependency(name: &str, kind: Option<&str>, default: bool) -> Value {
        json!({
            "name": format!("{PREFIX}{name}"), "kind": kind,
            "uses_default_features": default, "features": [],
        })
    }

    #[test]
    fn the_code_map_is_read() {
        let map = CodeMap::parse(MAP).unwrap();
        assert_eq!(map.0.keys().collect::<Vec<_>>(), ["api", "core", "mapper", "program"]);
        assert_eq!(map.0["core"], Allowed::Only(BTreeMap::new()));
        assert_eq!(map.0["program"], Allowed::All);
        let mapper = [("api".to_owned(), Scope::WireTypes), ("core".to_owned(), Scope::Whole)];
        assert_eq!(map.0["mapper"], Allowed::Only(mapper.into()));
    }

    #[test]
    fn an_arrow_that_is_not_in_the_map_is_a_fault() {
        let map = CodeMap::parse(MAP).unwrap();
        let packages = [
            package("core", json!([dependency("api", None, true)])),
            package(
                "api",
                json!([dependency("core", None, true), dependency("mapper", Some("dev"), true)]),
            ),
            package("mapper", json!([dependency("api", None, false)])),
            package("program", json!([dependency("mapper", None, true)])),
        ];
        let mut faults = Vec::new();
        map.compare(&packages, &mut faults);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("crate core depends on api;"), "{faults:?}");
    }

    #[test]
    fn a_crate_that_is_new_or_gone_and_a_client_for_wire_types_are_faults() {
        let map = CodeMap::parse(MAP).unwrap();
        let packages = [
            package("core", json!([])),
            package("mapper", json!([dependency("api", None, true)])),
            package("program", json!([])),
            package("sinks", json!([])),
        ];
        let mut faults = Vec::new();
        map.compare(&packages, &mut faults);
        assert_eq!(
            faults,
            [
                "ARCHITECTURE.md maps a crate api that does not exist",
                "crate mapper depends on more than the wire types of api",
                "crate sinks is missing in the code map of ARCHITECTURE.md",
            ]
        );
    }
}
