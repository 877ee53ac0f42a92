//! What only the connection itself can set up.

use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::Connection;
use stocktake_connector_core::{Fingerprint, SinkName, SourceName, Stage};

use super::*;

fn inventory() -> Inventory {
    Inventory {
        tenant: TenantName::new("contoso").unwrap(),
        source: SourceName::new("defender").unwrap(),
    }
}

fn lake() -> Scope {
    inventory().at(&SinkName::new("lake").unwrap())
}

fn worker() -> WorkerName {
    WorkerName::new("w1").unwrap()
}

/// A lease of the tenant, for writes.
async fn fence(store: &SqliteStore) -> Fence {
    let hour = Duration::from_secs(3600);
    store.claim(&inventory().tenant, &worker(), hour).await.unwrap().unwrap().fence()
}

fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_790_000_000_000 + millis).unwrap()
}

fn delivery(devices: std::ops::Range<usize>) -> Delivery {
    let device = |number| DeviceUid::new(format!("d{number:06}")).unwrap();
    let content = Fingerprint::from_bytes([1; 16]);
    Delivery {
        cycle: CycleId::random(),
        scope: lake(),
        at: at(0),
        acknowledged: devices.map(|number| (device(number), content)).collect(),
        removed: Vec::new(),
        refused: Vec::new(),
    }
}

fn pragma(store: &SqliteStore, name: &str) -> i64 {
    let connection = &store.opened.try_lock().unwrap().connection;
    connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_full_disk_fails_the_commit_whole_and_a_later_one_works() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("state.db")).unwrap();
    let fence = fence(&store).await;
    store.commit(&fence, delivery(0..10)).await.unwrap();
    let most = |pages: i64| {
        let connection = &store.opened.try_lock().unwrap().connection;
        connection.pragma_update(None, "max_page_count", pages).unwrap();
    };
    // The same answer of SQLite as to a full disk.
    most(pragma(&store, "page_count") + 3);

    let mut big = delivery(5..5_000);
    big.refused.push(NewDeadLetter {
        inventory: inventory(),
        sink: None,
        stage: Stage::Map,
        uid: None,
        fingerprint: None,
        reason: String::new(),
        payload: String::new(),
    });
    let error = store.commit(&fence, big.clone()).await.unwrap_err().to_string();
    assert!(error.contains("commit a batch") && error.contains("full"), "{error}");
    assert_eq!(store.delivered_count(&lake()).await.unwrap(), 10);

    most(1_000_000);
    store.commit(&fence, big).await.unwrap();
    assert_eq!(store.delivered_count(&lake()).await.unwrap(), 5_000);
}

#[tokio::test]
async fn anonymous_letters_are_bounded_and_the_oldest_go_first() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("state.db")).unwrap();
    let letter = |number: usize| NewDeadLetter {
        inventory: inventory(),
        sink: None,
        stage: Stage::Read,
        uid: None,
        fingerprint: None,
        reason: String::new(),
        payload: number.to_string(),
    };
    let bound = crate::dead_letter::ANONYMOUS_KEPT;
    let (cycle, fence) = (CycleId::random(), fence(&store).await);
    store.keep_dead_letters(&fence, cycle, at(0), (0..5).map(letter).collect()).await.unwrap();
    store
        .keep_dead_letters(&fence, cycle, at(1), (5..bound + 5).map(letter).collect())
        .await
        .unwrap();
    let kept = store.dead_letters(&DeadLetterFilter::default(), usize::MAX).await.unwrap();
    assert_eq!(kept.len(), bound);
    assert!(kept.iter().all(|letter| letter.last_at == at(1)));
}

#[test]
fn the_settings_that_durability_and_memory_rest_on_are_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("state.db")).unwrap();
    let journal: String = {
        let connection = &store.opened.try_lock().unwrap().connection;
        connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap()
    };
    assert_eq!(journal, "wal");
    assert_eq!(pragma(&store, "synchronous"), 1);
    assert_eq!(pragma(&store, "foreign_keys"), 1);
    assert_eq!(pragma(&store, "cache_size"), -16 * 1024);
    assert_eq!(pragma(&store, "busy_timeout"), 10_000);
}

#[tokio::test]
async fn a_row_that_this_program_did_not_write_is_named_as_damage() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("state.db")).unwrap();
    let fence = fence(&store).await;
    store.commit(&fence, delivery(0..1)).await.unwrap();
    {
        let connection = &store.opened.try_lock().unwrap().connection;
        connection
            .execute_batch("UPDATE delivered SET acknowledged_at_ms = 9223372036854775807")
            .unwrap();
    }
    let uid = DeviceUid::new("d000000").unwrap();
    let error = store.known(&lake(), &[uid]).await.unwrap_err();
    assert!(matches!(error, StateError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn a_trial_write_fails_where_writing_would_or_would_be_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (path, aside) = (folder.path().join("state.db"), folder.path().join("aside.db"));
    let store = SqliteStore::open(&path).unwrap();
    store.check_writable().await.unwrap();
    assert!(SqliteStore::open_read_only(&path).unwrap().check_writable().await.is_err());

    std::fs::rename(&path, &aside).unwrap();
    let error = store.check_writable().await.unwrap_err().to_string();
    assert!(error.contains("state.db") && error.contains("write a trial"), "{error}");
    std::fs::rename(&aside, &path).unwrap();
    store.check_writable().await.unwrap();
}

/// The migrations of a program one release later.
fn later(migration: &'static str) -> Vec<&'static str> {
    [schema::MIGRATIONS, &[migration]].concat()
}

/// The store as a program with other migrations opens it.
fn open_as(path: &Path, migrations: &[&str]) -> Result<SqliteStore, StateError> {
    let opened = open::for_writing(path, migrations)?;
    Ok(SqliteStore::new(path, opened, Arc::new(SystemClock)))
}

/// The columns of the delivered set, and the version, as any SQLite tool shows them.
fn shape(path: &Path) -> (Vec<String>, u32) {
    let connection = Connection::open(path).unwrap();
    let mut columns =
        connection.prepare("SELECT name FROM pragma_table_info('delivered')").unwrap();
    let columns = columns.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>();
    (columns.unwrap(), schema::version(&connection).unwrap())
}

#[tokio::test]
async fn a_later_program_brings_the_file_up_to_date_and_this_one_then_refuses_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let known = schema::MIGRATIONS.len() as u32;
    let store = SqliteStore::open(&path).unwrap();
    let first = fence(&store).await;
    store.commit(&first, delivery(0..1_000)).await.unwrap();
    drop(store);

    let migrations = later("ALTER TABLE delivered ADD COLUMN origin TEXT");
    let store = open_as(&path, &migrations).unwrap();
    assert_eq!(store.delivered_count(&lake()).await.unwrap(), 1_000);
    store.commit(&fence(&store).await, delivery(990..1_010)).await.unwrap();
    drop(store);
    let (columns, version) = shape(&path);
    assert_eq!((columns.last().unwrap().as_str(), version), ("origin", known + 1));

    let before = std::fs::read(&path).unwrap();
    for error in [SqliteStore::open(&path), SqliteStore::open_read_only(&path)] {
        let error = error.unwrap_err();
        let expected = format!("schema version {}, but this program knows", known + 1);
        assert!(matches!(error, StateError::NewerSchema { .. }), "{error}");
        assert!(error.to_string().contains(&expected), "{error}");
    }
    assert!(std::fs::read(&path).unwrap() == before, "a refused file is as it was");

    let store = open_as(&path, &migrations).unwrap();
    assert_eq!(store.delivered_count(&lake()).await.unwrap(), 1_010);
}

#[tokio::test]
async fn a_migration_that_fails_in_its_middle_leaves_the_file_to_the_program_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let store = SqliteStore::open(&path).unwrap();
    let first = fence(&store).await;
    store.commit(&first, delivery(0..10)).await.unwrap();
    drop(store);
    let before = shape(&path);

    let broken = later("ALTER TABLE delivered ADD COLUMN origin TEXT; DROP TABLE missing");
    let error = open_as(&path, &broken).unwrap_err().to_string();
    assert!(error.contains("migrate") && error.contains("missing"), "{error}");
    assert_eq!(shape(&path), before);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.delivered_count(&lake()).await.unwrap(), 10);
}

#[tokio::test]
async fn a_page_of_dead_letters_is_found_by_an_index_and_not_by_reading_payloads() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("state.db")).unwrap();
    let (tenant, source) = (Some(inventory().tenant), Some(inventory().source));
    let (sink, before) = (Some(lake().sink), Some(DeadLetterId(9)));
    let all = DeadLetterFilter::default();
    for filter in [
        DeadLetterFilter { tenant: tenant.clone(), ..all.clone() },
        DeadLetterFilter { sink: sink.clone(), ..all.clone() },
        DeadLetterFilter { sink: sink.clone(), before, ..all.clone() },
        DeadLetterFilter { tenant: tenant.clone(), sink: sink.clone(), ..all.clone() },
        DeadLetterFilter { tenant, source, sink, before },
    ] {
        let (sql, conditions) = dead_letters::list_query(&filter);
        let connection = &store.opened.try_lock().unwrap().connection;
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let plan: Vec<String> = plan
            .query_map(conditions.values_and(&[10]), |row| row.get(3))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert!(!plan.iter().any(|line| line.starts_with("SCAN")), "{filter:?}: {plan:#?}");
        assert!(plan.iter().any(|line| line.contains("INDEX")), "{filter:?}: {plan:#?}");
    }
}

/// A clock that a test moves.
#[derive(Debug, Default)]
struct MovedClock(AtomicI64);

impl Clock for MovedClock {
    fn now(&self) -> DateTime<Utc> {
        at(self.0.load(Ordering::Relaxed))
    }
}

#[tokio::test]
async fn leases_go_by_the_clock_of_the_store_and_end_when_the_file_is_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let clock = Arc::new(MovedClock::default());
    let open = || SqliteStore::open_with_clock(&path, clock.clone()).unwrap();
    let store = open();
    let claim = async |store: &SqliteStore| {
        store.claim(&inventory().tenant, &worker(), Duration::from_millis(10)).await.unwrap()
    };
    let lease = claim(&store).await.unwrap();
    assert_eq!((lease.claimed_at, lease.expires_at), (at(0), at(10)));
    clock.0.store(9, Ordering::Relaxed);
    assert_eq!(claim(&store).await, None);
    let renewed = store.renew(&lease.fence(), Duration::from_millis(10)).await.unwrap();
    assert_eq!(renewed, at(19));
    clock.0.store(18, Ordering::Relaxed);
    assert_eq!(claim(&store).await, None);
    clock.0.store(19, Ordering::Relaxed);
    let ahead = claim(&store).await.unwrap();
    assert_eq!(ahead.claimed_at, at(19));
    clock.0.store(18, Ordering::Relaxed);
    let second = claim(&store).await.expect("the clock ran ahead when the other one was made");
    assert_eq!(second.claimed_at, at(18));

    drop(store);
    let store = open();
    assert_eq!(store.leases().await.unwrap(), [], "the process that held them has ended");
    let stale = store.commit(&second.fence(), delivery(0..1)).await;
    assert!(matches!(stale, Err(StateError::LeaseLost { .. })), "{stale:?}");
    claim(&store).await.unwrap();
}
