//! The third stage: mapping joined records to events, once for each form in which events are sent.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    DeviceUid, Encoder, Fingerprint, Mapper, NewDeadLetter, SourceRecord, Stage,
};
use tokio::sync::mpsc;

use super::join::{DeadLetterShelf, Failure, JoinedRecord};

/// An event on its way to a sink.
#[derive(Debug, Clone)]
pub(super) struct MappedEvent<V> {
    pub(super) uid: DeviceUid,
    pub(super) fingerprint: Fingerprint,
    pub(super) event: V,
}

/// One form of events, and where its events go.
#[derive(Debug)]
pub(super) struct Outlet<'a, M: Mapper> {
    pub(super) mapper: &'a M,
    pub(super) encoder: Arc<dyn Encoder<M::Event>>,
    pub(super) senders: Vec<mpsc::Sender<Vec<MappedEvent<M::Event>>>>,
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
        let mut forms: Vec<Vec<MappedEvent<M::Event>>> =
            outlets.iter().map(|_| Vec::with_capacity(chunk.len())).collect();
        for joined in &chunk {
            match render_record(&outlets, joined, now) {
                Ok(events) => {
                    for (form, event) in forms.iter_mut().zip(events) {
                        form.push(event);
                    }
                }
                Err(reason) => letters.push(unmapped(&shelf, joined, reason)),
            }
        }
        rendered.unmapped += letters.len() as u64;
        if let Err(error) = shelf.keep(letters).await {
            // State is broken: what follows could not be noted either. Sinks still get this chunk,
            // so that the accounts stay true; the cycle has failed.
            rendered.failure.get_or_insert(error.into());
        }
        for (outlet, form) in outlets.iter().zip(forms) {
            hand_out(&outlet.senders, form).await;
        }
    }
    rendered
}

/// One event for each outlet, in their order.
fn render_record<R: SourceRecord, M: Mapper<Record = R>>(
    outlets: &[Outlet<'_, M>],
    joined: &JoinedRecord<R, M::Enrichment>,
    now: DateTime<Utc>,
) -> Result<Vec<MappedEvent<M::Event>>, String> {
    outlets
        .iter()
        .map(|outlet| {
            let event = outlet
                .mapper
                .map(&joined.record, &joined.enrichment, now)
                .map_err(|error| error.to_string())?;
            let fingerprint =
                outlet.encoder.fingerprint(&event).map_err(|error| error.to_string())?;
            Ok(MappedEvent { uid: joined.uid.clone(), fingerprint, event })
        })
        .collect()
}

fn unmapped<R: SourceRecord, E>(
    shelf: &DeadLetterShelf,
    joined: &JoinedRecord<R, E>,
    reason: String,
) -> NewDeadLetter {
    shelf.letter(Stage::Map, Some(joined.uid.clone()), reason, joined.record.payload())
}

/// Gives each sink its own copy; the last one gets the original.
async fn hand_out<V: Clone>(
    senders: &[mpsc::Sender<Vec<MappedEvent<V>>>],
    form: Vec<MappedEvent<V>>,
) {
    // A closed channel means that the sink's task broke; its account says so.
    let Some((last, others)) = senders.split_last() else { return };
    for sender in others {
        let _ = sender.send(form.clone()).await;
    }
    let _ = last.send(form).await;
}
