//! The documents' own snippets: what they tell to set can be set.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::site::{command, ended};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// The fenced blocks of one language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<Vec<&str>> = None;
    for line in text.lines() {
        match &mut open {
            Some(lines) if line == "```" => {
                blocks.push(lines.join("\n"));
                open = None;
            }
            Some(lines) => lines.push(line),
            None if line == format!("```{language}") => open = Some(Vec::new()),
            None => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

#[tokio::test]
async fn every_configuration_in_the_onboarding_chapter_is_one() {
    let text = std::fs::read_to_string(docs().join("onboarding.md")).unwrap();
    let found = blocks(&text, "toml");
    assert_eq!(found.len(), 2);
    for block in found {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("stocktake.toml"), &block).unwrap();
        let shown = command(folder.path()).args(["config", "show"]).spawn().unwrap();
        let shown = ended(shown).await;
        assert_eq!(shown.code, Some(0), "{}\n{block}", shown.stderr);
    }
}

#[tokio::test]
async fn every_script_in_the_onboarding_chapter_is_a_shell_script_of_known_commands() {
    let text = std::fs::read_to_string(docs().join("onboarding.md")).unwrap();
    let found = blocks(&text, "sh");
    assert_eq!(found.len(), 3);
    for block in &found {
        let parsed =
            tokio::process::Command::new("sh").args(["-n", "-c", block]).status().await.unwrap();
        assert!(parsed.success(), "{block}");
    }
    // The ids in scripts and Terraform are those that `check` prints.
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
        assert!(found.iter().any(|block| block.contains(id)), "{id}");
        assert!(blocks(&text, "hcl").concat().contains(id), "{id}");
    }
    // The flags that the chapter gives to this program exist.
    let line =
        found.iter().flat_map(|block| block.lines()).find(|line| line.starts_with("stocktake "));
    let folder = TempDir::new().unwrap();
    let help = command(folder.path()).args(["init", "--help"]).spawn().unwrap();
    let help = ended(help).await.stdout;
    for flag in line.unwrap().split_whitespace().filter(|word| word.starts_with("--")) {
        assert!(help.contains(flag), "{flag} is not in {help}");
    }
}
