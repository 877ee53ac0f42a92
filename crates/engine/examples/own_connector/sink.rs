//! A sink: an outbox, in place of the client of a message queue.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use stocktake_connector_core::{
    Acknowledgement, Batch, BatchLimits, Check, CycleEnd, Finding, Sink, SinkDestination, SinkError,
};

/// Keeps events in the order of their arrival.
#[derive(Debug, Default)]
pub(crate) struct Outbox(Mutex<Vec<Bytes>>);

impl Outbox {
    /// The events that arrived so far.
    pub(crate) fn events(&self) -> Vec<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Sink for Outbox {
    fn batch_limits(&self) -> BatchLimits {
        BatchLimits { max_events: 100, max_bytes: 1024 * 1024, max_event_bytes: None }
    }

    /// Another destination is another sink: the engine sends it every device.
    async fn destination(&self) -> Option<SinkDestination> {
        Some(SinkDestination::new("the memory of this process"))
    }

    /// Returns only when the events are safe. A receiver that refuses a whole batch as invalid gives
    /// `SinkError::Refused`, and the engine halves it; one that names the events at fault puts them
    /// into `Acknowledgement::refused`, and they become dead letters.
    async fn write_batch(&self, batch: &Batch) -> Result<Acknowledgement, SinkError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(batch.events.iter().map(|event| event.body.clone()));
        Ok(Acknowledgement::ALL)
    }

    /// A sink that stages batches makes them safe here.
    async fn finish_cycle(&self, _: &CycleEnd) -> Result<Acknowledgement, SinkError> {
        Ok(Acknowledgement::ALL)
    }
}

#[async_trait]
impl Check for Outbox {
    /// Whether the sink would accept events, without sending any.
    async fn check(&self) -> Vec<Finding> {
        vec![Finding::fine("outbox", "is in memory")]
    }
}

#[cfg(test)]
mod tests {
    use stocktake_connector_core::conformance::{self, Destination, Received, read_json_body};

    use super::*;

    #[async_trait]
    impl Destination for Outbox {
        fn sink(&self) -> &dyn Sink {
            self
        }

        fn has_address(&self) -> bool {
            false
        }

        async fn received(&self) -> Vec<Received> {
            self.events().into_iter().map(read_json_body).collect()
        }
    }

    #[tokio::test]
    async fn the_outbox_keeps_every_promise_of_a_sink() {
        conformance::sink(async || Outbox::default()).await;
    }

    #[tokio::test]
    async fn the_outbox_can_be_checked() {
        assert_eq!(Outbox::default().check().await.len(), 1);
    }
}
