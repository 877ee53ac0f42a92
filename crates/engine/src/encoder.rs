//! Maps a record to one event and encodes it in every form.

use chrono::{DateTime, Utc};
use stocktake_connector_core::{EncodeError, Enrichment, EnrichmentMark, Mapper};

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
        let map = |enrichment| {
            let event = self.mapper.map(&joined.record, enrichment, self.now);
            event.map_err(|error| error.to_string())
        };
        let (mark, no_match) = match joined.enrichment {
            Enrichment::Matched(_) => (EnrichmentMark::Enriched, None),
            Enrichment::Uncertain => (EnrichmentMark::Uncertain, Some(Enrichment::NoMatch)),
            Enrichment::NoMatch | Enrichment::Unavailable => (EnrichmentMark::None, None),
        };
        let event = map(&joined.enrichment)?;
        // Uncertain content has the fingerprint of content without a match, and a mark: a device of
        // which nothing but the certainty changed is not sent.
        let without = no_match.as_ref().map(map).transpose()?;
        for (FormSenders { form, .. }, builder) in self.forms.iter().zip(builders.iter_mut()) {
            let encoded = builder.push(index, joined.in_doubt, |out| {
                let mut encoded = form.encode(&event, out)?;
                if let Some(without) = &without {
                    let end = out.len();
                    let compared = form.encode(without, out);
                    out.truncate(end);
                    encoded.fingerprint = compared?.fingerprint;
                }
                encoded.fingerprint = encoded.fingerprint.marked(mark);
                Ok::<_, EncodeError>(encoded)
            });
            if let Err(error) = encoded {
                builders.iter_mut().for_each(|builder| builder.take_back(index));
                return Err(error.to_string());
            }
        }
        Ok(())
    }
}
