//! Manifests: every entry of `[workspace.dependencies]` has a user.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use toml_edit::{DocumentMut, Item, TableLike};

/// Checks the manifests of the workspace.
pub(super) fn check(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    let workspace = fs::read_to_string(root.join("Cargo.toml"))?;
    let mut members = vec![root.join("xtask/Cargo.toml")];
    for folder in fs::read_dir(root.join("crates"))? {
        members.push(folder?.path().join("Cargo.toml"));
    }
    let members: Vec<_> = members.iter().map(fs::read_to_string).collect::<Result<_, _>>()?;
    for name in unused(&workspace, &members)? {
        faults.push(format!("no crate uses {name} of [workspace.dependencies]; remove it"));
    }
    Ok(())
}

/// The workspace's dependencies that no member names.
fn unused(workspace: &str, members: &[String]) -> anyhow::Result<Vec<String>> {
    let workspace: DocumentMut = workspace.parse()?;
    let entries = workspace.get("workspace").and_then(|table| table.get("dependencies"));
    let mut used = BTreeSet::new();
    for member in members {
        collect(member.parse::<DocumentMut>()?.as_table(), &mut used);
    }
    let entries =
        entries.and_then(Item::as_table_like).context("the workspace has no dependencies")?;
    let names = entries.iter().map(|(name, _)| name.to_owned());
    Ok(names.filter(|name| !used.contains(name)).collect())
}

/// Adds the keys of every table of dependencies, those of single targets too.
fn collect(table: &dyn TableLike, used: &mut BTreeSet<String>) {
    for (key, item) in table.iter() {
        let Some(inner) = Item::as_table_like(item) else { continue };
        if ["dependencies", "dev-dependencies", "build-dependencies"].contains(&key) {
            used.extend(inner.iter().map(|(name, _)| name.to_owned()));
        } else if key == "target" || key.starts_with("cfg(") {
            collect(inner, used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_that_no_member_uses_is_named() {
        let workspace = "[workspace.dependencies]\na = \"1\"\nb = \"1\"\nc = \"1\"\nd = \"1\"\n";
        let members = [
            "[dependencies]\na.workspace = true\n".to_owned(),
            "[dev-dependencies.b]\nworkspace = true\n[target.'cfg(unix)'.dependencies]\nd = {workspace \
             = true}\n[features]\nc = []\n"
                .to_owned(),
        ];
        assert_eq!(unused(workspace, &members).unwrap(), ["c"]);
    }
}
