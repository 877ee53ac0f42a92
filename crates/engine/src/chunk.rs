//! Chunks of encoded events, between mapping and delivery.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use stocktake_connector_core::{DeviceUid, Encoded, Known, Scope};
use tokio::sync::mpsc;

use crate::join::JoinedRecord;

/// The events of a chunk of records in one form, one body after the other, while they are encoded.
#[derive(Debug, Default)]
pub(crate) struct ChunkBuilder {
    bodies: Vec<u8>,
    pub(crate) events: Vec<BuiltEvent>,
}

/// An event of a [`ChunkBuilder`].
#[derive(Debug, Clone)]
pub(crate) struct BuiltEvent {
    /// The index of its record in the chunk of records.
    pub(crate) index: usize,
    pub(crate) encoded: Encoded,
    /// Whether it may lack an enrichment that is there all the same.
    pub(crate) in_doubt: bool,
    /// Its range in the bodies.
    range: Range<usize>,
}

impl ChunkBuilder {
    /// A builder with the capacity that the chunk before needed: chunks are alike, and a
    /// buffer that grows by doubling copies its bytes once on average.
    pub(crate) fn with_capacity((events, bytes): (usize, usize)) -> Self {
        Self { bodies: Vec::with_capacity(bytes), events: Vec::with_capacity(events) }
    }

    /// The number of events and bytes that it holds.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.events.len(), self.bodies.len())
    }

    /// Adds what `encode` writes.
    pub(crate) fn push<X>(
        &mut self,
        index: usize,
        in_doubt: bool,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<Encoded, X>,
    ) -> Result<(), X> {
        let start = self.bodies.len();
        let encoded = encode(&mut self.bodies).inspect_err(|_| self.bodies.truncate(start))?;
        self.events.push(BuiltEvent { index, encoded, in_doubt, range: start..self.bodies.len() });
        Ok(())
    }

    /// Removes the last event if it is that of the record at `index`.
    pub(crate) fn take_back(&mut self, index: usize) {
        if let Some(event) = self.events.pop_if(|event| event.index == index) {
            self.bodies.truncate(event.range.start);
        }
    }

    /// Copies an event of another builder unchanged.
    pub(crate) fn copy(&mut self, other: &Self, event: &BuiltEvent) {
        let start = self.bodies.len();
        let body = other.bodies.get(event.range.clone()).unwrap_or_default();
        self.bodies.extend_from_slice(body);
        self.events.push(BuiltEvent { range: start..self.bodies.len(), ..event.clone() });
    }

    /// The events, with the ids of the chunk's records.
    pub(crate) fn build<R, E>(self, records: &[JoinedRecord<R, E>]) -> EventChunk {
        let events = self.events.into_iter().filter_map(|event| {
            let BuiltEvent { index, encoded, in_doubt, range } = event;
            let uid = records.get(index)?.uid.clone();
            Some(ChunkEvent { uid, encoded, in_doubt, range })
        });
        EventChunk { events: events.collect(), bodies: self.bodies.into() }
    }
}

/// An encoded event on its way to a sink.
#[derive(Debug, Clone)]
pub(crate) struct ChunkEvent {
    pub(crate) uid: DeviceUid,
    pub(crate) encoded: Encoded,
    /// Whether it may lack an enrichment that is there all the same.
    pub(crate) in_doubt: bool,
    /// Its range in the bodies of the chunk.
    pub(crate) range: Range<usize>,
}

/// Encoded events with their bodies in one buffer. A sink that needs most of them sends this buffer
/// without a copy.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventChunk {
    pub(crate) bodies: Bytes,
    pub(crate) events: Vec<ChunkEvent>,
}

/// A chunk for one sink.
#[derive(Debug)]
pub(crate) struct SinkChunk {
    pub(crate) chunk: EventChunk,
    /// What state knows of each device at the sink, if an earlier stage has read it.
    pub(crate) known: Option<Vec<Known>>,
}

/// Sends chunks to the task of a sink.
#[derive(Debug)]
pub(crate) struct SinkSender {
    pub(crate) scope: Scope,
    pub(crate) chunks: mpsc::Sender<SinkChunk>,
    /// Whether the sink has failed and gets no more events in this cycle.
    pub(crate) has_failed: Arc<AtomicBool>,
}
