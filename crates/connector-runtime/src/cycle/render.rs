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
    pub(super) body: Bytes,
}

/// One form of events, and where its events go.
#[derive(Debug)]
pub(super) struct Outlet<'a, M: Mapper> {
    pub(super) mapper: &'a M,
    pub(super) encoder: Arc<dyn Encoder<M::Event>>,
    pub(super) senders: Vec<mpsc::Sender<Vec<MappedEvent>>>,
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
    while let Some(chunk) = chunks.recv().await {
        let mut letters = Vec::new();
        let mut forms: Vec<Form> = outlets.iter().map(|_| Form::default()).collect();
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
        for (outlet, form) in outlets.iter().zip(forms) {
            hand_out(&outlet.senders, form.into_events()).await;
        }
    }
    rendered
}

/// The events of a chunk in one form, one behind the other.
#[derive(Debug, Default)]
struct Form {
    bodies: Vec<u8>,
    events: Vec<(DeviceUid, Encoded, usize)>,
}

impl Form {
    /// Takes back everything behind the first `events`.
    fn truncate(&mut self, events: usize, bytes: usize) {
        self.events.truncate(events);
        self.bodies.truncate(bytes);
    }

    fn into_events(self) -> Vec<MappedEvent> {
        let mut bodies = Bytes::from(self.bodies);
        self.events
            .into_iter()
            .map(|(uid, encoded, length)| MappedEvent {
                uid,
                encoded,
                body: bodies.split_to(length),
            })
            .collect()
    }
}

/// Adds a record's event to the form of each outlet, or to none.
fn render_record<R: SourceRecord, M: Mapper<Record = R>>(
    outlets: &[Outlet<'_, M>],
    joined: &JoinedRecord<R, M::Enrichment>,
    now: DateTime<Utc>,
    forms: &mut [Form],
) -> Result<(), String> {
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
                form.events.push((joined.uid.clone(), encoded, form.bodies.len() - start));
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

fn unmapped<R: SourceRecord, E>(
    shelf: &DeadLetterShelf,
    joined: &JoinedRecord<R, E>,
    reason: String,
) -> NewDeadLetter {
    shelf.letter(Stage::Map, Some(joined.uid.clone()), reason, joined.record.payload())
}

/// Gives each sink the events; they share the bytes.
async fn hand_out(senders: &[mpsc::Sender<Vec<MappedEvent>>], events: Vec<MappedEvent>) {
    // A closed channel means that the sink's task broke; its account says so.
    let Some((last, others)) = senders.split_last() else { return };
    for sender in others {
        let _ = sender.send(events.clone()).await;
    }
    let _ = last.send(events).await;
}
