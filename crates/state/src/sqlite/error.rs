//! Failures of SQLite and of the file, and the values that rows hold.

use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use rusqlite::{ErrorCode, Row};
use stocktake_connector_core::{
    DeviceUid, Fingerprint, InvalidName, Inventory, Scope, SinkName, SourceName, StateError,
    TenantName,
};
use uuid::Uuid;

pub(super) const NOT_A_DATABASE: &str =
    "it is not an SQLite database; move the file away, or choose another path for the state";

/// A failure before its place and operation are known.
#[derive(Debug)]
pub(super) enum RawError {
    Sqlite(rusqlite::Error),
    Io(io::Error),
    /// A row or a file that this program did not write.
    Damaged(String),
    /// Complete already: a lost lease.
    State(StateError),
}

impl From<rusqlite::Error> for RawError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<io::Error> for RawError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<StateError> for RawError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl RawError {
    /// Whether the file is at fault, and not the disk or another program.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(_) => true,
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            ),
            Self::Io(_) | Self::State(_) => false,
        }
    }

    pub(super) fn at(self, path: &Path, operation: &'static str) -> StateError {
        let place = path.display().to_string();
        let is_damage = self.is_damage();
        match self {
            Self::Damaged(problem) => StateError::Damaged { place, problem },
            Self::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                StateError::Damaged { place, problem: NOT_A_DATABASE.into() }
            }
            Self::Sqlite(error) if is_damage => {
                StateError::Damaged { place, problem: error.to_string() }
            }
            Self::Sqlite(error) => StateError::Store { place, operation, source: error.into() },
            Self::Io(error) => StateError::Store { place, operation, source: error.into() },
            Self::State(error) => error,
        }
    }
}

/// A time as it is stored. What is finer than a millisecond is cut off, never rounded up.
pub(super) fn millis(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

pub(super) fn time(millis: i64) -> Result<DateTime<Utc>, RawError> {
    DateTime::from_timestamp_millis(millis)
        .ok_or_else(|| RawError::Damaged(format!("{millis} is not a time in milliseconds")))
}

pub(super) fn fingerprint(value: ValueRef<'_>) -> Result<Fingerprint, RawError> {
    let bytes =
        value.as_blob().map_err(|_| RawError::Damaged("a fingerprint is not a blob".to_owned()))?;
    bytes
        .try_into()
        .map(Fingerprint::from_bytes)
        .map_err(|_| RawError::Damaged(format!("a fingerprint has {} bytes, not 16", bytes.len())))
}

pub(super) fn device_uid(uid: &str) -> Result<DeviceUid, RawError> {
    name(DeviceUid::new(uid))
}

/// The inventory in the columns `tenant` and `source`, from `column` on.
pub(super) fn inventory(row: &Row<'_>, column: usize) -> Result<Inventory, RawError> {
    Ok(Inventory {
        tenant: tenant(row, column)?,
        source: name(SourceName::new(row.get::<_, String>(column + 1)?))?,
    })
}

/// The scope in the columns `tenant`, `source` and `sink`.
pub(super) fn scope(row: &Row<'_>) -> Result<Scope, RawError> {
    Ok(Scope {
        inventory: inventory(row, 0)?,
        sink: name(SinkName::new(row.get::<_, String>(2)?))?,
    })
}

pub(super) fn tenant(row: &Row<'_>, column: usize) -> Result<TenantName, RawError> {
    name(TenantName::new(row.get::<_, String>(column)?))
}

pub(super) fn name<T>(name: Result<T, InvalidName>) -> Result<T, RawError> {
    name.map_err(|error| RawError::Damaged(error.to_string()))
}

pub(super) fn uuid(text: &str) -> Result<Uuid, RawError> {
    Uuid::parse_str(text).map_err(|_| RawError::Damaged(format!("`{text}` is not a UUID")))
}

/// A limit as SQL takes it.
pub(super) fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
