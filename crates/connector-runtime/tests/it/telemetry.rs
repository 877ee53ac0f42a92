//! What the running program tells of itself: health, metrics, traces.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::Value;
use stocktake_connector_core::{CycleOutcome, CycleReport};
use stocktake_simulator::{Api, Effect, Fault, RegisteredCertificate, Simulator};
use stocktake_telemetry::metric::{self, Metric, MetricKind};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout};

use crate::recorder::Recorder;
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
            if line["message"] == "health server listens" {
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
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
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
async fn a_scrape_tells_what_the_cycle_report_tells() {
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
        (metric::API_CALLS, vec![("api", "defender")], report.calls.source),
        (metric::API_CALLS, vec![("api", "graph")], report.calls.enricher),
        (metric::API_CALLS, vec![("api", "entra")], report.calls.token),
        (metric::API_CALLS, vec![("api", "defender"), ("outcome", "unavailable")], 1),
        (metric::API_CALLS, vec![("api", "graph"), ("outcome", "throttled")], 1),
        (metric::API_RETRIES, vec![("api", "defender")], 1),
        (metric::API_RETRIES, vec![("api", "sekoia")], 1),
        (metric::API_THROTTLES, vec![("api", "graph")], report.calls.throttled),
    ] {
        let mut labels = labels;
        labels.push((metric::label::TENANT, "contoso"));
        let found = scrape.sum(&metric, &labels);
        assert_eq!(found, count(expected), "{} {labels:?} in {scrape:#?}", metric.name);
    }
    let defender = [("api", "defender")];
    assert_eq!(scrape.sum(&metric::API_CALL_DURATION, &defender), count(report.calls.source));
    let left = scrape.sum(&metric::QUOTA_REMAINING, &defender).unwrap();
    assert!(left > 0.9 && left < 1.0, "{left}");
    for metric in metric::ALL {
        assert!(scrape.sum(metric, &[]).is_some(), "{} is not told", metric.name);
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

/// The spans that came, by name.
fn spans(collector: &Recorder) -> BTreeMap<String, Vec<Span>> {
    let mut spans: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for push in collector.at("/v1/traces") {
        assert_eq!(push.headers["content-type"], "application/x-protobuf");
        let push = ExportTraceServiceRequest::decode(push.body).unwrap();
        let scopes = push.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        for span in scopes.flat_map(|scope| scope.spans) {
            spans.entry(span.name.clone()).or_default().push(span);
        }
    }
    spans
}

/// The last value of a counter that came, over all series.
fn pushed(collector: &Recorder, metric: &Metric) -> Option<u64> {
    let pushes = collector.at("/v1/metrics");
    let last = ExportMetricsServiceRequest::decode(pushes.last()?.body.clone()).unwrap();
    let scopes = last.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
    let mut metrics = scopes.flat_map(|scope| scope.metrics);
    match metrics.find(|found| found.name == metric.name)?.data? {
        Data::Sum(sum) => Some(
            sum.data_points
                .iter()
                .map(|point| match point.value {
                    Some(Number::AsInt(value)) => u64::try_from(value).unwrap(),
                    _ => 0,
                })
                .sum(),
        ),
        other => panic!("{other:?}"),
    }
}

fn text(span: &Span, key: &str) -> Option<String> {
    let pair = span.attributes.iter().find(|pair| pair.key == key)?;
    match pair.value.as_ref()?.value.as_ref()? {
        AnyValue::StringValue(text) => Some(text.clone()),
        AnyValue::IntValue(number) => Some(number.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_of_a_cycle_has_its_pages_batches_calls_and_attempts() {
    let collector = Recorder::start().await;
    let site = Site::with(fleet(250, 100), |options| options.defender_page = 100).await;
    site.handle().add_fault(Fault::once(Api::DefenderList, Effect::status(503)));
    let site = site.set("telemetry", &format!("otlp_endpoint = \"{}\"\n", collector.url()));
    let report = site.sync().await.report();
    let account = report.sinks.values().next().unwrap();

    let spans = spans(&collector);
    let cycle = match spans["cycle"].as_slice() {
        [cycle] => cycle,
        other => panic!("{other:#?}"),
    };
    assert!(cycle.parent_span_id.is_empty());
    assert_eq!(text(cycle, "connector.cycle.id"), Some(report.cycle.to_string()));
    assert_eq!(text(cycle, "connector.cycle.outcome").as_deref(), Some("complete"));
    assert_eq!(text(cycle, "connector.cycle.kind").as_deref(), Some("full"));

    let trace: BTreeSet<_> = spans.values().flatten().map(|span| &span.trace_id).collect();
    assert_eq!(trace.len(), 1, "a span is outside of the trace: {spans:#?}");
    let ids = |name: &str| -> BTreeSet<_> {
        spans[name].iter().map(|span| span.span_id.clone()).collect()
    };
    let parents = |name: &str| -> BTreeSet<_> {
        spans[name].iter().map(|span| span.parent_span_id.clone()).collect()
    };
    let root = BTreeSet::from([cycle.span_id.clone()]);
    for name in ["page", "enrichment", "batch"] {
        assert_eq!(parents(name), root, "{name}");
    }
    let records: Vec<_> =
        spans["page"].iter().filter_map(|page| text(page, "connector.page.records")).collect();
    assert_eq!(records, ["100", "100", "50"]);
    assert_eq!(spans["batch"].len() as u64, account.batches);

    assert!(parents("http_attempt").is_subset(&ids("http_call")), "{spans:#?}");
    let attempts = |api: &str| {
        let calls = spans["http_call"].iter();
        let calls: BTreeSet<_> = calls
            .filter(|call| text(call, "connector.api").as_deref() == Some(api))
            .map(|call| &call.span_id)
            .collect();
        let attempts = spans["http_attempt"].iter();
        attempts.filter(|attempt| calls.contains(&attempt.parent_span_id)).count() as u64
    };
    assert_eq!(attempts("defender"), report.calls.source);
    assert_eq!(attempts("graph"), report.calls.enricher);
    assert_eq!(attempts("entra"), report.calls.token);
    for (api, calls, parent) in [("defender", 3, "page"), ("graph", 1, "enrichment")] {
        let made: Vec<_> = spans["http_call"]
            .iter()
            .filter(|call| text(call, "connector.api").as_deref() == Some(api))
            .collect();
        assert_eq!(made.len(), calls, "{api}");
        assert!(made.iter().all(|call| ids(parent).contains(&call.parent_span_id)), "{api}");
    }
    let asked: Vec<_> = spans["enrichment"]
        .iter()
        .filter_map(|page| text(page, "connector.enrichment.devices"))
        .collect();
    assert_eq!(asked, records, "each page is enriched once");

    assert_eq!(pushed(&collector, &metric::DEVICES_READ), Some(report.read));
    assert_eq!(pushed(&collector, &metric::EVENTS_ACKNOWLEDGED), Some(account.acknowledged));

    let received = site.handle().received_events();
    for push in collector.at("/v1/") {
        let bytes = String::from_utf8_lossy(&push.body).into_owned();
        for (uid, event) in &received {
            assert!(!bytes.contains(uid.as_str()), "a push names device {uid}");
            let name = event["device"]["hostname"].as_str().unwrap();
            assert!(!bytes.contains(name), "a push names device {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_goes_on_at_the_sink_and_nowhere_else() {
    let (collector, receiver, microsoft) =
        (Recorder::start().await, Recorder::start().await, Recorder::start().await);
    let endpoint = format!("otlp_endpoint = \"{}\"\n", collector.url());
    let site = Site::of(fleet(10, 5)).await.set("telemetry", &endpoint);
    let site = site.replace_sink_url(&receiver.url());
    assert_eq!(site.sync().await.report().outcome, CycleOutcome::Complete);
    let pushes = receiver.at("/api/v2/asset-management");
    assert_eq!(pushes.len(), 1);
    let sent = pushes[0].headers["traceparent"].to_str().unwrap().to_owned();
    let spans = spans(&collector);
    let attempt = spans["http_attempt"].iter().find(|attempt| {
        sent == format!("00-{}-{}-01", hex(&attempt.trace_id), hex(&attempt.span_id))
    });
    assert!(attempt.is_some(), "{sent} is no attempt of {spans:#?}");

    let site = site.replace("base_url", &microsoft.url());
    site.sync().await;
    let asked = microsoft.at("/api/machines");
    assert!(!asked.is_empty());
    assert!(asked.iter().all(|request| !request.headers.contains_key("traceparent")));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_is_not_sampled_is_not_pushed_and_a_dead_collector_costs_no_cycle() {
    let collector = Recorder::start().await;
    let lines = format!("otlp_endpoint = \"{}\"\ntrace_sample_ratio = 0\n", collector.url());
    let site = Site::of(fleet(10, 5)).await.set("telemetry", &lines);
    let report = site.sync().await.report();
    assert!(spans(&collector).is_empty());
    assert_eq!(pushed(&collector, &metric::DEVICES_READ), Some(report.read));

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let lines = format!("otlp_endpoint = \"http://{nobody}\"\n");
    let site = Site::of(fleet(10, 5)).await.set("telemetry", &lines);
    let synced = site.sync().await;
    assert_eq!(synced.code, Some(0), "{synced:#?}");
    assert!(synced.stderr.contains("telemetry is not pushed"), "{}", synced.stderr);
    site.assert_each_device_once();
}
