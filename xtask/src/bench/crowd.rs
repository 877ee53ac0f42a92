//! What many tenants take whose first cycles are due at the same time: the peak that a limit must hold.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::ensure;
use serde_json::Value;

use super::{Simulator, mebibytes, sink, tenant, used};

/// Tenants, each with this many machines.
const TENANTS: usize = 50;
const MACHINES: u64 = 10_000;
/// Cycles at the same time.
const AT_ONCE: [usize; 4] = [1, 8, 16, 32];
/// After how many milliseconds freed memory goes back to the system, as image, chart and unit set it.
const GIVEN_BACK: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "10");

/// So many cycles at once.
#[derive(Debug)]
pub(super) struct Crowd {
    at_once: usize,
    /// As the program is by itself, and as it is deployed.
    peak_bytes: [f64; 2],
    cpu_seconds: [f64; 2],
}

pub(super) fn measure(target: &Path, root: &Path) -> anyhow::Result<Vec<Crowd>> {
    let simulator = Simulator::start(target, MACHINES, MACHINES / 5 * 4)?;
    let folder = root.join("target/bench");
    let mut crowds = Vec::new();
    for at_once in AT_ONCE {
        let mut crowd = Crowd { at_once, peak_bytes: [0.0; 2], cpu_seconds: [0.0; 2] };
        let figures = crowd.peak_bytes.iter_mut().zip(&mut crowd.cpu_seconds);
        for ((peak, cpu), variable) in figures.zip([None, Some(GIVEN_BACK)]) {
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            fs::create_dir_all(&folder)?;
            fs::write(folder.join("stocktake.toml"), configuration(&simulator.url, at_once))?;
            (*peak, *cpu) = sync(target, &folder, variable)?;
        }
        crowds.push(crowd);
    }
    fs::remove_dir_all(&folder)?;
    Ok(crowds)
}

/// One full cycle of each tenant: the greatest peak and the CPU time that a report tells.
fn sync(
    target: &Path,
    folder: &Path,
    variable: Option<(&str, &str)>,
) -> anyhow::Result<(f64, f64)> {
    let output = Command::new(target.join("stocktake"))
        .args(["sync", "--full", "--output", "json"])
        .envs(variable)
        .current_dir(folder)
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let reports: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    ensure!(reports.len() == TENANTS, "{} tenants of {TENANTS} were collected", reports.len());
    let (mut peak, mut cpu) = (0.0_f64, 0.0_f64);
    for report in &reports {
        let used = used(&report["process"], 0.0)?;
        (peak, cpu) = (peak.max(used.peak_bytes), cpu.max(used.cpu_seconds));
    }
    Ok((peak, cpu))
}

fn configuration(url: &str, at_once: usize) -> String {
    let mut text: String = (0..TENANTS).map(|number| tenant(&format!("t{number}"), url)).collect();
    text += &sink("ocsf");
    let _ = writeln!(text, "[collection]\nconcurrent_cycles = {at_once}");
    text
}

pub(super) fn section(crowds: &[Crowd]) -> String {
    let (name, value) = GIVEN_BACK;
    let mut text = format!(
        "\n## Many tenants at the same time\n\n\
         The first cycles of {TENANTS} tenants with {MACHINES} machines each, in the ocsf form, by \
         `collection.concurrent_cycles`. Memory that was freed is kept for a second for what comes \
         next; with `{name}={value}`, as the image, the chart and the systemd unit set it, it goes back \
         to the system after {value} ms.\n\n\
         | cycles at once | peak MiB | with `{name}={value}` | CPU s | with `{name}={value}` |\n\
         |---:|---:|---:|---:|---:|\n"
    );
    for Crowd { at_once, peak_bytes: [kept, given], cpu_seconds: [cpu_kept, cpu_given] } in crowds {
        let _ = writeln!(
            text,
            "| {at_once} | {:.0} | {:.0} | {cpu_kept:.1} | {cpu_given:.1} |",
            mebibytes(*kept),
            mebibytes(*given)
        );
    }
    text
}
