//! Decides which events a sink gets.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use stocktake_connector_core::{Acknowledged, Fingerprint, Known};

/// When a device is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Emit {
    /// The sink never acknowledged it, or acknowledged other content, or `refresh_after` passed.
    #[default]
    Changed,
    /// The sink never acknowledged it.
    New,
    /// Always.
    All,
}

/// Whether `age` has passed since `at`. A time in the future counts as passed: a clock that once ran
/// ahead must not suppress events until then.
pub(crate) fn has_passed(age: Duration, at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now.signed_duration_since(at).to_std().map_or(true, |passed| passed >= age)
}

/// Whether so many of the records that were there (`before`) are gone at once that the listing is more
/// likely at fault.
///
/// A share of a small inventory is less than one record, so one is always plausible, but never all of
/// them. A share of 0 or 1 means what it says.
pub(crate) fn is_implausible_loss(gone: u64, before: u64, share: f64) -> bool {
    let one: f64 = if share > 0.0 { 1.0 } else { 0.0 };
    // Counts are far below 2^52, where `f64` is exact.
    #[allow(clippy::cast_precision_loss)]
    let (gone, before) = (gone as f64, before as f64);
    gone > one.max(before * share) || (gone > 0.0 && gone >= before && share < 1.0)
}

/// Which events a sink gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    pub(crate) emit: Emit,
    pub(crate) refresh_after: Option<Duration>,
    /// When the cycle started.
    pub(crate) now: DateTime<Utc>,
}

/// What happens to an event at a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Send,
    Unchanged,
    /// The sink has something of an enrichment that the content may lack without it being gone.
    Held,
    /// The sink has refused this content, and it has a dead letter.
    Refused,
}

impl Policy {
    /// Decides on content with `fingerprint`, by what state knows of the device at the sink.
    ///
    /// Content that is `in_doubt` may lack an enrichment that is there all the same: it does not replace
    /// content that has one.
    pub(crate) fn decide(
        &self,
        fingerprint: Fingerprint,
        in_doubt: bool,
        known: &Known,
    ) -> Decision {
        if known.refused == Some(fingerprint) {
            return Decision::Refused;
        }
        match &known.acknowledged {
            None => Decision::Send,
            Some(previous) if !self.sends_again(fingerprint, previous) => Decision::Unchanged,
            Some(previous) if in_doubt && previous.fingerprint.is_enriched() => Decision::Held,
            Some(_) => Decision::Send,
        }
    }

    /// Whether content is sent to a sink that has acknowledged the device before.
    fn sends_again(&self, fingerprint: Fingerprint, previous: &Acknowledged) -> bool {
        match self.emit {
            Emit::All => true,
            Emit::New => false,
            Emit::Changed => {
                let refresh = |age| has_passed(age, previous.at, self.now);
                !is_same(fingerprint, previous.fingerprint)
                    || self.refresh_after.is_some_and(refresh)
            }
        }
    }
}

/// Whether a sink that has `previous` needs no other content. Uncertain content replaces none that
/// differs only in what it says of the enrichment; the other way round, the uncertainty ends.
fn is_same(fingerprint: Fingerprint, previous: Fingerprint) -> bool {
    if fingerprint.is_uncertain() && !previous.is_enriched() {
        fingerprint.has_content_of(previous)
    } else {
        fingerprint == previous
    }
}

#[cfg(test)]
mod tests {
    use stocktake_connector_core::EnrichmentMark;

    use super::*;

    #[test]
    fn one_record_of_a_small_inventory_may_vanish_and_all_at_once_may_not() {
        for (share, before, most) in [
            (0.2, 0, 0),
            (0.2, 1, 0),
            (0.2, 2, 1),
            (0.2, 3, 1),
            (0.2, 5, 1),
            (0.2, 9, 1),
            (0.2, 10, 2),
            (0.2, 1_000, 200),
            (0.9, 2, 1),
            (0.9, 10, 9),
            (0.0, 3, 0),
            (1.0, 1, 1),
            (1.0, 3, 3),
        ] {
            for gone in 0..=before {
                let implausible = is_implausible_loss(gone, before, share);
                assert_eq!(implausible, gone > most, "{gone} of {before}, share {share}");
            }
        }
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn a_device_is_sent_when_the_emit_mode_says_so() {
        let [old, new] = [1, 2].map(|byte| Fingerprint::from_bytes([byte; 16]));
        let past = Acknowledged { fingerprint: old, at: at(100) };
        let future = Acknowledged { fingerprint: old, at: at(151) };
        let week = Some(Duration::from_secs(50));
        for (emit, content, acknowledged, refresh_after, sent) in [
            (Emit::Changed, new, None, None, true),
            (Emit::Changed, old, Some(past), None, false),
            (Emit::Changed, new, Some(past), None, true),
            (Emit::Changed, old, Some(past), week, true),
            (Emit::Changed, old, Some(past), Some(Duration::from_secs(51)), false),
            (Emit::Changed, old, Some(future), week, true),
            (Emit::Changed, old, Some(future), None, false),
            (Emit::New, new, None, None, true),
            (Emit::New, new, Some(past), week, false),
            (Emit::All, old, Some(past), None, true),
        ] {
            let policy = Policy { emit, refresh_after, now: at(150) };
            let decision = policy.decide(content, false, &Known { acknowledged, refused: None });
            assert_eq!(
                decision == Decision::Send,
                sent,
                "{emit:?} {content} {acknowledged:?} {refresh_after:?}"
            );
        }
    }

    #[test]
    fn content_in_doubt_replaces_only_content_without_an_enrichment() {
        let [old, new] = [4, 8].map(|byte| Fingerprint::from_bytes([byte; 16]));
        let [none, enriched, uncertain] =
            [EnrichmentMark::None, EnrichmentMark::Enriched, EnrichmentMark::Uncertain];
        for (before, now, in_doubt, expected) in [
            (old.marked(enriched), new.marked(uncertain), true, Decision::Held),
            (old.marked(enriched), old.marked(uncertain), true, Decision::Held),
            (old.marked(enriched), new.marked(none), true, Decision::Held),
            (old.marked(enriched), new.marked(uncertain), false, Decision::Send),
            (old.marked(none), new.marked(uncertain), true, Decision::Send),
            (old.marked(none), old.marked(uncertain), true, Decision::Unchanged),
            (old.marked(uncertain), old.marked(uncertain), true, Decision::Unchanged),
            (old.marked(uncertain), new.marked(uncertain), true, Decision::Send),
            (old.marked(uncertain), old.marked(none), false, Decision::Send),
        ] {
            let policy = Policy { emit: Emit::Changed, refresh_after: None, now: at(150) };
            let acknowledged = Some(Acknowledged { fingerprint: before, at: at(100) });
            let decision = policy.decide(now, in_doubt, &Known { acknowledged, refused: None });
            assert_eq!(decision, expected, "{before} {now} {in_doubt}");
        }
    }
}
