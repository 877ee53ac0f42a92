//! Purging tenants, sources and sinks, and devices that were removed long ago.

use super::*;
use crate::{InventoryFacts, Purge, Purged, Retention};

pub(super) async fn removed_devices_are_purged_when_their_time_is_over(store: &impl StateStore) {
    let (contoso, lake, soc) =
        (inventory("contoso"), scope("contoso", "lake"), scope("contoso", "soc"));
    for scope in [&lake, &soc, &scope("fabrikam", "lake")] {
        commit(store, delivery(scope, 1, &[("d1", 1), ("d2", 1), ("d3", 1)])).await;
    }
    let letters_of = ["d1", "d2"].map(|uid| letter(Some("soc"), Stage::Deliver, Some(uid), uid));
    keep(store, CycleId::random(), 2, letters_of.into()).await;
    let marking = async |name: &str, millis, uids: &[&str], back: &[&str]| {
        let mut end = close(&inventory(name));
        end.report.finished_at = at(millis);
        end.removed = uids.iter().copied().map(device).collect();
        end.returned = back.iter().copied().map(device).collect();
        close_cycle(store, end).await;
    };
    marking("contoso", 10, &["d1", "d3"], &[]).await;
    marking("fabrikam", 10, &["d1"], &[]).await;
    // Marked once more, d1 keeps its time; d3 is back in between and starts anew.
    marking("contoso", 20, &["d1", "d2"], &["d3"]).await;
    marking("contoso", 30, &["d3"], &[]).await;

    let fence = fence(store, &contoso.tenant).await;
    let purge = async |before| {
        let retention = Retention { now: at(100), before: at(before) };
        store.purge_removed(&fence, &contoso, retention).await.unwrap()
    };
    assert_eq!(purge(10).await, 0, "no mark is that old");
    assert_eq!(purge(20).await, 1);
    assert_eq!(purge(20).await, 0, "what is purged");
    assert_eq!(store.removed(&contoso, None, 9).await.unwrap(), [device("d2"), device("d3")]);
    for scope in [&lake, &soc] {
        assert_eq!(known(store, scope, &["d1"]).await, [Known::default()], "{scope:?}");
        assert_eq!(store.delivered_count(scope).await.unwrap(), 2, "{scope:?}");
    }
    let left: Vec<_> = letters(store).await.into_iter().map(|l| l.payload).collect();
    assert_eq!(left, ["d2"], "letters of devices that are not purged");
    assert_eq!(store.delivered_count(&scope("fabrikam", "lake")).await.unwrap(), 3);

    // It comes back as a new device.
    commit(store, delivery(&lake, 40, &[("d1", 1)])).await;
    assert_eq!(store.devices(&contoso, None, 9).await.unwrap(), [device("d1")]);
}

pub(super) async fn times_of_a_clock_that_ran_ahead_count_from_the_present(
    store: &impl StateStore,
) {
    let (contoso, lake) = (inventory("contoso"), scope("contoso", "lake"));
    commit(store, delivery(&lake, 1, &[("d1", 1)])).await;
    keep(store, CycleId::random(), 9_000, vec![letter(None, Stage::Read, Some("d2"), "{}")]).await;
    let mut end = close(&contoso);
    end.report.finished_at = at(9_000);
    end.removed = vec![device("d1")];
    close_cycle(store, end).await;

    let fence = fence(store, &contoso.tenant).await;
    let purge = async |now, before| {
        let retention = Retention { now: at(now), before: at(before) };
        store.purge_removed(&fence, &contoso, retention).await.unwrap()
    };
    assert_eq!(purge(100, 50).await, 0, "nothing is that old");
    let [kept] = letters(store).await.try_into().expect("one letter");
    assert_eq!((kept.first_at, kept.last_at), (at(100), at(100)));
    assert_eq!(purge(200, 100).await, 0, "it counts from the present then");
    assert_eq!(purge(200, 101).await, 1);
}

pub(super) async fn dead_letters_that_are_met_no_more_are_purged_by_their_age(
    store: &impl StateStore,
) {
    let contoso = inventory("contoso");
    let fence = fence(store, &contoso.tenant).await;
    for (millis, uid) in
        [(10, Some("d1")), (10, Some("d2")), (20, Some("d3")), (10, None), (20, None)]
    {
        let payload = format!("{uid:?} {millis}");
        let new = [
            letter(None, Stage::Read, uid, &payload),
            letter(Some("lake"), Stage::Deliver, uid, &payload),
        ];
        keep(store, CycleId::random(), millis, new.into()).await;
    }
    let other = NewDeadLetter {
        inventory: inventory_of("contoso", "intune"),
        ..letter(None, Stage::Read, Some("d1"), "of another source")
    };
    keep(store, CycleId::random(), 10, vec![other]).await;

    let found = async |before, after: Option<&str>, limit| {
        let after = after.map(device);
        store.dead_lettered(&contoso, at(before), after.as_ref(), limit).await.unwrap()
    };
    assert_eq!(found(10, None, 9).await, []);
    assert_eq!(found(11, None, 9).await, [device("d1"), device("d2")], "each once");
    assert_eq!(found(21, None, 2).await, [device("d1"), device("d2")], "a page");
    assert_eq!(found(21, Some("d2"), 2).await, [device("d3")], "the page behind it");

    let purge = async |before, uids: &[&str]| {
        let devices = uids.iter().copied().map(device).collect();
        store.purge_dead_letters(&fence, &contoso, at(before), devices).await.unwrap()
    };
    assert_eq!(purge(10, &["d1", "d2", "d3"]).await, 0, "nothing is that old");
    assert_eq!(purge(11, &["d1", "d3"]).await, 4, "two of d1, two of no device");
    let mut left: Vec<_> = letters(store).await.into_iter().map(|letter| letter.payload).collect();
    left.sort_unstable();
    left.dedup();
    assert_eq!(left, ["None 20", "Some(\"d2\") 10", "Some(\"d3\") 20", "of another source"]);
    let known = known(store, &scope("contoso", "lake"), &["d1", "d2"]).await;
    let refused: Vec<_> = known.iter().map(|known| known.refused.is_some()).collect();
    assert_eq!(refused, [false, true], "what is refused goes with its letter");
}

const INVENTORIES: [(&str, &str); 3] =
    [("contoso", "defender"), ("contoso", "intune"), ("fabrikam", "defender")];

/// Two tenants, one of them with two sources, at two sinks, with everything that can be known of them.
async fn fill(store: &impl StateStore) {
    for (name, source) in INVENTORIES {
        let inventory = inventory_of(name, source);
        let mut end = close(&inventory);
        for sink in ["lake", "soc"] {
            let scope = inventory.at(&sink_name(sink));
            commit(store, delivery(&scope, 1, &[("d1", 1), ("d2", 1)])).await;
            end.checkpoints.insert(scope.sink, checkpoint(None, None, 1));
        }
        let letters = [
            letter(Some("lake"), Stage::Deliver, Some("d3"), "{}"),
            letter(None, Stage::Read, None, "{}"),
        ];
        let of = |letter| NewDeadLetter { inventory: inventory.clone(), ..letter };
        keep(store, CycleId::random(), 1, letters.map(of).into()).await;
        end.facts = Some(InventoryFacts { full_completed_at: Some(at(1)), ..Default::default() });
        end.removed = vec![device("d2")];
        close_cycle(store, end).await;
    }
}

/// What [`fill`] leaves of each inventory.
const FILLED: Purged =
    Purged { scopes: 2, delivered: 4, dead_letters: 2, removed: 1, cycle_reports: 1 };

/// Purges, and asserts that counting it beforehand counts the same and changes nothing.
async fn purge(store: &impl StateStore, what: &Purge) -> Purged {
    let counted = store.purge_count(what).await.unwrap();
    let purged = store.purge(what, 1_000).await.unwrap();
    assert_eq!(counted, purged, "{what:?}");
    assert_eq!(store.purge_count(what).await.unwrap(), Purged::default(), "{what:?}");
    assert_eq!(store.purge(what, 1_000).await.unwrap(), Purged::default(), "{what:?}, once more");
    purged
}

fn of_tenant(name: &str) -> Purge {
    Purge { tenant: Some(tenant(name)), ..Purge::default() }
}

async fn assert_never_collected(store: &impl StateStore, inventory: &Inventory) {
    let lake = inventory.at(&sink_name("lake"));
    assert_eq!(known(store, &lake, &["d1", "d3"]).await, [Known::default(), Known::default()]);
    assert_eq!(store.checkpoint(&lake).await.unwrap(), None);
    assert_eq!(store.facts(inventory).await.unwrap(), InventoryFacts::default());
    assert_eq!(store.removed(inventory, None, 9).await.unwrap(), []);
    assert_eq!(store.reports(inventory, None, 9).await.unwrap().reports, []);
}

pub(super) async fn a_purged_tenant_was_never_collected(store: &impl StateStore) {
    fill(store).await;
    let purged = purge(store, &of_tenant("contoso")).await;
    let expected =
        Purged { scopes: 4, delivered: 8, dead_letters: 4, removed: 2, cycle_reports: 2 };
    assert_eq!(purged, expected);
    for source in ["defender", "intune"] {
        assert_never_collected(store, &inventory_of("contoso", source)).await;
    }
    let other = store.purge_count(&of_tenant("fabrikam")).await.unwrap();
    assert_eq!(other, FILLED, "another tenant");
    // It may be collected again.
    let lake = scope("contoso", "lake");
    commit(store, delivery(&lake, 9, &[("d1", 1)])).await;
    assert_eq!(store.delivered_count(&lake).await.unwrap(), 1);
}

pub(super) async fn a_purged_source_was_never_read(store: &impl StateStore) {
    fill(store).await;
    let intune = inventory_of("contoso", "intune");
    let of_source = Purge { source: Some(intune.source.clone()), ..of_tenant("contoso") };
    assert_eq!(purge(store, &of_source).await, FILLED);
    assert_never_collected(store, &intune).await;
    let rest = store.purge_count(&of_tenant("contoso")).await.unwrap();
    assert_eq!(rest, FILLED, "the other source");
}

pub(super) async fn a_purged_sink_was_never_fed(store: &impl StateStore) {
    fill(store).await;
    let (lake, soc) = (scope("contoso", "lake"), scope("contoso", "soc"));
    for scope in [&lake, &soc] {
        store.note_configured(scope, at(5)).await.unwrap();
    }
    let of_one = Purged { scopes: 1, delivered: 2, dead_letters: 1, ..Purged::default() };
    let at_lake = Purge { sink: Some(sink_name("lake")), ..Purge::default() };
    let first = Purge {
        source: Some(lake.inventory.source.clone()),
        tenant: Some(tenant("contoso")),
        ..at_lake.clone()
    };
    assert_eq!(purge(store, &first).await, of_one);
    let second = Purge { tenant: Some(tenant("contoso")), ..at_lake.clone() };
    assert_eq!(purge(store, &second).await, of_one, "the other source");
    assert_eq!(purge(store, &at_lake).await, of_one, "the other tenant");
    let left = INVENTORIES.map(|(name, source)| inventory_of(name, source).at(&soc.sink));
    assert_eq!(store.scopes().await.unwrap(), left);
    assert_eq!(store.configured_since(&lake).await.unwrap(), None);
    assert_eq!(store.configured_since(&soc).await.unwrap(), Some(at(5)));
    for scope in &left {
        assert_eq!(store.delivered_count(scope).await.unwrap(), 2);
        assert!(store.checkpoint(scope).await.unwrap().is_some());
        let inventory = &scope.inventory;
        assert_eq!(store.reports(inventory, None, 9).await.unwrap().reports.len(), 1);
        assert_eq!(store.removed(inventory, None, 9).await.unwrap(), [device("d2")]);
        assert!(store.facts(inventory).await.unwrap().full_completed_at.is_some());
    }
    let letters = letters(store).await;
    assert!(letters.iter().all(|letter| letter.sink.is_none()) && letters.len() == 3);
}

pub(super) async fn a_purge_of_everything_leaves_an_empty_store(store: &impl StateStore) {
    fill(store).await;
    let all = Purged { scopes: 6, delivered: 12, dead_letters: 6, removed: 3, cycle_reports: 3 };
    assert_eq!(purge(store, &Purge::default()).await, all);
    assert_eq!(store.scopes().await.unwrap(), []);
    assert_eq!(letters(store).await, []);
}

pub(super) async fn a_purge_goes_on_where_the_call_before_stopped(store: &impl StateStore) {
    for limit in [0, 1, 3, 5] {
        fill(store).await;
        let what = of_tenant("contoso");
        let total = store.purge_count(&what).await.unwrap();
        let mut sum = Purged::default();
        for calls in 0.. {
            assert!(calls <= 20, "the purge never ends");
            let part = store.purge(&what, limit).await.unwrap();
            if part == Purged::default() {
                break;
            }
            let Purged { scopes, delivered, dead_letters, removed, cycle_reports } = part;
            let rows = scopes + delivered + dead_letters + removed + cycle_reports;
            assert!(rows <= limit.max(1) as u64, "{rows} rows at once, limit {limit}");
            sum.scopes += scopes;
            sum.delivered += delivered;
            sum.dead_letters += dead_letters;
            sum.removed += removed;
            sum.cycle_reports += cycle_reports;
        }
        assert_eq!(sum, total, "limit {limit}");
        assert_never_collected(store, &inventory("contoso")).await;
        assert_never_collected(store, &inventory_of("contoso", "intune")).await;
    }
}
