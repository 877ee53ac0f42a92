//! State that a later program has brought up to date, in the hands of this one.

use rusqlite::Connection;

use crate::site::{Site, fleet};

#[tokio::test(flavor = "multi_thread")]
async fn state_of_a_later_program_is_refused_by_every_command_and_stays_as_it_is() {
    let site = Site::of(fleet(40, 20)).await;
    assert_eq!(site.sync().await.account().acknowledged, 40);
    let path = site.path("state.db");
    // What one more migration does to the file.
    let file = Connection::open(&path).unwrap();
    let version: u32 = file.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    file.execute_batch("ALTER TABLE delivered ADD COLUMN origin TEXT").unwrap();
    file.pragma_update(None, "user_version", version + 1).unwrap();
    drop(file);

    let before = std::fs::read(&path).unwrap();
    for arguments in [&["sync"][..], &["run"], &["state", "show"], &["dead-letters", "list"]] {
        let ended = site.run(arguments).await;
        let expected = format!("schema version {}, but this program knows", version + 1);
        assert_ne!(ended.code, Some(0), "{arguments:?}: {ended:#?}");
        assert!(ended.stderr.contains(&expected), "{arguments:?}: {ended:#?}");
        assert!(ended.stderr.contains("[ST0502]"), "{arguments:?}: {ended:#?}");
        assert!(std::fs::read(&path).unwrap() == before, "{arguments:?} changed the file");
    }
    assert_eq!(site.received().len(), 40, "nothing was sent");

    // The refusals took nothing away: with the step undone, every device is known as delivered.
    let file = Connection::open(&path).unwrap();
    file.execute_batch("ALTER TABLE delivered DROP COLUMN origin").unwrap();
    file.pragma_update(None, "user_version", version).unwrap();
    drop(file);
    let after = site.sync().await.account();
    assert_eq!((after.unchanged, after.acknowledged), (40, 0));
}
