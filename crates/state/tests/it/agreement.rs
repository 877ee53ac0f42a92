//! Both stores give the same answers, whatever is done to them.

use proptest::prelude::*;
use stocktake_connector_core::{
    Checkpoint, CycleId, DeadLetter, DeadLetterFilter, DeadLetterId, DeviceUid, Forgetting,
    NewDeadLetter, Refusals, Scope, SinkName, Stage, StateStore, TenantFacts, TenantName,
};
use stocktake_state::{MemoryStore, SqliteStore};
use uuid::Uuid;

use crate::{at, close, content};

#[derive(Debug, Clone)]
enum Change {
    Commit {
        scope: Scope,
        at: i64,
        acknowledged: Vec<(DeviceUid, u8)>,
        refused: Vec<NewDeadLetter>,
    },
    Keep {
        cycle: u8,
        at: i64,
        letters: Vec<NewDeadLetter>,
    },
    Want {
        scope: Scope,
        at: i64,
    },
    ForgetRefusals(Refusals),
    Forget(Forgetting),
    ForgetRemoved(TenantName, i64),
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

fn scopes() -> impl Strategy<Value = Scope> {
    (tenants(), sinks()).prop_map(|(tenant, sink)| Scope { tenant, sink })
}

fn uids() -> impl Strategy<Value = DeviceUid> {
    prop::sample::select(vec!["d1", "d2", "d3", "D1", "é", "d"])
        .prop_map(|uid| DeviceUid::new(uid).unwrap())
}

fn letters() -> impl Strategy<Value = NewDeadLetter> {
    let stages = prop::sample::select(vec![Stage::Read, Stage::Map, Stage::Deliver]);
    let facts = (prop::option::of(uids()), prop::option::of(0..3_u8), "[ab]{0,2}", "[xy]{0,2}");
    (tenants(), prop::option::of(sinks()), stages, facts).prop_map(
        |(tenant, sink, stage, (uid, byte, reason, payload))| NewDeadLetter {
            tenant,
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
    (prop::option::of(0..9_i64), prop::option::of(0..9_i64), 0..9_i64).prop_map(
        |(first, last, completed)| Checkpoint {
            first_seen: first.map(at),
            last_seen: last.map(at),
            completed_at: at(completed),
        },
    )
}

fn changes() -> impl Strategy<Value = Change> {
    let some_letters = || prop::collection::vec(letters(), 0..3);
    let some_uids = || prop::collection::vec(uids(), 0..3);
    prop_oneof![
        (scopes(), 0..9_i64, prop::collection::vec((uids(), 0..3_u8), 0..4), some_letters())
            .prop_map(|(scope, at, acknowledged, refused)| Change::Commit {
                scope,
                at,
                acknowledged,
                refused
            }),
        (0..3_u8, 0..9_i64, some_letters()).prop_map(|(cycle, at, letters)| Change::Keep {
            cycle,
            at,
            letters
        }),
        (scopes(), 0..9_i64).prop_map(|(scope, at)| Change::Want { scope, at }),
        (prop::option::of(tenants()), prop::option::of(sinks())).prop_map(|(tenant, sink)| {
            Change::ForgetRefusals(Refusals { tenant, sink, letter: None })
        }),
        prop_oneof![
            tenants().prop_map(Forgetting::Tenant),
            sinks().prop_map(Forgetting::Sink),
            scopes().prop_map(Forgetting::Scope),
        ]
        .prop_map(Change::Forget),
        (tenants(), 0..9_i64).prop_map(|(tenant, at)| Change::ForgetRemoved(tenant, at)),
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

/// Does it, and tells how much was forgotten.
async fn apply(store: &dyn StateStore, change: Change) -> u64 {
    let mut forgotten = 0;
    match change {
        Change::Commit { scope, at: millis, mut acknowledged, refused } => {
            // A batch has each device at most once.
            acknowledged.sort();
            acknowledged.dedup_by(|one, other| one.0 == other.0);
            let delivery = stocktake_connector_core::Delivery {
                cycle: cycle(0),
                scope,
                at: at(millis),
                acknowledged: acknowledged.into_iter().map(|(u, b)| (u, content(b))).collect(),
                refused,
            };
            store.commit(delivery).await.unwrap();
        }
        Change::Keep { cycle: number, at: millis, letters } => {
            store.keep_dead_letters(cycle(number), at(millis), letters).await.unwrap();
        }
        Change::Want { scope, at: millis } => store.want(&scope, at(millis)).await.unwrap(),
        Change::ForgetRefusals(which) => {
            let count = store.refusal_count(&which).await.unwrap();
            assert_eq!(store.forget_refusals(&which).await.unwrap(), count);
        }
        Change::Forget(what) => {
            let counted = store.forgettable(&what).await.unwrap();
            assert_eq!(store.forget(&what).await.unwrap(), counted);
        }
        Change::ForgetRemoved(tenant, before) => {
            forgotten = store.forget_removed(&tenant, at(before)).await.unwrap();
        }
        Change::Close { scope, checkpoint, removed, returned } => {
            let mut end = close();
            // A cycle belongs to one tenant.
            let number = checkpoint.completed_at.timestamp_subsec_millis() as u8;
            let offset = if scope.tenant.as_str() == "contoso" { 0 } else { 100 };
            end.report.cycle = cycle(number + offset);
            end.report.finished_at = checkpoint.completed_at;
            end.report.tenant = scope.tenant;
            end.checkpoints.insert(scope.sink, checkpoint);
            end.facts = Some(TenantFacts {
                full_completed_at: checkpoint.first_seen,
                enrichment_records: checkpoint.last_seen.map(|at| at.timestamp() as u64),
            });
            (end.removed, end.returned) = (removed, returned);
            store.close_cycle(end).await.unwrap();
        }
    }
    forgotten
}

/// Everything that a store answers, as text.
async fn answers(store: &dyn StateStore) -> String {
    let mut text = format!("{:?}\n", store.scopes().await.unwrap());
    let all: Vec<_> =
        ["d", "d1", "D1", "d2", "d3", "é"].iter().map(|u| DeviceUid::new(u).unwrap()).collect();
    for tenant in ["contoso", "fabrikam"].map(|name| TenantName::new(name).unwrap()) {
        for sink in ["lake", "soc"].map(|name| SinkName::new(name).unwrap()) {
            let scope = Scope { tenant: tenant.clone(), sink };
            text += &format!(
                "{scope:?} {:?} {:?} {:?} {}\n",
                store.known(&scope, &all).await.unwrap(),
                store.checkpoint(&scope).await.unwrap(),
                store.wanted_since(&scope).await.unwrap(),
                store.delivered_count(&scope).await.unwrap(),
            );
        }
        text += &format!(
            "{tenant} {:?} {:?} {:?} {} {:?} {:?}\n",
            store.devices(&tenant, None, 2).await.unwrap(),
            store.devices(&tenant, Some(&all[1]), 9).await.unwrap(),
            store.removed(&tenant, Some(&all[0]), 2).await.unwrap(),
            store.device_count(&tenant).await.unwrap(),
            store.facts(&tenant).await.unwrap(),
            store.reports(&tenant, 9).await.unwrap(),
        );
    }
    // The numbers of letters may differ: a store may skip some.
    let letters = store.dead_letters(&DeadLetterFilter::default()).await.unwrap();
    let letters: Vec<_> =
        letters.into_iter().map(|l| DeadLetter { id: DeadLetterId(0), ..l }).collect();
    text + &format!("{letters:#?}")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_stores_answer_alike(changes in prop::collection::vec(changes(), 1..12)) {
        runtime().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let file = SqliteStore::open(folder.path().join("state.db")).unwrap();
            let memory = MemoryStore::new();
            for change in changes {
                let forgotten = apply(&file, change.clone()).await;
                assert_eq!(forgotten, apply(&memory, change).await);
            }
            assert_eq!(answers(&file).await, answers(&memory).await);
        });
    }

    #[test]
    fn a_checkpoint_is_the_highest_of_each_field(moves in prop::collection::vec(checkpoints(), 1..8)) {
        runtime().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let file = SqliteStore::open(folder.path().join("state.db")).unwrap();
            let scope = crate::lake();
            for checkpoint in &moves {
                let mut end = close();
                end.checkpoints.insert(scope.sink.clone(), *checkpoint);
                file.close_cycle(end).await.unwrap();
            }
            let highest = Checkpoint {
                first_seen: moves.iter().filter_map(|m| m.first_seen).max(),
                last_seen: moves.iter().filter_map(|m| m.last_seen).max(),
                completed_at: moves.iter().map(|m| m.completed_at).max().unwrap(),
            };
            assert_eq!(file.checkpoint(&scope).await.unwrap(), Some(highest));
        });
    }
}
