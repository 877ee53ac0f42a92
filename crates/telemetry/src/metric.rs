//! Names of metrics, with their labels and what they mean.
//!
//! Snake case, a base unit in the plural, counters end in `_total`. A metric that OpenTelemetry
//! defines keeps its name, attributes and bounds
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-metrics/>). Labels have few values: names
//! of tenants and sinks, hosts of the configuration, and words of small, fixed sets. Devices and users
//! are never labels.

use crate::field;

/// The type of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MetricKind {
    /// A sum that only grows during the life of the process.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// Values counted by size, with these upper bounds.
    Histogram(&'static [f64]),
}

impl MetricKind {
    /// The type as Prometheus spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// The name in a scrape.
    pub name: &'static str,
    /// The name in a push. It differs from `name` where OpenTelemetry defines the metric: Prometheus
    /// spells such a name with underscores and its unit.
    pub otlp_name: &'static str,
    /// The type.
    pub kind: MetricKind,
    /// The unit in UCUM, as OpenTelemetry wants it; empty for a plain number.
    pub unit: &'static str,
    /// The keys of the labels, in the order in which values are given. A scrape spells a dot as an
    /// underscore.
    pub labels: &'static [&'static str],
    /// What the metric measures, as a sentence.
    pub meaning: &'static str,
}

/// Keys of labels. Those of HTTP requests are in [`field`].
pub mod label {
    /// The tenant, by its name in the configuration.
    pub const TENANT: &str = "tenant";
    /// The source, by its name in the configuration.
    pub const SOURCE: &str = "source";
    /// The type of a record and a field of it, such as `machine.lastSeen`; never a name from outside.
    pub const FIELD: &str = "field";
    /// The sink, by its name in the configuration.
    pub const SINK: &str = "sink";
    /// The remote API: `entra`, `managed-identity`, `defender`, `graph`, or the type of a sink.
    pub const API: &str = "api";
    /// The outcome of a cycle.
    pub const OUTCOME: &str = "outcome";
    /// `full` or `incremental`.
    pub const KIND: &str = "kind";
    /// The version of the program.
    pub const VERSION: &str = "version";
}

use label::{API, FIELD, KIND, OUTCOME, SINK, SOURCE, TENANT, VERSION};

const SECONDS: &str = "s";
const BYTES: &str = "By";

/// The bounds that OpenTelemetry's conventions name for the duration of HTTP requests.
const REQUEST_BOUNDS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// From a small tenant to one whose quota makes a cycle last for hours.
const CYCLE_BOUNDS: &[f64] = &[1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 10_800.0, 21_600.0];

/// The last of one or two names.
macro_rules! last {
    ($name:literal) => {
        $name
    };
    ($name:literal, $last:literal) => {
        $last
    };
}

/// Declares each metric once, as a constant and in [`ALL`]. `as` gives the name in a push.
macro_rules! metrics {
    ($($constant:ident = $name:literal $(as $otlp_name:literal)?, $kind:expr, $unit:expr, [$($label:expr),*], $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $constant: Metric = Metric {
                name: $name,
                otlp_name: last!($name $(, $otlp_name)?),
                kind: $kind,
                unit: $unit,
                labels: &[$($label),*],
                meaning: $meaning,
            };
        )*

        /// Every metric, in the order of the reference page.
        pub const ALL: &[Metric] = &[$($constant),*];
    };
}

use MetricKind::{Counter, Gauge, Histogram};

metrics! {
    DATA_AGE = "stocktake_data_age_seconds", Gauge, SECONDS, [TENANT, SINK],
        "Time since the start of the last cycle that delivered everything to this sink: the freshness of its data. Before the first such cycle, the time since the sink was first configured for the tenant. Survives restarts.";
    CHECKPOINT_AGE = "stocktake_checkpoint_age_seconds", Gauge, SECONDS, [TENANT, SINK],
        "Age of the newest sighting of a device that was delivered. The next incremental cycle starts there, minus its overlap. Absent before the first complete cycle.";
    COLLECTION_INTERVAL = "stocktake_collection_interval_seconds", Gauge, SECONDS, [TENANT],
        "Configured time from the start of one cycle to the start of the next. Compare the ages of data with it.";
    CYCLES = "stocktake_cycles_total", Counter, "", [TENANT, KIND, OUTCOME],
        "Finished cycles by outcome: complete, interrupted or failed. A cycle that cannot start, or whose report cannot be stored, counts as failed.";
    CYCLE_DURATION = "stocktake_cycle_duration_seconds", Histogram(CYCLE_BOUNDS), SECONDS, [TENANT, KIND],
        "Duration of cycles.";
    DEVICES_READ = "stocktake_devices_read_total", Counter, "", [TENANT],
        "Records read from the source, including unreadable and repeated ones.";
    DEVICES_MAPPED = "stocktake_devices_mapped_total", Counter, "", [TENANT],
        "Devices that became events.";
    UNREADABLE_VALUES = "stocktake_unreadable_values_total", Counter, "", [TENANT, SOURCE, FIELD],
        "Values of records that could not be read. Their devices are delivered without these fields. A value counts again in each cycle that meets it. Absent for fields without such values.";
    DEVICES_UNCHANGED = "stocktake_devices_unchanged_total", Counter, "", [TENANT, SINK],
        "Devices that were not sent because the sink already has them in this state.";
    EVENTS_ACKNOWLEDGED = "stocktake_events_acknowledged_total", Counter, "", [TENANT, SINK],
        "Events that the sink acknowledged.";
    DEAD_LETTERS = "stocktake_dead_letters_total", Counter, "", [TENANT, SINK],
        "Records and events that can never be delivered as they are. A record counts again in each cycle that meets it.";
    SINK_BATCHES = "stocktake_sink_batches_total", Counter, "", [TENANT, SINK],
        "Batches that the sink acknowledged.";
    SINK_BYTES = "stocktake_sink_bytes_total", Counter, BYTES, [TENANT, SINK],
        "Bytes of the acknowledged events.";
    HTTP_REQUEST_DURATION = "http_client_request_duration_seconds" as "http.client.request.duration",
        Histogram(REQUEST_BOUNDS), SECONDS,
        [TENANT, API, field::HTTP_REQUEST_METHOD, field::SERVER_ADDRESS, field::SERVER_PORT, field::HTTP_RESPONSE_STATUS_CODE, field::ERROR_TYPE],
        "Duration of each HTTP request on the wire, retries included, from sending it to the last byte of the response. Excludes waits for quota and before retries. Without `tenant` where one client serves all tenants, without a status code where no response came, and without an error type on success.";
    API_RETRIES = "stocktake_api_retries_total", Counter, "", [TENANT, API],
        "Requests that repeated an earlier one of the same call.";
    QUOTA_REMAINING = "stocktake_quota_remaining_ratio", Gauge, "", [TENANT, API],
        "Free share, from 0 to 1, of the burst of the quota with the longest window (for Defender, one hour). At 0, calls wait for quota.";
    CREDENTIAL_EXPIRY = "stocktake_credential_expiry_timestamp_seconds", Gauge, SECONDS, [TENANT],
        "Expiry of the tenant's certificate in Unix time. Absent for credentials whose expiry only Entra knows.";
    STATE_SIZE = "stocktake_state_size_bytes", Gauge, BYTES, [],
        "Size of the state file including its log. Absent while state is in memory.";
    STATE_DISK_FREE = "stocktake_state_disk_free_bytes", Gauge, BYTES, [],
        "Free space on the disk that holds the state.";
    STATE_DISK_SIZE = "stocktake_state_disk_size_bytes", Gauge, BYTES, [],
        "Size of the disk that holds the state.";
    BUILD_INFO = "stocktake_build_info", Gauge, "", [VERSION],
        "Always 1. The label holds the version.";
    PROCESS_CPU = "process_cpu_seconds_total", Counter, SECONDS, [],
        "CPU time of the process, user and system.";
    PROCESS_MEMORY = "process_resident_memory_bytes", Gauge, BYTES, [],
        "Resident memory.";
    PROCESS_OPEN_FILES = "process_open_fds", Gauge, "", [],
        "Open file descriptors.";
    PROCESS_START = "process_start_time_seconds", Gauge, SECONDS, [],
        "Start of the process in Unix time.";
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn names_follow_the_rules() {
        let mut names = BTreeSet::new();
        for metric in ALL {
            let Metric { name, kind, unit, .. } = metric;
            assert!(names.insert(name), "{name} is declared twice");
            assert!(
                ["stocktake_", "process_", "http_client_"].iter().any(|own| name.starts_with(own)),
                "{name}"
            );
            assert!(name.chars().all(|char| char.is_ascii_lowercase() || char == '_'), "{name}");
            assert_eq!(*kind == MetricKind::Counter, name.ends_with("_total"), "{name}");
            let stem = name.trim_end_matches("_total");
            match *unit {
                "s" => assert!(stem.ends_with("_seconds"), "{name}"),
                "By" => assert!(stem.ends_with("_bytes"), "{name}"),
                _ => assert!(!stem.ends_with("_seconds") && !stem.ends_with("_bytes"), "{name}"),
            }
            // How Prometheus spells an OpenTelemetry name.
            let spelt = metric.otlp_name.replace('.', "_");
            assert!(*name == spelt || *name == format!("{spelt}_seconds"), "{name}");
            assert!(metric.meaning.ends_with('.'), "{name}");
        }
    }

    /// Every Rust file below a folder.
    pub(crate) fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    #[test]
    fn no_name_is_spelt_anywhere_else() {
        let mut found = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut found);
        let others: Vec<_> = found.iter().filter(|path| !path.ends_with(HERE)).collect();
        assert!(others.len() > 100 && others.len() < found.len());
        for path in others {
            let text = std::fs::read_to_string(path).unwrap();
            for metric in ALL {
                assert!(
                    !text.contains(&format!("\"{}\"", metric.name)),
                    "{} spells {}; use the constant",
                    path.display(),
                    metric.name
                );
            }
        }
    }

    const HERE: &str = "telemetry/src/metric.rs";
}
