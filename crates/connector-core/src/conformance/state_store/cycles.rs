//! What the end of a cycle leaves.

use super::*;
use crate::{Doubt, DoubtCause, EnrichmentFacts, InventoryFacts, SinkDestination};

pub(super) async fn a_checkpoint_replaces_the_one_before(store: &impl StateStore) {
    let lake = scope("contoso", "lake");
    let long = "x".repeat(16 * 1024);
    for new in [
        checkpoint(Some("2026-11-26T00:00:00Z"), Some(5), 1),
        checkpoint(None, None, 3),
        checkpoint(Some(&long), Some(2), 2),
    ] {
        let mut end = close(&lake.inventory);
        end.checkpoints.insert(lake.sink.clone(), new.clone());
        close_cycle(store, end).await;
        assert_eq!(store.checkpoint(&lake).await.unwrap(), Some(new));
    }
    let last = store.checkpoint(&lake).await.unwrap();
    close_cycle(store, close(&lake.inventory)).await;
    assert_eq!(store.checkpoint(&lake).await.unwrap(), last, "a cycle without a checkpoint");
}

pub(super) async fn a_scope_is_configured_since_it_was_first_noted(store: &impl StateStore) {
    let lake = scope("contoso", "lake");
    assert_eq!(store.configured_since(&lake).await.unwrap(), None, "not noted yet");
    store.note_configured(&lake, at(5)).await.unwrap();
    for (again, since) in [(9, 5), (5, 5), (1, 1), (2, 1)] {
        store.note_configured(&lake, at(again)).await.unwrap();
        let found = store.configured_since(&lake).await.unwrap();
        assert_eq!(found, Some(at(since)), "noted again at {again}");
    }
    let soc = scope("contoso", "soc");
    assert_eq!(store.configured_since(&soc).await.unwrap(), None, "another sink");
    assert_eq!(store.scopes().await.unwrap().len(), 1, "a scope that has nothing yet");
    assert_eq!(store.checkpoint(&lake).await.unwrap(), None);

    commit(store, delivery(&lake, 6, &[("d1", 1)])).await;
    let mut end = close(&lake.inventory);
    end.checkpoints.insert(lake.sink.clone(), checkpoint(None, None, 7));
    close_cycle(store, end).await;
    assert_eq!(store.configured_since(&lake).await.unwrap(), Some(at(1)), "after a delivery");
    assert_eq!(store.checkpoint(&lake).await.unwrap(), Some(checkpoint(None, None, 7)));
    assert_eq!(store.scopes().await.unwrap(), [lake]);
}

pub(super) async fn a_sink_that_delivers_elsewhere_starts_afresh(store: &impl StateStore) {
    let (lake, soc) = (scope("contoso", "lake"), scope("contoso", "soc"));
    let fence = fence(store, &lake.inventory.tenant).await;
    let note = async |scope: &Scope, to: &str, millis| {
        let to = SinkDestination::new(to);
        store.note_destination(&fence, scope, &to, at(millis)).await.unwrap()
    };
    assert_eq!(store.destination(&lake).await.unwrap(), None, "not noted yet");
    for scope in [&lake, &soc] {
        store.note_configured(scope, at(1)).await.unwrap();
        let mut batch = delivery(scope, 1, &[("d1", 1), ("d2", 1)]);
        let sink = scope.sink.as_str();
        batch.refused = vec![letter(Some(sink), Stage::Deliver, Some("d3"), sink)];
        commit(store, batch).await;
    }
    let mut end = close(&lake.inventory);
    end.checkpoints =
        [&lake, &soc].map(|s| (s.sink.clone(), checkpoint(Some("c"), Some(1), 2))).into();
    end.removed = vec![device("d2")];
    close_cycle(store, end).await;
    let facts = async |scope: &Scope| {
        (
            known(store, scope, &["d1", "d3"]).await,
            store.checkpoint(scope).await.unwrap(),
            store.configured_since(scope).await.unwrap(),
        )
    };
    let before = [facts(&lake).await, facts(&soc).await];

    for time in [3, 4] {
        assert_eq!(note(&lake, "folder /a", time).await, None);
        assert_eq!(
            [facts(&lake).await, facts(&soc).await],
            before,
            "the first, and the same again"
        );
    }
    assert_eq!(note(&lake, "folder /b", 5).await, Some(SinkDestination::new("folder /a")));
    let expected = (vec![Known::default(); 2], None, Some(at(5)));
    assert_eq!(facts(&lake).await, expected, "what was known is about the old one");
    assert_eq!(store.delivered_count(&lake).await.unwrap(), 0);
    assert_eq!(facts(&soc).await, before[1], "another sink");
    assert_eq!(note(&lake, "folder /b", 6).await, None);
    let noted = store.destination(&lake).await.unwrap();
    assert_eq!(noted, Some(SinkDestination::new("folder /b")));
    let left: Vec<_> = letters(store).await.into_iter().map(|letter| letter.payload).collect();
    assert_eq!(left, ["soc"]);
    let removed = store.removed(&lake.inventory, None, 9).await.unwrap();
    assert_eq!(removed, [device("d2")], "marks are the source's word");
}

pub(super) async fn facts_stay_until_there_are_new_ones(store: &impl StateStore) {
    let contoso = inventory("contoso");
    let doubt =
        Doubt { cause: DoubtCause::Refused, since: at(3), cycles: u32::MAX, accepted: true };
    let facts = InventoryFacts {
        full_completed_at: Some(at(4)),
        enrichment_records: Some(80_000),
        enrichment: EnrichmentFacts { answered: true, joinable: Some(79_000), doubt: Some(doubt) },
    };
    close_cycle(store, CycleClose { facts: Some(facts), ..close(&contoso) }).await;
    close_cycle(store, close(&contoso)).await;
    assert_eq!(store.facts(&contoso).await.unwrap(), facts, "a cycle without new facts");
    let other = store.facts(&inventory("fabrikam")).await.unwrap();
    assert_eq!(other, InventoryFacts::default());
    let empty = InventoryFacts::default();
    close_cycle(store, CycleClose { facts: Some(empty), ..close(&contoso) }).await;
    assert_eq!(store.facts(&contoso).await.unwrap(), empty, "new facts");
}

pub(super) async fn at_least_100_reports_are_kept_and_listed_newest_first_in_pages(
    store: &impl StateStore,
) {
    let contoso = inventory("contoso");
    let mut cycles = Vec::new();
    for read in 0..100 {
        let mut end = close(&contoso);
        end.report.read = read;
        cycles.push(end.report.clone());
        close_cycle(store, end).await;
        // Reports of others lie in between.
        close_cycle(store, close(&inventory_of("contoso", "intune"))).await;
    }
    cycles.reverse();
    for limit in [100, 40, 1] {
        let (mut found, mut from) = (Vec::new(), None);
        loop {
            let page = store.reports(&contoso, from, limit).await.unwrap();
            assert!(page.reports.len() <= limit);
            found.extend(page.reports);
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!(found, cycles, "pages of {limit}");
    }
    assert_eq!(store.reports(&contoso, None, 0).await.unwrap().reports, []);
}
