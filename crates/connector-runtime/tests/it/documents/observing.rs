//! The page *Observing*: the names on it are those of the program.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use stocktake_telemetry::metric;

use super::{all_blocks, blocks, document, quoted, text_of};
use crate::recorder::Recorder;
use crate::site::{Site, fleet};

const PAGE: &str = "docs/observing.md";

/// The values of all `pub const NAME: &str` of a source file.
fn constants(path: &str) -> BTreeSet<String> {
    let text = text_of(path);
    let values = text.lines().filter_map(|line| {
        let value = line.strip_prefix("pub const ")?.split_once(": &str = \"")?.1;
        Some(value.strip_suffix("\";")?.to_owned())
    });
    values.collect()
}

#[test]
fn the_page_has_every_endpoint_and_no_other() {
    let source = text_of("crates/connector-runtime/src/server/routes.rs");
    let served: BTreeSet<_> = source
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix(".route(\"/")?.split_once('"'))
        .map(|(path, _)| format!("/{path}"))
        .collect();
    assert!(served.len() >= 5, "{served:?}");
    let page = document(PAGE);
    let words = quoted(&page).into_iter();
    let is_endpoint = |word: &&str| {
        word.strip_prefix('/').is_some_and(|rest| rest.chars().all(char::is_alphabetic))
    };
    let shown: BTreeSet<_> = words.filter(is_endpoint).map(str::to_owned).collect();
    assert_eq!(shown, served);
}

#[test]
fn every_metric_and_field_on_the_page_exists() {
    let page = document(PAGE);
    let fields = constants("crates/telemetry/src/field.rs");
    assert!(fields.len() > 20, "{fields:?}");
    let blocks: String = all_blocks(&page).into_iter().map(|(_, block)| block + "\n").collect();
    let is_part = |char: char| char.is_ascii_alphanumeric() || "_.".contains(char);
    let words = quoted(&page).into_iter().chain(blocks.split(|char| !is_part(char)));
    let (mut metrics, mut of_fields) = (0, 0);
    for word in words {
        let name = word.split(['{', ' ', '[']).next().unwrap_or_default();
        if name.starts_with("stocktake_") && name != "stocktake_http_stack" {
            assert!(metric::ALL.iter().any(|metric| metric.name == name), "no metric {name}");
            metrics += 1;
        }
        if name.starts_with("connector.") {
            assert!(fields.contains(name), "no field {name}");
            of_fields += 1;
        }
    }
    assert!(metrics >= 2 && of_fields >= 3, "{metrics} {of_fields}");
}

/// Each span of the drawn tree below its parent; the root has none.
fn drawn(tree: &str) -> BTreeSet<(Option<String>, String)> {
    let mut path: Vec<String> = Vec::new();
    let mut pairs = BTreeSet::new();
    for line in tree.lines() {
        let letters = line.find(|char: char| char.is_ascii_alphabetic());
        let Some(start) = letters else { continue };
        // Each step is three characters wide.
        let depth = line.get(..start).unwrap().chars().count() / 3;
        let name = line.get(start..).unwrap().split_whitespace().next().unwrap();
        path.truncate(depth);
        pairs.insert((path.last().cloned(), name.to_owned()));
        path.push(name.to_owned());
    }
    pairs
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_of_the_page_is_the_trace_of_a_cycle() {
    let page = document(PAGE);
    let trees: Vec<_> = blocks(&page, "text");
    let tree = trees.iter().find(|block| block.starts_with("cycle")).unwrap();
    let drawn = drawn(tree);
    let names: BTreeSet<_> = drawn.iter().map(|(_, name)| name.clone()).collect();
    assert_eq!(names, constants("crates/telemetry/src/span.rs"));

    let collector = Recorder::start().await;
    let site = Site::of(fleet(50, 20)).await;
    let site = site.set("telemetry", &format!("otlp_endpoint = \"{}\"\n", collector.url()));
    assert_eq!(site.sync().await.code, Some(0));
    let mut spans = BTreeMap::new();
    for push in collector.at("/v1/traces") {
        let push = ExportTraceServiceRequest::decode(push.body).unwrap();
        let scopes = push.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        for span in scopes.flat_map(|scope| scope.spans) {
            // Requests are exported under their methods and templates.
            let is_request = ["GET", "POST"].contains(&span.name.split(' ').next().unwrap());
            let name = if is_request { "http_request".to_owned() } else { span.name };
            spans.insert(span.span_id, (span.parent_span_id, name));
        }
    }
    let seen: BTreeSet<_> = spans
        .values()
        .map(|(parent, name)| (spans.get(parent).map(|(_, name)| name.clone()), name.clone()))
        .collect();
    assert_eq!(drawn, seen);
}
