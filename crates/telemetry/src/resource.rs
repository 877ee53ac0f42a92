//! The OpenTelemetry resource of a push: which process it comes from.

use std::hash::{BuildHasher, Hasher, RandomState};

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;

const ATTRIBUTES_VARIABLE: &str = "OTEL_RESOURCE_ATTRIBUTES";

/// The resource of this process: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`, and our own
/// values for what they do not set.
pub(crate) fn resource(version: &'static str) -> Resource {
    let named = std::env::var(ATTRIBUTES_VARIABLE).unwrap_or_default();
    let named = attributes(&named).unwrap_or_else(|| {
        tracing::warn!(
            variable = ATTRIBUTES_VARIABLE,
            "the attributes are not used; write them like team=blue,site=a%2Cb"
        );
        Vec::new()
    });
    let resource = Resource::builder_empty()
        .with_service_name("stocktake")
        .with_attribute(KeyValue::new("service.version", version))
        .with_attribute(KeyValue::new("service.instance.id", instance()))
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes(named);
    match std::env::var("OTEL_SERVICE_NAME").ok().filter(|name| !name.is_empty()) {
        Some(name) => resource.with_service_name(name),
        None => resource,
    }
    .build()
}

/// Reads `key=value` pairs between commas; commas, equals signs and percent signs of a key or a value are
/// percent-encoded. `None` when a part cannot be read: the specification then drops all of them
/// (<https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable>).
fn attributes(text: &str) -> Option<Vec<KeyValue>> {
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=')?;
            let (key, value) = (decoded(key.trim())?, decoded(value.trim())?);
            (!key.is_empty()).then(|| KeyValue::new(key, value))
        })
        .collect()
}

/// Reads percent-encoded UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits =
            part.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_percent_decoded() {
        let read = |text: &str| {
            let pairs = attributes(text)?.into_iter();
            Some(pairs.map(|pair| format!("{}: {}", pair.key, pair.value)).collect::<Vec<_>>())
        };
        let expected = ["owner: blue,green", "cost.centre: a=b", "é: 100%", "empty: "];
        let text = "owner=blue%2Cgreen, cost.centre = a%3db ,%C3%A9=100%25,empty=,";
        assert_eq!(read(text).unwrap(), expected);
        assert_eq!(read("a=b=c").unwrap(), ["a: b=c"]);
        assert_eq!(read("").unwrap(), [""; 0]);
        for broken in ["owner", "a=b,owner", "a=%2", "a=%zz", "a=%+1", "a=%ff", "=b", "a=%é"] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }
}
