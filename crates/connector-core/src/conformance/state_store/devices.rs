//! Delivered sets and marks of removed devices.

use super::*;
use crate::{DeadLetterId, InventoryFacts, ReportPage};

pub(super) async fn an_unknown_device_has_no_history(store: &impl StateStore) {
    let lake = scope("contoso", "lake");
    assert_eq!(known(store, &lake, &["d1"]).await, [Known::default()], "an unknown device");
    assert_eq!(known(store, &lake, &[]).await, [], "no device asked for");
    assert!(!store.has_delivered(&lake).await.unwrap());
    assert_eq!(store.checkpoint(&lake).await.unwrap(), None);
    assert_eq!(store.facts(&lake.inventory).await.unwrap(), InventoryFacts::default());
    assert_eq!(store.delivered_count(&lake).await.unwrap(), 0);
    assert_eq!(store.device_count(&lake.inventory).await.unwrap(), 0);
    assert_eq!(store.scopes().await.unwrap(), []);
    assert_eq!(store.dead_letter(DeadLetterId(1)).await.unwrap(), None);
    assert_eq!(store.reports(&lake.inventory, None, 10).await.unwrap(), ReportPage::default());
    assert_eq!(store.leases().await.unwrap(), []);
}

pub(super) async fn acknowledgements_are_known_in_the_order_asked(store: &impl StateStore) {
    let lake = scope("contoso", "lake");
    commit(store, delivery(&lake, 5, &[("d2", 2), ("d1", 1), ("é", 3)])).await;
    commit(store, delivery(&lake, 9, &[("d1", 4)])).await;
    let found = known(store, &lake, &["é", "d3", "d1", "d2", "d1"]).await;
    let found: Vec<_> = found.into_iter().map(|known| known.acknowledged).collect();
    assert_eq!(
        found,
        [acknowledged(3, 5), None, acknowledged(4, 9), acknowledged(2, 5), acknowledged(4, 9)],
        "the last acknowledgement of each device, in the order asked"
    );
    assert_eq!(store.delivered_count(&lake).await.unwrap(), 3);
    assert!(store.has_delivered(&lake).await.unwrap());
}

pub(super) async fn scopes_do_not_mix(store: &impl StateStore) {
    let lake = scope("contoso", "lake");
    commit(store, delivery(&lake, 5, &[("d1", 1)])).await;
    let intune = inventory_of("contoso", "intune").at(&lake.sink);
    for other in [scope("contoso", "soc"), scope("fabrikam", "lake"), intune] {
        assert_eq!(known(store, &other, &["d1"]).await, [Known::default()], "{other:?}");
        assert_eq!(store.delivered_count(&other).await.unwrap(), 0, "{other:?}");
        assert!(!store.has_delivered(&other).await.unwrap(), "{other:?}");
    }
    let soc = scope("contoso", "soc");
    let mut end = close(&soc.inventory);
    end.checkpoints.insert(soc.sink.clone(), checkpoint(None, None, 1));
    close_cycle(store, end).await;
    let found = store.scopes().await.unwrap();
    assert_eq!(found, [lake.clone(), soc], "scopes with a delivered set or a checkpoint");
    assert_eq!(store.checkpoint(&lake).await.unwrap(), None, "a checkpoint of another sink");
}

pub(super) async fn a_trial_write_changes_nothing(store: &impl StateStore) {
    store.check_writable().await.unwrap();
    assert!(store.scopes().await.unwrap().is_empty());
}

pub(super) async fn an_empty_delivery_changes_nothing(store: &impl StateStore) {
    let lake = scope("contoso", "lake");
    commit(store, delivery(&lake, 5, &[])).await;
    let fence = fence(store, &lake.inventory.tenant).await;
    store.keep_dead_letters(&fence, CycleId::random(), at(5), Vec::new()).await.unwrap();
    assert_eq!(store.scopes().await.unwrap(), []);
    assert_eq!(letters(store).await, []);
}

/// Every device of contoso, read in pages.
async fn pages(store: &impl StateStore, limit: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = store.devices(&inventory("contoso"), after.as_ref(), limit).await.unwrap();
        assert!(page.len() <= limit, "a page of {} devices, limit {limit}", page.len());
        let Some(last) = page.last() else { return all };
        after = Some(last.clone());
        all.extend(page.iter().map(|uid| uid.as_str().to_owned()));
    }
}

pub(super) async fn each_device_is_listed_once_in_ascending_order(store: &impl StateStore) {
    let lake = [("d1", 1), ("d3", 1), ("d4", 1), ("d9", 1)];
    commit(store, delivery(&scope("contoso", "lake"), 1, &lake)).await;
    let soc = [("d0", 1), ("d3", 1), ("d4", 1), ("d5", 1), ("é", 1)];
    commit(store, delivery(&scope("contoso", "soc"), 1, &soc)).await;
    commit(store, delivery(&scope("fabrikam", "lake"), 1, &[("d2", 1)])).await;
    let expected = ["d0", "d1", "d3", "d4", "d5", "d9", "é"];
    for limit in [1, 2, 3, 7, 100] {
        assert_eq!(pages(store, limit).await, expected, "pages of {limit}");
    }
    let none = store.devices(&inventory("contoso"), None, 0).await.unwrap();
    assert_eq!(none, [], "at most 0 devices");
    assert_eq!(store.device_count(&inventory("contoso")).await.unwrap(), 7);
}

pub(super) async fn removed_devices_are_not_listed_until_they_return(store: &impl StateStore) {
    let contoso = inventory("contoso");
    let lake = scope("contoso", "lake");
    commit(store, delivery(&lake, 1, &[("d1", 1), ("d2", 1), ("d3", 1)])).await;
    let removed = vec![device("d3"), device("d1")];
    close_cycle(store, CycleClose { removed, ..close(&contoso) }).await;
    assert_eq!(pages(store, 1).await, ["d2"]);
    assert_eq!(store.device_count(&contoso).await.unwrap(), 1);
    assert_eq!(store.removed(&contoso, None, 10).await.unwrap(), [device("d1"), device("d3")]);
    assert_eq!(store.removed(&contoso, None, 1).await.unwrap(), [device("d1")]);
    let behind = store.removed(&contoso, Some(&device("d1")), 10).await.unwrap();
    assert_eq!(behind, [device("d3")]);
    assert_eq!(store.removed(&inventory("fabrikam"), None, 10).await.unwrap(), []);
    assert_eq!(
        known(store, &lake, &["d1"]).await[0].acknowledged,
        acknowledged(1, 1),
        "what the sink has of a removed device"
    );
    let back = CycleClose {
        removed: vec![device("d3")],
        returned: vec![device("d1"), device("d2")],
        ..close(&contoso)
    };
    close_cycle(store, back).await;
    assert_eq!(pages(store, 10).await, ["d1", "d2"]);
    assert_eq!(store.removed(&contoso, None, 10).await.unwrap(), [device("d3")]);
}

pub(super) async fn an_acknowledged_removal_takes_the_device_out_of_one_delivered_set(
    store: &impl StateStore,
) {
    let (lake, soc) = (scope("contoso", "lake"), scope("contoso", "soc"));
    for scope in [&lake, &soc] {
        commit(store, delivery(scope, 1, &[("d1", 1), ("d2", 1)])).await;
    }
    let marked = CycleClose { removed: vec![device("d1")], ..close(&lake.inventory) };
    close_cycle(store, marked).await;
    let removal =
        Delivery { removed: vec![device("d1"), device("d9")], ..delivery(&lake, 2, &[("d2", 2)]) };
    commit(store, removal).await;
    let found = known(store, &lake, &["d1", "d2"]).await;
    assert_eq!(found[0], Known::default(), "the removed device");
    assert_eq!(found[1].acknowledged, acknowledged(2, 2), "the other one of the batch");
    assert_eq!(store.delivered_count(&lake).await.unwrap(), 1);
    assert_eq!(known(store, &soc, &["d1"]).await[0].acknowledged, acknowledged(1, 1));
    let marks = store.removed(&lake.inventory, None, 9).await.unwrap();
    assert_eq!(marks, [device("d1")], "the mark stays");

    let rest = Delivery { removed: vec![device("d2")], ..delivery(&lake, 3, &[]) };
    commit(store, rest).await;
    assert!(!store.has_delivered(&lake).await.unwrap());
    assert!(store.has_delivered(&soc).await.unwrap());
}
