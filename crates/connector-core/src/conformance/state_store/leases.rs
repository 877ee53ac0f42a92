//! Leases and fences.

use super::*;
use crate::{ClaimId, DeadLetterId, InventoryFacts, Retention, SinkDestination, StateError};

pub(super) async fn a_tenant_has_one_lease_until_it_is_released(store: &impl StateStore) {
    let (contoso, fabrikam) = (tenant("contoso"), tenant("fabrikam"));
    let worker = WorkerName::new("w1").unwrap();
    let lease = store.claim(&contoso, &worker, HOUR).await.unwrap().expect("a free tenant");
    assert_eq!((&lease.tenant, &lease.worker), (&contoso, &worker));
    assert_eq!(lease.expires_at - lease.claimed_at, chrono::TimeDelta::hours(1));
    assert_eq!(claim(store, &contoso, "w2", HOUR).await, None, "another worker");
    assert_eq!(claim(store, &contoso, "w1", HOUR).await, None, "the same worker");
    let other = claim(store, &fabrikam, "w2", HOUR).await.expect("another tenant");
    let found = store.leases().await.unwrap();
    assert_eq!(found[0], lease);
    assert_eq!((found.len(), found[1].fence()), (2, other.clone()), "in the order of tenants");

    store.release(&lease.fence()).await.unwrap();
    let again = claim(store, &contoso, "w2", HOUR).await.expect("a released tenant");
    assert_ne!(again.claim, lease.claim, "each claim is new");
    assert_eq!(store.leases().await.unwrap().len(), 2);
}

pub(super) async fn a_lease_that_has_expired_can_be_claimed_by_another_worker(
    store: &impl StateStore,
) {
    let contoso = tenant("contoso");
    let first = claim(store, &contoso, "w1", Duration::ZERO).await.expect("a free tenant");
    let second = claim(store, &contoso, "w2", Duration::ZERO).await.expect("an expired lease");
    let until = store.renew(&second, HOUR).await.unwrap();
    let [lease] = store.leases().await.unwrap().try_into().expect("one lease");
    assert_eq!((lease.expires_at, lease.fence()), (until, second.clone()));
    assert_eq!(claim(store, &contoso, "w1", HOUR).await, None, "a renewed lease");
    assert_ne!(first.claim, second.claim);
    store.renew(&second, Duration::ZERO).await.unwrap();
    assert!(claim(store, &contoso, "w1", Duration::MAX).await.is_some(), "expired again");
    assert_eq!(claim(store, &contoso, "w2", HOUR).await, None, "a lease without end");
}

pub(super) async fn an_expired_lease_lasts_until_another_worker_claims(store: &impl StateStore) {
    let lake = scope("contoso", "lake");
    let fence = claim(store, &lake.inventory.tenant, "w1", Duration::ZERO).await.unwrap();
    store.commit(&fence, delivery(&lake, 1, &[("d1", 1)])).await.unwrap();
    store.renew(&fence, HOUR).await.unwrap();
    assert_eq!(store.delivered_count(&lake).await.unwrap(), 1);
}

fn assert_lost<T: std::fmt::Debug>(result: Result<T, StateError>, name: &str, what: &str) {
    match result {
        Err(StateError::LeaseLost { tenant: lost }) => assert_eq!(lost, tenant(name), "{what}"),
        other => panic!("{what} without the present claim: {other:?}"),
    }
}

pub(super) async fn a_lost_lease_is_neither_renewed_nor_released(store: &impl StateStore) {
    let contoso = tenant("contoso");
    let unknown = Fence { tenant: contoso.clone(), claim: ClaimId::random() };
    assert_lost(store.renew(&unknown, HOUR).await, "contoso", "renew");
    store.release(&unknown).await.unwrap();

    let lost = claim(store, &contoso, "w1", Duration::ZERO).await.unwrap();
    let present = claim(store, &contoso, "w2", HOUR).await.unwrap();
    let before = store.leases().await.unwrap();
    assert_lost(store.renew(&lost, HOUR).await, "contoso", "renew");
    store.release(&lost).await.unwrap();
    assert_eq!(store.leases().await.unwrap(), before);
    store.renew(&present, HOUR).await.unwrap();
}

pub(super) async fn a_write_without_the_present_claim_changes_nothing(store: &impl StateStore) {
    let lake = scope("contoso", "lake");
    let contoso = lake.inventory.clone();
    commit(store, delivery(&lake, 1, &[("d1", 1), ("d2", 1)])).await;
    let letters_of = vec![letter(Some("lake"), Stage::Deliver, Some("d1"), "first")];
    keep(store, CycleId::random(), 1, letters_of).await;
    let mut end = close(&contoso);
    end.removed = vec![device("d2")];
    close_cycle(store, end).await;

    let stale = fence(store, &contoso.tenant).await;
    store.renew(&stale, Duration::ZERO).await.unwrap();
    let present = claim(store, &contoso.tenant, "w2", HOUR).await.expect("an expired lease");
    let other = fence(store, &tenant("fabrikam")).await;
    let mixed = Fence { tenant: contoso.tenant.clone(), claim: other.claim };
    let released = claim(store, &tenant("adatum"), "w1", HOUR).await.unwrap();
    store.release(&released).await.unwrap();

    let before = everything(store, &lake).await;
    for (what, fence) in [
        ("a stale fence", &stale),
        ("a fence of another tenant", &other),
        ("a claim of another tenant", &mixed),
        ("a fence that is released", &released),
    ] {
        let mut batch = delivery(&lake, 9, &[("d1", 9), ("d3", 9)]);
        batch.removed = vec![device("d2")];
        batch.refused = vec![letter(Some("lake"), Stage::Deliver, Some("d4"), "new")];
        assert_lost(store.commit(fence, batch).await, "contoso", what);
        let new = vec![letter(None, Stage::Read, None, "new")];
        let kept = store.keep_dead_letters(fence, CycleId::random(), at(9), new).await;
        assert_lost(kept, "contoso", what);
        let mut end = close(&contoso);
        end.checkpoints.insert(lake.sink.clone(), checkpoint(Some("new"), None, 9));
        end.facts = Some(InventoryFacts { full_completed_at: Some(at(9)), ..Default::default() });
        end.removed = vec![device("d1")];
        end.returned = vec![device("d2")];
        assert_lost(store.close_cycle(fence, end).await, "contoso", what);
        let retention = Retention { now: at(100), before: at(99) };
        assert_lost(store.purge_removed(fence, &contoso, retention).await, "contoso", what);
        let purged = store.purge_dead_letters(fence, &contoso, at(99), vec![device("d1")]).await;
        assert_lost(purged, "contoso", what);
        let elsewhere = SinkDestination::new("elsewhere");
        let noted = store.note_destination(fence, &lake, &elsewhere, at(9)).await;
        assert_lost(noted, "contoso", what);
        assert_eq!(everything(store, &lake).await, before, "{what}");
    }

    // A batch is checked in whole.
    let mut mixed_batch = delivery(&lake, 9, &[("d3", 9)]);
    mixed_batch.refused = vec![NewDeadLetter {
        inventory: inventory("fabrikam"),
        ..letter(Some("lake"), Stage::Deliver, Some("d4"), "new")
    }];
    assert_lost(
        store.commit(&present, mixed_batch).await,
        "fabrikam",
        "a letter of another tenant",
    );
    assert_eq!(everything(store, &lake).await, before);
    store.commit(&present, delivery(&lake, 9, &[("d3", 9)])).await.unwrap();
    assert_ne!(everything(store, &lake).await, before);
}

/// What a write of a cycle could change, as text.
async fn everything(store: &impl StateStore, scope: &Scope) -> String {
    let inventory = &scope.inventory;
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        known(store, scope, &["d1", "d2", "d3", "d4"]).await,
        store.checkpoint(scope).await.unwrap(),
        store.destination(scope).await.unwrap(),
        store.facts(inventory).await.unwrap(),
        store.devices(inventory, None, 9).await.unwrap(),
        store.removed(inventory, None, 9).await.unwrap(),
        store.reports(inventory, None, 9).await.unwrap(),
        letters(store).await,
        store.dead_letter(DeadLetterId(2)).await.unwrap(),
    )
}
