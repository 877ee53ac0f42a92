//! Names of metrics, with their labels and what they mean.
//!
//! Snake case, a base unit in the plural, counters end in `_total`. Labels are of bounded variety:
//! tenants and sinks by their names in the configuration, and words of small, fixed sets. Neither
//! device nor user ever is a label.

/// How a metric's values are to be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MetricKind {
    /// A sum that only grows while the process lives.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// Values counted by size, up to each of these bounds.
    Histogram(&'static [f64]),
}

impl MetricKind {
    /// The kind as Prometheus spells it.
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
    /// Its name, the same in a scrape and in a push.
    pub name: &'static str,
    /// How its values are to be read.
    pub kind: MetricKind,
    /// The unit, in UCUM's spelling as OpenTelemetry wants it; empty for a plain number.
    pub unit: &'static str,
    /// The keys of its labels, in the order in which values are given.
    pub labels: &'static [&'static str],
    /// What it tells, as a sentence.
    pub meaning: &'static str,
}

/// Keys of labels.
pub mod label {
    /// The tenant, by its name in the configuration.
    pub const TENANT: &str = "tenant";
    /// The sink, by its name in the configuration.
    pub const SINK: &str = "sink";
    /// The outside API: `entra`, `managed-identity`, `defender`, `graph`, or the type of a sink.
    pub const API: &str = "api";
    /// How a cycle or a call ended.
    pub const OUTCOME: &str = "outcome";
    /// `full` or `incremental`.
    pub const KIND: &str = "kind";
    /// The version of the program.
    pub const VERSION: &str = "version";
}

use label::{API, KIND, OUTCOME, SINK, TENANT, VERSION};

const SECONDS: &str = "s";
const BYTES: &str = "By";

/// From a quick answer to one that its time-out ends.
const CALL_BOUNDS: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// From a small tenant to one whose quota makes a cycle last for hours.
const CYCLE_BOUNDS: &[f64] = &[1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 10_800.0, 21_600.0];

/// Declares each metric once, as a constant and in [`ALL`].
macro_rules! metrics {
    ($($constant:ident = $name:literal, $kind:expr, $unit:expr, [$($label:expr),*], $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $constant: Metric = Metric {
                name: $name,
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
        "Time since the start of the last cycle that delivered everything to this sink: whether data is fresh. Where there never was one, the time since the sink was first configured for the tenant, over restarts.";
    CHECKPOINT_AGE = "stocktake_checkpoint_age_seconds", Gauge, SECONDS, [TENANT, SINK],
        "Age of the newest sighting of a device that was delivered: where the next incremental cycle starts, before its overlap. Absent until a first cycle is complete.";
    COLLECTION_INTERVAL = "stocktake_collection_interval_seconds", Gauge, SECONDS, [TENANT],
        "Time from the start of one cycle to the start of the next one, as configured: what the ages of data are measured against.";
    CYCLES = "stocktake_cycles_total", Counter, "", [TENANT, KIND, OUTCOME],
        "Cycles that ended, by outcome: complete, interrupted or failed. One that cannot begin, or whose report cannot be kept, counts as failed.";
    CYCLE_DURATION = "stocktake_cycle_duration_seconds", Histogram(CYCLE_BOUNDS), SECONDS, [TENANT, KIND],
        "How long cycles took.";
    DEVICES_READ = "stocktake_devices_read_total", Counter, "", [TENANT],
        "Records read from the source, unreadable ones and repeated ones included.";
    DEVICES_MAPPED = "stocktake_devices_mapped_total", Counter, "", [TENANT],
        "Devices that became events.";
    DEVICES_UNCHANGED = "stocktake_devices_unchanged_total", Counter, "", [TENANT, SINK],
        "Devices that a cycle did not send, because the sink has them as they are.";
    EVENTS_ACKNOWLEDGED = "stocktake_events_acknowledged_total", Counter, "", [TENANT, SINK],
        "Events that the sink acknowledged.";
    DEAD_LETTERS = "stocktake_dead_letters_total", Counter, "", [TENANT, SINK],
        "Records and events that can never be delivered as they are. Each cycle counts those that it met, again too.";
    SINK_BATCHES = "stocktake_sink_batches_total", Counter, "", [TENANT, SINK],
        "Batches that the sink acknowledged.";
    SINK_BYTES = "stocktake_sink_bytes_total", Counter, BYTES, [TENANT, SINK],
        "Bytes of the acknowledged events.";
    API_CALLS = "stocktake_api_calls_total", Counter, "", [TENANT, API, OUTCOME],
        "Requests on the wire, retries included, by outcome: ok, or the kind of failure.";
    API_RETRIES = "stocktake_api_retries_total", Counter, "", [TENANT, API],
        "Requests that repeated an earlier one of the same call.";
    API_THROTTLES = "stocktake_api_throttles_total", Counter, "", [TENANT, API],
        "Answers that asked to slow down.";
    API_CALL_DURATION = "stocktake_api_call_duration_seconds", Histogram(CALL_BOUNDS), SECONDS, [API],
        "How long requests took, from the request to the last byte of the answer; waits for quota and before retries are not part of it.";
    QUOTA_REMAINING = "stocktake_quota_remaining_ratio", Gauge, "", [TENANT, API],
        "Share of the longest quota (for Defender, the hour's) that is still free, from 0 to 1.";
    CREDENTIAL_EXPIRY = "stocktake_credential_expiry_timestamp_seconds", Gauge, SECONDS, [TENANT],
        "When the tenant's certificate ends, in Unix time. Absent for credentials whose end only Entra knows.";
    STATE_SIZE = "stocktake_state_size_bytes", Gauge, BYTES, [],
        "Size of the state with its log. Absent while state is kept in memory.";
    STATE_DISK_FREE = "stocktake_state_disk_free_bytes", Gauge, BYTES, [],
        "Space that is left on the disk of the state.";
    STATE_DISK_SIZE = "stocktake_state_disk_size_bytes", Gauge, BYTES, [],
        "Size of the disk of the state.";
    BUILD_INFO = "stocktake_build_info", Gauge, "", [VERSION],
        "Always 1; its label tells the version.";
    PROCESS_CPU = "process_cpu_seconds_total", Counter, SECONDS, [],
        "CPU time that the process used, user and system.";
    PROCESS_MEMORY = "process_resident_memory_bytes", Gauge, BYTES, [],
        "Resident memory.";
    PROCESS_OPEN_FILES = "process_open_fds", Gauge, "", [],
        "Open file descriptors.";
    PROCESS_START = "process_start_time_seconds", Gauge, SECONDS, [],
        "When the process started, in Unix time.";
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
            assert!(names.insert(name), "{name} is there twice");
            assert!(name.starts_with("stocktake_") || name.starts_with("process_"), "{name}");
            assert!(name.chars().all(|char| char.is_ascii_lowercase() || char == '_'), "{name}");
            assert_eq!(*kind == MetricKind::Counter, name.ends_with("_total"), "{name}");
            let stem = name.trim_end_matches("_total");
            match *unit {
                "s" => assert!(stem.ends_with("_seconds"), "{name}"),
                "By" => assert!(stem.ends_with("_bytes"), "{name}"),
                _ => assert!(!stem.ends_with("_seconds") && !stem.ends_with("_bytes"), "{name}"),
            }
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
