//! Both stores return the same, whatever is done to them.

use proptest::prelude::*;
use stocktake_connector_core::{
    Checkpoint, CycleId, DeadLetter, DeadLetterFilter, DeadLetterId, Delivery, DeviceUid,
    Inventory, InventoryFacts, NewDeadLetter, Purge, Purged, Refusals, Retention, Scope,
    SinkDestination, SinkName, SourceCursor, SourceName, Stage, StateStore, TenantName,
};
use stocktake_state::{MemoryStore, SqliteStore};
use uuid::Uuid;

use crate::{at, close, close_cycle, commit, content, fence_of};

#[derive(Debug, Clone)]
enum Change {
    Commit {
        scope: Scope,
        at: i64,
        acknowledged: Vec<(DeviceUid, u8)>,
        removed: Vec<DeviceUid>,
        refused: Vec<NewDeadLetter>,
    },
    Keep {
        cycle: u8,
        at: i64,
        letters: Vec<NewDeadLetter>,
    },
    Configure {
        scope: Scope,
        at: i64,
    },
    PurgeRefusals(Refusals),
    Purge(Purge),
    PurgeRemoved(Inventory, Retention),
    PurgeLetters(Inventory, i64, Vec<DeviceUid>),
    Move(Scope, &'static str, i64),
    Close {
        scope: Scope,
        checkpoint: Checkpoint,
        removed: Vec<DeviceUid>,
        returned: Vec<DeviceUid>,
    },
}

fn cycle(number: u8) -> CycleId {
    CycleId::from(Uuid::from_u128(number.into()))
}

fn tenants() -> impl Strategy<Value = TenantName> {
    prop::sample::select(vec!["contoso", "fabrikam"])
        .prop_map(|name| TenantName::new(name).unwrap())
}

fn sinks() -> impl Strategy<Value = SinkName> {
    prop::sample::select(vec!["lake", "soc"]).prop_map(|name| SinkName::new(name).unwrap())
}

fn sources() -> impl Strategy<Value = SourceName> {
    prop::sample::select(vec!["defender", "intune"]).prop_map(|name| SourceName::new(name).unwrap())
}

fn inventories() -> impl Strategy<Value = Inventory> {
    (tenants(), sources()).prop_map(|(tenant, source)| Inventory { tenant, source })
}

fn scopes() -> impl Strategy<Value = Scope> {
    (inventories(), sinks()).prop_map(|(inventory, sink)| Scope { inventory, sink })
}

fn uids() -> impl Strategy<Value = DeviceUid> {
    prop::sample::select(vec!["d1", "d2", "d3", "D1", "é", "d"])
        .prop_map(|uid| DeviceUid::new(uid).unwrap())
}

fn letters() -> impl Strategy<Value = NewDeadLetter> {
    let stages = prop::sample::select(vec![Stage::Read, Stage::Map, Stage::Deliver]);
    let facts = (prop::option::of(uids()), prop::option::of(0..3_u8), "[ab]{0,2}", "[xy]{0,2}");
    (inventories(), prop::option::of(sinks()), stages, facts).prop_map(
        |(inventory, sink, stage, (uid, byte, reason, payload))| NewDeadLetter {
            inventory,
            sink,
            stage,
            uid,
            fingerprint: byte.map(content),
            reason,
            payload,
        },
    )
}

fn checkpoints() -> impl Strategy<Value = Checkpoint> {
    (prop::option::of("[a-c]{1,2}"), prop::option::of(0..9_i64), 0..9_i64).prop_map(
        |(cursor, newest, completed)| Checkpoint {
            cursor: cursor.map(SourceCursor::new),
            newest_record_at: newest.map(at),
            completed_at: at(completed),
        },
    )
}

fn changes() -> impl Strategy<Value = Change> {
    let some_letters = || prop::collection::vec(letters(), 0..3);
    let some_uids = || prop::collection::vec(uids(), 0..3);
    let acknowledged = prop::collection::vec((uids(), 0..3_u8), 0..4);
    prop_oneof![
        (scopes(), 0..9_i64, acknowledged, some_uids(), some_letters()).prop_map(
            |(scope, at, acknowledged, removed, refused)| Change::Commit {
                scope,
                at,
                acknowledged,
                removed,
                refused
            }
        ),
        (0..3_u8, 0..9_i64, some_letters()).prop_map(|(cycle, at, letters)| Change::Keep {
            cycle,
            at,
            letters
        }),
        (scopes(), 0..9_i64).prop_map(|(scope, at)| Change::Configure { scope, at }),
        (prop::option::of(tenants()), prop::option::of(sinks())).prop_map(|(tenant, sink)| {
            Change::PurgeRefusals(Refusals { tenant, sink, letter: None })
        }),
        (prop::option::of(tenants()), prop::option::of(sources()), prop::option::of(sinks()))
            .prop_map(|(tenant, source, sink)| Change::Purge(Purge { tenant, source, sink })),
        (inventories(), 0..9_i64, 0..9_i64).prop_map(|(inventory, now, before)| {
            Change::PurgeRemoved(inventory, Retention { now: at(now), before: at(before) })
        }),
        (inventories(), 0..9_i64, some_uids())
            .prop_map(|(inventory, before, uids)| Change::PurgeLetters(inventory, before, uids)),
        (scopes(), prop::sample::select(vec!["here", "there"]), 0..9_i64)
            .prop_map(|(scope, destination, at)| Change::Move(scope, destination, at)),
        (scopes(), checkpoints(), some_uids(), some_uids()).prop_map(
            |(scope, checkpoint, removed, returned)| Change::Close {
                scope,
                checkpoint,
                removed,
                returned
            }
        ),
    ]
}

/// Makes a change, and returns how much was purged.
async fn apply(store: &dyn StateStore, change: Change) -> u64 {
    let mut purged = 0;
    match change {
        Change::Commit { scope, at: millis, mut acknowledged, removed, mut refused } => {
            // A batch has each device at most once, and belongs to one inventory.
            acknowledged.sort();
            acknowledged.dedup_by(|one, other| one.0 == other.0);
            for letter in &mut refused {
                letter.inventory = scope.inventory.clone();
            }
            let delivery = Delivery {
                cycle: cycle(0),
                scope,
                at: at(millis),
                acknowledged: acknowledged.into_iter().map(|(u, b)| (u, content(b))).collect(),
                removed,
                refused,
            };
            commit(store, delivery).await;
        }
        Change::Keep { cycle: number, at: millis, letters } => {
            for letter in letters {
                let fence = fence_of(store, &letter.inventory.tenant).await;
                let letters = vec![letter];
                store.keep_dead_letters(&fence, cycle(number), at(millis), letters).await.unwrap();
            }
        }
        Change::Configure { scope, at: millis } => {
            store.note_configured(&scope, at(millis)).await.unwrap();
        }
        Change::PurgeRefusals(which) => {
            let count = store.refusal_count(&which).await.unwrap();
            assert_eq!(store.purge_refusals(&which).await.unwrap(), count);
        }
        Change::Purge(what) => {
            let counted = store.purge_count(&what).await.unwrap();
            assert_eq!(store.purge(&what, 1_000).await.unwrap(), counted);
            assert_eq!(store.purge_count(&what).await.unwrap(), Purged::default());
        }
        Change::PurgeRemoved(inventory, retention) => {
            let fence = fence_of(store, &inventory.tenant).await;
            purged = store.purge_removed(&fence, &inventory, retention).await.unwrap();
        }
        Change::PurgeLetters(inventory, before, uids) => {
            let fence = fence_of(store, &inventory.tenant).await;
            let before = at(before);
            purged = store.purge_dead_letters(&fence, &inventory, before, uids).await.unwrap();
        }
        Change::Move(scope, destination, millis) => {
            let fence = fence_of(store, &scope.inventory.tenant).await;
            let destination = SinkDestination::new(destination);
            let noted = store.note_destination(&fence, &scope, &destination, at(millis)).await;
            purged = u64::from(noted.unwrap().is_some());
        }
        Change::Close { scope, checkpoint, removed, returned } => {
            let mut end = close();
            // A cycle belongs to one inventory.
            let number = checkpoint.completed_at.timestamp_subsec_millis() as u8;
            let inventory = scope.inventory;
            let offset = [("contoso", "defender"), ("contoso", "intune"), ("fabrikam", "defender")]
                .iter()
                .position(|pair| *pair == (inventory.tenant.as_str(), inventory.source.as_str()));
            end.report.cycle = cycle(number + 50 * offset.unwrap_or(3) as u8);
            end.report.finished_at = checkpoint.completed_at;
            (end.report.tenant, end.report.source) = (inventory.tenant, inventory.source);
            end.facts = Some(InventoryFacts {
                full_completed_at: checkpoint.newest_record_at,
                enrichment_records: checkpoint.newest_record_at.map(|at| at.timestamp() as u64),
                ..InventoryFacts::default()
            });
            end.checkpoints.insert(scope.sink, checkpoint);
            (end.removed, end.returned) = (removed, returned);
            close_cycle(store, end).await;
        }
    }
    purged
}

/// Everything that a store returns, as text.
async fn contents(store: &dyn StateStore) -> String {
    let mut text = format!("{:?}\n", store.scopes().await.unwrap());
    let all: Vec<_> =
        ["d", "d1", "D1", "d2", "d3", "é"].iter().map(|u| DeviceUid::new(u).unwrap()).collect();
    for (tenant, source) in [
        ("contoso", "defender"),
        ("contoso", "intune"),
        ("fabrikam", "defender"),
        ("fabrikam", "intune"),
    ] {
        let inventory = Inventory {
            tenant: TenantName::new(tenant).unwrap(),
            source: SourceName::new(source).unwrap(),
        };
        for sink in ["lake", "soc"].map(|name| SinkName::new(name).unwrap()) {
            let scope = inventory.at(&sink);
            text += &format!(
                "{scope:?} {:?} {:?} {:?} {:?} {} {}\n",
                store.known(&scope, &all).await.unwrap(),
                store.checkpoint(&scope).await.unwrap(),
                store.destination(&scope).await.unwrap(),
                store.configured_since(&scope).await.unwrap(),
                store.delivered_count(&scope).await.unwrap(),
                store.has_delivered(&scope).await.unwrap(),
            );
        }
        text += &format!(
            "{inventory:?} {:?} {:?} {:?} {:?} {} {:?} {:?}\n",
            store.dead_lettered(&inventory, at(5), Some(&all[0]), 3).await.unwrap(),
            store.devices(&inventory, None, 2).await.unwrap(),
            store.devices(&inventory, Some(&all[1]), 9).await.unwrap(),
            store.removed(&inventory, Some(&all[0]), 2).await.unwrap(),
            store.device_count(&inventory).await.unwrap(),
            store.facts(&inventory).await.unwrap(),
            store.reports(&inventory, None, 9).await.unwrap().reports,
        );
    }
    // The numbers of letters may differ: a store may skip some.
    let letters = store.dead_letters(&DeadLetterFilter::default(), 100).await.unwrap();
    let letters: Vec<_> =
        letters.into_iter().map(|l| DeadLetter { id: DeadLetterId(0), ..l }).collect();
    text + &format!("{letters:#?}")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_stores_return_the_same(changes in prop::collection::vec(changes(), 1..12)) {
        runtime().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let file = SqliteStore::open(folder.path().join("state.db")).unwrap();
            let memory = MemoryStore::new();
            for change in changes {
                let purged = apply(&file, change.clone()).await;
                assert_eq!(purged, apply(&memory, change).await);
            }
            assert_eq!(contents(&file).await, contents(&memory).await);
        });
    }
}
