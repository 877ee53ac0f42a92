//! The chart as Helm packages it: `NAME-VERSION.tgz`, every file below a folder of the chart's name.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::archive::Archive;
use crate::program::git;

/// Where the chart is, from the root of the repository.
pub(crate) const FOLDER: &str = "deploy/helm/stocktake";

/// The package's name and content; `None` when there is no chart.
pub(super) fn package(root: &Path, time: u64) -> anyhow::Result<Option<(String, Vec<u8>)>> {
    let folder = root.join(FOLDER);
    if !folder.join("Chart.yaml").exists() {
        return Ok(None);
    }
    let facts = fs::read_to_string(folder.join("Chart.yaml"))?;
    let name = scalar(&facts, "name").context("Chart.yaml has no name")?;
    let version = scalar(&facts, "version").context("Chart.yaml has no version")?;
    let ignored = fs::read_to_string(folder.join(".helmignore")).unwrap_or_default();
    let mut archive = Archive::default();
    // What git knows and nothing else: no editor's backups, no rendered output.
    for path in git(&folder, &["ls-files"])?.lines().filter(|path| !is_ignored(path, &ignored)) {
        archive.file(format!("{name}/{path}"), fs::read(folder.join(path))?);
    }
    Ok(Some((format!("{name}-{version}.tgz"), archive.tar_gz(time)?)))
}

/// The value of a key at the top of a YAML file.
pub(crate) fn scalar<'a>(yaml: &'a str, key: &str) -> Option<&'a str> {
    yaml.lines().find_map(|line| {
        let value = line.strip_prefix(key)?.strip_prefix(':')?;
        let value = value.split(" #").next().unwrap_or(value);
        Some(value.trim().trim_matches(['"', '\'']))
    })
}

/// Whether `.helmignore` leaves a file out. Its lines are names, paths, `folder/`, or those with a
/// `*` at one end.
fn is_ignored(path: &str, ignored: &str) -> bool {
    let lines = ignored.lines().map(str::trim);
    let parts: Vec<_> = path.split('/').collect();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).any(|line| {
        let (line, only_folders) = match line.strip_suffix('/') {
            Some(folder) => (folder, true),
            None => (line, false),
        };
        let is_named = |name: &str| match (line.strip_prefix('*'), line.strip_suffix('*')) {
            (Some(end), _) => name.ends_with(end),
            (_, Some(start)) => name.starts_with(start),
            _ => name == line,
        };
        let folders = parts.len().saturating_sub(1);
        let among = if only_folders { folders } else { parts.len() };
        let rooted = path.strip_prefix(line.trim_start_matches('/'));
        parts.iter().take(among).any(|part| is_named(part))
            || rooted
                .is_some_and(|rest| rest.starts_with('/') || (rest.is_empty() && !only_folders))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::tests::{gunzip, listed};

    #[test]
    fn a_value_is_read_without_quotes_and_comments() {
        let yaml = "# version: 0\nappVersion: \"1\"\nversion: '0.2.0' # of the chart\n";
        assert_eq!(scalar(yaml, "version"), Some("0.2.0"));
        assert_eq!(scalar(yaml, "appVersion"), Some("1"));
        assert_eq!(scalar(yaml, "name"), None);
    }

    #[test]
    fn helmignore_names_files_folders_and_endings() {
        let ignored = "# comment\n\nci/\n*.orig\n.DS_Store\n/templates/tests\n";
        for path in ["ci/values.yaml", "a/b.orig", "templates/.DS_Store", "templates/tests/a.yaml"]
        {
            assert!(is_ignored(path, ignored), "{path}");
        }
        for path in ["ci", "templates/ci.yaml", "Chart.yaml", "templates/tests-of.yaml"] {
            assert!(!is_ignored(path, ignored), "{path}");
        }
    }

    #[test]
    fn a_package_holds_what_git_knows_below_the_charts_name() {
        let root = tempfile::tempdir().unwrap();
        let chart = root.path().join(FOLDER);
        fs::create_dir_all(chart.join("ci")).unwrap();
        for (path, text) in [
            ("Chart.yaml", "name: stocktake\nversion: 1.2.3\n"),
            (".helmignore", "ci/\n.helmignore\n"),
            ("ci/a-values.yaml", ""),
            ("values.yaml", ""),
        ] {
            fs::write(chart.join(path), text).unwrap();
        }
        git(root.path(), &["init", "--quiet"]).unwrap();
        git(root.path(), &["add", "."]).unwrap();
        fs::write(chart.join("values.yaml.swp"), "").unwrap();
        let (name, package) = package(root.path(), 9).unwrap().unwrap();
        assert_eq!(name, "stocktake-1.2.3.tgz");
        let paths: Vec<_> = listed(&gunzip(&package)).into_iter().map(|entry| entry.0).collect();
        assert_eq!(paths, ["stocktake/Chart.yaml", "stocktake/values.yaml"]);
    }

    #[test]
    fn without_a_chart_there_is_no_package() {
        let root = tempfile::tempdir().unwrap();
        assert!(package(root.path(), 9).unwrap().is_none());
    }
}
