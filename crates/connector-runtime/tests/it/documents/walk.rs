//! *Getting started*, done step by step as it stands there, against the emulated cloud.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use super::{blocks, document};
use crate::site::{Ended, ended};

/// A shell that finds the program under its name.
fn shell(folder: &Path, script: &str) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_stocktake"));
    let mut shell = Command::new("sh");
    shell
        .args(["-e", "-c", script])
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", program.parent().unwrap().display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    shell
}

async fn run(folder: &TempDir, script: &str, typed: &str) -> Ended {
    let mut child = shell(folder.path(), script).spawn().unwrap();
    // It may end before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes()).await;
    ended(child).await
}

/// The text with `#` for each number: what two runs have in common.
fn without_numbers(text: &str) -> String {
    let mut plain = String::new();
    for part in text.split_inclusive(|char: char| !char.is_ascii_digit() && !".,".contains(char)) {
        let number =
            part.trim_start_matches(|char: char| char.is_ascii_digit() || ".,".contains(char));
        plain += if number.len() < part.len() { "#" } else { "" };
        plain += number;
    }
    // A slow machine takes seconds.
    plain.replace("in # ms", "in # s").trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn getting_started_leads_from_nothing_to_delivered_events() {
    let page = document("docs/getting-started.md");
    let scripts = blocks(&page, "sh");
    let script = |words: &str| {
        let mut found = scripts.iter().filter(|script| script.starts_with(words));
        let script = found.next().unwrap_or_else(|| panic!("no `{words}` on the page"));
        assert_eq!(found.next(), None, "`{words}` stands there twice");
        script.clone()
    };
    let folder = TempDir::new().unwrap();

    // Any free port instead of the page's, which may be taken here.
    let simulate = script("stocktake simulate").replace("8080", "0");
    let mut cloud = shell(folder.path(), &format!("exec {simulate}")).spawn().unwrap();
    let mut lines = BufReader::new(cloud.stdout.take().unwrap()).lines();
    let mut printed = BTreeMap::new();
    while !printed.contains_key("api_key") {
        let line = lines.next_line().await.unwrap().expect("the emulated cloud ended");
        if let Some((key, value)) = line.split_once(" = ") {
            printed.insert(key.to_owned(), value.trim_matches('"').to_owned());
        }
    }
    let url = &printed["base_url"];
    let typed = ["tenant_id", "app_id", "app_secret"].map(|key| printed[key].as_str()).join("\n");

    let init = script("stocktake init --name contoso --base-url");
    let init = init.replace("http://127.0.0.1:8080", url);
    let made = run(&folder, &init, &format!("{typed}\n")).await;
    assert_eq!(made.code, Some(0), "{made:#?}");

    // As the page says: to the end of what `init` wrote.
    let added = blocks(&page, "toml").remove(0);
    let key_file = folder.path().join("key");
    std::fs::write(&key_file, &printed["api_key"]).unwrap();
    let filled = added
        .replace("https://api.sekoia.io", url)
        .replace("/run/secrets/sekoia", key_file.to_str().unwrap());
    assert!(filled.contains(&printed["connector_uuid"]), "{filled}");
    let configuration = folder.path().join("stocktake.toml");
    let written = std::fs::read_to_string(&configuration).unwrap();
    std::fs::write(&configuration, format!("{written}\n{filled}\n")).unwrap();

    let checked = run(&folder, &script("stocktake check"), "").await;
    assert_eq!(checked.code, Some(0), "{checked:#?}");
    let synced = run(&folder, &script("stocktake sync"), "").await;
    assert_eq!(synced.code, Some(3), "the emulated fleet has odd records: {synced:#?}");
    let mut shown = blocks(&page, "text").into_iter();
    let shown = shown.find(|block| block.starts_with("contoso: full cycle")).unwrap();
    assert_eq!(without_numbers(&synced.stdout), without_numbers(&shown), "what the page shows");
    let letters = run(&folder, &script("stocktake dead-letters"), "").await;
    assert_eq!(letters.code, Some(0), "{letters:#?}");
    assert!(letters.stdout.lines().count() > 1, "{letters:#?}");
    assert!(folder.path().join("events").is_dir(), "files of events too");

    // What is left has no end, is tried by other tests, or needs files of a tenant.
    let left: Vec<_> = scripts
        .iter()
        .map(|script| script.split_whitespace().nth(1).unwrap_or_default())
        .filter(|verb| !["check", "dead-letters", "init", "simulate", "sync"].contains(verb))
        .collect();
    assert_eq!(left, ["demo", "run", "map"]);
}
