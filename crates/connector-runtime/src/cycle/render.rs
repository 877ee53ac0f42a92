//! The third stage: mapping joined records to events and writing them, once for each form.
//!
//! An event becomes bytes on the spot: its many small texts are freed where they were made, sinks of
//! the same form share one copy, and a waiting chunk is no larger than what will be sent.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    DetailAccount, DeviceUid, Encoded, Encoder, Enrichment, Known, Mapper, NewDeadLetter,
    SourceRecord, Stage,
};
use tokio::sync::mpsc;

use super::caught::caught;
use super::deliver::{Handed, Inlet};
use super::details::{Details, Prepared};
use super::join::{DeadLetterShelf, Failure, JoinedRecord};

/// A written event on its way to a sink.
#[derive(Debug, Clone)]
pub(super) struct MappedEvent {
    pub(super) uid: DeviceUid,
    pub(super) encoded: Encoded,
    /// Whether it may lack what an earlier event had.
    pub(super) uncertain: bool,
    /// Where its body stands among those of its chunk.
    pub(super) place: Range<usize>,
}

/// Written events that travel together, their bodies one behind the other in one buffer: a sink that
/// needs most of them sends this very buffer, and copies nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct MappedChunk {
    pub(super) bodies: Bytes,
    pub(super) events: Vec<MappedEvent>,
}

/// One form of events, and where its events go.
#[derive(Debug)]
pub(super) struct Outlet<'a, M: Mapper> {
    pub(super) mapper: &'a M,
    pub(super) encoder: Arc<dyn Encoder<M::Event>>,
    pub(super) inlets: Vec<Inlet>,
}

/// What came of mapping.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    /// Records that could not be mapped, for every sink alike.
    pub(super) unmapped: u64,
    /// Records that came but went nowhere, because the mapping failed or was asked to stop.
    pub(super) abandoned: u64,
    /// Records of the present chunk that are not accounted for yet.
    in_hand: u64,
    /// Whether the mapping was asked to stop before it was done.
    pub(super) interrupted: bool,
    /// `None` when no details are to be read.
    pub(super) details: Option<DetailAccount>,
    pub(super) failure: Option<Failure>,
}

/// Maps chunks until no more come.
///
/// A record that one form cannot express is a dead letter for all of them, so that the accounts of
/// all sinks read alike.
pub(super) async fn render<R, M>(
    outlets: Vec<Outlet<'_, M>>,
    mut chunks: mpsc::Receiver<Vec<JoinedRecord<R, M::Enrichment>>>,
    mut details: Option<Details<M::Enrichment>>,
    shelf: DeadLetterShelf,
    now: DateTime<Utc>,
) -> Rendered
where
    R: SourceRecord,
    M: Mapper<Record = R>,
    M::Enrichment: Send,
{
    let mut rendered = Rendered::default();
    let stage = render_chunks(outlets, &mut chunks, details.as_mut(), &shelf, now, &mut rendered);
    if let Err(panic) = caught(stage).await {
        rendered.failure.get_or_insert(Failure::of_panic("map", &panic));
    }
    // Nothing waits and nothing is in hand where the chunks came to their end.
    rendered.abandoned = rendered.in_hand + abandon(chunks).await;
    rendered.details = details.map(|details| details.account());
    rendered
}

async fn render_chunks<R, M>(
    outlets: Vec<Outlet<'_, M>>,
    chunks: &mut mpsc::Receiver<Vec<JoinedRecord<R, M::Enrichment>>>,
    mut details: Option<&mut Details<M::Enrichment>>,
    shelf: &DeadLetterShelf,
    now: DateTime<Utc>,
    rendered: &mut Rendered,
) where
    R: SourceRecord,
    M: Mapper<Record = R>,
    M::Enrichment: Send,
{
    let mut room = vec![(0, 0); outlets.len()];
    while let Some(mut chunk) = chunks.recv().await {
        rendered.in_hand = chunk.len() as u64;
        let mut letters = Vec::new();
        let mut forms: Vec<Form> = room.iter().map(|room| Form::with_room(*room)).collect();
        for (place, joined) in chunk.iter().enumerate() {
            if let Err(reason) = render_record(&outlets, joined, place, now, &mut forms) {
                letters.push(letter(shelf, joined, Stage::Map, reason));
            }
        }
        let mut known = Vec::new();
        if let Some(details) = details.as_deref_mut() {
            let prepared = details.prepare(&outlets, &mut chunk, forms, now).await;
            let Prepared { forms: complete, known: read, unmapped: refused } = match prepared {
                Ok(Some(prepared)) => prepared,
                Ok(None) => {
                    rendered.interrupted = true;
                    return;
                }
                Err(failure) => {
                    rendered.failure.get_or_insert(failure);
                    return;
                }
            };
            forms = complete;
            known = read;
            letters.extend(refused.into_iter().filter_map(|(place, stage, reason)| {
                chunk.get(place).map(|joined| letter(shelf, joined, stage, reason))
            }));
        }
        rendered.unmapped += letters.len() as u64;
        rendered.in_hand -= letters.len() as u64;
        if let Err(error) = shelf.keep(letters).await {
            // State is broken: what follows could not be noted either. Sinks still get this chunk,
            // so that the accounts stay true; the cycle has failed.
            rendered.failure.get_or_insert(error.into());
        }
        let mut known = known.into_iter();
        for ((outlet, form), room) in outlets.iter().zip(forms).zip(&mut room) {
            let known = known.next().unwrap_or_default();
            *room = (form.events.len(), form.bodies.len());
            hand_out(&outlet.inlets, form.into_chunk(&chunk), known).await;
        }
        rendered.in_hand = 0;
    }
}

/// Takes no more chunks; how many records were in those that waited.
async fn abandon<R>(mut chunks: mpsc::Receiver<Vec<R>>) -> u64 {
    chunks.close();
    let mut abandoned = 0;
    while let Some(waiting) = chunks.recv().await {
        abandoned += waiting.len() as u64;
    }
    abandoned
}

/// The events of a chunk in one form, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Form {
    bodies: Vec<u8>,
    pub(super) events: Vec<FormEvent>,
}

/// An event of a form.
#[derive(Debug, Clone)]
pub(super) struct FormEvent {
    /// Where its record stands in the chunk.
    pub(super) place: usize,
    pub(super) encoded: Encoded,
    /// Whether it may lack what an earlier event had.
    pub(super) uncertain: bool,
    /// Where its bytes stand in the form.
    bytes: Range<usize>,
}

impl Form {
    /// With room for so many events and bytes, those of the chunk before: chunks are alike, and a
    /// buffer that grew by doubling would have been copied once on the average.
    fn with_room((events, bytes): (usize, usize)) -> Self {
        Self { bodies: Vec::with_capacity(bytes), events: Vec::with_capacity(events) }
    }

    /// Takes back everything behind the first `events`.
    fn truncate(&mut self, events: usize, bytes: usize) {
        self.events.truncate(events);
        self.bodies.truncate(bytes);
    }

    /// Adds an event of another form as it is.
    pub(super) fn copy(&mut self, other: &Self, event: &FormEvent) {
        let start = self.bodies.len();
        let body = other.bodies.get(event.bytes.clone()).unwrap_or_default();
        self.bodies.extend_from_slice(body);
        self.events.push(FormEvent { bytes: start..self.bodies.len(), ..event.clone() });
    }

    /// The events, with the ids of the chunk's records.
    fn into_chunk<R, E>(self, chunk: &[JoinedRecord<R, E>]) -> MappedChunk {
        let events = self.events.into_iter().filter_map(|event| {
            let FormEvent { place, encoded, uncertain, bytes } = event;
            let uid = chunk.get(place)?.uid.clone();
            Some(MappedEvent { uid, encoded, uncertain, place: bytes })
        });
        MappedChunk { events: events.collect(), bodies: self.bodies.into() }
    }
}

/// Adds a record's event to the form of each outlet, or to none.
pub(super) fn render_record<R: SourceRecord, M: Mapper<Record = R>>(
    outlets: &[Outlet<'_, M>],
    joined: &JoinedRecord<R, M::Enrichment>,
    place: usize,
    now: DateTime<Utc>,
    forms: &mut [Form],
) -> Result<(), String> {
    let uncertain = matches!(joined.enrichment, Enrichment::Uncertain);
    let before: Vec<_> = forms.iter().map(|form| (form.events.len(), form.bodies.len())).collect();
    for (outlet, form) in outlets.iter().zip(forms.iter_mut()) {
        let start = form.bodies.len();
        let encoded = outlet
            .mapper
            .map(&joined.record, &joined.enrichment, now)
            .map_err(|error| error.to_string())
            .and_then(|event| {
                outlet.encoder.encode(event, &mut form.bodies).map_err(|error| error.to_string())
            });
        match encoded {
            Ok(encoded) => {
                let bytes = start..form.bodies.len();
                form.events.push(FormEvent { place, encoded, uncertain, bytes });
            }
            Err(reason) => {
                for (form, (events, bytes)) in forms.iter_mut().zip(before) {
                    form.truncate(events, bytes);
                }
                return Err(reason);
            }
        }
    }
    Ok(())
}

fn letter<R: SourceRecord, E>(
    shelf: &DeadLetterShelf,
    joined: &JoinedRecord<R, E>,
    stage: Stage,
    reason: String,
) -> NewDeadLetter {
    shelf.letter(stage, Some(joined.uid.clone()), reason, joined.record.payload())
}

/// Gives each sink the events, with what is known of them there; they share the bytes.
async fn hand_out(inlets: &[Inlet], chunk: MappedChunk, known: Vec<Option<Vec<Known>>>) {
    // A closed channel means that the sink's task broke; its account says so.
    let Some((last, others)) = inlets.split_last() else { return };
    let mut known = known.into_iter();
    for inlet in others {
        let handed = Handed { chunk: chunk.clone(), known: known.next().flatten() };
        let _ = inlet.chunks.send(handed).await;
    }
    let _ = last.chunks.send(Handed { chunk, known: known.next().flatten() }).await;
}
