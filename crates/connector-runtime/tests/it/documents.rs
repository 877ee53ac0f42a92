//! The documents' own snippets: every setting in them can be set, and every command in them can be
//! run.
//!
//! Values of the chart and manifests are tried by `cargo xtask chart`, which has Helm's engine.

mod embedding;
mod observing;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;

use crate::site::{command, ended};

/// What people read that is not in the book.
const BESIDE_THE_BOOK: [&str; 5] = [
    "CONTRIBUTING.md",
    "README.md",
    "RELEASING.md",
    "SECURITY.md",
    "deploy/helm/stocktake/README.md",
];

/// The documents with chart values and manifests; `xtask/chart/documents.py` has the same list.
const WITH_YAML: [&str; 2] = ["deploy/helm/stocktake/README.md", "docs/kubernetes.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn text_of(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every document by its path from the root, with what it includes in place.
fn documents() -> BTreeMap<String, String> {
    let mut paths: Vec<String> = BESIDE_THE_BOOK.map(str::to_owned).into();
    let mut folders = vec!["docs".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                folders.push(name);
            } else if name.ends_with(".md") {
                paths.push(name);
            }
        }
    }
    assert!(paths.len() > 50, "the book is not where it is looked for");
    paths.into_iter().map(|path| (path.clone(), document(&path))).collect()
}

/// One document, with what it includes in place.
fn document(path: &str) -> String {
    let folder = root().join(path).parent().unwrap().to_owned();
    let mut whole = String::new();
    for line in text_of(path).lines() {
        match line.strip_prefix("{{#include ").and_then(|rest| rest.strip_suffix("}}")) {
            Some(file) => whole += &std::fs::read_to_string(folder.join(file)).unwrap(),
            None => whole = whole + line + "\n",
        }
    }
    whole
}

/// The fenced blocks, also where a list indents them: their languages and their texts.
fn all_blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, Vec<&str>, usize)> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (Some(_), Some("")) => {
                let (language, lines, _) = open.take().unwrap();
                blocks.push((language, lines.join("\n")));
            }
            (Some((_, lines, indent)), _) => lines.push(line.get(*indent..).unwrap_or_default()),
            (None, Some(language)) => open = Some((language.to_owned(), Vec::new(), indent)),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The fenced blocks of one language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let blocks = all_blocks(text).into_iter();
    blocks.filter(|(found, _)| found == language).map(|(_, block)| block).collect()
}

/// The blocks of one language in every document, with their documents.
fn blocks_of_all(language: &str) -> Vec<(String, String)> {
    let of_document = |(path, text): (String, String)| {
        blocks(&text, language).into_iter().map(move |block| (path.clone(), block))
    };
    documents().into_iter().flat_map(of_document).collect()
}

/// What is in backticks, outside of blocks.
fn quoted(text: &str) -> BTreeSet<&str> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("```"));
    lines.flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn no_block_is_of_a_language_that_nobody_checks() {
    for (path, text) in documents() {
        for (language, block) in all_blocks(&text) {
            let checked = match language.as_str() {
                // Terraform's language is compared with what `check` prints, below.
                "hcl" => path == "docs/onboarding.md",
                // Compiled with the examples that they are.
                "rust,ignore" => !block.is_empty(),
                "yaml" => WITH_YAML.contains(&path.as_str()),
                "ini" | "sh" | "text" | "toml" => true,
                _ => false,
            };
            assert!(checked, "{path}: nobody checks this {language}:\n{block}");
        }
    }
}

/// Whether a block of TOML is of a package that depends on ours.
fn is_of_a_package(block: &str) -> bool {
    block.starts_with("# Cargo.toml")
}

#[tokio::test]
async fn every_configuration_in_the_documents_is_one() {
    let mut found = blocks_of_all("toml");
    found.retain(|(_, block)| !is_of_a_package(block));
    assert!(found.len() >= 4, "{}", found.len());
    for (path, block) in found {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("stocktake.toml"), &block).unwrap();
        let shown = command(folder.path()).args(["config", "show"]).spawn().unwrap();
        let shown = ended(shown).await;
        assert_eq!(shown.code, Some(0), "{path}: {}\n{block}", shown.stderr);
    }
}

#[tokio::test]
async fn every_script_in_the_documents_is_a_shell_script_of_known_commands() {
    let found = blocks_of_all("sh");
    assert!(found.len() >= 40, "{}", found.len());
    let mut help = Help::default();
    let mut called = 0;
    for (path, block) in found {
        let mut shell = tokio::process::Command::new("sh");
        let parsed = shell.args(["-n", "-c", &block]).status().await.unwrap();
        assert!(parsed.success(), "{path}: {block}");
        for line in commands(&block) {
            let words: Vec<_> = line.split_whitespace().collect();
            for variable in words.iter().take_while(|word| word.contains('=')) {
                if let Err(problem) = try_variable(variable).await {
                    panic!("{path}: `{line}`: {problem}");
                }
            }
            if let Some(arguments) = arguments_of_program(&words) {
                called += 1;
                if let Err(problem) = help.check(arguments).await {
                    panic!("{path}: `{line}`: {problem}");
                }
            }
            if let Some(example) = example(&words) {
                assert!(root().join(&example).exists(), "{path}: `{line}`: no {example}");
            }
        }
    }
    assert!(called >= 30, "{called}");
}

/// The single commands of a script, without comments; a line that goes on is one.
fn commands(script: &str) -> Vec<String> {
    let whole = script.replace("\\\n", " ");
    let lines = whole.lines().map(|line| match line.find("# ") {
        Some(comment) => line.get(..comment).unwrap_or_default(),
        None => line,
    });
    lines.flat_map(|line| line.split(['|', ';', '&'])).map(|line| line.trim().to_owned()).collect()
}

/// What follows the program in a command, however it is started: by its name, by cargo, within a
/// pod, or as what a container of our image does.
fn arguments_of_program<'a, 'w>(words: &'a [&'w str]) -> Option<&'a [&'w str]> {
    let start = words.iter().position(|word| !word.contains('='))?;
    let words = words.get(start..)?;
    let after = |found: fn(&str) -> bool| {
        let place = words.iter().position(|word| found(word))?;
        words.get(place + 1..)
    };
    match words {
        ["stocktake", arguments @ ..] | ["cargo", "run", "--", arguments @ ..] => Some(arguments),
        ["docker", "run", ..] => after(|word| word.starts_with("ghcr.io/stocktake/stocktake:")),
        // By its path, as others are called like it: a user, a release, a file.
        ["docker" | "kubectl" | "sudo", ..] if words.contains(&"/usr/local/bin/stocktake") => {
            after(|word| word == "/usr/local/bin/stocktake")
        }
        ["kubectl", ..] => match after(|word| word == "--")? {
            ["stocktake", arguments @ ..] => Some(arguments),
            _ => None,
        },
        ["docker", "exec", _, "stocktake", arguments @ ..] => Some(arguments),
        _ => None,
    }
}

/// Where the source of an example is that a command runs.
fn example(words: &[&str]) -> Option<String> {
    let after = |flag: &str| {
        let place = words.iter().position(|word| *word == flag)?;
        words.get(place + 1)
    };
    let package = after("-p")?.strip_prefix("stocktake-")?;
    let folder = format!("crates/{package}/examples/{}", after("--example")?);
    Some(if root().join(&folder).is_dir() { folder } else { format!("{folder}.rs") })
}

/// Sets a variable for the program, where it is one of the program's.
async fn try_variable(assignment: &str) -> Result<(), String> {
    let (name, value) = assignment.split_once('=').unwrap_or_default();
    // `cargo xtask release` renews it.
    if name == "VERSION" && value != env!("CARGO_PKG_VERSION") {
        return Err(format!("{value} is not the version of the workspace"));
    }
    if !name.starts_with("STOCKTAKE_") {
        return Ok(());
    }
    let folder = TempDir::new().unwrap();
    let mut shown = command(folder.path());
    let shown = shown.args(["config", "show"]).env(name, value).spawn().unwrap();
    let shown = ended(shown).await;
    if shown.code == Some(0) { Ok(()) } else { Err(shown.stderr) }
}

#[test]
fn the_unit_of_systemd_is_one_and_lets_the_program_do_little() {
    let shown = blocks(&document("docs/install.md"), "ini");
    let unit = text_of("deploy/systemd/stocktake.service");
    assert_eq!(shown, [unit.trim_end()], "the page shows the file");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("stocktake.service");
    // Where the program is installed nothing is installed here.
    let program = env!("CARGO_BIN_EXE_stocktake");
    std::fs::write(&path, unit.replace("/usr/local/bin/stocktake", program)).unwrap();
    let analyze = |arguments: &[&str]| {
        let mut analyze = std::process::Command::new("systemd-analyze");
        analyze.args(arguments).arg(&path).stdin(Stdio::null()).output()
    };
    match analyze(&["verify"]) {
        Ok(verified) => {
            let said = String::from_utf8_lossy(&verified.stderr).into_owned();
            let of_ours: Vec<_> = said.lines().filter(|line| line.contains("stocktake")).collect();
            assert!(verified.status.success() && of_ours.is_empty(), "{said}");
            // The exposure that systemd sees, in tenths; 20 is its "OK".
            let judged = analyze(&["security", "--offline=true", "--threshold=20"]).unwrap();
            let said = String::from_utf8_lossy(&judged.stderr);
            // Before version 250 it judges only what is installed.
            let is_old = said.contains("unrecognized option");
            assert!(judged.status.success() || is_old, "{said}");
        }
        // A machine without systemd; its values are still compared with the page.
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}"),
    }
}

/// What `--help` says of each command, asked once.
#[derive(Default)]
struct Help(BTreeMap<Vec<String>, String>);

impl Help {
    async fn of(&mut self, verbs: &[String]) -> &str {
        if !self.0.contains_key(verbs) {
            let folder = TempDir::new().unwrap();
            let asked = command(folder.path()).args(verbs).arg("--help").spawn().unwrap();
            self.0.insert(verbs.to_vec(), ended(asked).await.stdout);
        }
        &self.0[verbs]
    }

    /// Follows the verbs of a command line and looks up its flags.
    async fn check(&mut self, words: &[&str]) -> Result<(), String> {
        let mut verbs: Vec<String> = Vec::new();
        let mut rest = words.iter();
        // Each flag that may stand before a verb has a value.
        while let Some(flag) = rest.as_slice().first().filter(|word| word.starts_with("--")) {
            self.has_flag(&verbs, flag).await?;
            rest.nth(usize::from(!flag.contains('=')));
        }
        loop {
            let known: Vec<String> = self
                .of(&verbs)
                .await
                .lines()
                .skip_while(|line| *line != "Commands:")
                .skip(1)
                .take_while(|line| line.starts_with("  "))
                .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
                .collect();
            if known.is_empty() {
                break;
            }
            match rest.next() {
                Some(word) if known.iter().any(|verb| verb == word) => {
                    verbs.push((*word).to_owned());
                }
                other => return Err(format!("{other:?} is none of {known:?}")),
            }
        }
        for flag in rest.filter(|word| word.starts_with('-')) {
            self.has_flag(&verbs, flag).await?;
        }
        Ok(())
    }

    /// Looks up a flag of a command; `-` alone is a file.
    async fn has_flag(&mut self, verbs: &[String], flag: &str) -> Result<(), String> {
        let flag = flag.split('=').next().unwrap_or(flag);
        let help = self.of(verbs).await;
        let known = help.split_whitespace().map(|word| word.trim_end_matches([',', ']', '.']));
        if flag == "-" || known.into_iter().any(|known| known == flag) {
            return Ok(());
        }
        Err(format!("{flag} is not in {help}"))
    }
}

#[test]
fn the_onboarding_chapter_names_the_ids_that_check_prints() {
    let text = document("docs/onboarding.md");
    let guide = text_of("crates/connector-runtime/src/commands/check/guide.rs");
    for id in [
        "fc780465-2017-40d4-a0c5-307022471b92",
        "ea8291d3-4b9a-44b5-bc3a-6cea3026dc79",
        "00000003-0000-0000-c000-000000000000",
        "2f51be20-0bb4-4fed-bf7b-db946066c75e",
    ] {
        assert!(guide.contains(id), "{id}");
        assert!(blocks(&text, "sh").concat().contains(id), "{id}");
        assert!(blocks(&text, "hcl").concat().contains(id), "{id}");
    }
}

#[tokio::test]
async fn a_verb_or_flag_that_does_not_exist_is_found() {
    let mut help = Help::default();
    assert_eq!(help.check(&["dead-letters", "show", "17"]).await, Ok(()));
    assert_eq!(help.check(&["sync", "--full", "--output", "json"]).await, Ok(()));
    assert!(help.check(&["dead-letters", "burn"]).await.is_err());
    assert!(help.check(&["sync", "--ful"]).await.is_err());
    assert!(help.check(&["config"]).await.is_err());
}

#[test]
fn the_program_is_found_however_it_is_started() {
    for line in [
        "stocktake sync --full",
        "STOCKTAKE_COLLECTION__EMIT=all stocktake sync --full",
        "sudo -u stocktake /usr/local/bin/stocktake sync --full",
        "kubectl --namespace assets exec stocktake-0 -- /usr/local/bin/stocktake sync --full",
        "kubectl exec stocktake-0 -- stocktake sync --full",
        "docker run --rm ghcr.io/stocktake/stocktake:1.2.3 sync --full",
        "docker exec stocktake stocktake sync --full",
        "cargo run -- sync --full",
    ] {
        let words: Vec<_> = line.split_whitespace().collect();
        assert_eq!(arguments_of_program(&words), Some(&["sync", "--full"][..]), "{line}");
    }
    for line in ["helm test stocktake", "kubectl get pod stocktake-0", "cargo test"] {
        let words: Vec<_> = line.split_whitespace().collect();
        assert_eq!(arguments_of_program(&words), None, "{line}");
    }
    assert_eq!(commands("a \\\n  --b # c\nd | e"), ["a    --b", "d", "e"]);
}

#[tokio::test]
async fn flags_that_stand_before_the_verb_are_looked_up() {
    let mut help = Help::default();
    assert_eq!(help.check(&["--config", "a.toml", "--log-level=info", "run"]).await, Ok(()));
    assert!(help.check(&["--confg", "a.toml", "run"]).await.is_err());
}
