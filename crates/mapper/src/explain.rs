//! Explanations: what each row of the table saw in one record, and what stands in the encoded event.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use stocktake_connector_core::{EncodeError, Enrichment, Form, MapError, Mapper as _};
use stocktake_defender_api::Machine;
use stocktake_graph_api::ManagedDevice;
use stocktake_ocsf_model::InventoryInfo;

use crate::mapper::{DefenderMapper, MapperOptions};
use crate::path::look_up;
use crate::row::Mapping;
use crate::table::TABLE;
use crate::{sample, time};

/// One row of the table, applied to one record.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Explained {
    /// The row.
    pub row: &'static Mapping,
    /// What the row's sources hold, in their order.
    pub seen: Vec<Seen>,
    /// What stands in the encoded event; `None` when the rule leaves it out.
    pub value: Option<Value>,
}

/// What a source of a row holds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Seen {
    /// The source.
    pub source: &'static str,
    /// Its value; `None` where it holds nothing.
    pub value: Option<Value>,
    /// An example of its values that could not be read.
    pub unreadable: Option<Box<str>>,
}

/// Why a record cannot be explained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// It cannot be mapped.
    #[error(transparent)]
    Map(#[from] MapError),
    /// The form cannot write the event.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

impl DefenderMapper {
    /// Every row of the table that `form` carries, with what it saw in the records and what stands in
    /// the encoded event. The values are those that a receiver gets, not a second computation.
    ///
    /// # Errors
    /// When the record cannot be mapped at all, or the form cannot write the event.
    pub fn explain(
        &self,
        machine: &Machine,
        enrichment: &Enrichment<ManagedDevice>,
        now: DateTime<Utc>,
        form: &dyn for<'a> Form<InventoryInfo<'a>>,
    ) -> Result<Vec<Explained>, ExplainError> {
        let event = self.map(machine, enrichment, now)?;
        let sources = json!({
            "machine": machine,
            "managedDevice": enrichment.matched(),
            "configuration": { "tenant_id": self.options.tenant_uid },
            "clock": time::text(now),
            "event": encoded(&event, form)?,
        });
        let unreadable = |source: &str| {
            let of_device = enrichment.matched().map(|device| device.unreadable.iter());
            let values = machine.unreadable.iter().chain(of_device.into_iter().flatten());
            values
                .into_iter()
                .find(|value| value.field == source)
                .map(|value| value.example.clone())
        };
        let written = sources.get("event").unwrap_or(&Value::Null);
        let explain = |row: &'static Mapping| Explained {
            row,
            seen: row
                .sources
                .iter()
                .map(|source| Seen {
                    source,
                    value: look_up(&sources, source).filter(|value| !value.is_null()),
                    unreadable: unreadable(source),
                })
                .collect(),
            value: look_up(written, row.ocsf),
        };
        Ok(carried_by(form).into_iter().map(explain).collect())
    }
}

/// The rows of the table that `form` carries, found by encoding events that have them all.
///
/// ```
/// # use stocktake_connector_core::Form;
/// # use stocktake_ocsf_model::InventoryInfo;
/// fn fields(form: &dyn for<'a> Form<InventoryInfo<'a>>) -> Vec<&'static str> {
///     stocktake_mapper::carried_by(form).iter().map(|row| row.ocsf).collect()
/// }
/// ```
pub fn carried_by(form: &dyn for<'a> Form<InventoryInfo<'a>>) -> Vec<&'static Mapping> {
    let tenant_uid = sample::directory();
    let mapper = DefenderMapper::new(MapperOptions { tenant_uid, ..MapperOptions::default() });
    let encoded: Vec<Value> = sample::records()
        .iter()
        .filter_map(|(machine, enrichment)| {
            let event = mapper.map(machine, enrichment, DateTime::UNIX_EPOCH).ok()?;
            encoded(&event, form).ok()
        })
        .collect();
    TABLE.iter().filter(|row| encoded.iter().any(|event| !row.places(event).is_empty())).collect()
}

fn encoded(
    event: &InventoryInfo<'_>,
    form: &dyn for<'a> Form<InventoryInfo<'a>>,
) -> Result<Value, EncodeError> {
    let mut body = Vec::new();
    form.encode(event, &mut body)?;
    serde_json::from_slice(&body).map_err(|error| EncodeError(error.to_string()))
}
