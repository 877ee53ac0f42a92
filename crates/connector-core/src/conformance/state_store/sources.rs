//! Two sources of one tenant at one sink.

use super::*;
use crate::{InventoryFacts, Retention, SinkName};

pub(super) async fn two_sources_of_a_tenant_do_not_see_each_other(store: &impl StateStore) {
    let (defender, intune) = (inventory("contoso"), inventory_of("contoso", "intune"));
    let sink: SinkName = sink_name("lake");
    // Both know a device of the same uid, and each has one that the other does not have.
    for (inventory, own, byte) in [(&defender, "d1", 1), (&intune, "d2", 2)] {
        let mut batch = delivery(&inventory.at(&sink), byte.into(), &[("both", byte), (own, byte)]);
        batch.refused = vec![NewDeadLetter {
            inventory: inventory.clone(),
            fingerprint: Some(content(byte)),
            ..letter(Some("lake"), Stage::Deliver, Some("bad"), &inventory.source.to_string())
        }];
        commit(store, batch).await;
        let mut end = close(inventory);
        end.report.read = byte.into();
        let cursor = inventory.source.as_str();
        end.checkpoints.insert(sink.clone(), checkpoint(Some(cursor), None, byte.into()));
        end.facts =
            Some(InventoryFacts { enrichment_records: Some(byte.into()), ..Default::default() });
        end.removed = vec![device(own)];
        close_cycle(store, end).await;
    }
    for (inventory, own, other, byte) in [(&defender, "d1", "d2", 1), (&intune, "d2", "d1", 2_u8)] {
        let (scope, millis) = (inventory.at(&sink), byte.into());
        let found = known(store, &scope, &["both", own, other, "bad"]).await;
        let devices: Vec<_> = found.iter().map(|known| known.acknowledged).collect();
        let acknowledged = acknowledged(byte, millis);
        assert_eq!(devices, [acknowledged, acknowledged, None, None], "{inventory:?}");
        assert_eq!(found[3].refused, Some(content(byte)), "{inventory:?}");
        assert_eq!(store.devices(inventory, None, 9).await.unwrap(), [device("both")]);
        assert_eq!(store.device_count(inventory).await.unwrap(), 1);
        assert_eq!(store.removed(inventory, None, 9).await.unwrap(), [device(own)]);
        let expected = checkpoint(Some(inventory.source.as_str()), None, millis);
        assert_eq!(store.checkpoint(&scope).await.unwrap(), Some(expected));
        let facts = store.facts(inventory).await.unwrap();
        assert_eq!(facts.enrichment_records, Some(byte.into()));
        let reports = store.reports(inventory, None, 9).await.unwrap().reports;
        let read: Vec<_> = reports.iter().map(|report| (&report.source, report.read)).collect();
        assert_eq!(read, [(&inventory.source, u64::from(byte))]);
    }
    assert_eq!(letters(store).await.len(), 2, "the same uid is another device of another source");

    // What one source does with a device leaves the other's alone.
    let mut batch = delivery(&defender.at(&sink), 5, &[("bad", 5)]);
    batch.removed = vec![device("both")];
    commit(store, batch).await;
    let fence = fence(store, &defender.tenant).await;
    let retention = Retention { now: at(9), before: at(9) };
    assert_eq!(store.purge_removed(&fence, &defender, retention).await.unwrap(), 1);
    let [left] = letters(store).await.try_into().expect("the letter of the other source");
    assert_eq!(left.inventory, intune);
    assert_eq!(store.delivered_count(&intune.at(&sink)).await.unwrap(), 2);
    assert_eq!(store.removed(&intune, None, 9).await.unwrap(), [device("d2")]);
}
