//! The page *Embedding*: a package that depends on a crate as the page says gets what its example
//! needs.

use std::collections::{BTreeMap, BTreeSet};

use tempfile::TempDir;
use toml::{Table, Value};

use super::{blocks, document, is_of_a_package, root, text_of};

const PAGE: &str = "docs/embedding.md";

fn manifest(path: &str) -> Table {
    text_of(path).parse().unwrap()
}

/// The chapters by their headings, each with its `[dependencies]` and its examples.
fn chapters() -> BTreeMap<String, (Vec<Table>, Vec<String>)> {
    let page = document(PAGE);
    let chapters = page.split("\n## ").skip(1).map(|chapter| {
        let (heading, text) = chapter.split_once('\n').unwrap();
        let packages = blocks(text, "toml").into_iter().filter(|block| is_of_a_package(block));
        let packages = packages.map(|block| block.parse().unwrap()).collect();
        (heading.to_owned(), (packages, blocks(text, "rust,ignore")))
    });
    chapters.collect()
}

/// The features that a dependency asks for.
fn features(dependency: &Value) -> Vec<&str> {
    let features = dependency.get("features").and_then(Value::as_array);
    features.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The crates that a program names in its `use` lines.
fn used(program: &str) -> BTreeSet<String> {
    let lines = program.lines().filter_map(|line| line.strip_prefix("use "));
    let crates = lines.filter_map(|rest| rest.split("::").next());
    let mut used: BTreeSet<String> = crates.map(|name| name.replace('_', "-")).collect();
    // Named by their paths.
    for name in ["serde_json", "tokio"] {
        if program.contains(&format!("{name}::")) {
            used.insert(name.replace('_', "-"));
        }
    }
    used.remove("std");
    used
}

#[test]
fn what_the_page_depends_on_is_there_in_name_feature_and_version() {
    let workspace = manifest("Cargo.toml");
    let package = &workspace["workspace"]["package"];
    let theirs = &workspace["workspace"]["dependencies"];
    let chapters = chapters();
    for name in ["auth", "defender-api", "graph-api", "mapper", "ocsf-model"] {
        let (packages, examples) = &chapters[name];
        let [shown] = packages.as_slice() else { panic!("{name}: one [dependencies] is shown") };
        let shown = shown["dependencies"].as_table().unwrap();
        assert!(shown.contains_key(&format!("stocktake-{name}")), "{name}");
        for (dependency, asked) in shown {
            let known = match dependency.strip_prefix("stocktake-") {
                Some(folder) => {
                    assert_eq!(asked["git"], package["repository"], "{dependency}");
                    // `cargo xtask release` renews it.
                    let tag = concat!("v", env!("CARGO_PKG_VERSION"));
                    assert_eq!(asked["tag"].as_str(), Some(tag), "{dependency}");
                    let manifest = manifest(&format!("crates/{folder}/Cargo.toml"));
                    assert_eq!(manifest["package"]["name"].as_str(), Some(dependency.as_str()));
                    manifest.get("features").cloned().unwrap_or_else(|| Table::new().into())
                }
                None => {
                    let version = asked.get("version").unwrap_or(asked);
                    let own = &theirs[dependency];
                    assert_eq!(version, own.get("version").unwrap_or(own), "{dependency}");
                    continue;
                }
            };
            for feature in features(asked) {
                assert!(known.get(feature).is_some(), "{dependency} has no feature {feature}");
            }
        }
        // A package that names a crate has to depend on it, whoever else brings it.
        let named: BTreeSet<_> = shown.keys().map(|key| key.replace('_', "-")).collect();
        let needed: BTreeSet<_> = examples.iter().flat_map(|example| used(example)).collect();
        assert!(!needed.is_empty(), "{name} shows an example");
        assert_eq!(named, needed, "{name}: what is depended on, and what the examples use");
    }
}

/// The crates that a package of its own gets by these dependencies, with the versions of our lock file.
fn brought(dependencies: &Table) -> BTreeSet<String> {
    let mut dependencies = dependencies.clone();
    for (name, dependency) in &mut dependencies {
        if let (Some(folder), Value::Table(table)) = (name.strip_prefix("stocktake-"), dependency) {
            // What the tag will have is what is here.
            table.retain(|key, _| !["git", "tag"].contains(&key));
            let place = root().join("crates").join(folder);
            table.insert("path".into(), place.to_str().unwrap().into());
        }
    }
    let mut manifest: Table =
        "[package]\nname = \"separate\"\nedition = \"2024\"\n[workspace]".parse().unwrap();
    manifest.insert("dependencies".into(), dependencies.into());
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("src")).unwrap();
    std::fs::write(folder.path().join("src/main.rs"), "fn main() {}").unwrap();
    std::fs::write(folder.path().join("Cargo.toml"), manifest.to_string()).unwrap();
    std::fs::copy(root().join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    let tree = std::process::Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal", "--prefix", "none"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{manifest}\n{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn a_package_of_its_own_resolves_as_shown_and_gets_what_the_page_says() {
    let has_runtime =
        |crates: &BTreeSet<String>| ["tokio", "reqwest"].map(|name| crates.contains(name));
    for (name, expected) in [
        ("auth", [true, true]),
        ("defender-api", [true, true]),
        ("graph-api", [true, true]),
        ("mapper", [false, false]),
        ("engine", [true, false]),
        ("ocsf-model", [false, false]),
    ] {
        let dependencies = &chapters()[name].0[0]["dependencies"];
        assert_eq!(has_runtime(&brought(dependencies.as_table().unwrap())), expected, "{name}");
    }
    for name in ["defender-api", "graph-api"] {
        let types = format!("stocktake-{name} = {{ default-features = false }}").parse().unwrap();
        assert_eq!(has_runtime(&brought(&types)), [false, false], "the types of {name} alone");
    }
}

#[test]
fn the_oldest_compiler_and_the_features_of_the_page_are_those_of_the_manifests() {
    let page = document(PAGE);
    let version = &manifest("Cargo.toml")["workspace"]["package"]["rust-version"];
    assert!(page.contains(&format!("Rust {}", version.as_str().unwrap())), "{version}");
    for name in ["auth", "defender-api", "graph-api"] {
        let manifest = manifest(&format!("crates/{name}/Cargo.toml"));
        for feature in manifest["features"].as_table().unwrap().keys() {
            // For `fuzz/` alone.
            if !["default", "fuzzing"].contains(&feature.as_str()) {
                assert!(page.contains(&format!("`{feature}`")), "{name}: {feature}");
            }
        }
    }
}
