//! What Sekoia's asset connector has received, and the tasks that work on it.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::fault::Effect;
use crate::options::{Receipt, RecordEvents, SekoiaOptions};

/// One accepted push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedBatch {
    /// Its task; `None` where the response named none.
    pub task_id: Option<String>,
    /// Events in it.
    pub items: usize,
    /// Bytes of the request.
    pub bytes: usize,
    /// Where its events are.
    pub state: BatchState,
}

/// Where the events of a push are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// Its task is not finished.
    Pending,
    /// Received.
    Received,
    /// Nowhere: its task failed, was lost or never finishes.
    Dropped,
}

/// What the receiver has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Events, repeated ones included.
    pub events: u64,
    /// Devices.
    pub devices: usize,
    /// Events of a device beyond its first.
    pub repeated: u64,
    /// How often each device came.
    pub counts: BTreeMap<String, u32>,
    /// The accepted pushes, in their order.
    pub batches: Vec<ReceivedBatch>,
    /// Pushes refused as too large or invalid.
    pub refused: u64,
}

/// A task and the events it works on.
#[derive(Debug)]
struct Task {
    /// Place in the list of pushes.
    batch: usize,
    fate: Fate,
    polls: u32,
    /// Taken when they are received.
    events: Vec<ReceivedEvent>,
}

/// A device, and its event where events are kept.
type ReceivedEvent = (String, Option<Box<RawValue>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Finishes,
    Fails,
    IsLost,
    NeverFinishes,
}

#[derive(Debug)]
pub(crate) struct Receiver {
    options: SekoiaOptions,
    devices: HashMap<String, (u32, Option<Box<RawValue>>)>,
    batches: Vec<ReceivedBatch>,
    tasks: HashMap<String, Task>,
    refused: u64,
}

#[derive(Deserialize)]
struct Push {
    version: u32,
    items: Vec<Box<RawValue>>,
}

/// The one field of an event that the receiver reads.
#[derive(Deserialize)]
struct Event {
    device: Device,
}

#[derive(Deserialize)]
struct Device {
    uid: String,
}

impl Receiver {
    pub(crate) fn new(options: SekoiaOptions) -> Self {
        Self {
            options,
            devices: HashMap::new(),
            batches: Vec::new(),
            tasks: HashMap::new(),
            refused: 0,
        }
    }

    pub(crate) fn received(&self) -> Received {
        let counts: BTreeMap<_, _> =
            self.devices.iter().map(|(uid, (count, _))| (uid.clone(), *count)).collect();
        let events: u64 = counts.values().map(|count| u64::from(*count)).sum();
        Received {
            events,
            devices: counts.len(),
            repeated: events - counts.len() as u64,
            counts,
            batches: self.batches.clone(),
            refused: self.refused,
        }
    }

    pub(crate) fn events(&self) -> BTreeMap<String, Value> {
        let parsed = |event: &RawValue| serde_json::from_str(event.get()).ok();
        self.devices
            .iter()
            .filter_map(|(uid, (_, event))| Some((uid.clone(), parsed(event.as_deref()?)?)))
            .collect()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.options.clone());
    }

    pub(crate) fn poison(&mut self, uid: String) {
        self.options.poison.insert(uid);
    }

    pub(crate) fn clear_poison(&mut self) {
        self.options.poison.clear();
    }

    /// Accepts a push, or returns the reason of its refusal.
    pub(crate) fn push(
        &mut self,
        body: &[u8],
        task_id: String,
        effect: Option<&Effect>,
    ) -> (u16, Value) {
        match self.read(body) {
            Ok(events) => self.accept(body.len(), events, task_id, effect),
            Err((status, message)) => {
                self.refused += 1;
                (status, json!({"code": status, "message": message}))
            }
        }
    }

    fn read(&self, body: &[u8]) -> Result<Vec<ReceivedEvent>, (u16, String)> {
        if body.len() > self.options.max_bytes {
            return Err((413, format!("more than {} bytes", self.options.max_bytes)));
        }
        let push: Push = serde_json::from_slice(body).map_err(|error| (400, error.to_string()))?;
        if push.version != 1 {
            return Err((422, format!("version {} is not supported", push.version)));
        }
        if push.items.len() > self.options.max_items {
            return Err((413, format!("more than {} items", self.options.max_items)));
        }
        let keep = self.options.record_events == RecordEvents::Full;
        let mut events = Vec::with_capacity(push.items.len());
        for item in push.items {
            let event: Event = serde_json::from_str(item.get())
                .map_err(|_| (422, "an item has no device.uid".to_owned()))?;
            if self.options.poison.contains(&event.device.uid) {
                // Like the real one, it does not say which.
                return Err((422, "an item is not valid".to_owned()));
            }
            events.push((event.device.uid, keep.then_some(item)));
        }
        Ok(events)
    }

    fn accept(
        &mut self,
        bytes: usize,
        events: Vec<ReceivedEvent>,
        task_id: String,
        effect: Option<&Effect>,
    ) -> (u16, Value) {
        let fate = match effect {
            Some(Effect::TaskFails) => Fate::Fails,
            Some(Effect::TaskLost | Effect::NoTaskId) => Fate::IsLost,
            Some(Effect::TaskNeverFinishes) => Fate::NeverFinishes,
            _ => Fate::Finishes,
        };
        let batch = self.batches.len();
        let state = if fate == Fate::Finishes { BatchState::Pending } else { BatchState::Dropped };
        let named = (effect != Some(&Effect::NoTaskId)).then_some(task_id);
        let items = events.len();
        self.batches.push(ReceivedBatch { task_id: named.clone(), items, bytes, state });
        let Some(task_id) = named else { return (200, json!({})) };
        let mut task = Task { batch, fate, polls: 0, events };
        if fate == Fate::Finishes && self.options.receipt == Receipt::WhenPushed {
            self.receive(batch, std::mem::take(&mut task.events));
        }
        self.tasks.insert(task_id.clone(), task);
        (200, json!({"task_id": task_id}))
    }

    fn receive(&mut self, batch: usize, events: Vec<ReceivedEvent>) {
        if let Some(batch) = self.batches.get_mut(batch) {
            batch.state = BatchState::Received;
        }
        for (uid, event) in events {
            let (count, last) = self.devices.entry(uid).or_default();
            *count += 1;
            *last = event;
        }
    }

    /// The status of a task; `None` when it is unknown.
    pub(crate) fn poll(&mut self, id: &str) -> Option<&'static str> {
        let polls_until_finished = self.options.task_polls_until_finished;
        let task = self.tasks.get_mut(id)?;
        task.polls = task.polls.saturating_add(1);
        let due = task.polls >= polls_until_finished;
        match task.fate {
            Fate::IsLost => None,
            Fate::NeverFinishes => Some("RUNNING"),
            _ if !due => Some(if task.polls == 1 { "PENDING" } else { "RUNNING" }),
            Fate::Fails => Some("FAILED"),
            Fate::Finishes => {
                let (batch, events) = (task.batch, std::mem::take(&mut task.events));
                self.receive(batch, events);
                Some("FINISHED")
            }
        }
    }
}
