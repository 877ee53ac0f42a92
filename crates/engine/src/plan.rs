//! Decides which records a cycle reads.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    CycleKind, Enricher, InventoryFacts, Mapper, SinkName, Source, StateError,
};

use crate::collector::Collector;
use crate::policy::has_passed;

/// Which kind of cycle the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// A full cycle when one is due, else an incremental one.
    WhatIsDue,
    /// A full cycle.
    Full,
}

/// What a cycle reads.
#[derive(Debug)]
pub(crate) struct Plan<L> {
    pub(crate) kind: CycleKind,
    pub(crate) listing: L,
    /// The newest record of each sink, by its checkpoint.
    pub(crate) newest_record_at: BTreeMap<SinkName, DateTime<Utc>>,
}

impl<S: Source, E: Enricher, M: Mapper> Collector<S, E, M> {
    /// Decides what the next cycle reads.
    ///
    /// An incremental cycle covers everything that any sink is missing, so that a sink that was down
    /// catches up. A sink without a complete cycle or without a cursor needs a full one.
    pub(crate) async fn plan(
        &self,
        request: Request,
        facts: InventoryFacts,
        now: DateTime<Utc>,
    ) -> Result<Plan<S::Listing>, StateError> {
        let mut newest_record_at = BTreeMap::new();
        let mut cursors = Vec::new();
        let mut is_resumable = true;
        for sink in self.forms.iter().flat_map(|form| form.sinks.keys()) {
            let checkpoint = self.store.checkpoint(&self.inventory.at(sink)).await?;
            let newest = checkpoint.as_ref().and_then(|checkpoint| checkpoint.newest_record_at);
            newest_record_at.extend(newest.map(|newest| (sink.clone(), newest)));
            match checkpoint.and_then(|checkpoint| checkpoint.cursor) {
                // Sinks usually have the same cursor.
                Some(cursor) if cursors.contains(&cursor) => {}
                Some(cursor) => cursors.push(cursor),
                None => is_resumable = false,
            }
        }
        let full_every = self.options.full_every;
        let is_full_due = request == Request::Full
            || facts.full_completed_at.is_none_or(|at| has_passed(full_every, at, now));
        let resumed = if is_full_due || !is_resumable || cursors.is_empty() {
            None
        } else {
            self.source.resume(&cursors)
        };
        Ok(match resumed {
            Some(listing) => Plan { kind: CycleKind::Incremental, listing, newest_record_at },
            None => Plan { kind: CycleKind::Full, listing: self.source.list(), newest_record_at },
        })
    }
}
