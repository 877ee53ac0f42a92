//! The judges: the official packages that say whether an event is valid, in a Python of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::schema;

/// Where the judges' scripts are, from the root of the repository. Each reads events as NDJSON,
/// prints one line per violation and exits with 1 on any; with `--verdicts` it prints `ok` or `bad`
/// for each line instead.
pub(crate) const SCRIPTS: &str = "xtask/judges";
/// The environment variable that tells tests where the judges' Python is.
pub(crate) const PYTHON: &str = "JUDGES_PYTHON";
const FOLDER: &str = "target/judges";

/// Judge.
#[derive(Debug, clap::Args)]
pub(crate) struct Judge {
    /// Whose packages judge.
    dialect: Dialect,
    /// Prints only `ok` or `bad` for each line, and succeeds whatever they are.
    #[arg(long)]
    verdicts: bool,
}

/// A dialect, and so a judge.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Dialect {
    Ocsf,
    Sekoia,
}

impl Judge {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let root = schema::root();
        let python = match prepare(&root)? {
            Ok(python) => python,
            Err(reason) => bail!("the events were not judged: {reason}"),
        };
        let script = match self.dialect {
            Dialect::Ocsf => "ocsf_judge.py",
            Dialect::Sekoia => "sekoia_judge.py",
        };
        let status = Command::new(python)
            .arg(root.join(SCRIPTS).join(script))
            .args(self.verdicts.then_some("--verdicts"))
            .status()?;
        ensure!(status.success(), "the judge found violations");
        Ok(())
    }
}

/// Makes the environment under `target/judges`, or reuses it while the requirements are the same.
///
/// Gives the path of its Python, or a sentence that says why there is none: a machine without Python
/// or without a package registry is no error of ours.
pub(crate) fn prepare(root: &Path) -> anyhow::Result<Result<PathBuf, String>> {
    let hashed = root.join(SCRIPTS).join("requirements.txt");
    let native = root.join(SCRIPTS).join("requirements-native.txt");
    let read = |path: &PathBuf| {
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    };
    let base = match version() {
        Ok(version) => version,
        Err(reason) => return Ok(Err(reason)),
    };
    let wanted = format!("{base}\n{}{}", read(&hashed)?, read(&native)?);
    let folder = root.join(FOLDER);
    // Written last, so that an environment that was left half made is made anew.
    let stamp = folder.join("stamp");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(Ok(python));
    }

    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let mut venv = Command::new("python3");
    if let Err(reason) = run(venv.args(["-m", "venv"]).arg(&folder)) {
        return Ok(Err(format!("python3 could not make a virtual environment: {reason}")));
    }
    for (file, hashes) in [(&hashed, true), (&native, false)] {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
        if hashes {
            pip.arg("--require-hashes");
        }
        if let Err(reason) = run(pip.arg("--requirement").arg(file)) {
            return Ok(Err(format!("pip could not install the judges: {reason}")));
        }
    }
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(Ok(python))
}

/// The version of `python3`, or why it will not do.
fn version() -> Result<String, String> {
    let script = "import sys; print(sys.version); sys.exit(sys.version_info < (3, 11))";
    let output = Command::new("python3")
        .args(["-c", script])
        .output()
        .map_err(|error| format!("python3 could not be started: {error}"))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().replace('\n', " ");
    if output.status.success() {
        Ok(version)
    } else {
        Err(format!("the judges need Python 3.11 or later, and python3 is `{version}`"))
    }
}

/// Runs a command to its end; the error is the last line that it said.
fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    Err(last.unwrap_or("it gave no reason").trim().to_owned())
}
