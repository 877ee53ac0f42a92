//! The files of a release: program, completions, manual, bill of materials, chart, checksums.
//!
//! The same commit gives the same files: entries are sorted, times are the commit's (or
//! `SOURCE_DATE_EPOCH`), and the program contains no paths of the machine.

mod binary;
mod chart;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::archive::Archive;
use crate::digest::sha256;
use crate::program::{git, printed};
use crate::{sbom, schema};

pub(crate) use binary::{Linkage, linkage};
pub(crate) use chart::{FOLDER as CHART, scalar};

/// Where everything is put, from the root of the repository.
pub(crate) const FOLDER: &str = "target/dist";

/// Packaged with the program.
const DOCUMENTS: [&str; 3] = ["LICENSE", "README.md", "CHANGELOG.md"];

/// The unit for systemd.
const SERVICE: &str = "deploy/systemd/stocktake.service";

/// The scripts of `stocktake completions`, by shell.
const COMPLETIONS: [(&str, &str); 3] =
    [("bash", "stocktake.bash"), ("zsh", "_stocktake"), ("fish", "stocktake.fish")];

/// Dist.
#[derive(Debug, clap::Args)]
pub(crate) struct Dist {
    /// The target triple [default: this machine's, with musl where it can be built, else with glibc]
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
}

impl Dist {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let root = schema::root();
        let version = version(&root)?;
        let time = time(&root)?;
        let built = binary::build(&root, self.target.as_deref(), time)?;
        let target = &built.target;
        println!("{target}: {}", built.linkage);

        let folder = root.join(FOLDER);
        if folder.exists() {
            fs::remove_dir_all(&folder).context("target/dist cannot be emptied")?;
        }
        fs::create_dir_all(&folder)?;
        let name = format!("stocktake-{version}-{target}");
        let program = fs::read(&built.program)?;
        let mut archive = Archive::default();
        archive.folder(name.as_str(), 0o755, 0);
        archive.program(format!("{name}/stocktake"), program.as_slice());
        for document in DOCUMENTS {
            archive.file(format!("{name}/{document}"), fs::read(root.join(document))?);
        }
        archive.file(format!("{name}/stocktake.service"), fs::read(root.join(SERVICE))?);
        archive.file(format!("{name}/BUILD.txt"), facts(&root, &version, &built)?);
        if built.runs {
            manual(&root, &built, time, &name, &mut archive)?;
        } else {
            println!("without completions and manual: a program for {target} does not run here");
        }
        let write = |name: &str, content: &[u8]| {
            println!("{FOLDER}/{name}");
            fs::write(folder.join(name), content)
        };
        write(&format!("{name}.tar.gz"), &archive.tar_gz(time)?)?;
        write(&format!("{name}.cdx.json"), sbom::cyclonedx(&root, target, time)?.as_bytes())?;
        match chart::package(&root, time)? {
            Some((name, package)) => write(&name, &package)?,
            None => println!("without a chart: {} is not there", chart::FOLDER),
        }
        write("SHA256SUMS", sums(&folder)?.as_bytes())?;
        // Unpacked, for `cargo xtask image`; not part of what is published.
        let unpacked = root.join(UNPACKED);
        fs::create_dir_all(unpacked.parent().context("no folder")?)?;
        fs::copy(&built.program, unpacked)?;
        Ok(())
    }
}

/// The program of the last `cargo xtask dist`, from the root of the repository.
pub(crate) const UNPACKED: &str = "target/dist-program/stocktake";

/// The workspace's version.
pub(crate) fn version(root: &Path) -> anyhow::Result<String> {
    let manifest: toml_edit::DocumentMut =
        fs::read_to_string(root.join("Cargo.toml"))?.parse().context("Cargo.toml")?;
    let version = manifest["workspace"]["package"]["version"].as_str();
    Ok(version.context("Cargo.toml has no workspace.package.version")?.to_owned())
}

/// The one time that files get: `SOURCE_DATE_EPOCH`, or that of the last commit.
pub(crate) fn time(root: &Path) -> anyhow::Result<u64> {
    let seconds = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(seconds) => seconds,
        Err(_) => git(root, &["log", "-1", "--format=%ct"])?,
    };
    seconds
        .parse()
        .with_context(|| format!("SOURCE_DATE_EPOCH `{seconds}` is not a number of seconds"))
}

/// What was built, of what and with what.
fn facts(root: &Path, version: &str, built: &binary::Built) -> anyhow::Result<String> {
    let compiler = printed(Command::new("rustc").arg("--version"))?;
    let commit = git(root, &["rev-parse", "HEAD"])?;
    let changed = if git(root, &["status", "--porcelain"])?.is_empty() { "" } else { " (changed)" };
    Ok(format!(
        "version: {version}\ncommit: {commit}{changed}\ntarget: {}\nlinkage: {}\ncompiler: \
         {compiler}\n",
        built.target, built.linkage
    ))
}

/// Adds completions and manual pages.
fn manual(
    root: &Path,
    built: &binary::Built,
    time: u64,
    name: &str,
    archive: &mut Archive,
) -> anyhow::Result<()> {
    archive.folder(format!("{name}/completions"), 0o755, 0);
    for (shell, file) in COMPLETIONS {
        let script = printed(Command::new(&built.program).args(["completions", shell]))?;
        archive.file(format!("{name}/completions/{file}"), script + "\n");
    }
    let pages = tempfile::tempdir()?;
    binary::manual_pages(root, built, pages.path(), time)?;
    archive.folder(format!("{name}/man"), 0o755, 0);
    for page in files(pages.path())? {
        let file = page.file_name().unwrap_or_default().to_string_lossy().into_owned();
        archive.file(format!("{name}/man/{file}"), fs::read(&page)?);
    }
    Ok(())
}

/// The files of a folder, in order.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

/// One line for each file, as `sha256sum --check` reads them.
fn sums(folder: &Path) -> anyhow::Result<String> {
    let mut sums = String::new();
    for path in files(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let _ = writeln!(sums, "{}  {name}", sha256(&fs::read(&path)?));
    }
    Ok(sums)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) use super::binary::tests::program;

    #[test]
    fn sums_are_what_sha256sum_reads() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b"), "abc").unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        let sums = sums(folder.path()).unwrap();
        assert_eq!(
            sums,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n\
             ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b\n"
        );
    }
}
