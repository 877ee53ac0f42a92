//! Details: completing records whose events are about to be sent.
//!
//! Details cost about one call per record. So a chunk is first mapped and compared without them; only
//! the records that some sink needs are completed and mapped again. Such an event keeps the
//! fingerprint that it had without details: the next cycle also compares without them and finds it
//! unchanged. The cost: a change that only details show is noticed when something else changes, or
//! when `refresh_after` passes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use stocktake_connector_core::{
    CycleStore, DetailAccount, DetailReader, Enrichment, Failure, Known, Mapper, Stage, StateError,
    UnreadableValues,
};

use crate::chunk::ChunkBuilder;
use crate::encoder::Encoder;
use crate::failures::stopped;
use crate::join::JoinedRecord;
use crate::policy::{Decision, Policy};
use crate::stop::Stop;

/// Completes what is about to be sent in one cycle.
#[derive(Debug)]
pub(crate) struct Details<E> {
    reader: Arc<dyn DetailReader<E>>,
    store: Arc<dyn CycleStore>,
    policy: Policy,
    stop: Stop,
    account: DetailAccount,
    unreadable: UnreadableValues,
}

/// A chunk that can be sent to the sinks.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The events, one builder for each form.
    pub(crate) builders: Vec<ChunkBuilder>,
    /// What state knows at each sink of each form; `None` for a sink that failed. It is sent with the
    /// events, so that both stages decide on the same data: an event that was not completed must not
    /// be sent.
    pub(crate) known: Vec<Vec<Option<Vec<Known>>>>,
    /// Indexes of records that lost their events, with where and why.
    pub(crate) unmapped: Vec<(usize, Stage, String)>,
}

impl<E: Send + 'static> Details<E> {
    /// Both kinds of `stop` end the reading of details: it may take hours.
    pub(crate) fn new(
        reader: Arc<dyn DetailReader<E>>,
        store: Arc<dyn CycleStore>,
        policy: Policy,
        stop: Stop,
    ) -> Self {
        let (account, unreadable) = Default::default();
        Self { reader, store, policy, stop, account, unreadable }
    }

    /// The calls and records so far, and the values that could not be read.
    pub(crate) fn into_account(self) -> (DetailAccount, UnreadableValues) {
        (self.account, self.unreadable)
    }

    /// Completes the records of a chunk whose events some sink needs, and maps them again.
    /// `builders` hold the events without details. `None` when the cycle was asked to stop meanwhile:
    /// as after a failure, no event of the chunk may then be sent.
    ///
    /// # Errors
    /// [`Failure`] when details or state are unavailable: no event of the chunk may then be sent.
    pub(crate) async fn prepare<R, M>(
        &mut self,
        encoder: &Encoder<'_, M>,
        records: &mut [JoinedRecord<R, E>],
        builders: Vec<ChunkBuilder>,
    ) -> Result<Option<Prepared>, Failure>
    where
        M: Mapper<Record = R, Enrichment = E>,
    {
        let (known, is_sent) = self.compare(encoder, records, &builders).await?;
        let mut prepared = Prepared { builders, known, unmapped: Vec::new() };
        let (mut indexes, mut incomplete) = (Vec::new(), Vec::new());
        for (index, (joined, is_sent)) in records.iter_mut().zip(is_sent).enumerate() {
            if let (true, Enrichment::Matched(record)) = (is_sent, &mut joined.enrichment) {
                indexes.push(index);
                incomplete.push(record);
            }
        }
        if incomplete.is_empty() {
            return Ok(Some(prepared));
        }
        let completion = tokio::select! {
            biased;
            () = self.stop.immediate.cancelled() => return Err(stopped()),
            () = self.stop.graceful.cancelled() => return Ok(None),
            completion = self.reader.complete(incomplete) => completion?,
        };
        self.account += completion.account;
        self.unreadable.merge(&completion.unreadable);
        let mut completed: BTreeMap<usize, Option<String>> =
            indexes.iter().map(|index| (*index, None)).collect();
        for (position, reason) in completion.malformed {
            if let Some(index) = indexes.get(position) {
                completed.insert(*index, Some(reason));
            }
        }
        prepared.map_again(encoder, records, &completed);
        Ok(Some(prepared))
    }

    /// What state knows of a chunk's events at every sink, and which records any sink needs.
    async fn compare<R, M>(
        &self,
        encoder: &Encoder<'_, M>,
        records: &[JoinedRecord<R, E>],
        builders: &[ChunkBuilder],
    ) -> Result<(Vec<Vec<Option<Vec<Known>>>>, Vec<bool>), StateError>
    where
        M: Mapper<Record = R, Enrichment = E>,
    {
        let mut is_sent = vec![false; records.len()];
        let mut known_of_forms = Vec::with_capacity(encoder.forms.len());
        for (form, builder) in encoder.forms.iter().zip(builders) {
            let joined = builder.events.iter().filter_map(|event| records.get(event.index));
            let uids: Vec<_> = joined.map(|joined| joined.uid.clone()).collect();
            let mut known_of_sinks = Vec::with_capacity(form.sinks.len());
            for sink in &form.sinks {
                if sink.has_failed.load(Ordering::Relaxed) {
                    known_of_sinks.push(None);
                    continue;
                }
                let known = self.store.known(&sink.scope, &uids).await?;
                for (event, known) in builder.events.iter().zip(&known) {
                    let decision =
                        self.policy.decide(event.encoded.fingerprint, event.in_doubt, known);
                    if let Some(is_sent) = is_sent.get_mut(event.index) {
                        *is_sent |= decision == Decision::Send;
                    }
                }
                known_of_sinks.push(Some(known));
            }
            known_of_forms.push(known_of_sinks);
        }
        Ok((known_of_forms, is_sent))
    }
}

impl Prepared {
    /// Replaces the events of completed records. A record with malformed details (`completed` has the
    /// reason at its index) loses its event.
    fn map_again<R, M: Mapper<Record = R>>(
        &mut self,
        encoder: &Encoder<'_, M>,
        records: &[JoinedRecord<R, M::Enrichment>],
        completed: &BTreeMap<usize, Option<String>>,
    ) {
        let previous = std::mem::take(&mut self.builders);
        let mut builders: Vec<_> = previous.iter().map(|_| ChunkBuilder::default()).collect();
        let mut kept = Vec::new();
        // Every form has the same records, in the same order.
        for (position, index) in indexes(&previous).enumerate() {
            let of_record = || previous.iter().filter_map(|form| form.events.get(position));
            let result = match (completed.get(&index), records.get(index)) {
                (Some(Some(reason)), _) => Err((Stage::Read, reason.clone())),
                (Some(None), Some(joined)) => encoder
                    .encode(joined, index, &mut builders)
                    .map_err(|reason| (Stage::Map, reason)),
                _ => {
                    let pairs = builders.iter_mut().zip(&previous);
                    for ((builder, previous), event) in pairs.zip(of_record()) {
                        builder.copy(previous, event);
                    }
                    kept.push(true);
                    continue;
                }
            };
            kept.push(result.is_ok());
            match result {
                Ok(()) => {
                    for (builder, event) in builders.iter_mut().zip(of_record()) {
                        if let Some(complete) = builder.events.last_mut() {
                            complete.encoded.fingerprint = event.encoded.fingerprint;
                        }
                    }
                }
                Err((stage, reason)) => self.unmapped.push((index, stage, reason)),
            }
        }
        for known in self.known.iter_mut().flatten().flatten() {
            let mut kept = kept.iter().copied();
            known.retain(|_| kept.next().unwrap_or(true));
        }
        self.builders = builders;
    }
}

/// The indexes of the records that have events.
fn indexes(builders: &[ChunkBuilder]) -> impl Iterator<Item = usize> {
    builders.first().into_iter().flat_map(|form| form.events.iter().map(|event| event.index))
}
