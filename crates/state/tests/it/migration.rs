//! Files of every schema that was ever released stay readable.
//!
//! A sample is SQL text, so that it can be read and reviewed; it is never changed. When a version is
//! added, the sample of the one before it joins the list.

use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use stocktake_connector_core::{
    Acknowledged, Checkpoint, DeadLetterFilter, DeviceUid, StateError, StateStore,
};
use stocktake_state::SqliteStore;

use crate::{at, close, content, lake};

const SAMPLES: [&str; 3] = [
    include_str!("samples/version-1.sql"),
    include_str!("samples/version-2.sql"),
    include_str!("samples/version-3.sql"),
];

/// Since when a scope is wanted that is noted only now.
fn noted_now() -> DateTime<Utc> {
    at(100)
}

fn sample(sql: &str, place: &Path) {
    let file = Connection::open(place).unwrap();
    file.execute_batch(sql).unwrap();
}

#[tokio::test]
async fn every_old_schema_is_read_with_all_that_it_holds() {
    for (sql, wanted_since) in SAMPLES.into_iter().zip([noted_now(), at(4), at(4)]) {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("state.db");
        sample(sql, &place);
        let store = SqliteStore::open(&place).unwrap();
        let uid = DeviceUid::new("1e5bc9d7e413ddd7902c2932e418702b84d0cc07").unwrap();
        let known = store.known(&lake(), &[uid]).await.unwrap();
        let acknowledged = Acknowledged { fingerprint: content(0xab), at: at(0) };
        assert_eq!(known[0].acknowledged, Some(acknowledged));
        let checkpoint =
            Checkpoint { first_seen: Some(at(1)), last_seen: Some(at(2)), completed_at: at(3) };
        assert_eq!(store.checkpoint(&lake()).await.unwrap(), Some(checkpoint));
        store.want(&lake(), noted_now()).await.unwrap();
        assert_eq!(store.wanted_since(&lake()).await.unwrap(), Some(wanted_since));
        let letters = store.dead_letters(&DeadLetterFilter::default()).await.unwrap();
        assert_eq!(letters.len(), 1);
        assert_eq!((letters[0].id.0, letters[0].times), (4, 3));
        let removed = store.removed(&lake().tenant, None, 9).await.unwrap();
        assert_eq!(removed, [DeviceUid::new("gone").unwrap()]);
        // A mark without a time is as old as the tenant's last cycle.
        assert_eq!(store.forget_removed(&lake().tenant, at(0)).await.unwrap(), 0);
        assert_eq!(store.forget_removed(&lake().tenant, at(1)).await.unwrap(), 1);
        let facts = store.facts(&lake().tenant).await.unwrap();
        assert_eq!(
            (facts.full_completed_at, facts.enrichment_records),
            (Some(at(3)), Some(80_000))
        );
        let reports = store.reports(&lake().tenant, 9).await.unwrap();
        assert_eq!(reports.len(), 1);
        assert_eq!(reports[0].read, 2);
        store.close_cycle(close()).await.unwrap();
        assert_eq!(store.reports(&lake().tenant, 9).await.unwrap().len(), 2);
    }
}

#[test]
fn the_newest_sample_has_the_schema_that_a_new_file_gets() {
    fn schema(place: &Path) -> Vec<(String, String)> {
        let words = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ");
        let file = Connection::open(place).unwrap();
        let mut list = file
            .prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name")
            .unwrap();
        list.query_map([], |row| Ok((row.get(0)?, words(row.get(1)?))))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    }
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
    sample(SAMPLES[SAMPLES.len() - 1], &old);
    drop(SqliteStore::open(&new).unwrap());
    assert_eq!(schema(&old), schema(&new));
}

#[test]
fn a_newer_schema_is_refused_without_changing_a_byte() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    drop(SqliteStore::open(&place).unwrap());
    // The newer program died: its version stands in the log, not yet in the file.
    let newer = Connection::open(&place).unwrap();
    newer.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    let log = folder.path().join("state.db-wal");
    let before = (std::fs::read(&place).unwrap(), std::fs::read(&log).unwrap());
    assert!(!before.1.is_empty(), "the version is in the log");
    for error in [SqliteStore::open(&place), SqliteStore::open_read_only(&place)] {
        let error = error.unwrap_err();
        assert!(matches!(error, StateError::NewerSchema { found: 99, .. }), "{error}");
    }
    assert_eq!((std::fs::read(&place).unwrap(), std::fs::read(&log).unwrap()), before);
    drop(newer);
    let before = std::fs::read(&place).unwrap();
    SqliteStore::open(&place).unwrap_err();
    assert_eq!(std::fs::read(&place).unwrap(), before);
}
