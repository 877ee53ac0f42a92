//! What the running program reports of itself: health and metrics. What it pushes is in `push`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;
use stocktake_connector_core::{CycleOutcome, CycleReport};
use stocktake_simulator::{Api, Effect, Fault, RegisteredCertificate, Simulator};
use stocktake_telemetry::metric::{self, Metric, MetricKind};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout};

use crate::site::{Site, fleet, odd_fleet, simulator_options};

/// `stocktake run` with its health server.
pub(crate) struct Program {
    pub(crate) child: Child,
    reports: Lines<BufReader<ChildStdout>>,
    address: SocketAddr,
}

impl Program {
    pub(crate) async fn start(site: &Site) -> Self {
        let mut child =
            site.start(&["run", "--output", "json", "--log-level", "info", "--log-format", "json"]);
        let reports = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = log.next_line().await.unwrap().expect("the program ended");
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["message"] == "health server is listening" {
                break line["address"].as_str().unwrap().parse().unwrap();
            }
        };
        // A full pipe would hold the program up.
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        Self { child, reports, address }
    }

    /// The next report that it prints.
    pub(crate) async fn report(&mut self) -> CycleReport {
        let mut text = String::new();
        loop {
            text += &self.reports.next_line().await.unwrap().expect("the program ended");
            if let Ok(report) = serde_json::from_str(&text) {
                return report;
            }
        }
    }

    /// The next report of a cycle that ended like this.
    pub(crate) async fn report_of(&mut self, outcome: &str) -> CycleReport {
        loop {
            let report = self.report().await;
            if report.outcome.name() == outcome {
                return report;
            }
        }
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        self.get_as("localhost", path).await
    }

    /// A request that calls the server by this name.
    async fn get_as(&self, host: &str, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    pub(crate) async fn scrape(&self) -> Scrape {
        let (status, text) = self.get("/metrics").await;
        assert_eq!(status, 200);
        Scrape(
            text.lines()
                .filter(|line| !line.starts_with('#'))
                .map(|line| line.rsplit_once(' ').unwrap())
                .map(|(series, value)| (series.to_owned(), value.parse().unwrap()))
                .collect(),
        )
    }

    pub(crate) async fn status(&self) -> Value {
        serde_json::from_str(&self.get("/status").await.1).unwrap()
    }
}

/// Values by series.
#[derive(Debug)]
pub(crate) struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    /// The sum of a metric's series that have all these labels; `None` without any.
    pub(crate) fn sum(&self, metric: &Metric, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: Vec<_> =
            labels.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
        let suffix = if matches!(metric.kind, MetricKind::Histogram(_)) { "_count" } else { "" };
        let name = format!("{}{suffix}", metric.name);
        let found = self.0.iter().filter(|(series, _)| {
            series.split('{').next() == Some(name.as_str())
                && labels.iter().all(|label| series.contains(label))
        });
        found.map(|(_, value)| *value).reduce(|sum, value| sum + value)
    }
}

/// Requests on the wire.
const HTTP: Metric = metric::HTTP_REQUEST_DURATION;

const SOC: (&str, &str) = (metric::label::SINK, "soc");

fn count(number: u64) -> Option<f64> {
    Some(f64::from(u32::try_from(number).unwrap()))
}

/// A site whose tenant has a certificate, which has an end.
async fn site_with_certificate() -> Site {
    let data = |name| Path::new(env!("CARGO_MANIFEST_DIR")).join("../auth/tests/data").join(name);
    let certificate = data("first-certificate.pem");
    let pem = std::fs::read_to_string(&certificate).unwrap();
    let registered = RegisteredCertificate::from_pem(&pem).unwrap();
    let lines = format!(
        "certificate_file = {certificate:?}\nprivate_key_file = {:?}\n",
        data("first-key.pem")
    );
    Site::with(odd_fleet(300, 200), |options| {
        options.tenants[0].certificates.push(registered);
        options.defender_page = 100;
    })
    .await
    .with_credential("certificate", &lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_equals_the_cycle_report() {
    let site = site_with_certificate().await.set("collection", "interval = \"1h\"\n");
    for api in [Api::DefenderList, Api::SekoiaPush] {
        site.handle().add_fault(Fault::once(api, Effect::status(503)));
    }
    site.handle().add_fault(Fault::once(Api::GraphList, Effect::status(429)));
    let mut program = Program::start(&site).await;
    let report = program.report().await;
    report.check_balance().unwrap();
    assert_eq!(report.outcome, CycleOutcome::Complete);
    let scrape = program.scrape().await;

    let account = report.sinks.values().next().unwrap();
    assert!(account.dead_lettered > 0 && account.acknowledged > 0 && report.mapped > 0);
    for (metric, labels, expected) in [
        (metric::DEVICES_READ, vec![], report.read),
        (metric::DEVICES_MAPPED, vec![], report.mapped),
        (metric::DEVICES_UNCHANGED, vec![SOC], account.unchanged),
        (metric::EVENTS_ACKNOWLEDGED, vec![SOC], account.acknowledged),
        (metric::DEAD_LETTERS, vec![SOC], account.dead_lettered),
        (metric::SINK_BATCHES, vec![SOC], account.batches),
        (metric::SINK_BYTES, vec![SOC], account.bytes),
        (metric::COLLECTION_INTERVAL, vec![], 3_600),
        (metric::CYCLES, vec![("outcome", "complete"), ("kind", "full")], 1),
        (metric::CYCLES, vec![("outcome", "failed")], 0),
        (metric::CYCLE_DURATION, vec![("kind", "full")], 1),
        (HTTP, vec![("api", "defender")], report.calls.source),
        (HTTP, vec![("api", "graph")], report.calls.enricher),
        (HTTP, vec![("api", "entra")], report.calls.token),
        (HTTP, vec![("api", "defender"), ("http_response_status_code", "503")], 1),
        (HTTP, vec![("api", "graph"), ("error_type", "throttled")], report.calls.throttled),
        (metric::API_RETRIES, vec![("api", "defender")], 1),
        (metric::API_RETRIES, vec![("api", "sekoia")], 1),
    ] {
        let mut labels = labels;
        labels.push((metric::label::TENANT, "contoso"));
        let found = scrape.sum(&metric, &labels);
        assert_eq!(found, count(expected), "{} {labels:?} in {scrape:#?}", metric.name);
    }
    assert!(!report.unreadable.is_empty());
    for (name, field) in report.unreadable.iter() {
        let labels = [("field", name), ("source", report.source.as_str())];
        assert_eq!(scrape.sum(&metric::UNREADABLE_VALUES, &labels), count(field.count), "{name}");
    }
    for api in ["entra", "defender", "graph", "sekoia"] {
        let found = scrape.sum(&metric::API_RETRIES, &[("api", api)]);
        assert!(found.is_some(), "retries of {api} are not registered: {scrape:#?}");
        let succeeded = scrape.sum(&HTTP, &[("api", api), ("error_type", "")]);
        assert_eq!(succeeded, None, "an attribute without a value is absent");
    }
    let defender = [("api", "defender")];
    let left = scrape.sum(&metric::QUOTA_REMAINING, &defender).unwrap();
    assert!(left > 0.9 && left <= 1.0, "{left}");
    for metric in metric::ALL {
        assert!(scrape.sum(metric, &[]).is_some(), "{} has no series", metric.name);
    }

    let status = program.status().await;
    let tenant = &status["tenants"]["contoso"];
    assert_eq!(tenant["last_cycle"], serde_json::to_value(&report).unwrap());
    assert!(tenant["next_cycle_at"].is_string() || tenant["running"] == true, "{status:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_whose_outside_is_down_stays_ready_and_its_data_ages_until_it_is_back() {
    let site = Site::of(fleet(40, 20)).await.set("collection", "interval = \"1s\"\n");
    let site = site.set("http", "call_deadline = \"1s\"\nmax_retries = 1\n");
    let mut program = Program::start(&site).await;
    program.report_of("complete").await;
    let address = site.simulator.address();
    let age = async |program: &Program| program.scrape().await.sum(&metric::DATA_AGE, &[SOC]);
    let fresh = age(&program).await.unwrap();

    let Site { simulator, folder: _folder, .. } = site;
    simulator.stop().await;
    let failed = program.report_of("failed").await;
    let failed_again = program.report_of("failed").await;
    assert!(failed_again.started_at > failed.started_at);
    for probe in ["/livez", "/readyz", "/startupz"] {
        assert_eq!(program.get(probe).await, (200, "ok\n".to_owned()), "{probe}");
    }
    let stale = age(&program).await.unwrap();
    assert!(stale > fresh && stale > 1.0, "{fresh} {stale}");
    let failures = program.scrape().await.sum(&metric::CYCLES, &[("outcome", "failed")]);
    assert!(failures >= Some(2.0), "{failures:?}");

    let mut options = simulator_options(fleet(40, 20));
    options.listen = address;
    let _simulator = Simulator::start(options).await.unwrap();
    program.report_of("complete").await;
    let refreshed = age(&program).await.unwrap();
    assert!(refreshed < stale, "{stale} {refreshed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_not_ready_while_state_cannot_be_written_and_knows_its_age_when_it_is_back() {
    let site = Site::of(fleet(40, 20)).await.set("collection", "interval = \"1h\"\n");
    let mut program = Program::start(&site).await;
    let report = program.report().await;
    assert_eq!(program.get("/startupz").await.0, 200);

    std::fs::rename(site.path("state.db"), site.path("aside.db")).unwrap();
    let (status, why) = program.get("/readyz").await;
    assert_eq!(status, 503, "{why}");
    assert!(why.contains("state.db"), "{why}");
    assert_eq!(program.get("/livez").await.0, 200);
    std::fs::rename(site.path("aside.db"), site.path("state.db")).unwrap();
    while program.get("/readyz").await.0 != 200 {}

    program.child.kill().await.unwrap();
    let restarted = Program::start(&site).await;
    while restarted.get("/startupz").await.0 != 200 {}
    let status = restarted.status().await;
    let at = status["tenants"]["contoso"]["sinks"]["soc"]["last_complete_at"].as_str().unwrap();
    let at: chrono::DateTime<chrono::Utc> = at.parse().unwrap();
    assert_eq!(at.timestamp_millis(), report.started_at.timestamp_millis());
    let cycles = restarted.scrape().await.sum(&metric::CYCLES, &[]);
    assert_eq!(cycles, Some(0.0), "no cycle is due");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_a_fault_of_the_configuration() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let site = Site::of(fleet(1, 0)).await;
    let mut program = crate::site::command(site.folder.path());
    program.args(["run"]).env("STOCKTAKE_SERVER__LISTEN", &address);
    let ended = crate::site::ended(program.spawn().unwrap()).await;
    assert_eq!(ended.code, Some(2), "{ended:#?}");
    assert!(ended.stderr.contains("`server.listen`"), "{}", ended.stderr);
    assert!(ended.stderr.contains(&address), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_called_by_its_own_names_only() {
    let own = "hosts = [\"stocktake.monitoring.svc\"]\n";
    let site = Site::of(fleet(1, 0)).await.set("server", own);
    let program = Program::start(&site).await;
    for (host, expected) in [
        ("stocktake.monitoring.svc:9464", 200),
        ("127.0.0.1", 200),
        ("evil.example", 421),
        ("stocktake.monitoring.svc.evil.example", 421),
    ] {
        let (status, body) = program.get_as(host, "/status").await;
        assert_eq!(status, expected, "{host}: {body}");
        assert_eq!(body.contains("\"tenants\""), expected == 200, "{host}: {body}");
    }
}
