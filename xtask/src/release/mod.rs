//! A release: one version for everything, the changelog closed, one commit, one tag.
//!
//! Nothing is pushed: whoever runs this looks at the commit and pushes it with its tag, and the tag
//! starts the rest.

mod changelog;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use chrono::NaiveDate;
use semver::Version;
use toml_edit::DocumentMut;

use crate::program::{git, printed};
use crate::{dist, schema};

/// The branch that is released.
const BRANCH: &str = "main";

/// Release.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true)))]
pub(crate) struct Release {
    /// The version, for example 0.2.0
    version: Version,
    /// Checks, and shows steps and changes without making any
    #[arg(long, group = "what")]
    dry_run: bool,
    /// Checks, changes the files, commits and tags
    #[arg(long, group = "what")]
    execute: bool,
    /// Prints what the changelog says of a released version
    #[arg(long, group = "what")]
    notes: bool,
    /// The day of the release, YYYY-MM-DD [default: that of the last commit]
    #[arg(long)]
    date: Option<NaiveDate>,
}

impl Release {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let root = schema::root();
        if self.notes {
            let text = fs::read_to_string(root.join(changelog::FILE))?;
            println!("{}", changelog::section(&text, &self.version.to_string())?);
            return Ok(());
        }
        let date = match self.date {
            Some(date) => date,
            None => git(&root, &["log", "-1", "--format=%cs"])?.parse()?,
        };
        let plan = Plan { version: self.version, date };
        if self.execute { plan.execute(&root) } else { plan.rehearse(&root) }
    }
}

/// A version and its day.
struct Plan {
    version: Version,
    date: NaiveDate,
}

impl Plan {
    fn tag(&self) -> String {
        format!("v{}", self.version)
    }

    /// What stands against the release.
    fn faults(&self, root: &Path) -> anyhow::Result<Vec<String>> {
        let mut faults = Vec::new();
        if !git(root, &["status", "--porcelain"])?.is_empty() {
            faults.push("the tree has changes; commit or stash them".to_owned());
        }
        let branch = git(root, &["branch", "--show-current"])?;
        if branch != BRANCH {
            faults.push(format!("the branch is `{branch}`; releases are made from `{BRANCH}`"));
        }
        if let Some(last) = last_release(root)?
            && self.version <= last
        {
            faults.push(format!("{} is not greater than {last}, the last tag", self.version));
        }
        if !self.version.build.is_empty() {
            faults.push(format!("{} has build metadata, which no image tag can", self.version));
        }
        let current = Version::parse(&dist::version(root)?).context("Cargo.toml")?;
        if self.version < current {
            faults.push(format!("{} is less than {current} in Cargo.toml", self.version));
        }
        let text = fs::read_to_string(root.join(changelog::FILE))?;
        if let Err(error) = changelog::close(&text, &self.version.to_string(), self.date) {
            faults.push(format!("{}: {error}", changelog::FILE));
        }
        if let Some(chart) = read_chart(root)? {
            for key in CHART_KEYS {
                if dist::scalar(&chart, key).is_none() {
                    faults.push(format!("{}/Chart.yaml has no {key}", dist::CHART));
                }
            }
        }
        Ok(faults)
    }

    /// Shows what [`Plan::execute`] would do, from a copy of the repository.
    fn rehearse(&self, root: &Path) -> anyhow::Result<()> {
        let faults = self.faults(root)?;
        let copy = tempfile::tempdir()?;
        let there = copy.path().join("stocktake");
        printed(Command::new("git").args(["clone", "--quiet", "--shared"]).arg(root).arg(&there))?;
        match self.change(&there) {
            Ok(()) => println!("{}\n", git(&there, &["diff"])?),
            Err(error) => println!("the changes cannot be made: {error:#}\n"),
        }
        for step in self.steps() {
            println!("would {step}");
        }
        report(&faults)
    }

    fn steps(&self) -> [String; 3] {
        let tag = self.tag();
        [
            "make the changes above".to_owned(),
            format!("git commit --all --message '{}'", self.message()),
            format!("git tag --annotate {tag}"),
        ]
    }

    fn message(&self) -> String {
        format!("Release {}", self.version)
    }

    fn execute(&self, root: &Path) -> anyhow::Result<()> {
        report(&self.faults(root)?)?;
        self.change(root)?;
        git(root, &["commit", "--quiet", "--all", "--message", &self.message()])?;
        let tag = self.tag();
        git(root, &["tag", "--annotate", &tag, "--message", &self.message()])?;
        println!("{tag} is made; publish it with: git push --atomic origin {BRANCH} {tag}");
        Ok(())
    }

    /// Writes the version wherever it stands.
    fn change(&self, root: &Path) -> anyhow::Result<()> {
        let version = self.version.to_string();
        let old = dist::version(root)?;
        edit(&root.join("Cargo.toml"), |text| {
            let mut manifest: DocumentMut = text.parse()?;
            let place = manifest["workspace"]["package"]["version"].as_value_mut();
            let place = place.context("it has no workspace.package.version")?;
            // The comment beside it stays.
            let around = place.decor().clone();
            *place = toml_edit::Value::from(version.as_str()).decorated(
                around.prefix().and_then(|text| text.as_str()).unwrap_or(" "),
                around.suffix().and_then(|text| text.as_str()).unwrap_or_default(),
            );
            Ok(manifest.to_string())
        })?;
        for page in PAGES.map(|page| root.join(page)).iter().filter(|page| page.exists()) {
            edit(page, |text| Ok(renamed(text, &old, &version)))?;
        }
        // Of the workspace's own entries; no other is looked up anew.
        let update = ["update", "--workspace", "--offline", "--quiet"];
        printed(Command::new(env!("CARGO")).args(update).current_dir(root))?;
        edit(&root.join(changelog::FILE), |text| changelog::close(text, &version, self.date))?;
        if read_chart(root)?.is_some() {
            edit(&root.join(dist::CHART).join("Chart.yaml"), |text| Ok(self.chart(text)))?;
        }
        Ok(())
    }

    /// `Chart.yaml` of this version: its keys, the image that it installs, and whether it is early.
    fn chart(&self, text: &str) -> String {
        let version = self.version.to_string();
        let old = dist::scalar(text, "appVersion").unwrap_or_default().to_owned();
        let text = CHART_KEYS.iter().fold(text.to_owned(), |text, key| set(&text, key, &version));
        let early = !self.version.pre.is_empty();
        let lines = text.split_inclusive('\n').map(|line| match line.trim_start() {
            image if image.trim_start_matches("- ").starts_with("image: ") => {
                line.replace(&format!(":{old}"), &format!(":{version}"))
            }
            key if key.starts_with(PRERELEASE) => {
                let indent = &line[..line.len() - key.len()];
                format!("{indent}{PRERELEASE}: \"{early}\"\n")
            }
            _ => line.to_owned(),
        });
        lines.collect()
    }
}

/// Says for what lists charts whether this one is for everybody.
const PRERELEASE: &str = "artifacthub.io/prerelease";

/// The pages of the book that name the version, in commands and manifests to copy.
const PAGES: [&str; 3] = ["docs/embedding.md", "docs/install.md", "docs/kubernetes.md"];

/// The text of a page with the new version where it names the old one.
fn renamed(text: &str, old: &str, new: &str) -> String {
    text.replace(&format!("tag = \"v{old}\""), &format!("tag = \"v{new}\""))
        .replace(&format!("VERSION={old}\n"), &format!("VERSION={new}\n"))
}

/// The keys of `Chart.yaml` that are the version.
const CHART_KEYS: [&str; 2] = ["version", "appVersion"];

fn read_chart(root: &Path) -> anyhow::Result<Option<String>> {
    let path = root.join(dist::CHART).join("Chart.yaml");
    if !path.exists() {
        return Ok(None);
    }
    Ok(Some(fs::read_to_string(path)?))
}

/// Sets a key at the top of a YAML file; its quotes and comment stay.
fn set(yaml: &str, key: &str, value: &str) -> String {
    let Some(old) = dist::scalar(yaml, key) else { return yaml.to_owned() };
    let lines = yaml.split_inclusive('\n').map(|line| match line.strip_prefix(key) {
        Some(rest) if rest.starts_with(':') => format!("{key}{}", rest.replacen(old, value, 1)),
        _ => line.to_owned(),
    });
    lines.collect()
}

/// The greatest version that is tagged.
fn last_release(root: &Path) -> anyhow::Result<Option<Version>> {
    let tags = git(root, &["tag", "--list", "v*"])?;
    Ok(tags.lines().filter_map(|tag| Version::parse(tag.strip_prefix('v')?).ok()).max())
}

fn edit(path: &Path, change: impl FnOnce(&str) -> anyhow::Result<String>) -> anyhow::Result<()> {
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    let changed = change(&text).with_context(|| format!("{shown}"))?;
    fs::write(path, changed).with_context(|| format!("cannot write {shown}"))
}

fn report(faults: &[String]) -> anyhow::Result<()> {
    for fault in faults {
        println!("fault: {fault}");
    }
    ensure!(faults.is_empty(), "not ready to be released");
    Ok(())
}
