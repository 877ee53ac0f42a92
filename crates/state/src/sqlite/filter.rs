//! Conditions of the operators' queries.

use rusqlite::types::Value;
use rusqlite::{ToSql, Transaction, params_from_iter};

use super::error::RawError;

/// Conditions that follow `WHERE TRUE`, with their values in order. Only the conditions that are set are
/// written: SQLite finds no index for `?1 IS NULL OR tenant = ?1`.
#[derive(Debug, Default, Clone)]
pub(super) struct Filter {
    pub(super) sql: String,
    values: Vec<Value>,
}

impl Filter {
    /// Adds a condition with one `?`, if it has a value.
    pub(super) fn with(mut self, condition: &str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self = self.and(condition);
            self.values.push(value.into());
        }
        self
    }

    /// Adds a condition that has no value.
    pub(super) fn and(mut self, condition: &str) -> Self {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self
    }

    /// The values, and behind them `last`.
    pub(super) fn values_and<'a>(&'a self, last: &'a [i64]) -> impl rusqlite::Params + use<'a> {
        let values = self.values.iter().map(|value| value as &dyn ToSql);
        params_from_iter(
            values.chain(last.iter().map(|value| value as &dyn ToSql)).collect::<Vec<_>>(),
        )
    }

    /// How many rows of a table it selects.
    pub(super) fn count(&self, on: &Transaction<'_>, table: &str) -> Result<u64, RawError> {
        let count: i64 = on
            .prepare(&format!("SELECT count(*) FROM {table} WHERE TRUE{}", self.sql))?
            .query_row(self.values_and(&[]), |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// Deletes at most `limit` of the rows that it selects, and returns how many. `key` names the columns
    /// of the primary key.
    pub(super) fn delete(
        &self,
        on: &Transaction<'_>,
        table: &str,
        key: &str,
        limit: u64,
    ) -> Result<u64, RawError> {
        let sql = format!(
            "DELETE FROM {table} WHERE ({key}) IN
                (SELECT {key} FROM {table} WHERE TRUE{} LIMIT ?)",
            self.sql
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(on.prepare(&sql)?.execute(self.values_and(&[limit]))? as u64)
    }
}
