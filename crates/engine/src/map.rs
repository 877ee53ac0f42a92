//! The third stage: mapping joined records to events, once, and encoding each event once for each
//! form.
//!
//! An event is encoded at once: its many small strings are freed where they were allocated, sinks of
//! the same form share one copy, and a waiting chunk is no larger than what is sent.

use stocktake_connector_core::{
    DetailAccount, Failure, Known, Mapper, NewDeadLetter, SourceRecord, Stage, UnreadableValues,
};
use tokio::sync::mpsc;

use crate::chunk::{ChunkBuilder, EventChunk, SinkChunk, SinkSender};
use crate::dead_letters::DeadLetterWriter;
use crate::details::{Details, Prepared};
use crate::encoder::Encoder;
use crate::failures::stage_panicked;
use crate::join::JoinedRecord;
use crate::panics::catch_panic;

/// The mapping of one cycle.
#[derive(Debug)]
pub(crate) struct MapStage<'a, M: Mapper> {
    pub(crate) encoder: Encoder<'a, M>,
    pub(crate) dead_letters: DeadLetterWriter,
}

/// The result of mapping.
#[derive(Debug, Default)]
pub(crate) struct MapOutcome {
    /// Records that could not be mapped; they count for every sink.
    pub(crate) unmapped: u64,
    /// Records that were received but not passed on, because the mapping failed or was stopped.
    pub(crate) abandoned: u64,
    /// Records of the current chunk that are not counted yet.
    in_hand: u64,
    /// Whether the mapping was stopped before it was done.
    pub(crate) interrupted: bool,
    /// `None` when no details are to be read.
    pub(crate) details: Option<DetailAccount>,
    /// Values of details that could not be read.
    pub(crate) unreadable: UnreadableValues,
    pub(crate) failure: Option<Failure>,
}

impl<M: Mapper> MapStage<'_, M> {
    /// Maps chunks until the channel closes.
    ///
    /// A record that one form cannot encode is a dead letter for every form, so that the accounts of
    /// all sinks agree.
    pub(crate) async fn run<R>(
        self,
        mut chunks: mpsc::Receiver<Vec<JoinedRecord<R, M::Enrichment>>>,
        mut details: Option<Details<M::Enrichment>>,
    ) -> MapOutcome
    where
        R: SourceRecord,
        M: Mapper<Record = R>,
    {
        let mut outcome = MapOutcome::default();
        let stage = self.map_chunks(&mut chunks, details.as_mut(), &mut outcome);
        if let Err(panic) = catch_panic(stage).await {
            outcome.failure.get_or_insert(stage_panicked("map", &panic));
        }
        // Both are zero if the channel has closed.
        outcome.abandoned = outcome.in_hand + abandon(chunks).await;
        if let Some(details) = details {
            let (account, unreadable) = details.into_account();
            (outcome.details, outcome.unreadable) = (Some(account), unreadable);
        }
        outcome
    }

    async fn map_chunks<R>(
        self,
        chunks: &mut mpsc::Receiver<Vec<JoinedRecord<R, M::Enrichment>>>,
        mut details: Option<&mut Details<M::Enrichment>>,
        outcome: &mut MapOutcome,
    ) where
        R: SourceRecord,
        M: Mapper<Record = R>,
    {
        let mut sizes = vec![(0, 0); self.encoder.forms.len()];
        while let Some(mut records) = chunks.recv().await {
            outcome.in_hand = records.len() as u64;
            let mut letters = Vec::new();
            let mut builders: Vec<_> =
                sizes.iter().copied().map(ChunkBuilder::with_capacity).collect();
            for (index, joined) in records.iter().enumerate() {
                if let Err(reason) = self.encoder.encode(joined, index, &mut builders) {
                    letters.push(self.letter(joined, Stage::Map, reason));
                }
            }
            let mut known = Vec::new();
            if let Some(details) = details.as_deref_mut() {
                let prepared = details.prepare(&self.encoder, &mut records, builders).await;
                let prepared = match prepared {
                    Ok(Some(prepared)) => prepared,
                    Ok(None) => {
                        outcome.interrupted = true;
                        return;
                    }
                    Err(failure) => {
                        outcome.failure.get_or_insert(failure);
                        return;
                    }
                };
                let Prepared { builders: complete, known: read, unmapped } = prepared;
                builders = complete;
                known = read;
                letters.extend(unmapped.into_iter().filter_map(|(index, stage, reason)| {
                    records.get(index).map(|joined| self.letter(joined, stage, reason))
                }));
            }
            outcome.unmapped += letters.len() as u64;
            outcome.in_hand -= letters.len() as u64;
            if let Err(error) = self.dead_letters.keep(letters).await {
                // State has failed, and so has the cycle. Sinks still get this chunk, so that their
                // accounts stay correct.
                outcome.failure.get_or_insert(error.into());
            }
            let mut known = known.into_iter();
            for ((form, builder), size) in self.encoder.forms.iter().zip(builders).zip(&mut sizes) {
                let known = known.next().unwrap_or_default();
                *size = builder.size();
                hand_out(&form.sinks, builder.build(&records), known).await;
            }
            outcome.in_hand = 0;
        }
    }

    fn letter<R: SourceRecord>(
        &self,
        joined: &JoinedRecord<R, M::Enrichment>,
        stage: Stage,
        reason: String,
    ) -> NewDeadLetter {
        self.dead_letters.letter(stage, Some(joined.uid.clone()), reason, joined.record.payload())
    }
}

/// Closes the channel; returns the number of records in the chunks that waited.
async fn abandon<R>(mut chunks: mpsc::Receiver<Vec<R>>) -> u64 {
    chunks.close();
    let mut abandoned = 0;
    while let Some(waiting) = chunks.recv().await {
        abandoned += waiting.len() as u64;
    }
    abandoned
}

/// Sends the events to each sink, with what is known of them there; the sinks share the bytes.
async fn hand_out(sinks: &[SinkSender], chunk: EventChunk, known: Vec<Option<Vec<Known>>>) {
    // A closed channel means that the task of the sink panicked; its account reports it.
    let Some((last, others)) = sinks.split_last() else { return };
    let mut known = known.into_iter();
    for sink in others {
        let chunk = SinkChunk { chunk: chunk.clone(), known: known.next().flatten() };
        let _ = sink.chunks.send(chunk).await;
    }
    let _ = last.chunks.send(SinkChunk { chunk, known: known.next().flatten() }).await;
}
