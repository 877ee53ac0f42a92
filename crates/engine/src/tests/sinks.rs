//! A sink of a few lines, for tests of the engine alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;

use async_trait::async_trait;
use stocktake_connector_core::{
    Acknowledgement, Batch, BatchLimits, CycleEnd, EncodedEvent, EventKind, Refusal, Sink,
    SinkCapabilities, SinkDestination, SinkError,
};
use tokio::sync::Notify;

use super::fakes::unavailable;

/// Keeps what it got; refuses batches that hold a poisoned device; may be down.
#[derive(Debug)]
pub(super) struct FakeSink {
    pub(super) received: Mutex<BTreeMap<String, Vec<String>>>,
    /// Every event, in the order of arrival.
    pub(super) events: Mutex<Vec<EncodedEvent>>,
    pub(super) batches: Mutex<Vec<usize>>,
    pub(super) poison: Mutex<BTreeSet<String>>,
    /// Whether the sink names the events at fault instead of refusing the batch.
    pub(super) names_refused: bool,
    pub(super) down: Mutex<bool>,
    pub(super) panics: bool,
    /// The responses to the next batches; safe when the queue is empty.
    pub(super) words: Mutex<VecDeque<Result<Acknowledgement, SinkError>>>,
    /// The responses to the ends of cycles; likewise.
    pub(super) last_words: Mutex<VecDeque<Result<Acknowledgement, SinkError>>>,
    /// How each cycle ended.
    pub(super) ends: Mutex<Vec<CycleEnd>>,
    /// Batches that it takes before it hangs.
    pub(super) hangs_after: Option<usize>,
    /// Whether it hangs at the end of a cycle.
    pub(super) hangs_at_end: bool,
    /// Wakes the task that waits until it hangs.
    pub(super) hanging: Notify,
    pub(super) limits: BatchLimits,
    pub(super) capabilities: SinkCapabilities,
    pub(super) destination: Mutex<Option<&'static str>>,
}

impl Default for FakeSink {
    fn default() -> Self {
        Self {
            received: Mutex::default(),
            events: Mutex::default(),
            batches: Mutex::default(),
            poison: Mutex::default(),
            names_refused: false,
            down: Mutex::default(),
            panics: false,
            words: Mutex::default(),
            last_words: Mutex::default(),
            ends: Mutex::default(),
            hangs_after: None,
            hangs_at_end: false,
            hanging: Notify::new(),
            limits: BatchLimits { max_events: 4, max_bytes: 1_000, max_event_bytes: None },
            capabilities: SinkCapabilities::default(),
            destination: Mutex::new(Some("here")),
        }
    }
}

impl FakeSink {
    /// A sink that takes removals.
    pub(super) fn with_removals() -> Self {
        let mut sink = Self::default();
        sink.capabilities.removals = true;
        sink
    }

    pub(super) fn poison(&self, uids: impl IntoIterator<Item = String>) {
        *self.poison.lock().unwrap() = uids.into_iter().collect();
    }

    pub(super) fn is_down(&self, down: bool) {
        *self.down.lock().unwrap() = down;
    }

    /// Responds like this to the next batches.
    pub(super) fn says(&self, words: impl IntoIterator<Item = Result<Acknowledgement, SinkError>>) {
        *self.words.lock().unwrap() = words.into_iter().collect();
    }

    /// Responds like this to the next ends of cycles.
    pub(super) fn says_last(
        &self,
        words: impl IntoIterator<Item = Result<Acknowledgement, SinkError>>,
    ) {
        *self.last_words.lock().unwrap() = words.into_iter().collect();
    }

    pub(super) fn devices(&self) -> Vec<String> {
        self.received.lock().unwrap().keys().cloned().collect()
    }

    /// What came of a device, one text for each time.
    pub(super) fn received(&self, uid: &str) -> Vec<String> {
        self.received.lock().unwrap().get(uid).cloned().unwrap_or_default()
    }

    /// How many events came, over all devices.
    pub(super) fn events(&self) -> usize {
        self.received.lock().unwrap().values().map(Vec::len).sum()
    }

    /// The devices whose removal came, in the order of arrival.
    pub(super) fn removals(&self) -> Vec<String> {
        let events = self.events.lock().unwrap();
        let removals = events.iter().filter(|event| event.kind == EventKind::Removal);
        removals.map(|event| event.uid.to_string()).collect()
    }

    /// Whether each cycle was complete for the sink.
    pub(super) fn completeness(&self) -> Vec<bool> {
        self.ends.lock().unwrap().iter().map(|end| end.is_complete).collect()
    }
}

#[async_trait]
impl Sink for FakeSink {
    fn batch_limits(&self) -> BatchLimits {
        self.limits
    }

    async fn destination(&self) -> Option<SinkDestination> {
        self.destination.lock().unwrap().map(SinkDestination::new)
    }

    fn capabilities(&self) -> SinkCapabilities {
        self.capabilities
    }

    async fn write_batch(&self, batch: &Batch) -> Result<Acknowledgement, SinkError> {
        assert!(!self.panics, "panic of the sink");
        assert!(
            batch.events.iter().all(|event| event.kind == batch.events[0].kind),
            "all of one kind"
        );
        if self.hangs_after.is_some_and(|most| self.batches.lock().unwrap().len() >= most) {
            self.hanging.notify_one();
            std::future::pending::<()>().await;
        }
        if *self.down.lock().unwrap() {
            return Err(unavailable().into());
        }
        let poison = self.poison.lock().unwrap();
        let mut refused = Vec::new();
        for (index, event) in batch.events.iter().enumerate() {
            if poison.contains(event.uid.as_str()) {
                refused.push(Refusal { index, reason: "poison".into() });
            }
        }
        if !refused.is_empty() && !self.names_refused {
            return Err(SinkError::Refused { reason: "poison".into() });
        }
        self.batches.lock().unwrap().push(batch.events.len());
        for (index, event) in batch.events.iter().enumerate() {
            if refused.iter().all(|refusal| refusal.index != index) {
                self.events.lock().unwrap().push(event.clone());
                if event.kind == EventKind::Upsert {
                    let body = String::from_utf8(event.body.to_vec()).unwrap();
                    let mut received = self.received.lock().unwrap();
                    received.entry(event.uid.to_string()).or_default().push(body);
                }
            }
        }
        let word = self.words.lock().unwrap().pop_front();
        word.unwrap_or(Ok(Acknowledgement { refused, ..Acknowledgement::default() }))
    }

    async fn finish_cycle(&self, end: &CycleEnd) -> Result<Acknowledgement, SinkError> {
        self.ends.lock().unwrap().push(end.clone());
        if self.hangs_at_end {
            self.hanging.notify_one();
            std::future::pending::<()>().await;
        }
        self.last_words.lock().unwrap().pop_front().unwrap_or(Ok(Acknowledgement::ALL))
    }
}
