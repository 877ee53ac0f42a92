//! The book's own snippets: what it tells to set can be set, and what it tells to run can be run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::site::{command, ended};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Every page of the book with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let mut pages = Vec::new();
    let mut folders = vec![docs()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let text = std::fs::read_to_string(&path).unwrap();
                pages.push((path, text));
            }
        }
    }
    assert!(pages.len() > 40, "the book is not where it is looked for");
    pages
}

/// The fenced blocks of one language, also where a list indents them.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, Vec<&str>, usize)> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (Some(_), Some("")) => {
                let (wanted, lines, _) = open.take().unwrap();
                blocks.extend(wanted.then(|| lines.join("\n")));
            }
            (Some((_, lines, indent)), _) => lines.push(line.get(*indent..).unwrap_or_default()),
            (None, Some(name)) => open = Some((name == language, Vec::new(), indent)),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The blocks of one language in every page, with their pages.
fn all_blocks(language: &str) -> Vec<(PathBuf, String)> {
    let of_page = |(path, text): (PathBuf, String)| {
        blocks(&text, language).into_iter().map(move |block| (path.clone(), block))
    };
    pages().into_iter().flat_map(of_page).collect()
}

#[tokio::test]
async fn every_configuration_in_the_book_is_one() {
    let found = all_blocks("toml");
    assert!(found.len() >= 4, "{}", found.len());
    for (page, block) in found {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("stocktake.toml"), &block).unwrap();
        let shown = command(folder.path()).args(["config", "show"]).spawn().unwrap();
        let shown = ended(shown).await;
        assert_eq!(shown.code, Some(0), "{}: {}\n{block}", page.display(), shown.stderr);
    }
}

#[tokio::test]
async fn every_script_in_the_book_is_a_shell_script_of_known_commands() {
    let found = all_blocks("sh");
    assert!(found.len() >= 15, "{}", found.len());
    let mut help = Help::default();
    for (page, block) in found {
        let parsed =
            tokio::process::Command::new("sh").args(["-n", "-c", &block]).status().await.unwrap();
        assert!(parsed.success(), "{}: {block}", page.display());
        for line in block.lines().flat_map(|line| line.split(['|', ';', '&'])) {
            let mut words = line.split_whitespace().skip_while(|word| word.contains('='));
            if words.next() == Some("stocktake")
                && let Err(problem) = help.check(&words.collect::<Vec<_>>()).await
            {
                panic!("{}: `{line}`: {problem}", page.display());
            }
        }
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
        let help = self.of(&verbs).await;
        let flags: Vec<_> = help
            .split_whitespace()
            .map(|word| word.trim_end_matches([',', ']', '.']))
            .filter(|word| word.starts_with("--"))
            .collect();
        match rest.find(|word| word.starts_with('-') && !flags.contains(word)) {
            Some(unknown) => Err(format!("{unknown} is not in {help}")),
            None => Ok(()),
        }
    }
}

#[test]
fn the_onboarding_chapter_names_the_ids_that_check_prints() {
    let text = std::fs::read_to_string(docs().join("onboarding.md")).unwrap();
    let guide = std::fs::read_to_string(
        docs().join("../crates/connector-runtime/src/commands/check/guide.rs"),
    )
    .unwrap();
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
