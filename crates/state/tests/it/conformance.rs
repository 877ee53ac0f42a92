use std::cell::Cell;

use stocktake_connector_core::conformance;
use stocktake_state::{MemoryStore, SqliteStore};

#[tokio::test]
async fn the_store_in_memory_conforms() {
    conformance::state_store(async || MemoryStore::new()).await;
}

#[tokio::test]
async fn the_store_in_a_file_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let made = Cell::new(0);
    conformance::state_store(async || {
        made.set(made.get() + 1);
        SqliteStore::open(folder.path().join(format!("state-{}.db", made.get()))).unwrap()
    })
    .await;
}
