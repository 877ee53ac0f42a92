//! Maps a record to one event and encodes it in every form.

use chrono::{DateTime, Utc};
use stocktake_connector_core::{Enrichment, Mapper};

use crate::chunk::{ChunkBuilder, SinkSender};
use crate::collector::EventForm;
use crate::join::JoinedRecord;

/// One form, and the sinks that use it.
#[derive(Debug)]
pub(crate) struct FormSenders<'a, M: Mapper> {
    pub(crate) form: &'a EventForm<M>,
    pub(crate) sinks: Vec<SinkSender>,
}

/// The mapper with every form.
#[derive(Debug)]
pub(crate) struct Encoder<'a, M: Mapper> {
    pub(crate) mapper: &'a M,
    pub(crate) forms: Vec<FormSenders<'a, M>>,
    /// The event time for records without a time.
    pub(crate) now: DateTime<Utc>,
}

impl<M: Mapper> Encoder<'_, M> {
    /// Adds a record's event to the builder of every form, or to no builder.
    pub(crate) fn encode<R>(
        &self,
        joined: &JoinedRecord<R, M::Enrichment>,
        index: usize,
        builders: &mut [ChunkBuilder],
    ) -> Result<(), String>
    where
        M: Mapper<Record = R>,
    {
        let uncertain = matches!(joined.enrichment, Enrichment::Uncertain);
        let event = self.mapper.map(&joined.record, &joined.enrichment, self.now);
        let event = event.map_err(|error| error.to_string())?;
        for (FormSenders { form, .. }, builder) in self.forms.iter().zip(builders.iter_mut()) {
            let encoded = builder.push(index, uncertain, |out| form.encode(&event, out));
            if let Err(error) = encoded {
                builders.iter_mut().for_each(|builder| builder.take_back(index));
                return Err(error.to_string());
            }
        }
        Ok(())
    }
}
