//! What is pushed to a collector, and what the log has of it.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::Value;
use stocktake_connector_core::CycleOutcome;
use stocktake_simulator::{Api, Effect, Fault};
use stocktake_telemetry::metric::{self, Metric};

use crate::recorder::{Recorded, Recorder};
use crate::site::{Ended, Site, command, ended, fleet};
use crate::telemetry::Program;

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

/// The spans of requests on the wire, whose names differ by method and path.
fn requests(spans: &BTreeMap<String, Vec<Span>>) -> Vec<&Span> {
    let is_request = |span: &&Span| text(span, "http.request.method").is_some();
    spans.values().flatten().filter(is_request).collect()
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
    let requests = requests(&spans);
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

    let calls = ids("api_call");
    assert!(requests.iter().all(|span| calls.contains(&span.parent_span_id)), "{spans:#?}");
    let port = site.simulator.address().port().to_string();
    let told: BTreeSet<_> = requests
        .iter()
        .map(|attempt| {
            let template = text(attempt, "url.template").unwrap_or_default();
            let method = text(attempt, "http.request.method").unwrap_or_default();
            assert_eq!(attempt.name, format!("{method} {template}"));
            assert_eq!(text(attempt, "server.port").as_deref(), Some(port.as_str()));
            ["connector.api", "connector.operation", "url.template"]
                .map(|key| text(attempt, key).unwrap_or_default())
        })
        .collect();
    for (api, operation, template) in [
        ("defender", "list machines", "/api/machines"),
        ("graph", "list managed devices", "/v1.0/deviceManagement/managedDevices"),
        ("entra", "get an access token", "/{tenant}/oauth2/v2.0/token"),
        ("sekoia", "push assets", "/api/v2/asset-management/asset-connector/{connector}"),
    ] {
        assert!(told.contains(&[api, operation, template].map(str::to_owned)), "{told:#?}");
    }
    let attempts = |api: &str| {
        let calls = spans["api_call"].iter();
        let calls: BTreeSet<_> = calls
            .filter(|call| text(call, "connector.api").as_deref() == Some(api))
            .map(|call| &call.span_id)
            .collect();
        requests.iter().filter(|attempt| calls.contains(&attempt.parent_span_id)).count() as u64
    };
    assert_eq!(attempts("defender"), report.calls.source);
    assert_eq!(attempts("graph"), report.calls.enricher);
    assert_eq!(attempts("entra"), report.calls.token);
    // Three pages of machines have two seams.
    for (api, calls, parent) in [("defender", 5, "page"), ("graph", 1, "enrichment")] {
        let made: Vec<_> = spans["api_call"]
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
async fn a_span_that_ended_badly_has_the_code_of_its_error_and_nothing_else_of_it() {
    const ERROR: i32 = 2;
    for (api, code, failed, well) in [
        (Api::DefenderList, "ST0205", ["cycle", "page"], None),
        (Api::SekoiaPush, "ST0401", ["cycle", "batch"], Some("page")),
    ] {
        let collector = Recorder::start().await;
        let site = Site::of(fleet(10, 5)).await.set("telemetry", &endpoint(&collector));
        site.handle().add_fault(Fault::always(api, Effect::status(403)));
        let outcome = site.sync().await.report().outcome;
        assert!(matches!(outcome, CycleOutcome::Failed { .. }), "{outcome:?}");
        let spans = spans(&collector);
        let status = |name: &str| {
            let status = spans[name].last().unwrap().status.clone().unwrap_or_default();
            (status.code, status.message)
        };
        for name in failed {
            assert_eq!(status(name), (ERROR, code.to_owned()), "{name} of {spans:#?}");
        }
        if let Some(name) = well {
            assert_eq!(status(name), (0, String::new()), "{name}");
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
    // The receiver only records: it makes no task, so the cycle fails after the push.
    site.sync().await.report();
    let pushes = receiver.at("/api/v2/asset-management");
    let sent = pushes[0].headers["traceparent"].to_str().unwrap().to_owned();
    let spans = spans(&collector);
    let attempt = requests(&spans).into_iter().find(|attempt| {
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
    for path in ["metrics", "traces"] {
        let url = format!("http://{nobody}/v1/{path}");
        let told = synced.stderr.lines().filter(|line| line.contains(&url));
        let told: Vec<_> = told.filter(|line| line.contains("telemetry was not pushed")).collect();
        assert_eq!(told.len(), 1, "{path}: {}", synced.stderr);
        assert!(told[0].contains(&format!("signal=\"{path}\"")), "{told:?}");
    }
    site.assert_each_device_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_back_is_reported_once() {
    let collector = Recorder::late_for_each_path().await;
    let site = Site::of(fleet(10, 5)).await;
    let synced = site.set("telemetry", &endpoint(&collector)).sync().await;
    for text in ["telemetry was not pushed", "the collector accepts telemetry again"] {
        assert_eq!(synced.stderr.matches(text).count(), 2, "{text}: {}", synced.stderr);
    }
    assert!(!spans(&collector).is_empty());
}

/// One full cycle with variables of OpenTelemetry.
async fn sync_with(site: &Site, variables: &[(&str, &str)]) -> Ended {
    let mut program = command(site.folder.path());
    program.args(["sync", "--full", "--output", "json"]).envs(variables.iter().copied());
    ended(program.spawn().unwrap()).await
}

fn endpoint(collector: &Recorder) -> String {
    format!("otlp_endpoint = \"{}\"\n", collector.url())
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_without_room_in_the_queue_are_counted() {
    let collector = Recorder::start().await;
    let site = Site::of(fleet(10, 5)).await.set("telemetry", &endpoint(&collector));
    let synced = sync_with(&site, &[("OTEL_BSP_MAX_QUEUE_SIZE", "1")]).await;
    let line = synced.stderr.lines().rfind(|line| line.contains("spans were dropped"));
    let line = line.unwrap_or_else(|| panic!("nothing is logged: {}", synced.stderr));
    let dropped: usize =
        line.split("dropped=").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let pushed = spans(&collector).values().map(Vec::len).sum::<usize>();

    let collector = Recorder::start().await;
    let site = Site::of(fleet(10, 5)).await.set("telemetry", &endpoint(&collector));
    let synced = site.sync().await;
    assert!(!synced.stderr.contains("dropped"), "{}", synced.stderr);
    assert_eq!(pushed + dropped, spans(&collector).values().map(Vec::len).sum::<usize>());
}

/// The resource of a push of traces.
fn resource(push: &Recorded) -> BTreeMap<String, String> {
    let push = ExportTraceServiceRequest::decode(push.body.clone()).unwrap();
    let resource = push.resource_spans[0].resource.clone().unwrap();
    let text = |value| match value {
        Some(AnyValue::StringValue(text)) => text,
        other => panic!("{other:?}"),
    };
    let pairs = resource.attributes.into_iter();
    pairs.map(|pair| (pair.key, text(pair.value.unwrap().value))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_has_the_resource_of_the_usual_variables() {
    let collector = Recorder::start().await;
    let site = Site::of(fleet(1, 0)).await.set("telemetry", &endpoint(&collector));
    let who = async |variables: &[_]| {
        assert_eq!(sync_with(&site, variables).await.code, Some(0));
        resource(collector.at("/v1/traces").last().unwrap())
    };
    let plain = who(&[("HOSTNAME", "stocktake-0")]).await;
    assert_eq!(plain["service.name"], "stocktake");
    assert_eq!(plain["service.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(plain["service.instance.id"], "stocktake-0");
    let attributes =
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,service.instance.id=b,k8s.namespace.name=c");
    let told = who(&[attributes]).await;
    assert_eq!(told["service.name"], "a");
    assert_eq!(told["service.instance.id"], "b");
    assert_eq!(told["k8s.namespace.name"], "c");
    assert_eq!(who(&[attributes, ("OTEL_SERVICE_NAME", "d")]).await["service.name"], "d");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_has_its_own_endpoint_and_headers_come_from_a_file() {
    let collector = Recorder::start().await;
    let site = Site::of(fleet(1, 0)).await;
    let headers = site.path("collector-headers");
    std::fs::write(&headers, "authorization=Bearer canary-collector, x-scope-orgid=7\n").unwrap();
    let site = site.set("telemetry", &format!("otlp_headers_file = {headers:?}\n"));
    let url = collector.url() + "/own/path";
    let compression = ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
    let variables = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", url.as_str()),
        compression,
        ("STOCKTAKE_LOG__LEVEL", "trace"),
    ];
    let synced = sync_with(&site, &variables).await;
    assert_eq!(synced.code, Some(0), "{synced:#?}");
    assert!(!synced.stderr.contains("canary-collector"), "{}", synced.stderr);
    let pushes = collector.at("/");
    assert!(!pushes.is_empty(), "{}", synced.stderr);
    for push in pushes {
        assert_eq!(push.path, "/own/path", "only traces have somewhere to go");
        assert_eq!(push.headers["authorization"], "Bearer canary-collector");
        assert_eq!(push.headers["x-scope-orgid"], "7");
        assert_eq!(push.headers["content-encoding"], "gzip");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_push_is_a_new_connection_so_that_a_new_authority_counts() {
    let collector = Recorder::start().await;
    let site = Site::of(fleet(1, 0)).await.set("telemetry", &endpoint(&collector));
    let synced = sync_with(&site, &[("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")]).await;
    assert_eq!(synced.code, Some(0), "{synced:#?}");
    let pushes = collector.at("/v1/");
    assert!(collector.at("/v1/traces").len() > 1, "{}", synced.stderr);
    let connections: BTreeSet<_> = pushes.iter().map(|push| push.connection).collect();
    assert_eq!(connections.len(), pushes.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_push_cannot_do_is_refused() {
    let collector = Recorder::start().await;
    let site = Site::of(fleet(1, 0)).await.set("telemetry", &endpoint(&collector));
    for variable in
        [("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zstd"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]
    {
        let synced = sync_with(&site, &[variable]).await;
        assert_eq!(synced.code, Some(2), "{synced:#?}");
        let (name, value) = variable;
        assert!(synced.stderr.contains(&format!("`{name}`: is not supported")), "{synced:#?}");
        // It is not repeated, whatever it is.
        assert!(!synced.stderr.contains(&format!("`{value}`")), "{synced:#?}");
    }
    assert!(collector.at("/").is_empty());

    let plain = "otlp_endpoint = \"http://collector.example:4318\"\n";
    let site = Site::of(fleet(1, 0)).await.set("telemetry", plain);
    let header = ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer canary-collector");
    let synced = sync_with(&site, &[header]).await;
    assert_eq!(synced.code, Some(2), "{synced:#?}");
    assert!(synced.stderr.contains(header.0), "{synced:#?}");
    assert!(!synced.stderr.contains("canary-collector"), "{synced:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_does_not_wait_for_a_collector_that_hangs() {
    let collector = Recorder::silent().await;
    let site = Site::of(fleet(10, 5)).await.set("telemetry", &endpoint(&collector));
    let mut program = Program::start(&site).await;
    assert_eq!(program.report().await.outcome, CycleOutcome::Complete);
    let process = program.child.id().unwrap().to_string();
    for _ in 0..2 {
        let sent = tokio::process::Command::new("kill").arg(&process).status().await.unwrap();
        assert!(sent.success());
        // The first one is heard before the second is sent.
        while collector.at("/v1/metrics").is_empty() {
            tokio::task::yield_now().await;
        }
    }
    // Not a measure: exporters that are waited for take ten seconds.
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), program.child.wait()).await;
    assert!(ended.expect("it waits for the collector").unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_names_tenant_cycle_api_and_operation_when_only_warnings_are_logged() {
    let collector = Recorder::start().await;
    let site = Site::of(fleet(10, 5)).await.set("telemetry", &endpoint(&collector));
    site.handle().add_fault(Fault::once(Api::DefenderList, Effect::status(503)));
    let synced = site.run(&["sync", "--output", "json", "--log-format", "json"]).await;
    let cycle = synced.report().cycle.to_string();
    let lines = synced.stderr.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let [warning] = <[_; 1]>::try_from(lines.collect::<Vec<_>>()).unwrap();
    assert_eq!(warning["message"], "a call failed and is tried again");
    let told: BTreeMap<_, _> = warning["spans"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|span| span.as_object().unwrap())
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
        .collect();
    for (name, value) in [
        ("connector.tenant.name", "contoso"),
        ("connector.cycle.id", cycle.as_str()),
        ("connector.api", "defender"),
        ("connector.operation", "list machines"),
    ] {
        assert_eq!(told[name], value, "{warning:#}");
    }
    let calls = &spans(&collector)["api_call"];
    let of = calls.iter().find(|call| warning["span_id"] == hex(&call.span_id));
    assert_eq!(warning["trace_id"], hex(&of.unwrap().trace_id), "{warning:#}");
}
