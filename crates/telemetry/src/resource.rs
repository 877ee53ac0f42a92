//! The OpenTelemetry resource of a push: which process it comes from.

use std::hash::{BuildHasher, Hasher, RandomState};

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::{EnvResourceDetector, TelemetryResourceDetector};

/// The resource of this process: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`, and our own
/// values for what they do not set.
pub(crate) fn resource(version: &'static str) -> Resource {
    let resource = Resource::builder_empty()
        .with_service_name("stocktake")
        .with_attribute(KeyValue::new("service.version", version))
        .with_attribute(KeyValue::new("service.instance.id", instance()))
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_detector(Box::new(EnvResourceDetector::new()));
    match std::env::var("OTEL_SERVICE_NAME").ok().filter(|name| !name.is_empty()) {
        Some(name) => resource.with_service_name(name),
        None => resource,
    }
    .build()
}

/// Distinguishes this process from others: the name of the pod or host, else a random text.
fn instance() -> String {
    let pod = std::env::var("HOSTNAME").ok();
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let usable = |name: String| Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    pod.and_then(usable).or_else(|| host().and_then(usable)).unwrap_or_else(random)
}

fn random() -> String {
    // Each state hashes the empty input to a different value.
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
