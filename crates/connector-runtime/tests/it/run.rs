//! What `run` writes, and what it outlives: the log is its record, and nobody need read the rest.

use std::fs::OpenOptions;
use std::process::Stdio;

use serde_json::Value;
use stocktake_connector_core::CycleReport;
use stocktake_simulator::{Api, Effect, Fault};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::site::{Site, command, ended, fleet};
use crate::telemetry::Program;

/// `stocktake run` whose log is read.
struct Logged {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    seen: Vec<Value>,
}

impl Logged {
    fn start(mut command: Command) -> Self {
        command.args(["--log-format", "json"]).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, log, seen: Vec::new() }
    }

    /// The next line of the log, which is JSON; `None` at its end.
    async fn next(&mut self) -> Option<Value> {
        let line = self.log.next_line().await.unwrap()?;
        let line: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.seen.push(line.clone());
        Some(line)
    }

    /// The next line whose message begins like this.
    async fn says(&mut self, start: &str) -> Value {
        loop {
            let Some(line) = self.next().await else { panic!("never `{start}`: {:#?}", self.seen) };
            if line["message"].as_str().unwrap().starts_with(start) {
                return line;
            }
        }
    }

    /// The next cycle that ended like this.
    async fn cycle(&mut self, outcome: &str) -> Value {
        loop {
            let line = self.says("cycle ended").await;
            if line["connector.cycle.outcome"] == outcome {
                return line;
            }
        }
    }

    async fn signal(&self, name: &str) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().await.unwrap().success());
    }

    /// Ends the program in order, and gives everything that it logged.
    async fn stop(mut self) -> Vec<Value> {
        self.signal("-TERM").await;
        while self.next().await.is_some() {}
        assert_eq!(self.child.wait().await.unwrap().code(), Some(0), "{:#?}", self.seen);
        self.seen
    }
}

fn run(site: &Site, arguments: &[&str]) -> Command {
    let mut command = command(site.folder.path());
    command.arg("run").args(arguments);
    command
}

async fn busy_site() -> Site {
    let quick = "interval = \"1s\"\nretry_after = \"100ms\"\n";
    Site::of(fleet(20, 10)).await.set("collection", quick)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_cycle_has_one_record_in_the_log_and_nothing_else_is_written() {
    let site = busy_site().await;
    site.handle().add_fault(Fault::always(Api::DefenderList, Effect::status(403)));
    let mut program = Logged::start(run(&site, &[]));
    let stdout = program.child.stdout.take().unwrap();
    let failed = program.cycle("failed").await;
    site.handle().clear_faults();
    let complete = program.cycle("complete").await;
    let log = program.stop().await;

    assert_eq!(failed["level"], "ERROR");
    assert_eq!(failed["connector.error.code"], "ST0205");
    assert!(failed["connector.error"].as_str().unwrap().contains("forbidden"), "{failed:#}");
    assert!(failed["connector.advice"].as_str().unwrap().contains("Machine.Read.All"));
    assert_eq!(complete["level"], "INFO");
    assert!(complete.get("connector.error").is_none(), "{complete:#}");
    assert_eq!(complete["connector.cycle.kind"], "full");
    assert_eq!(complete["connector.cycle.read"], 20);
    let sinks =
        "soc acknowledged=20 unchanged=0 duplicates=0 dead_lettered=0 undelivered=0 removals=0";
    assert_eq!(complete["connector.cycle.sinks"], sinks);
    for record in [&failed, &complete] {
        assert_eq!(record["connector.tenant.name"], "contoso");
        for number in ["cycle.duration_ms", "calls.source", "calls.token", "calls.retries"] {
            assert!(record[format!("connector.{number}")].is_number(), "{number}: {record:#}");
        }
        let cycle = &record["connector.cycle.id"];
        let same = |line: &&Value| {
            line["message"] == "cycle ended" && line["connector.cycle.id"] == *cycle
        };
        assert_eq!(log.iter().filter(same).count(), 1);
    }
    let mut lines = BufReader::new(stdout).lines();
    assert_eq!(lines.next_line().await.unwrap(), None, "nobody asked for reports");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_are_asked_for_are_lines_of_json() {
    let site = busy_site().await;
    let mut program = Logged::start(run(&site, &["--output", "json"]));
    let mut reports = BufReader::new(program.child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        let line = reports.next_line().await.unwrap().unwrap();
        let report: CycleReport = serde_json::from_str(&line).unwrap();
        assert_eq!(report.outcome.name(), "complete");
        let cycle = report.cycle.to_string();
        assert_eq!(program.cycle("complete").await["connector.cycle.id"], cycle);
    }
    program.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn why_the_program_ends_is_in_the_log_too() {
    let site = busy_site().await.set("server", "typo = 1\n");
    let faulty = ended(run(&site, &["--log-format", "json"]).spawn().unwrap()).await;
    let site = busy_site().await.set("collection", "removal_guard = 4.0\nmax_pages = 0\n");
    let twice = ended(run(&site, &["--log-format", "json"]).spawn().unwrap()).await;
    let site = busy_site().await.set("log", "format = \"json\"\n");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut second = run(&site, &[]);
    second.env("STOCKTAKE_SERVER__LISTEN", taken.local_addr().unwrap().to_string());
    let second = ended(second.spawn().unwrap()).await;
    for (program, key) in [(faulty, "typo"), (twice, "max_pages"), (second, "server.listen")] {
        assert_eq!(program.code, Some(2), "{program:#?}");
        assert_eq!(program.stdout, "");
        let lines: Vec<Value> =
            program.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let last = lines.last().unwrap();
        assert_eq!(
            (&last["level"], &last["connector.error.code"]),
            (&"ERROR".into(), &"ST0101".into())
        );
        assert!(last["connector.error"].as_str().unwrap().contains(key), "{last:#}");
    }
}

/// Sees to it that three cycles end, and that it is said once that reports are not printed.
async fn goes_on(mut program: Logged) {
    for _ in 0..3 {
        program.cycle("complete").await;
    }
    let log = program.stop().await;
    let said = |line: &&Value| {
        line["message"].as_str().unwrap().starts_with("reports are not printed any more")
    };
    assert_eq!(log.iter().filter(said).count(), 1, "{log:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_output_that_cannot_be_written_ends_no_cycle() {
    let site = busy_site().await;
    let mut full = run(&site, &["--output", "text"]);
    full.stdout(Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap()));
    goes_on(Logged::start(full)).await;

    let mut left = Logged::start(run(&site, &["--output", "json"]));
    drop(left.child.stdout.take());
    goes_on(left).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_ends_no_cycle() {
    let site = busy_site().await;
    let mut program = run(&site, &["--output", "json"]);
    program.stderr(Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap()));
    let mut program = program.kill_on_drop(true).spawn().unwrap();
    let mut reports = BufReader::new(program.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        let line = reports.next_line().await.unwrap().expect("the program ended");
        let report: CycleReport = serde_json::from_str(&line).unwrap();
        assert_eq!(report.outcome.name(), "complete");
    }
    program.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_is_logged_and_ends_nothing() {
    let site = busy_site().await;
    let mut program = Logged::start(run(&site, &[]));
    program.cycle("complete").await;
    for _ in 0..2 {
        program.signal("-HUP").await;
        let answer = program.says("SIGHUP").await;
        assert_eq!(answer["level"], "WARN");
        assert!(answer["message"].as_str().unwrap().contains("restart"), "{answer:#}");
    }
    program.cycle("complete").await;
    program.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_shows_how_far_a_cycle_is_that_hangs() {
    let site = Site::with(fleet(300, 100), |options| options.defender_page = 100).await;
    // Two pages and the seam between them.
    site.handle().add_fault(Fault::once(Api::DefenderList, Effect::Hang).after(3));
    let program = Program::start(&site).await;
    let current = loop {
        let mut status = program.status().await;
        let current = status["tenants"]["contoso"]["current_cycle"].take();
        if current["read"] == 200 && current["settled"] == 200 {
            break current;
        }
    };
    assert_eq!(current["kind"], "full");
    assert!(current["cycle"].is_string() && current["started_at"].is_string(), "{current:#}");
}
