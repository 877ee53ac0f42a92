//! Pythons with pinned packages, under `target/`: for what only exists as a Python package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::schema;

/// An environment: where its requirements are, and where it is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Environment {
    /// The folder with `requirements.txt`, whose packages are pinned by hash, and where there are
    /// such, `requirements-native.txt`, whose packages are compiled and pinned by version.
    pub(crate) scripts: &'static str,
    /// Where it is made, from the root of the repository.
    pub(crate) folder: &'static str,
    /// What is installed, for messages.
    pub(crate) what: &'static str,
}

impl Environment {
    /// Makes the environment, or reuses it while the requirements are the same.
    ///
    /// Returns the path of its Python, or why it could not be made: a machine without
    /// Python or without a package registry is not our error.
    pub(crate) fn prepare(self, root: &Path) -> anyhow::Result<Result<PathBuf, String>> {
        let hashed = root.join(self.scripts).join("requirements.txt");
        let native = root.join(self.scripts).join("requirements-native.txt");
        let mut lists = vec![(hashed, true)];
        lists.extend(native.exists().then_some((native, false)));
        let base = match version(self.what) {
            Ok(version) => version,
            Err(reason) => return Ok(Err(reason)),
        };
        let mut wanted = format!("{base}\n");
        for (list, _) in &lists {
            wanted += &fs::read_to_string(list)
                .with_context(|| format!("cannot read {}", list.display()))?;
        }
        let folder = root.join(self.folder);
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
        for (list, hashes) in lists {
            let mut pip = Command::new(&python);
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
            pip.arg("--no-deps");
            if hashes {
                pip.arg("--require-hashes");
            }
            if let Err(reason) = run(pip.arg("--requirement").arg(list)) {
                return Ok(Err(format!("pip could not install {}: {reason}", self.what)));
            }
        }
        fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
        Ok(Ok(python))
    }

    /// Where its scripts are.
    pub(crate) fn script(self, name: &str) -> PathBuf {
        schema::root().join(self.scripts).join(name)
    }
}

/// The version of `python3`, or why it will not do.
fn version(what: &str) -> Result<String, String> {
    let script = "import sys; print(sys.version); sys.exit(sys.version_info < (3, 11))";
    let output = Command::new("python3")
        .args(["-c", script])
        .output()
        .map_err(|error| format!("python3 could not be started: {error}"))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().replace('\n', " ");
    if output.status.success() {
        Ok(version)
    } else {
        Err(format!("{what} need Python 3.11 or later, and python3 is `{version}`"))
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
