//! The cost of a cycle: CPU and memory of the real program next to a floor, in the same run.
//!
//! The program reads, enriches, maps, compares with state and writes NDJSON. The floor reads the same
//! bytes over the same HTTP stack, parses them to untyped JSON values and writes those out: what any
//! program in this place must do at least. Both are processes of their own; the simulator is a third
//! one, so its cost counts for neither.

mod crowd;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::schema;

/// Bench.
#[derive(Debug, clap::Args)]
pub(crate) struct Bench {
    /// Machines of each fleet; Intune has four fifths as many managed devices.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
    machines: Vec<u64>,
    /// Repetitions of each size, of which the median counts; fleets of a million run once.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Write the figures to docs/benchmarks.md.
    #[arg(long)]
    write: bool,
}

/// What a process used.
#[derive(Debug, Clone, Copy)]
struct Used {
    cpu_seconds: f64,
    peak_bytes: f64,
    wall_seconds: f64,
}

/// How events are written. The ocsf form says more: an event has some 2.6 KB instead of 1 KB.
const FORMS: [&str; 2] = ["sekoia", "ocsf"];

/// One size in one form.
#[derive(Debug)]
struct Row {
    machines: u64,
    form: &'static str,
    managed_devices: u64,
    calls: [u64; 3],
    program: Used,
    again: Used,
    floor: Used,
    ratio: f64,
}

impl Bench {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let root = schema::root();
        let build = Command::new(env!("CARGO"))
            .args(["build", "--release", "--package", "stocktake-connector-runtime"])
            .args(["--bin", "stocktake", "--example", "floor"])
            .current_dir(&root)
            .status()?;
        ensure!(build.success(), "the release build failed");
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), PathBuf::from)
            .join("release");
        let mut rows = Vec::new();
        for machines in &self.machines {
            let runs = if *machines < 1_000_000 { self.runs.max(1) } else { 1 };
            for form in FORMS {
                rows.push(measure(&target, &root, *machines, form, runs)?);
            }
        }
        for row in &rows {
            println!(
                "{} machines, {}: {:.2} s CPU and {:.0} MiB; floor {:.2} s and {:.0} MiB; ratio {:.2}",
                row.machines,
                row.form,
                row.program.cpu_seconds,
                mebibytes(row.program.peak_bytes),
                row.floor.cpu_seconds,
                mebibytes(row.floor.peak_bytes),
                row.ratio
            );
        }
        let crowds = crowd::measure(&target, &root)?;
        let page = page(&rows, self.runs) + &crowd::section(&crowds);
        if self.write {
            fs::write(root.join("docs/benchmarks.md"), &page)?;
            println!("wrote docs/benchmarks.md");
        } else {
            println!("\n{page}");
        }
        Ok(())
    }
}

/// A simulator process that ends with this value.
struct Simulator {
    process: Child,
    url: String,
}

impl Simulator {
    fn start(target: &Path, machines: u64, managed_devices: u64) -> anyhow::Result<Self> {
        let mut process = Command::new(target.join("stocktake"))
            .args(["simulate", "--no-odd-records", "--ids-only", "--output", "json"])
            .args(["--machines", &machines.to_string()])
            .args(["--managed-devices", &managed_devices.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = process.stdout.take().context("no standard output")?;
        let text: String = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .take_while(|line| line != "}")
            .collect();
        let response: Value = serde_json::from_str(&format!("{text}}}"))?;
        let url = response["url"].as_str().context("the simulator names no URL")?.to_owned();
        Ok(Self { process, url })
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.process.kill(); // It may have ended by itself.
        let _ = self.process.wait();
    }
}

fn measure(
    target: &Path,
    root: &Path,
    machines: u64,
    form: &'static str,
    runs: usize,
) -> anyhow::Result<Row> {
    let managed_devices = machines / 5 * 4;
    let simulator = Simulator::start(target, machines, managed_devices)?;
    let folder = root.join("target/bench");
    let (mut first, mut second, mut floors, mut ratios) = (vec![], vec![], vec![], vec![]);
    let mut calls = [0; 3];
    for _ in 0..runs {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("stocktake.toml"), configuration(&simulator.url, form))?;
        let floor = run(Command::new(target.join("examples/floor"))
            .args([&simulator.url, "floor.ndjson"])
            .current_dir(&folder))?;
        let (program, report) = sync(target, &folder)?;
        let account = &report["sinks"]["lake"];
        ensure!(
            account["acknowledged"].as_u64() == Some(machines),
            "the cycle did not deliver {machines} devices: {report}"
        );
        calls = ["token", "source", "enricher"]
            .map(|api| report["calls"][api].as_u64().unwrap_or_default());
        ensure!(
            calls == [2, machines.div_ceil(10_000), managed_devices.div_ceil(1_000)],
            "unexpected calls: {calls:?}"
        );
        let (again, report) = sync(target, &folder)?;
        ensure!(
            report["sinks"]["lake"]["unchanged"].as_u64() == Some(machines),
            "the second cycle sent something: {report}"
        );
        ratios.push(program.cpu_seconds / floor.cpu_seconds);
        first.push(program);
        second.push(again);
        floors.push(floor);
    }
    fs::remove_dir_all(&folder)?;
    Ok(Row {
        machines,
        form,
        managed_devices,
        calls,
        program: median(&first),
        again: median(&second),
        floor: median(&floors),
        ratio: middle(ratios),
    })
}

/// One full cycle; what it used, and its report.
fn sync(target: &Path, folder: &Path) -> anyhow::Result<(Used, Value)> {
    let started = std::time::Instant::now();
    let output = Command::new(target.join("stocktake"))
        .args(["sync", "--full", "--output", "json"])
        .current_dir(folder)
        .output()?;
    let wall_seconds = started.elapsed().as_secs_f64();
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let mut reports: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    let report = reports.pop().context("no report")?;
    let used = used(&report["process"], wall_seconds)?;
    Ok((used, report))
}

fn run(command: &mut Command) -> anyhow::Result<Used> {
    let started = std::time::Instant::now();
    let output = command.output()?;
    let wall_seconds = started.elapsed().as_secs_f64();
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    used(&serde_json::from_slice(&output.stdout)?, wall_seconds)
}

fn used(figures: &Value, wall_seconds: f64) -> anyhow::Result<Used> {
    Ok(Used {
        cpu_seconds: figures["cpu_seconds"].as_f64().context("no CPU figure")?,
        peak_bytes: figures["peak_memory_bytes"].as_f64().context("no memory figure")?,
        wall_seconds,
    })
}

fn median(all: &[Used]) -> Used {
    let of = |figure: fn(&Used) -> f64| middle(all.iter().map(figure).collect());
    Used {
        cpu_seconds: of(|used| used.cpu_seconds),
        peak_bytes: of(|used| used.peak_bytes),
        wall_seconds: of(|used| used.wall_seconds),
    }
}

fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

fn mebibytes(bytes: f64) -> f64 {
    bytes / 1_048_576.0
}

fn configuration(url: &str, form: &str) -> String {
    tenant("bench", url) + &sink(form)
}

fn tenant(name: &str, url: &str) -> String {
    format!(
        "[tenants.{name}]\n\
         tenant_id = \"00000000-0000-0000-0000-000000000001\"\n\
         app_id = \"00000000-0000-0000-0000-000000000002\"\n\
         app_secret = \"simulated-secret\"\n\
         base_url = \"{url}\"\nlogin_url = \"{url}\"\ngraph_url = \"{url}\"\n"
    )
}

/// A sink, and quotas that nothing meets.
fn sink(form: &str) -> String {
    format!(
        "[sinks.lake]\ntype = \"file\"\npath = \"events\"\nform = \"{form}\"\n\
         [http]\ndefender_per_minute = 1000000\ndefender_per_hour = 1000000\n\
         graph_per_20s = 1000000\n"
    )
}

fn page(rows: &[Row], runs: usize) -> String {
    let mut page = format!(
        "# Benchmarks\n\n\
         What a cycle costs, beside a floor that any program in this place must pay: it reads the \
         same bytes over the same HTTP stack, parses them to untyped JSON values and writes those \
         out. The program also enriches, maps, keeps state in SQLite and writes valid OCSF events \
         that are safe on disk when they are acknowledged.\n\n\
         Made by `cargo xtask bench --write`; medians of {runs} runs, but of a single one at a million machines. CPU is user and system time of \
         the whole process, memory its greatest resident size. Machines differ and are noisy: read \
         the ratio, not the seconds. The ocsf form writes two and a half times the bytes that it \
         reads, the sekoia form about as many.\n\n\
         ## First cycle: everything is sent\n\n\
         | machines | form | managed devices | calls (token, Defender, Graph) | CPU s per 100,000 machines | \
         floor | ratio | peak MiB | floor | wall s | floor |\n\
         |---:|---|---:|---|---:|---:|---:|---:|---:|---:|---:|\n"
    );
    for row in rows {
        let per = |used: &Used| used.cpu_seconds * 100_000.0 / row.machines as f64;
        let _ = writeln!(
            page,
            "| {} | {} | {} | {:?} | {:.2} | {:.2} | **{:.2}** | {:.0} | {:.0} | {:.1} | {:.1} |",
            row.machines,
            row.form,
            row.managed_devices,
            row.calls,
            per(&row.program),
            per(&row.floor),
            row.ratio,
            mebibytes(row.program.peak_bytes),
            mebibytes(row.floor.peak_bytes),
            row.program.wall_seconds,
            row.floor.wall_seconds
        );
    }
    page.push_str(
        "\n## Second full cycle: nothing has changed, nothing is sent\n\n\
         | machines | form | CPU s per 100,000 machines | peak MiB | wall s |\n\
         |---:|---|---:|---:|---:|\n",
    );
    for row in rows {
        let _ = writeln!(
            page,
            "| {} | {} | {:.2} | {:.0} | {:.1} |",
            row.machines,
            row.form,
            row.again.cpu_seconds * 100_000.0 / row.machines as f64,
            mebibytes(row.again.peak_bytes),
            row.again.wall_seconds
        );
    }
    page
}
