//! The book: checked as its source, and built by mdBook.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use clap::CommandFactory as _;

use crate::{Verb, schema, tidy};

/// Book.
#[derive(Debug, clap::Args)]
pub(crate) struct Book {
    /// Only checks, and needs no mdBook.
    #[arg(long)]
    check: bool,
}

/// A page of the book.
#[derive(Debug)]
struct Page {
    /// From the folder of the book.
    path: PathBuf,
    text: String,
}

/// The table of contents, which is not a page itself.
const SUMMARY: &str = "SUMMARY.md";

/// Where the repository's files are on the web. Published, the book stands alone, so its links to
/// what is beside it are of this kind.
const REPOSITORY: &str = "https://github.com/stocktake/stocktake/blob/main/";

/// Documents that name verbs and files as the book does, from the root of the repository.
const BESIDE: [&str; 6] = [
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "README.md",
    "RELEASING.md",
    "SECURITY.md",
    "deploy/helm/stocktake/README.md",
];

/// The folder of pictures in the book.
const PICTURES: &str = "pictures";

/// The version of mdBook that builds it.
const MDBOOK: &str = "0.5.4";

impl Book {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let root = schema::root();
        let docs = root.join("docs");
        let pages = pages(&docs)?;
        let mut faults = Vec::new();
        contents(&pages, &mut faults)?;
        for page in &pages {
            links(page, &pages, &docs, &mut faults);
            links_beside(page, &root, &mut faults);
            includes(page, &docs, &mut faults);
            verbs("docs/", page, &mut faults);
        }
        for page in beside(&root)? {
            links_beside(&page, &root, &mut faults);
            verbs("", &page, &mut faults);
        }
        pictures(&pages, &docs, &mut faults)?;
        redirects(&pages, &fs::read_to_string(docs.join("book.toml"))?, &mut faults);
        promises(&pages, &root, &mut faults)?;
        for fault in &faults {
            println!("{fault}");
        }
        ensure!(faults.is_empty(), "{} faults in the book", faults.len());
        println!("the book is in order: {} pages", pages.len() - 1);
        if self.check { Ok(()) } else { build(&root, &docs) }
    }
}

/// Every Markdown file below `folder`, in order.
fn pages(docs: &Path) -> anyhow::Result<Vec<Page>> {
    let mut pages = Vec::new();
    let mut folders = vec![docs.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&path)?;
                pages.push(Page { path: path.strip_prefix(docs)?.to_owned(), text });
            }
        }
    }
    pages.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(pages)
}

/// The documents beside the book.
fn beside(root: &Path) -> anyhow::Result<Vec<Page>> {
    let read = |path: &str| {
        let text = fs::read_to_string(root.join(path)).with_context(|| path.to_owned())?;
        Ok(Page { path: path.into(), text })
    };
    BESIDE.into_iter().map(read).collect()
}

/// No page without its place in the table of contents. That its links resolve is checked with the
/// links of all pages.
fn contents(pages: &[Page], faults: &mut Vec<String>) -> anyhow::Result<()> {
    let summary = pages
        .iter()
        .find(|page| page.path == Path::new(SUMMARY))
        .with_context(|| format!("docs/{SUMMARY} is missing"))?;
    let linked: BTreeSet<&Path> = tidy::targets(&summary.text).map(Path::new).collect();
    for page in pages.iter().filter(|page| page.path != summary.path) {
        if !linked.contains(page.path.as_path()) {
            faults.push(format!("docs/{} is not in docs/{SUMMARY}", page.path.display()));
        }
    }
    Ok(())
}

/// Every internal link and every picture leads to a file of the book, and an anchor to a heading.
fn links(page: &Page, pages: &[Page], docs: &Path, faults: &mut Vec<String>) {
    let shown = page.path.display();
    for link in tidy::targets(&page.text) {
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = match file {
            "" => page.path.clone(),
            file => normal(&page.path.parent().unwrap_or(Path::new("")).join(file)),
        };
        if target.starts_with("..") || !docs.join(&target).is_file() {
            faults.push(format!(
                "docs/{shown} links to {link}, which is not in the book; what is beside it has an \
                 address below {REPOSITORY}"
            ));
            continue;
        }
        let has_heading = |target: &Page| {
            target.text.lines().any(|line| line.starts_with('#') && slug(line) == anchor)
        };
        if !anchor.is_empty()
            && !pages.iter().any(|other| other.path == target && has_heading(other))
        {
            faults.push(format!("docs/{shown} links to {link}, but the heading does not exist"));
        }
    }
}

/// Every link to the repository's place on the web leads to a file that is there.
fn links_beside(page: &Page, root: &Path, faults: &mut Vec<String>) {
    for rest in page.text.split(REPOSITORY).skip(1) {
        let end = rest.find(|char: char| ")#>\"'".contains(char) || char.is_whitespace());
        let path = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if !root.join(path).is_file() {
            let shown = page.path.display();
            faults.push(format!("{shown} links to {path} of the repository, which is missing"));
        }
    }
}

/// Every picture is shown, says in words what it shows, and loads nothing.
fn pictures(pages: &[Page], docs: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    for page in pages {
        let shown = page.path.display();
        if page.text.contains("![](") {
            faults.push(format!("docs/{shown} has a picture without words for it"));
        }
        if page.text.contains("<img") {
            faults
                .push(format!("docs/{shown} has <img>, whose file is not checked; write ![…](…)"));
        }
    }
    let linked: BTreeSet<PathBuf> = pages
        .iter()
        .flat_map(|page| {
            let folder = page.path.parent().unwrap_or(Path::new(""));
            tidy::targets(&page.text).map(move |target| normal(&folder.join(target)))
        })
        .collect();
    for entry in fs::read_dir(docs.join(PICTURES))? {
        let path = Path::new(PICTURES).join(entry?.file_name());
        let shown = path.display();
        if !linked.contains(&path) {
            faults.push(format!("docs/{shown} is shown by no page"));
        }
        let text = fs::read_to_string(docs.join(&path)).unwrap_or_default();
        for part in ["<svg ", "<title", "<desc", "prefers-color-scheme: dark", "</svg>"] {
            if !text.contains(part) {
                faults.push(format!("docs/{shown} has no {part}"));
            }
        }
        for part in ["<script", "href=", "<foreignObject", "@import"] {
            if text.contains(part) {
                faults.push(format!("docs/{shown} has {part}"));
            }
        }
    }
    Ok(())
}

/// The path without `.` and `..` inside.
fn normal(path: &Path) -> PathBuf {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.iter().collect()
}

/// The anchor that mdBook gives a heading.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars()
        .filter(|char| char.is_alphanumeric() || " -_".contains(*char))
        .map(|char| if char == ' ' { '-' } else { char })
        .collect()
}

/// Every file that a page includes is there.
fn includes(page: &Page, docs: &Path, faults: &mut Vec<String>) {
    let folder = docs.join(&page.path);
    let folder = folder.parent().unwrap_or(docs);
    for rest in page.text.split("{{#include ").skip(1) {
        let Some((file, _)) = rest.split_once("}}") else { continue };
        if !folder.join(file).is_file() {
            faults.push(format!("docs/{} includes {file}, which is missing", page.path.display()));
        }
    }
}

/// Every `cargo xtask` verb that a page names exists.
fn verbs(folder: &str, page: &Page, faults: &mut Vec<String>) {
    let known = Verb::command();
    for rest in page.text.split("cargo xtask ").skip(1) {
        let verb: String =
            rest.chars().take_while(|char| char.is_alphanumeric() || *char == '-').collect();
        if known.find_subcommand(&verb).is_none() {
            faults.push(format!(
                "{folder}{} names `cargo xtask {verb}`, which does not exist",
                page.path.display()
            ));
        }
    }
}

/// mdBook writes a folder's README.md as its index and leaves links to it as they are, so each needs
/// a redirect.
fn redirects(pages: &[Page], settings: &str, faults: &mut Vec<String>) {
    for page in pages {
        let from = format!("\"/{}\"", page.path.with_extension("html").display());
        let is_folder = page.path.components().count() > 1 && page.path.ends_with("README.md");
        if is_folder && !settings.contains(&from) {
            faults.push(format!("docs/book.toml lacks the redirect {from} = \"index.html\""));
        }
    }
}

/// Every test that the page of guarantees names exists.
fn promises(pages: &[Page], root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    const PAGE: &str = "guarantees.md";
    let page = pages
        .iter()
        .find(|page| page.path == Path::new(PAGE))
        .with_context(|| format!("docs/{PAGE} is missing"))?;
    let mut sources = String::new();
    for path in tidy::tracked(root)? {
        if path.extension().is_some_and(|extension| extension == "rs") {
            // A file that git knows may be gone from the folder.
            sources.push_str(&fs::read_to_string(root.join(path)).unwrap_or_default());
        }
    }
    let cells = page.text.lines().filter(|line| line.starts_with("| `"));
    let names: Vec<&str> = cells
        .filter_map(|line| line.split('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    ensure!(names.len() > 20, "docs/{PAGE} names {} tests; is its table read?", names.len());
    for name in names {
        if !sources.contains(&format!("fn {name}(")) {
            faults.push(format!("docs/{PAGE} names the test {name}, which does not exist"));
        }
    }
    Ok(())
}

/// Builds the book. Whatever mdBook warns of is a fault.
fn build(root: &Path, docs: &Path) -> anyhow::Result<()> {
    let output = Command::new(mdbook(root)?)
        .arg("build")
        .arg(docs)
        .output()
        .context("cannot start mdbook")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "mdbook failed:\n{said}");
    if said.contains("WARN") {
        bail!("mdbook warns:\n{said}");
    }
    println!("built target/book/index.html");
    Ok(())
}

/// The mdBook of our version: the one that is installed, or one that is made under `target/`.
fn mdbook(root: &Path) -> anyhow::Result<PathBuf> {
    let folder = root.join("target/mdbook");
    let own = folder.join("bin").join(if cfg!(windows) { "mdbook.exe" } else { "mdbook" });
    for candidate in [PathBuf::from("mdbook"), own.clone()] {
        let version = Command::new(&candidate).arg("--version").output();
        let version = version.map(|output| output.stdout).unwrap_or_default();
        if String::from_utf8_lossy(&version).trim() == format!("mdbook v{MDBOOK}") {
            return Ok(candidate);
        }
    }
    println!("installing mdBook {MDBOOK} into target/mdbook");
    // What serves and watches is left out.
    let status = Command::new(env!("CARGO"))
        .args([
            "install",
            "--quiet",
            "--locked",
            "--no-default-features",
            "--features",
            "search",
            "--root",
        ])
        .arg(&folder)
        .args(["--version", MDBOOK, "mdbook"])
        .current_dir(root)
        .status()?;
    ensure!(status.success(), "mdBook {MDBOOK} cannot be installed; --check does without it");
    Ok(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, text: &str) -> Page {
        Page { path: path.into(), text: text.into() }
    }

    #[test]
    fn a_heading_has_the_anchor_that_mdbook_gives_it() {
        assert_eq!(slug("## Not an error: Intune is absent"), "not-an-error-intune-is-absent");
        assert_eq!(slug("## `[sinks.NAME]`, type `file`"), "sinksname-type-file");
    }

    const BESIDE_IT: &str = "which is not in the book; what is beside it has an address below \
                             https://github.com/stocktake/stocktake/blob/main/";

    #[test]
    fn what_is_beside_the_book_is_linked_by_its_place_on_the_web() {
        let root = schema::root();
        let text =
            format!("[a](../README.md) [b]({REPOSITORY}README.md#x) [c]({REPOSITORY}gone.md)");
        let page = page("faq.md", &text);
        let mut faults = Vec::new();
        links(&page, &[], &root.join("docs"), &mut faults);
        links_beside(&page, &root, &mut faults);
        assert_eq!(
            faults,
            [
                format!("docs/faq.md links to ../README.md, {BESIDE_IT}"),
                "faq.md links to gone.md of the repository, which is missing".to_owned(),
            ]
        );
    }

    #[test]
    fn a_picture_that_says_nothing_in_words_or_loads_something_is_found() {
        let docs = tempfile::tempdir().unwrap();
        fs::create_dir(docs.path().join(PICTURES)).unwrap();
        let whole = "<svg ><title/><desc/> prefers-color-scheme: dark </svg>";
        for (name, text) in [
            ("whole.svg", whole.to_owned()),
            ("lost.svg", whole.to_owned()),
            ("mute.svg", whole.replace("<desc/>", "<image href=\"a\"/>")),
        ] {
            fs::write(docs.path().join(PICTURES).join(name), text).unwrap();
        }
        let pages = [
            page("a.md", "![A thing](pictures/whole.svg) ![](pictures/mute.svg)"),
            page("b/a.md", "![A thing](../pictures/whole.svg) <img src=\"a\">"),
        ];
        let mut faults = Vec::new();
        pictures(&pages, docs.path(), &mut faults).unwrap();
        faults.sort();
        assert_eq!(
            faults,
            [
                "docs/a.md has a picture without words for it",
                "docs/b/a.md has <img>, whose file is not checked; write ![…](…)",
                "docs/pictures/lost.svg is shown by no page",
                "docs/pictures/mute.svg has href=",
                "docs/pictures/mute.svg has no <desc",
            ]
        );
    }

    #[test]
    fn a_page_without_a_place_and_a_link_that_leads_nowhere_are_found() {
        let docs = schema::root().join("docs");
        let pages = [
            page(SUMMARY, "[Start](README.md)"),
            page("README.md", "# Start\n[a](#start) [b](#end) [c](gone.md) ![d](gone.svg)"),
            page("lost.md", "`cargo xtask nonsense` {{#include gone.rs}}"),
        ];
        let mut faults = Vec::new();
        contents(&pages, &mut faults).unwrap();
        assert_eq!(faults, ["docs/lost.md is not in docs/SUMMARY.md"]);
        faults.clear();
        for page in &pages {
            links(page, &pages, &docs, &mut faults);
            includes(page, &docs, &mut faults);
            verbs("docs/", page, &mut faults);
        }
        redirects(&[page("README.md", ""), page("adr/README.md", "")], "", &mut faults);
        assert_eq!(
            faults,
            [
                "docs/README.md links to #end, but the heading does not exist",
                format!("docs/README.md links to gone.md, {BESIDE_IT}").as_str(),
                format!("docs/README.md links to gone.svg, {BESIDE_IT}").as_str(),
                "docs/lost.md includes gone.rs, which is missing",
                "docs/lost.md names `cargo xtask nonsense`, which does not exist",
                "docs/book.toml lacks the redirect \"/adr/README.html\" = \"index.html\"",
            ]
        );
    }
}
