//! The program, linked so that it needs as little as possible of the machine that it runs on.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::program::{printed, run};

/// What the program needs of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Linkage {
    /// Nothing: musl is inside.
    Musl,
    /// Nothing: glibc is inside.
    StaticGlibc,
    /// A dynamic loader and a C library.
    Dynamic,
}

impl fmt::Display for Linkage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Musl => "static, with musl",
            Self::StaticGlibc => {
                "static, with glibc: host names are looked up in /etc/hosts and by DNS; other \
                 sources in /etc/nsswitch.conf work only with the same version of glibc"
            }
            Self::Dynamic => {
                "dynamic: needs the C library of the machine that built it, or a newer one, and is \
                 no use in an empty image"
            }
        })
    }
}

/// A program that was built.
pub(super) struct Built {
    pub(super) program: PathBuf,
    pub(super) target: String,
    pub(super) linkage: Linkage,
    /// Whether it runs on this machine.
    pub(super) runs: bool,
}

/// Builds for `target`, or for this machine with whatever makes a static program.
pub(super) fn build(root: &Path, target: Option<&str>, time: u64) -> anyhow::Result<Built> {
    let host = host()?;
    let target = match target {
        Some(target) => target.to_owned(),
        None => choose(&host)?,
    };
    if target.contains("-linux-gnu") {
        match compile(root, &target, true, time).and_then(|program| judged(program, &target, &host))
        {
            Ok(built) if built.linkage == Linkage::StaticGlibc => return Ok(built),
            Ok(_) => println!("the linker made no static program; once more, dynamic"),
            Err(error) => println!("no static program with glibc ({error:#}); once more, dynamic"),
        }
    }
    judged(compile(root, &target, target.contains("musl"), time)?, &target, &host)
}

/// The triple that the compiler makes programs for by itself.
fn host() -> anyhow::Result<String> {
    let facts = printed(Command::new("rustc").arg("-vV"))?;
    let host = facts.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}

/// musl where Rust's half and the C compiler's half are installed.
fn choose(host: &str) -> anyhow::Result<String> {
    let musl = host.replace("-linux-gnu", "-linux-musl");
    if musl == host {
        return Ok(host.to_owned());
    }
    let libraries =
        printed(Command::new("rustc").args(["--print", "target-libdir", "--target", &musl]))?;
    if !Path::new(&libraries).exists() {
        println!("musl: not used, `rustup target add {musl}` would install it");
        return Ok(host.to_owned());
    }
    if Command::new("musl-gcc").arg("--version").output().is_err() {
        println!("musl: not used, musl-gcc is not installed (Debian package musl-tools)");
        return Ok(host.to_owned());
    }
    Ok(musl)
}

fn compile(root: &Path, target: &str, is_static: bool, time: u64) -> anyhow::Result<PathBuf> {
    run(cargo(root, "build", target, is_static, time)?.args(["--bin", "stocktake"]))?;
    Ok(root.join(BUILD_FOLDER).join(target).join("release/stocktake"))
}

/// Writes the manual pages, by a program that is built as the release is, so that what both consist
/// of is built once.
pub(super) fn manual_pages(
    root: &Path,
    built: &Built,
    pages: &Path,
    time: u64,
) -> anyhow::Result<()> {
    let is_static = built.linkage != Linkage::Dynamic;
    let mut cargo = cargo(root, "run", &built.target, is_static, time)?;
    cargo.args(["--features", "reference", "--bin", "stocktake-reference", "--", "man"]).arg(pages);
    run(&mut cargo)
}

/// Where cargo builds the release, from the root of the repository.
const BUILD_FOLDER: &str = "target/dist-build";

/// A cargo that builds the runtime for a release.
fn cargo(
    root: &Path,
    verb: &str,
    target: &str,
    is_static: bool,
    time: u64,
) -> anyhow::Result<Command> {
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))
        .context("neither CARGO_HOME nor HOME is set")?;
    // Later ones win, so the narrower path comes last.
    let places = [(cargo_home.as_path(), "/cargo"), (root, "/stocktake")];
    let mut flags: Vec<String> = places
        .iter()
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()))
        .collect();
    let c_flags: Vec<String> = places
        .iter()
        .map(|(from, to)| format!("-ffile-prefix-map={}={to}", from.display()))
        .collect();
    flags.push(format!("-Ctarget-feature={}crt-static", if is_static { '+' } else { '-' }));
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args([verb, "--release", "--locked", "--package", "stocktake-connector-runtime"])
        .args(["--target", target, "--target-dir"])
        .arg(root.join(BUILD_FOLDER))
        .current_dir(root)
        // Separated by a character that is in no path.
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env("CFLAGS", c_flags.join(" "))
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols")
        .env("CARGO_INCREMENTAL", "0")
        .env("SOURCE_DATE_EPOCH", time.to_string());
    Ok(cargo)
}

/// Looks at a program and runs it, where it is one of this machine's.
fn judged(program: PathBuf, target: &str, host: &str) -> anyhow::Result<Built> {
    let linkage = linkage(&fs::read(&program)?, target)?;
    let native = target.split('-').next() == host.split('-').next();
    if native {
        let elsewhere = tempfile::tempdir()?;
        // Threads, sockets, names, SQLite and the mapping are all in this.
        printed(Command::new(&program).arg("demo").current_dir(&elsewhere))
            .context("the program does not run")?;
    }
    Ok(Built { program, target: target.to_owned(), linkage, runs: native })
}

/// How an ELF program is linked: it is static when it names no dynamic loader.
pub(crate) fn linkage(program: &[u8], target: &str) -> anyhow::Result<Linkage> {
    const LOADER: u32 = 3; // PT_INTERP
    let number = |at: usize, length: usize| {
        let bytes = program.get(at..at + length)?;
        Some(bytes.iter().rev().fold(0_usize, |number, byte| (number << 8) | usize::from(*byte)))
    };
    // 64 bits, the lowest byte first: every target that we build for.
    if program.get(..6) != Some(b"\x7fELF\x02\x01") {
        bail!("it is not a 64-bit little-endian ELF program");
    }
    let headers = || {
        let (start, size, count) = (number(0x20, 8)?, number(0x36, 2)?, number(0x38, 2)?);
        (0..count).map(|at| number(start + at * size, 4)).collect::<Option<Vec<_>>>()
    };
    let headers = headers().context("its program headers are cut short")?;
    Ok(if headers.contains(&(LOADER as usize)) {
        Linkage::Dynamic
    } else if target.contains("musl") {
        Linkage::Musl
    } else {
        Linkage::StaticGlibc
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The head of a program with one program header of this kind.
    pub(crate) fn program(kind: u8) -> Vec<u8> {
        let mut program = vec![0; 0x40 + 0x38];
        program[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (program[0x20], program[0x36], program[0x38]) = (0x40, 0x38, 1);
        program[0x40] = kind;
        program
    }

    #[test]
    fn a_program_that_names_a_loader_is_dynamic() {
        assert_eq!(linkage(&program(3), "x86_64-unknown-linux-musl").unwrap(), Linkage::Dynamic);
        assert_eq!(linkage(&program(1), "x86_64-unknown-linux-musl").unwrap(), Linkage::Musl);
        assert_eq!(linkage(&program(1), "x86_64-unknown-linux-gnu").unwrap(), Linkage::StaticGlibc);
    }

    #[test]
    fn what_is_no_program_is_refused() {
        assert!(linkage(b"#!/bin/sh", "").is_err());
        assert!(linkage(&program(1)[..0x50], "").is_ok());
        assert!(linkage(&program(1)[..0x41], "").is_err());
    }
}
