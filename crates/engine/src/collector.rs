//! Everything that a cycle needs: the parts of one inventory's collection.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stocktake_connector_core::{
    Calls, Clock, CycleStore, Failure, FailureRecord, Form, Inventory, Mapper, ProcessFigures,
    Sink, SinkName, SystemClock,
};

use crate::options::Options;

/// A form of the events of a mapper.
pub type EventForm<M> = dyn for<'a> Form<<M as Mapper>::Event<'a>>;

/// A form and the sinks that use it. They share one encoded event.
#[derive(Debug)]
pub struct FormSinks<M: Mapper> {
    /// How events are written.
    pub form: Arc<EventForm<M>>,
    /// The sinks that get them.
    pub sinks: BTreeMap<SinkName, Arc<dyn Sink>>,
}

/// Why a sink, or something else that the configuration names, could not be built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(transparent)]
#[error("{failure}")]
pub struct BuildError {
    /// What is wrong, and what to do.
    pub failure: FailureRecord,
}

impl From<Failure> for BuildError {
    fn from(failure: Failure) -> Self {
        Self { failure: failure.into() }
    }
}

/// Counts what the process has done so far, for the cycle report.
pub trait CallMeter: fmt::Debug + Send + Sync {
    /// Cumulative counts of calls.
    fn calls(&self) -> Calls;

    /// What the process has used; `None` where that is unknown.
    fn process(&self) -> Option<ProcessFigures> {
        None
    }
}

/// A meter that counts nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMeter;

impl CallMeter for NoMeter {
    fn calls(&self) -> Calls {
        Calls::default()
    }
}

/// Everything that collects one inventory.
#[derive(Debug)]
pub struct Collector<S, E, M: Mapper> {
    /// The tenant and the source.
    pub inventory: Inventory,
    /// Lists the devices.
    pub source: S,
    /// Looks up what is joined to each record.
    pub enricher: E,
    /// Maps a record and its enrichment to one full event.
    pub mapper: M,
    /// The forms in which events are sent, each with its sinks. A sink belongs to one of them.
    pub forms: Vec<FormSinks<M>>,
    /// Sinks that are configured but could not be built. They get no events, so no cycle is complete
    /// for them.
    pub unbuilt: BTreeMap<SinkName, BuildError>,
    /// Stores what was acknowledged.
    pub store: Arc<dyn CycleStore>,
    /// Reads the time.
    pub clock: Arc<dyn Clock>,
    /// Counts calls.
    pub meter: Arc<dyn CallMeter>,
    /// How to collect.
    pub options: Options,
}

impl<S, E, M: Mapper> Collector<S, E, M> {
    /// A collector without sinks, with the clock of the machine, without a meter, and with default
    /// options.
    pub fn new(
        inventory: Inventory,
        source: S,
        enricher: E,
        mapper: M,
        store: Arc<dyn CycleStore>,
    ) -> Self {
        Self {
            inventory,
            source,
            enricher,
            mapper,
            forms: Vec::new(),
            unbuilt: BTreeMap::new(),
            store,
            clock: Arc::new(SystemClock),
            meter: Arc::new(NoMeter),
            options: Options::default(),
        }
    }

    /// Adds a sink. It shares the encoded events of the sinks whose form has the same fingerprint.
    pub fn add_sink(&mut self, name: SinkName, form: Arc<EventForm<M>>, sink: Arc<dyn Sink>) {
        let fingerprint = form.fingerprint();
        match self.forms.iter_mut().find(|known| known.form.fingerprint() == fingerprint) {
            Some(known) => {
                known.sinks.insert(name, sink);
            }
            None => self.forms.push(FormSinks { form, sinks: BTreeMap::from([(name, sink)]) }),
        }
    }
}
