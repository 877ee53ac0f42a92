//! Dialects: how an event is written.

use serde::{Serialize, Serializer};

use crate::{InventoryInfo, sekoia};

/// How an event is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// Strict OCSF 1.5.0: what the event holds, times as integer milliseconds.
    #[default]
    Ocsf,
    /// What the models of Sekoia's asset connectors take: times as seconds, fewer members of the
    /// enums, and a fixed set of fields.
    Sekoia {
        /// Also writes the fields that those models take and Sekoia's own connector leaves out.
        extra_fields: bool,
    },
}

impl Dialect {
    /// The name in configuration and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ocsf => "ocsf",
            Self::Sekoia { .. } => "sekoia",
        }
    }
}

/// An event together with its dialect, for any serializer.
///
/// Serializing fails only where [`write()`](write()) does.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// What is written.
    pub event: &'a InventoryInfo,
    /// How it is written.
    pub dialect: Dialect,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.dialect {
            Dialect::Ocsf => self.event.serialize(serializer),
            Dialect::Sekoia { extra_fields } => sekoia::Event::of(self.event, extra_fields)
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
        }
    }
}

/// Why an event has no form in a dialect.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The receiver refuses events without this attribute.
    #[error("`{path}` is missing; the {dialect} dialect needs it")]
    Missing {
        /// [`Dialect::name`].
        dialect: &'static str,
        /// The attribute, as in `device.uid`.
        path: &'static str,
    },
    /// The serializer refused the event.
    #[error("the event has no JSON form: {0}")]
    Json(#[from] serde_json::Error),
}

/// Appends the event to `out` as one JSON object, without a line end.
///
/// # Errors
/// [`WriteError`]; `out` is then as it was. The `ocsf` dialect writes every event, valid or not.
pub fn write(event: &InventoryInfo, dialect: Dialect, out: &mut Vec<u8>) -> Result<(), WriteError> {
    let before = out.len();
    let written = match dialect {
        Dialect::Ocsf => serde_json::to_writer(&mut *out, event),
        Dialect::Sekoia { extra_fields } => {
            serde_json::to_writer(&mut *out, &sekoia::Event::of(event, extra_fields)?)
        }
    };
    written.map_err(|error| {
        out.truncate(before);
        error.into()
    })
}
