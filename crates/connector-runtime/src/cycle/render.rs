//! The third stage: mapping joined records to events and writing them, once for each form.
//!
//! An event becomes bytes on the spot: its many small texts are freed where they were made, sinks of
//! the same form share one copy, and a waiting chunk is no larger than what will be sent.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    DeviceUid, Encoded, Encoder, Mapper, NewDeadLetter, SourceRecord, Stage,
};
use tokio::sync::mpsc;

use super::join::{DeadLetterShelf, Failure, JoinedRecord};

/// A written event on its way to a sink.
#[derive(Debug, Clone)]
pub(super) struct MappedEvent {
    pub(super) uid: DeviceUid,
    pub(super) encoded: Encoded,
    /// How many bytes of the chunk are its own.
    pub(super) length: usize,
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
    pub(super) senders: Vec<mpsc::Sender<MappedChunk>>,
}

/// What came of mapping.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    /// Records that could not be mapped, for every sink alike.
    pub(super) unmapped: u64,
    pub(super) failure: Option<Failure>,
}

/// Maps chunks until no more come.
///
/// A record that one form cannot express is a dead letter for all of them, so that the accounts of
/// all sinks read alike.
pub(super) async fn render<R, M>(
    outlets: Vec<Outlet<'_, M>>,
    mut chunks: mpsc::Receiver<Vec<JoinedRecord<R, M::Enrichment>>>,
    shelf: DeadLetterShelf,
    now: DateTime<Utc>,
) -> Rendered
where
    R: SourceRecord,
    M: Mapper<Record = R>,
{
    let mut rendered = Rendered::default();
    let mut forms: Vec<Form> = outlets.iter().map(|_| Form::default()).collect();
    while let Some(chunk) = chunks.recv().await {
        let mut letters = Vec::new();
        for joined in &chunk {
            if let Err(reason) = render_record(&outlets, joined, now, &mut forms) {
                letters.push(unmapped(&shelf, joined, reason));
            }
        }
        rendered.unmapped += letters.len() as u64;
        if let Err(error) = shelf.keep(letters).await {
            // State is broken: what follows could not be noted either. Sinks still get this chunk,
            // so that the accounts stay true; the cycle has failed.
            rendered.failure.get_or_insert(error.into());
        }
        for (outlet, form) in outlets.iter().zip(&mut forms) {
            hand_out(&outlet.senders, form.take()).await;
        }
    }
    rendered
}

/// The events of a chunk in one form, one behind the other.
#[derive(Debug, Default)]
struct Form {
    bodies: Vec<u8>,
    events: Vec<MappedEvent>,
    /// Events and bytes before the present record.
    before: (usize, usize),
}

impl Form {
    /// Takes back what the present record added.
    fn take_back(&mut self) {
        let (events, bytes) = self.before;
        self.events.truncate(events);
        self.bodies.truncate(bytes);
    }

    /// The chunk so far. The next one gets as much room: chunks are alike, and a buffer that grew by
    /// doubling would have been copied once on the average.
    fn take(&mut self) -> MappedChunk {
        let bodies = Vec::with_capacity(self.bodies.len());
        let events = Vec::with_capacity(self.events.len());
        MappedChunk {
            bodies: std::mem::replace(&mut self.bodies, bodies).into(),
            events: std::mem::replace(&mut self.events, events),
        }
    }
}

/// Adds a record's event to the form of each outlet, or to none.
fn render_record<R: SourceRecord, M: Mapper<Record = R>>(
    outlets: &[Outlet<'_, M>],
    joined: &JoinedRecord<R, M::Enrichment>,
    now: DateTime<Utc>,
    forms: &mut [Form],
) -> Result<(), String> {
    for form in &mut *forms {
        form.before = (form.events.len(), form.bodies.len());
    }
    for (outlet, form) in outlets.iter().zip(&mut *forms) {
        let start = form.bodies.len();
        let encoded = outlet
            .mapper
            .map(&joined.record, &joined.enrichment, now)
            .map_err(|error| error.to_string())
            .and_then(|event| {
                outlet.encoder.encode(event, &mut form.bodies).map_err(|error| error.to_string())
            });
        match encoded {
            Ok(encoded) => form.events.push(MappedEvent {
                uid: joined.uid.clone(),
                encoded,
                length: form.bodies.len() - start,
            }),
            Err(reason) => {
                forms.iter_mut().for_each(Form::take_back);
                return Err(reason);
            }
        }
    }
    Ok(())
}

fn unmapped<R: SourceRecord, E>(
    shelf: &DeadLetterShelf,
    joined: &JoinedRecord<R, E>,
    reason: String,
) -> NewDeadLetter {
    shelf.letter(Stage::Map, Some(joined.uid.clone()), reason, joined.record.payload())
}

/// Gives each sink the events; they share the bytes.
async fn hand_out(senders: &[mpsc::Sender<MappedChunk>], chunk: MappedChunk) {
    // A closed channel means that the sink's task broke; its account says so.
    let Some((last, others)) = senders.split_last() else { return };
    for sender in others {
        let _ = sender.send(chunk.clone()).await;
    }
    let _ = last.send(chunk).await;
}
