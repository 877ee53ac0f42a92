//! Which machines a cycle reads, and which events it sends.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stocktake_connector_core::{
    Acknowledged, CycleKind, Enricher, Fingerprint, Known, Mapper, Scope, Selection, Source,
    StateError, TenantFacts,
};

use super::Collector;

/// When a device is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

impl Emit {
    /// Whether content with `fingerprint` goes to a sink that acknowledged `before`.
    fn sends(
        self,
        fingerprint: Fingerprint,
        before: Option<&Acknowledged>,
        refresh_after: Option<Duration>,
        now: DateTime<Utc>,
    ) -> bool {
        let Some(before) = before else { return true };
        match self {
            Self::All => true,
            Self::New => false,
            Self::Changed => {
                let age = now.signed_duration_since(before.at).to_std().unwrap_or_default();
                before.fingerprint != fingerprint || refresh_after.is_some_and(|after| age >= after)
            }
        }
    }
}

/// Which events go to a sink.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policy {
    pub(super) emit: Emit,
    pub(super) refresh_after: Option<Duration>,
    /// When the cycle started.
    pub(super) now: DateTime<Utc>,
}

/// What becomes of an event at a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Send,
    Unchanged,
    /// The sink refused this content for good, and its dead letter stands.
    Refused,
}

impl Policy {
    /// Decides on content with `fingerprint`, by what state knows of the device at the sink.
    ///
    /// `uncertain` content may lack what the sink got earlier, so it goes only where nothing did.
    pub(super) fn decide(
        &self,
        fingerprint: Fingerprint,
        uncertain: bool,
        known: &Known,
    ) -> Decision {
        if known.refused == Some(fingerprint) {
            return Decision::Refused;
        }
        let before = known.acknowledged.as_ref();
        if uncertain && before.is_some() {
            return Decision::Unchanged;
        }
        if self.emit.sends(fingerprint, before, self.refresh_after, self.now) {
            Decision::Send
        } else {
            Decision::Unchanged
        }
    }
}

/// What the caller wants of the next cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// A full cycle when one is due, else an incremental one.
    WhatIsDue,
    /// A full cycle.
    Full,
}

/// What the next cycle reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Which kind of cycle.
    pub kind: CycleKind,
    /// What is asked of the source.
    pub selection: Selection,
}

impl Plan {
    const FULL: Self = Self { kind: CycleKind::Full, selection: Selection::All };
}

impl<S: Source, E: Enricher, M: Mapper> Collector<S, E, M> {
    /// Decides what the next cycle reads.
    ///
    /// An incremental cycle starts from the sink that is furthest behind, so that a sink which was
    /// down catches up. A sink that never had a complete cycle needs a full one.
    pub(super) async fn plan(
        &self,
        request: Request,
        facts: TenantFacts,
        now: DateTime<Utc>,
    ) -> Result<Plan, StateError> {
        let full_due = facts.full_completed_at.is_none_or(|at| {
            now.signed_duration_since(at).to_std().unwrap_or_default() >= self.options.full_every
        });
        if request == Request::Full || full_due {
            return Ok(Plan::FULL);
        }
        let mut furthest_behind: Option<DateTime<Utc>> = None;
        for sink in self.renderings.iter().flat_map(|rendering| rendering.sinks.keys()) {
            let scope = Scope { tenant: self.tenant.clone(), sink: sink.clone() };
            let Some(last_seen) =
                self.store.checkpoint(&scope).await?.and_then(|checkpoint| checkpoint.last_seen)
            else {
                return Ok(Plan::FULL);
            };
            furthest_behind =
                Some(furthest_behind.map_or(last_seen, |furthest| furthest.min(last_seen)));
        }
        let overlap = TimeDelta::from_std(self.options.overlap).unwrap_or(TimeDelta::MAX);
        // No sink at all, or an overlap that reaches before time began: read everything.
        Ok(furthest_behind.and_then(|seen| seen.checked_sub_signed(overlap)).map_or(
            Plan::FULL,
            |since| Plan { kind: CycleKind::Incremental, selection: Selection::SeenSince(since) },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn a_device_is_sent_when_the_emit_mode_says_so() {
        let [old, new] = [1, 2].map(|byte| Fingerprint::from_bytes([byte; 16]));
        let before = Acknowledged { fingerprint: old, at: at(100) };
        let week = Some(Duration::from_secs(50));
        for (emit, content, before, refresh_after, sent) in [
            (Emit::Changed, new, None, None, true),
            (Emit::Changed, old, Some(&before), None, false),
            (Emit::Changed, new, Some(&before), None, true),
            (Emit::Changed, old, Some(&before), week, true),
            (Emit::Changed, old, Some(&before), Some(Duration::from_secs(51)), false),
            (Emit::New, new, None, None, true),
            (Emit::New, new, Some(&before), week, false),
            (Emit::All, old, Some(&before), None, true),
        ] {
            assert_eq!(
                emit.sends(content, before, refresh_after, at(150)),
                sent,
                "{emit:?} {content} {before:?} {refresh_after:?}"
            );
        }
    }
}
