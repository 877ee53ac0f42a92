//! The generated files: each is the work of one generator, committed, and compared by `--check`.

mod enums;
mod ocsf;
mod reference;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};

use crate::schema;

/// Makes files from the repository at the given root.
type Generator = fn(&Path) -> anyhow::Result<Vec<Generated>>;

/// Every generator. A new one is a line here.
const GENERATORS: &[Generator] = &[ocsf::generate, reference::generate];

/// Codegen.
#[derive(Debug, clap::Args)]
pub(crate) struct Codegen {
    /// Compares instead of writing, and fails naming the stale files.
    #[arg(long)]
    check: bool,
}

/// A file that is wholly written by a generator.
#[derive(Debug)]
pub(crate) struct Generated {
    /// From the root of the repository.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Codegen {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let root = schema::root();
        let mut stale = Vec::new();
        for generator in GENERATORS {
            for file in generator(&root)? {
                let path = root.join(&file.path);
                if fs::read_to_string(&path).is_ok_and(|committed| committed == file.text) {
                    continue;
                }
                if !self.check {
                    if let Some(folder) = path.parent() {
                        fs::create_dir_all(folder)?;
                    }
                    fs::write(&path, &file.text)
                        .with_context(|| format!("cannot write {}", path.display()))?;
                    println!("wrote {}", file.path.display());
                }
                stale.push(file.path.display().to_string());
            }
        }
        if self.check && !stale.is_empty() {
            bail!("stale: {}; run `cargo xtask codegen`", stale.join(", "));
        }
        Ok(())
    }
}

/// Rust source as `cargo fmt` leaves it.
pub(crate) fn rustfmt(root: &Path, source: &str) -> anyhow::Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root.join("rustfmt.toml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt is needed to write generated code and could not be started")?;
    let mut stdin = rustfmt.stdin.take().context("rustfmt takes no input")?;
    // Written from a second thread: a pipe holds less than the source and the result.
    let output = std::thread::scope(|scope| {
        let writer = scope.spawn(move || stdin.write_all(source.as_bytes()));
        let output = rustfmt.wait_with_output();
        let _ = writer.join();
        output
    })?;
    ensure!(output.status.success(), "rustfmt refuses the generated code");
    Ok(String::from_utf8(output.stdout)?)
}
