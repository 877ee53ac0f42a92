//! The rules of the repository, as checks: dependencies and imports, what every crate has, and what no
//! file contains.

mod arrows;
mod imports;
mod manifests;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, ensure};

use crate::schema;

/// Tidy.
#[derive(Debug, clap::Args)]
pub(crate) struct Tidy {}

/// Module names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 4] = ["common", "helpers", "misc", "utils"];

/// A source file beyond this needs a map, so it is split instead.
const LONGEST_FILE: usize = 600;

impl Tidy {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let root = schema::root();
        let mut faults = Vec::new();
        arrows::check(&root, &mut faults)?;
        manifests::check(&root, &mut faults)?;
        imports::check(&root, &mut faults)?;
        crates(&root, &mut faults)?;
        files(&root, &mut faults)?;
        if faults.is_empty() {
            println!("tidy");
            return Ok(());
        }
        for fault in &faults {
            println!("{fault}");
        }
        bail!("{} untidy", faults.len());
    }
}

fn crates(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    for entry in fs::read_dir(root.join("crates"))? {
        let folder = entry?.path();
        let shown = shown(root, &folder);
        let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
        if !manifest.contains("[lints]\nworkspace = true") {
            faults.push(format!("{shown}/Cargo.toml does not take the workspace's lints"));
        }
        if !folder.join("README.md").exists() {
            faults.push(format!("{shown} has no README.md"));
        }
        let doc = fs::read_to_string(folder.join("src/lib.rs"))?;
        if !doc.starts_with("//! ") {
            faults.push(format!("{shown}/src/lib.rs does not start with the crate's purpose"));
        }
    }
    Ok(())
}

/// Every file that git knows.
pub(crate) fn tracked(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let output = Command::new("git").args(["ls-files"]).current_dir(root).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.lines().map(PathBuf::from).collect())
}

fn files(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    // Written in parts, or this file would be at fault itself.
    let unfinished = ["todo", "unimplemented"].map(|word| format!("{word}!("));
    let skipped = format!("#[{}", "ignore");
    let homes = ["/root", "/home", "/work"].map(|home| format!("{home}/"));
    for path in tracked(root)? {
        let Ok(text) = fs::read_to_string(root.join(&path)) else { continue };
        let shown = path.display();
        let is_generated = path.components().any(|part| part.as_os_str() == "generated");
        if path.file_name().is_none_or(|name| name != "Cargo.lock") {
            for home in homes.iter().filter(|home| names_home(&text, home)) {
                faults.push(format!("{shown} names a folder of somebody's machine ({home})"));
            }
        }
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => {
                if path.file_stem().is_some_and(|stem| EMPTY_NAMES.iter().any(|name| stem == *name))
                {
                    faults.push(format!("{shown} is named after nothing; name the concept"));
                }
                if !is_generated && text.lines().count() > LONGEST_FILE {
                    faults.push(format!(
                        "{shown} has more than {LONGEST_FILE} lines; split it by concept"
                    ));
                }
                for word in unfinished.iter().chain([&skipped]).filter(|word| text.contains(*word))
                {
                    faults.push(format!("{shown} is unfinished or skipped: {word}"));
                }
            }
            Some("md") => links(root, &path, &text, faults),
            _ => {}
        }
    }
    Ok(())
}

/// Whether `text` holds a path below `home`, and not merely a URL or a longer path with that part.
fn names_home(text: &str, home: &str) -> bool {
    text.match_indices(home).any(|(place, _)| {
        text.get(..place)
            .and_then(|before| before.chars().next_back())
            .is_none_or(|before| before.is_whitespace() || "\"'`(=".contains(before))
    })
}

/// The targets of a Markdown text's links that lead to no other site.
pub(crate) fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0))
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
}

/// Checks that every relative link of a Markdown file leads to a file.
fn links(root: &Path, path: &Path, text: &str, faults: &mut Vec<String>) {
    // The page of a sink stands next to its code, and in the book among the other sinks' pages.
    let is_sink_page = path.starts_with("crates/sinks/src") && path.ends_with("docs.md");
    let folder =
        if is_sink_page { Path::new("docs/sinks") } else { path.parent().unwrap_or(Path::new("")) };
    for target in targets(text) {
        let target = target.split('#').next().unwrap_or_default();
        if target.is_empty() {
            continue;
        }
        if !root.join(folder).join(target).exists() {
            faults.push(format!("{} links to {target}, which does not exist", path.display()));
        }
    }
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}
