//! Details: completing records whose events are about to be sent.
//!
//! Details cost a call for each record, or nearly. So a chunk is mapped and compared without them;
//! only what some sink is to get is completed and mapped again. Such an event keeps the fingerprint
//! that it had without details: the next cycle, which compares without them too, finds it unchanged.
//! The price is that a change which only details show is noticed when something else changes, or when
//! `refresh_after` passes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Stop;
use super::join::{Failure, JoinedRecord};
use super::plan::{Decision, Policy};
use super::render::{Form, Outlet, render_record};
use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    DetailAccount, DetailReader, Enrichment, Known, Mapper, SourceRecord, Stage, StateError,
    StateStore,
};

/// Completes what is about to be sent in one cycle.
#[derive(Debug)]
pub(super) struct Details<E> {
    reader: Arc<dyn DetailReader<E>>,
    store: Arc<dyn StateStore>,
    policy: Policy,
    stop: Stop,
    account: DetailAccount,
}

/// A chunk that can be handed out.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) forms: Vec<Form>,
    /// What state knows at each inlet of each outlet; `None` for a sink that gave up. It goes with
    /// the events, so that both stages decide by the same knowledge: an event that was not completed
    /// must not be sent.
    pub(super) known: Vec<Vec<Option<Vec<Known>>>>,
    /// Places of records that lost their events, with where and why.
    pub(super) unmapped: Vec<(usize, Stage, String)>,
}

impl<E: Send + 'static> Details<E> {
    /// `stop` ends the reading of details, however gently: it may take hours.
    pub(super) fn new(
        reader: Arc<dyn DetailReader<E>>,
        store: Arc<dyn StateStore>,
        policy: Policy,
        stop: Stop,
    ) -> Self {
        Self { reader, store, policy, stop, account: DetailAccount::default() }
    }

    /// What was done so far.
    pub(super) fn account(&self) -> DetailAccount {
        self.account
    }

    /// Completes those records of a chunk whose events some sink is to get, and maps them again.
    /// `forms` holds the events without details, one form for each outlet. `None` when the cycle was
    /// asked to stop meanwhile: as after a failure, no event of the chunk may then be sent.
    ///
    /// # Errors
    /// [`Failure`] when details or state cannot be had: no event of the chunk may then be sent.
    pub(super) async fn prepare<R, M>(
        &mut self,
        outlets: &[Outlet<'_, M>],
        chunk: &mut [JoinedRecord<R, E>],
        forms: Vec<Form>,
        now: DateTime<Utc>,
    ) -> Result<Option<Prepared>, Failure>
    where
        R: SourceRecord,
        M: Mapper<Record = R, Enrichment = E>,
    {
        let (known, sent) = self.compare(outlets, chunk, &forms).await?;
        let mut prepared = Prepared { forms, known, unmapped: Vec::new() };
        let (mut places, mut records) = (Vec::new(), Vec::new());
        for (place, (joined, sent)) in chunk.iter_mut().zip(sent).enumerate() {
            if let (true, Enrichment::Matched(record)) = (sent, &mut joined.enrichment) {
                places.push(place);
                records.push(record);
            }
        }
        if records.is_empty() {
            return Ok(Some(prepared));
        }
        let completion = tokio::select! {
            biased;
            () = self.stop.now.cancelled() => return Err(Failure::stopped()),
            () = self.stop.gently.cancelled() => return Ok(None),
            completion = self.reader.complete(records) => completion?,
        };
        self.account += completion.account;
        let mut completed: BTreeMap<usize, Option<String>> =
            places.iter().map(|place| (*place, None)).collect();
        for (index, reason) in completion.malformed {
            if let Some(place) = places.get(index) {
                completed.insert(*place, Some(reason));
            }
        }
        prepared.map_again(outlets, chunk, &completed, now);
        Ok(Some(prepared))
    }

    /// What every sink knows of a chunk's events, and which records any of them is to get.
    async fn compare<R, M: Mapper>(
        &self,
        outlets: &[Outlet<'_, M>],
        chunk: &[JoinedRecord<R, E>],
        forms: &[Form],
    ) -> Result<(Vec<Vec<Option<Vec<Known>>>>, Vec<bool>), StateError> {
        let mut sent = vec![false; chunk.len()];
        let mut known = Vec::with_capacity(outlets.len());
        for (outlet, form) in outlets.iter().zip(forms) {
            let records = form.events.iter().filter_map(|event| chunk.get(event.place));
            let uids: Vec<_> = records.map(|joined| joined.uid.clone()).collect();
            let mut at_inlets = Vec::with_capacity(outlet.inlets.len());
            for inlet in &outlet.inlets {
                if inlet.gave_up.load(Ordering::Relaxed) {
                    at_inlets.push(None);
                    continue;
                }
                let known = self.store.known(&inlet.scope, &uids).await?;
                for (event, known) in form.events.iter().zip(&known) {
                    let decision =
                        self.policy.decide(event.encoded.fingerprint, event.uncertain, known);
                    if let Some(sent) = sent.get_mut(event.place) {
                        *sent |= decision == Decision::Send;
                    }
                }
                at_inlets.push(Some(known));
            }
            known.push(at_inlets);
        }
        Ok((known, sent))
    }
}

impl Prepared {
    /// Puts the events of completed records in place of those without details. A record whose
    /// details are malformed (the reason stands at its place) has no event any more.
    fn map_again<R: SourceRecord, M: Mapper<Record = R>>(
        &mut self,
        outlets: &[Outlet<'_, M>],
        chunk: &[JoinedRecord<R, M::Enrichment>],
        completed: &BTreeMap<usize, Option<String>>,
        now: DateTime<Utc>,
    ) {
        let before = std::mem::take(&mut self.forms);
        let mut forms: Vec<Form> = before.iter().map(|_| Form::default()).collect();
        let mut kept = Vec::new();
        // Every form has the same records, in the same order.
        for (index, place) in places(&before).enumerate() {
            let of_record = || before.iter().filter_map(|form| form.events.get(index));
            let outcome = match (completed.get(&place), chunk.get(place)) {
                (Some(Some(reason)), _) => Err((Stage::Read, reason.clone())),
                (Some(None), Some(joined)) => {
                    render_record(outlets, joined, place, now, &mut forms)
                        .map_err(|reason| (Stage::Map, reason))
                }
                _ => {
                    for ((form, before), event) in forms.iter_mut().zip(&before).zip(of_record()) {
                        form.copy(before, event);
                    }
                    kept.push(true);
                    continue;
                }
            };
            kept.push(outcome.is_ok());
            match outcome {
                Ok(()) => {
                    for (form, event) in forms.iter_mut().zip(of_record()) {
                        if let Some(complete) = form.events.last_mut() {
                            complete.encoded.fingerprint = event.encoded.fingerprint;
                        }
                    }
                }
                Err((stage, reason)) => self.unmapped.push((place, stage, reason)),
            }
        }
        for known in self.known.iter_mut().flatten().flatten() {
            let mut kept = kept.iter().copied();
            known.retain(|_| kept.next().unwrap_or(true));
        }
        self.forms = forms;
    }
}

/// Where the records of the events stand in their chunk.
fn places(forms: &[Form]) -> impl Iterator<Item = usize> {
    forms.first().into_iter().flat_map(|form| form.events.iter().map(|event| event.place))
}
