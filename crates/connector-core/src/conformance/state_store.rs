//! The suite of [`StateStore`].

use std::collections::BTreeMap;

use super::{at, content, device, sink_name, tenant};
use crate::{
    Acknowledged, Checkpoint, CycleClose, CycleId, CycleKind, CycleOutcome, CycleReport,
    DeadLetter, DeadLetterFilter, DeadLetterId, Delivery, Forgetting, Forgotten, Known,
    NewDeadLetter, Refusals, Scope, Stage, StateStore, TenantFacts,
};

/// Tries every rule of [`StateStore`] on stores that `fresh` makes. Each must be empty.
///
/// # Panics
/// When a rule does not hold.
pub async fn state_store<S: StateStore>(fresh: impl AsyncFn() -> S) {
    an_unknown_device_has_no_history(&fresh().await).await;
    acknowledgements_are_known_in_the_order_asked(&fresh().await).await;
    scopes_do_not_mix(&fresh().await).await;
    an_empty_delivery_changes_nothing(&fresh().await).await;
    a_trial_write_changes_nothing(&fresh().await).await;
    refused_content_is_known_until_the_device_is_acknowledged(&fresh().await).await;
    a_forgotten_refusal_leaves_its_letter_until_the_device_is_acknowledged(&fresh().await).await;
    only_the_refusals_that_are_asked_for_are_forgotten(&fresh().await).await;
    an_acknowledgement_ends_the_letters_of_its_sink_and_of_no_sink(&fresh().await).await;
    the_same_dead_letter_is_counted_once_a_cycle(&fresh().await).await;
    letters_without_a_device_are_told_apart_by_their_payload(&fresh().await).await;
    a_long_payload_keeps_its_first_64_kib(&fresh().await).await;
    dead_letters_are_listed_newest_first(&fresh().await).await;
    a_checkpoint_never_moves_back(&fresh().await).await;
    a_scope_is_wanted_since_it_was_first_noted(&fresh().await).await;
    facts_stay_until_there_are_new_ones(&fresh().await).await;
    each_device_is_listed_once_in_ascending_order(&fresh().await).await;
    removed_devices_are_not_listed_until_they_return(&fresh().await).await;
    removed_devices_are_forgotten_when_their_time_is_over(&fresh().await).await;
    a_forgotten_tenant_was_never_collected(&fresh().await).await;
    a_forgotten_sink_was_never_fed(&fresh().await).await;
    at_least_100_reports_are_kept_newest_first(&fresh().await).await;
}

fn scope(tenant_name: &str, sink: &str) -> Scope {
    Scope { tenant: tenant(tenant_name), sink: sink_name(sink) }
}

fn delivery(scope: &Scope, millis: i64, acknowledged: &[(&str, u8)]) -> Delivery {
    Delivery {
        cycle: CycleId::random(),
        scope: scope.clone(),
        at: at(millis),
        acknowledged: acknowledged
            .iter()
            .map(|(uid, byte)| (device(uid), content(*byte)))
            .collect(),
        refused: Vec::new(),
    }
}

fn letter(sink: Option<&str>, stage: Stage, uid: Option<&str>, payload: &str) -> NewDeadLetter {
    NewDeadLetter {
        tenant: tenant("contoso"),
        sink: sink.map(sink_name),
        stage,
        uid: uid.map(device),
        fingerprint: (stage == Stage::Deliver).then(|| content(7)),
        reason: "field `x` is unknown".into(),
        payload: payload.into(),
    }
}

fn close(tenant_name: &str) -> CycleClose {
    CycleClose {
        report: CycleReport {
            cycle: CycleId::random(),
            tenant: tenant(tenant_name),
            kind: CycleKind::Full,
            started_at: at(0),
            finished_at: at(1),
            outcome: CycleOutcome::Complete,
            listing_complete: true,
            read: 0,
            duplicates: 0,
            excluded: 0,
            mapped: 0,
            enrichment: Default::default(),
            sinks: BTreeMap::new(),
            removal: Default::default(),
            calls: Default::default(),
            process: None,
        },
        checkpoints: BTreeMap::new(),
        facts: None,
        removed: Vec::new(),
        returned: Vec::new(),
    }
}

async fn known(store: &impl StateStore, scope: &Scope, uids: &[&str]) -> Vec<Known> {
    let uids: Vec<_> = uids.iter().map(|uid| device(uid)).collect();
    store.known(scope, &uids).await.unwrap()
}

fn acknowledged(byte: u8, millis: i64) -> Option<Acknowledged> {
    Some(Acknowledged { fingerprint: content(byte), at: at(millis) })
}

async fn letters(store: &impl StateStore) -> Vec<DeadLetter> {
    store.dead_letters(&DeadLetterFilter::default()).await.unwrap()
}

async fn an_unknown_device_has_no_history(store: &impl StateStore) {
    let lake = scope("contoso", "lake");
    assert_eq!(known(store, &lake, &["d1"]).await, [Known::default()], "an unknown device");
    assert_eq!(known(store, &lake, &[]).await, [], "no device asked for");
    assert_eq!(store.checkpoint(&lake).await.unwrap(), None);
    assert_eq!(store.facts(&lake.tenant).await.unwrap(), TenantFacts::default());
    assert_eq!(store.delivered_count(&lake).await.unwrap(), 0);
    assert_eq!(store.device_count(&lake.tenant).await.unwrap(), 0);
    assert_eq!(store.scopes().await.unwrap(), []);
    assert_eq!(store.dead_letter(DeadLetterId(1)).await.unwrap(), None);
    assert_eq!(store.reports(&lake.tenant, 10).await.unwrap(), []);
}

async fn acknowledgements_are_known_in_the_order_asked(store: &impl StateStore) {
    let lake = scope("contoso", "lake");
    store.commit(delivery(&lake, 5, &[("d2", 2), ("d1", 1), ("é", 3)])).await.unwrap();
    store.commit(delivery(&lake, 9, &[("d1", 4)])).await.unwrap();
    let found = known(store, &lake, &["é", "d3", "d1", "d2", "d1"]).await;
    let found: Vec<_> = found.into_iter().map(|known| known.acknowledged).collect();
    assert_eq!(
        found,
        [acknowledged(3, 5), None, acknowledged(4, 9), acknowledged(2, 5), acknowledged(4, 9)],
        "the last acknowledgement of each device, in the order asked"
    );
    assert_eq!(store.delivered_count(&lake).await.unwrap(), 3);
}

async fn scopes_do_not_mix(store: &impl StateStore) {
    let lake = scope("contoso", "lake");
    store.commit(delivery(&lake, 5, &[("d1", 1)])).await.unwrap();
    for other in [scope("contoso", "soc"), scope("fabrikam", "lake")] {
        assert_eq!(known(store, &other, &["d1"]).await, [Known::default()], "{other:?}");
        assert_eq!(store.delivered_count(&other).await.unwrap(), 0, "{other:?}");
    }
    let soc = scope("contoso", "soc");
    let mut end = close("contoso");
    end.checkpoints.insert(
        soc.sink.clone(),
        Checkpoint { first_seen: None, last_seen: None, completed_at: at(1) },
    );
    store.close_cycle(end).await.unwrap();
    let found = store.scopes().await.unwrap();
    assert_eq!(found, [lake.clone(), soc], "scopes with a delivered set or a checkpoint");
    assert_eq!(store.checkpoint(&lake).await.unwrap(), None, "a checkpoint of another sink");
}

async fn a_trial_write_changes_nothing(store: &impl StateStore) {
    store.check_writable().await.unwrap();
    assert!(store.scopes().await.unwrap().is_empty());
}

async fn an_empty_delivery_changes_nothing(store: &impl StateStore) {
    store.commit(delivery(&scope("contoso", "lake"), 5, &[])).await.unwrap();
    store.keep_dead_letters(CycleId::random(), at(5), Vec::new()).await.unwrap();
    assert_eq!(store.scopes().await.unwrap(), []);
    assert_eq!(letters(store).await, []);
}

async fn refused_content_is_known_until_the_device_is_acknowledged(store: &impl StateStore) {
    let lake = scope("contoso", "lake");
    let mut refusal = delivery(&lake, 5, &[("d2", 2)]);
    refusal.refused = vec![letter(Some("lake"), Stage::Deliver, Some("d1"), "{}")];
    store.commit(refusal).await.unwrap();
    let refused = |found: Vec<Known>| found.into_iter().map(|k| k.refused).collect::<Vec<_>>();
    let found = known(store, &lake, &["d1", "d2"]).await;
    assert_eq!(refused(found), [Some(content(7)), None], "content that the sink refused");
    let soc = scope("contoso", "soc");
    assert_eq!(refused(known(store, &soc, &["d1"]).await), [None], "content that another refused");

    let mut again = delivery(&lake, 6, &[]);
    again.refused = vec![NewDeadLetter {
        fingerprint: Some(content(8)),
        ..letter(Some("lake"), Stage::Deliver, Some("d1"), "{}")
    }];
    store.commit(again).await.unwrap();
    assert_eq!(
        refused(known(store, &lake, &["d1"]).await),
        [Some(content(8))],
        "the content that was refused last"
    );
    store.commit(delivery(&lake, 7, &[("d1", 9)])).await.unwrap();
    assert_eq!(refused(known(store, &lake, &["d1"]).await), [None], "after an acknowledgement");
}

async fn refused_at(store: &impl StateStore, scope: &Scope, uids: &[&str]) -> Vec<bool> {
    known(store, scope, uids).await.iter().map(|known| known.refused.is_some()).collect()
}

async fn a_forgotten_refusal_leaves_its_letter_until_the_device_is_acknowledged(
    store: &impl StateStore,
) {
    let lake = scope("contoso", "lake");
    let refusal = || letter(Some("lake"), Stage::Deliver, Some("d1"), "{}");
    store.keep_dead_letters(CycleId::random(), at(1), vec![refusal()]).await.unwrap();
    let all = Refusals::default();
    assert_eq!(store.refusal_count(&all).await.unwrap(), 1);
    assert_eq!(refused_at(store, &lake, &["d1"]).await, [true], "counting forgets nothing");
    assert_eq!(store.forget_refusals(&all).await.unwrap(), 1);
    assert_eq!(refused_at(store, &lake, &["d1"]).await, [false]);
    assert_eq!(store.forget_refusals(&all).await.unwrap(), 0, "what is forgotten already");
    let [kept] = letters(store).await.try_into().expect("the letter stays");
    assert_eq!((kept.fingerprint, kept.first_at, kept.times), (None, at(1), 1));

    // Refused once more, it is the same letter.
    store.keep_dead_letters(CycleId::random(), at(2), vec![refusal()]).await.unwrap();
    let [again] = letters(store).await.try_into().expect("one letter");
    assert_eq!((again.id, again.first_at, again.times), (kept.id, at(1), 2));
    assert_eq!(refused_at(store, &lake, &["d1"]).await, [true]);

    store.forget_refusals(&all).await.unwrap();
    store.commit(delivery(&lake, 3, &[("d1", 7)])).await.unwrap();
    assert_eq!(letters(store).await, [], "after an acknowledgement");
}

async fn only_the_refusals_that_are_asked_for_are_forgotten(store: &impl StateStore) {
    let of = |name: &str, sink: &str, uid: &str| NewDeadLetter {
        tenant: tenant(name),
        ..letter(Some(sink), Stage::Deliver, Some(uid), "{}")
    };
    let new = vec![
        of("contoso", "lake", "d1"),
        of("contoso", "soc", "d2"),
        of("fabrikam", "lake", "d3"),
        of("fabrikam", "lake", "d4"),
        // None of these is a refusal.
        letter(None, Stage::Map, Some("d5"), "{}"),
        letter(None, Stage::Read, None, "{}"),
        letter(Some("lake"), Stage::Deliver, None, "{}"),
    ];
    store.keep_dead_letters(CycleId::random(), at(1), new).await.unwrap();
    assert_eq!(store.refusal_count(&Refusals::default()).await.unwrap(), 4);
    let number = |found: &[DeadLetter], uid: &str| {
        found.iter().find(|l| l.uid == Some(device(uid))).expect("a letter of the device").id
    };
    let found = letters(store).await;
    let (d3, d5) = (number(&found, "d3"), number(&found, "d5"));
    let none = Refusals { letter: Some(d5), ..Default::default() };
    assert_eq!(store.forget_refusals(&none).await.unwrap(), 0, "a letter that is no refusal");
    let one = Refusals { letter: Some(d3), ..Default::default() };
    assert_eq!(store.forget_refusals(&one).await.unwrap(), 1, "one letter");
    let at_lake = Refusals {
        tenant: Some(tenant("contoso")),
        sink: Some(sink_name("lake")),
        ..Default::default()
    };
    assert_eq!(store.forget_refusals(&at_lake).await.unwrap(), 1, "a tenant at a sink");
    for (scope, uids, refused) in [
        (scope("contoso", "lake"), &["d1"][..], &[false][..]),
        (scope("contoso", "soc"), &["d2"], &[true]),
        (scope("fabrikam", "lake"), &["d3", "d4"], &[false, true]),
    ] {
        assert_eq!(refused_at(store, &scope, uids).await, refused, "{scope:?}");
    }
    assert_eq!(letters(store).await.len(), 7, "every letter stays");
}

async fn an_acknowledgement_ends_the_letters_of_its_sink_and_of_no_sink(store: &impl StateStore) {
    let kept = vec![
        letter(Some("soc"), Stage::Deliver, Some("d1"), "other sink"),
        letter(Some("lake"), Stage::Deliver, Some("d2"), "other device"),
        letter(None, Stage::Read, None, "no device"),
        NewDeadLetter {
            tenant: tenant("fabrikam"),
            ..letter(Some("lake"), Stage::Deliver, Some("d1"), "other tenant")
        },
    ];
    let ended = vec![
        letter(Some("lake"), Stage::Deliver, Some("d1"), "this sink"),
        letter(None, Stage::Map, Some("d1"), "no sink"),
    ];
    let all = kept.iter().chain(&ended).cloned().collect();
    store.keep_dead_letters(CycleId::random(), at(5), all).await.unwrap();
    store.commit(delivery(&scope("contoso", "lake"), 6, &[("d1", 1)])).await.unwrap();
    let mut left: Vec<_> = letters(store).await.into_iter().map(|l| l.payload).collect();
    let mut expected: Vec<_> = kept.into_iter().map(|l| l.payload).collect();
    left.sort();
    expected.sort();
    assert_eq!(left, expected, "letters that an acknowledgement leaves");
}

async fn the_same_dead_letter_is_counted_once_a_cycle(store: &impl StateStore) {
    let (first, second) = (CycleId::random(), CycleId::random());
    let one = letter(None, Stage::Map, Some("d1"), "first");
    store.keep_dead_letters(first, at(1), vec![one.clone(), one.clone()]).await.unwrap();
    let later = NewDeadLetter { reason: "new reason".into(), payload: "second".into(), ..one };
    store.keep_dead_letters(second, at(3), vec![later]).await.unwrap();
    let [kept] = letters(store).await.try_into().expect("one letter");
    assert_eq!(kept.times, 2, "cycles in which the letter was met");
    assert_eq!((kept.first_at, kept.last_at, kept.cycle), (at(1), at(3), second));
    assert_eq!((kept.reason.as_str(), kept.payload.as_str()), ("new reason", "second"));
    assert_eq!(store.dead_letter(kept.id).await.unwrap(), Some(kept));
}

async fn letters_without_a_device_are_told_apart_by_their_payload(store: &impl StateStore) {
    let new = ["x", "y", "x"].map(|payload| letter(None, Stage::Read, None, payload));
    store.keep_dead_letters(CycleId::random(), at(1), new.into()).await.unwrap();
    assert_eq!(letters(store).await.len(), 2);
}

async fn a_long_payload_keeps_its_first_64_kib(store: &impl StateStore) {
    let payload = "é".repeat(40 * 1024);
    let new = letter(None, Stage::Read, Some("d1"), &payload);
    store.keep_dead_letters(CycleId::random(), at(1), vec![new]).await.unwrap();
    let [kept] = letters(store).await.try_into().expect("one letter");
    assert!(kept.payload.starts_with(&payload[..64 * 1024]), "the first 64 KiB are kept");
}

async fn dead_letters_are_listed_newest_first(store: &impl StateStore) {
    for (millis, sink, uid) in
        [(1, Some("lake"), "d1"), (3, None, "d2"), (2, Some("soc"), "d3"), (3, Some("lake"), "d4")]
    {
        let new = letter(sink, Stage::Deliver, Some(uid), "{}");
        store.keep_dead_letters(CycleId::random(), at(millis), vec![new]).await.unwrap();
    }
    for (filter, expected) in [
        (DeadLetterFilter::default(), &["d4", "d2", "d3", "d1"][..]),
        (DeadLetterFilter { limit: Some(2), ..Default::default() }, &["d4", "d2"]),
        (DeadLetterFilter { limit: Some(0), ..Default::default() }, &[]),
        (DeadLetterFilter { sink: Some(sink_name("lake")), ..Default::default() }, &["d4", "d1"]),
        (DeadLetterFilter { tenant: Some(tenant("fabrikam")), ..Default::default() }, &[]),
    ] {
        let found = store.dead_letters(&filter).await.unwrap();
        let found: Vec<_> =
            found.iter().filter_map(|l| l.uid.as_ref()).map(|u| u.as_str()).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

async fn a_checkpoint_never_moves_back(store: &impl StateStore) {
    let lake = scope("contoso", "lake");
    let moved = |first: Option<i64>, last: Option<i64>, completed| Checkpoint {
        first_seen: first.map(at),
        last_seen: last.map(at),
        completed_at: at(completed),
    };
    for (new, expected) in [
        (moved(None, Some(5), 1), moved(None, Some(5), 1)),
        (moved(Some(3), None, 2), moved(Some(3), Some(5), 2)),
        (moved(Some(2), Some(9), 1), moved(Some(3), Some(9), 2)),
        (moved(None, None, 0), moved(Some(3), Some(9), 2)),
    ] {
        let mut end = close("contoso");
        end.checkpoints.insert(lake.sink.clone(), new);
        store.close_cycle(end).await.unwrap();
        assert_eq!(store.checkpoint(&lake).await.unwrap(), Some(expected), "after {new:?}");
    }
}

async fn a_scope_is_wanted_since_it_was_first_noted(store: &impl StateStore) {
    let lake = scope("contoso", "lake");
    assert_eq!(store.wanted_since(&lake).await.unwrap(), None, "nobody noted it");
    store.want(&lake, at(5)).await.unwrap();
    for later in [9, 1] {
        store.want(&lake, at(later)).await.unwrap();
        let since = store.wanted_since(&lake).await.unwrap();
        assert_eq!(since, Some(at(5)), "noted again at {later}");
    }
    assert_eq!(store.wanted_since(&scope("contoso", "soc")).await.unwrap(), None, "another sink");
    assert_eq!(store.scopes().await.unwrap().len(), 1, "a scope that has nothing yet");
    assert_eq!(store.checkpoint(&lake).await.unwrap(), None);

    store.commit(delivery(&lake, 6, &[("d1", 1)])).await.unwrap();
    let mut end = close("contoso");
    let checkpoint = Checkpoint { first_seen: None, last_seen: None, completed_at: at(7) };
    end.checkpoints.insert(lake.sink.clone(), checkpoint);
    store.close_cycle(end).await.unwrap();
    assert_eq!(store.wanted_since(&lake).await.unwrap(), Some(at(5)), "after a delivery");
    assert_eq!(store.checkpoint(&lake).await.unwrap(), Some(checkpoint));
    assert_eq!(store.scopes().await.unwrap(), [lake]);
}

async fn facts_stay_until_there_are_new_ones(store: &impl StateStore) {
    let contoso = tenant("contoso");
    let facts = TenantFacts { full_completed_at: Some(at(4)), enrichment_records: Some(80_000) };
    store.close_cycle(CycleClose { facts: Some(facts), ..close("contoso") }).await.unwrap();
    store.close_cycle(close("contoso")).await.unwrap();
    assert_eq!(store.facts(&contoso).await.unwrap(), facts, "a cycle without new facts");
    assert_eq!(store.facts(&tenant("fabrikam")).await.unwrap(), TenantFacts::default());
    let none = TenantFacts::default();
    store.close_cycle(CycleClose { facts: Some(none), ..close("contoso") }).await.unwrap();
    assert_eq!(store.facts(&contoso).await.unwrap(), none, "new facts");
}

async fn pages(store: &impl StateStore, limit: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = store.devices(&tenant("contoso"), after.as_ref(), limit).await.unwrap();
        assert!(page.len() <= limit, "a page of {} devices, limit {limit}", page.len());
        let Some(last) = page.last() else { return all };
        after = Some(last.clone());
        all.extend(page.iter().map(|uid| uid.as_str().to_owned()));
    }
}

async fn each_device_is_listed_once_in_ascending_order(store: &impl StateStore) {
    let lake = [("d1", 1), ("d3", 1), ("d4", 1), ("d9", 1)];
    store.commit(delivery(&scope("contoso", "lake"), 1, &lake)).await.unwrap();
    let soc = [("d0", 1), ("d3", 1), ("d4", 1), ("d5", 1), ("é", 1)];
    store.commit(delivery(&scope("contoso", "soc"), 1, &soc)).await.unwrap();
    store.commit(delivery(&scope("fabrikam", "lake"), 1, &[("d2", 1)])).await.unwrap();
    let expected = ["d0", "d1", "d3", "d4", "d5", "d9", "é"];
    for limit in [1, 2, 3, 7, 100] {
        assert_eq!(pages(store, limit).await, expected, "pages of {limit}");
    }
    let none = store.devices(&tenant("contoso"), None, 0).await.unwrap();
    assert_eq!(none, [], "at most no device");
    assert_eq!(store.device_count(&tenant("contoso")).await.unwrap(), 7);
}

async fn removed_devices_are_not_listed_until_they_return(store: &impl StateStore) {
    let contoso = tenant("contoso");
    let lake = scope("contoso", "lake");
    store.commit(delivery(&lake, 1, &[("d1", 1), ("d2", 1), ("d3", 1)])).await.unwrap();
    let removed = vec![device("d3"), device("d1")];
    store.close_cycle(CycleClose { removed, ..close("contoso") }).await.unwrap();
    assert_eq!(pages(store, 1).await, ["d2"]);
    assert_eq!(store.device_count(&contoso).await.unwrap(), 1);
    assert_eq!(store.removed(&contoso, None, 10).await.unwrap(), [device("d1"), device("d3")]);
    assert_eq!(store.removed(&contoso, None, 1).await.unwrap(), [device("d1")]);
    let behind = store.removed(&contoso, Some(&device("d1")), 10).await.unwrap();
    assert_eq!(behind, [device("d3")]);
    assert_eq!(store.removed(&tenant("fabrikam"), None, 10).await.unwrap(), []);
    assert_eq!(
        known(store, &lake, &["d1"]).await[0].acknowledged,
        acknowledged(1, 1),
        "what the sink has of a removed device"
    );
    let back = CycleClose {
        removed: vec![device("d3")],
        returned: vec![device("d1"), device("d2")],
        ..close("contoso")
    };
    store.close_cycle(back).await.unwrap();
    assert_eq!(pages(store, 10).await, ["d1", "d2"]);
    assert_eq!(store.removed(&contoso, None, 10).await.unwrap(), [device("d3")]);
}

async fn removed_devices_are_forgotten_when_their_time_is_over(store: &impl StateStore) {
    let (contoso, lake, soc) =
        (tenant("contoso"), scope("contoso", "lake"), scope("contoso", "soc"));
    for scope in [&lake, &soc, &scope("fabrikam", "lake")] {
        store.commit(delivery(scope, 1, &[("d1", 1), ("d2", 1), ("d3", 1)])).await.unwrap();
    }
    let letters_of = ["d1", "d2"].map(|uid| letter(Some("soc"), Stage::Deliver, Some(uid), uid));
    store.keep_dead_letters(CycleId::random(), at(2), letters_of.into()).await.unwrap();
    let marking = async |name: &str, millis, uids: &[&str], back: &[&str]| {
        let mut end = close(name);
        end.report.finished_at = at(millis);
        end.removed = uids.iter().copied().map(device).collect();
        end.returned = back.iter().copied().map(device).collect();
        store.close_cycle(end).await.unwrap();
    };
    marking("contoso", 10, &["d1", "d3"], &[]).await;
    marking("fabrikam", 10, &["d1"], &[]).await;
    // Marked once more, d1 keeps its time; d3 is back in between and starts anew.
    marking("contoso", 20, &["d1", "d2"], &["d3"]).await;
    marking("contoso", 30, &["d3"], &[]).await;

    assert_eq!(store.forget_removed(&contoso, at(10)).await.unwrap(), 0, "none is that old");
    assert_eq!(store.forget_removed(&contoso, at(20)).await.unwrap(), 1);
    assert_eq!(store.forget_removed(&contoso, at(20)).await.unwrap(), 0, "what is forgotten");
    assert_eq!(store.removed(&contoso, None, 9).await.unwrap(), [device("d2"), device("d3")]);
    for scope in [&lake, &soc] {
        assert_eq!(known(store, scope, &["d1"]).await, [Known::default()], "{scope:?}");
        assert_eq!(store.delivered_count(scope).await.unwrap(), 2, "{scope:?}");
    }
    let left: Vec<_> = letters(store).await.into_iter().map(|l| l.payload).collect();
    assert_eq!(left, ["d2"], "letters of devices that are not forgotten");
    assert_eq!(store.delivered_count(&scope("fabrikam", "lake")).await.unwrap(), 3);

    // It comes back as a device that nobody knew.
    store.commit(delivery(&lake, 40, &[("d1", 1)])).await.unwrap();
    assert_eq!(pages(store, 9).await, ["d1"]);
}

/// Two tenants at two sinks, with everything that can be known of them.
async fn fill(store: &impl StateStore) {
    for name in ["contoso", "fabrikam"] {
        let mut end = close(name);
        for sink in ["lake", "soc"] {
            let scope = scope(name, sink);
            store.commit(delivery(&scope, 1, &[("d1", 1), ("d2", 1)])).await.unwrap();
            let checkpoint = Checkpoint { first_seen: None, last_seen: None, completed_at: at(1) };
            end.checkpoints.insert(scope.sink, checkpoint);
        }
        let letters = [
            letter(Some("lake"), Stage::Deliver, Some("d3"), "{}"),
            letter(None, Stage::Read, None, "{}"),
        ];
        let letters = letters.map(|letter| NewDeadLetter { tenant: tenant(name), ..letter });
        store.keep_dead_letters(CycleId::random(), at(1), letters.into()).await.unwrap();
        end.facts = Some(TenantFacts { full_completed_at: Some(at(1)), enrichment_records: None });
        end.removed = vec![device("d2")];
        store.close_cycle(end).await.unwrap();
    }
}

/// Forgets, and asserts that counting it beforehand counts the same and changes nothing.
async fn forget(store: &impl StateStore, what: &Forgetting) -> Forgotten {
    let counted = store.forgettable(what).await.unwrap();
    let forgotten = store.forget(what).await.unwrap();
    assert_eq!(counted, forgotten, "{what:?}");
    assert_eq!(store.forgettable(what).await.unwrap(), Forgotten::default(), "{what:?}");
    assert_eq!(store.forget(what).await.unwrap(), Forgotten::default(), "{what:?}, once more");
    forgotten
}

async fn a_forgotten_tenant_was_never_collected(store: &impl StateStore) {
    fill(store).await;
    let contoso = tenant("contoso");
    let forgotten = forget(store, &Forgetting::Tenant(contoso.clone())).await;
    let expected =
        Forgotten { scopes: 2, delivered: 4, dead_letters: 2, removed: 1, cycle_reports: 1 };
    assert_eq!(forgotten, expected);
    let lake = scope("contoso", "lake");
    assert_eq!(known(store, &lake, &["d1", "d3"]).await, [Known::default(), Known::default()]);
    assert_eq!(store.checkpoint(&lake).await.unwrap(), None);
    assert_eq!(store.facts(&contoso).await.unwrap(), TenantFacts::default());
    assert_eq!(store.removed(&contoso, None, 9).await.unwrap(), []);
    assert_eq!(store.reports(&contoso, 9).await.unwrap(), []);
    let other = Forgetting::Tenant(tenant("fabrikam"));
    assert_eq!(store.forgettable(&other).await.unwrap(), expected, "another tenant");
    // It may be collected again.
    store.commit(delivery(&lake, 9, &[("d1", 1)])).await.unwrap();
    assert_eq!(store.delivered_count(&lake).await.unwrap(), 1);
}

async fn a_forgotten_sink_was_never_fed(store: &impl StateStore) {
    fill(store).await;
    let (lake, soc) = (scope("contoso", "lake"), scope("contoso", "soc"));
    for wanted in [&lake, &soc] {
        store.want(wanted, at(5)).await.unwrap();
    }
    let one = forget(store, &Forgetting::Scope(scope("contoso", "lake"))).await;
    let of_one =
        Forgotten { scopes: 1, delivered: 2, dead_letters: 1, removed: 0, cycle_reports: 0 };
    assert_eq!(one, of_one);
    assert_eq!(forget(store, &Forgetting::Sink(sink_name("lake"))).await, of_one, "the other one");
    let left = [scope("contoso", "soc"), scope("fabrikam", "soc")];
    assert_eq!(store.scopes().await.unwrap(), left);
    assert_eq!(store.wanted_since(&lake).await.unwrap(), None);
    assert_eq!(store.wanted_since(&soc).await.unwrap(), Some(at(5)));
    for scope in &left {
        assert_eq!(store.delivered_count(scope).await.unwrap(), 2);
        assert!(store.checkpoint(scope).await.unwrap().is_some());
        assert_eq!(store.reports(&scope.tenant, 9).await.unwrap().len(), 1);
        assert_eq!(store.removed(&scope.tenant, None, 9).await.unwrap(), [device("d2")]);
    }
    let letters = letters(store).await;
    assert!(letters.iter().all(|letter| letter.sink.is_none()) && letters.len() == 2);
}

async fn at_least_100_reports_are_kept_newest_first(store: &impl StateStore) {
    let mut cycles = Vec::new();
    for read in 0..100 {
        let mut end = close("contoso");
        end.report.read = read;
        cycles.push(end.report.clone());
        store.close_cycle(end).await.unwrap();
    }
    store.close_cycle(close("fabrikam")).await.unwrap();
    cycles.reverse();
    assert_eq!(store.reports(&tenant("contoso"), 100).await.unwrap(), cycles);
    assert_eq!(store.reports(&tenant("contoso"), 3).await.unwrap(), cycles[..3]);
    assert_eq!(store.reports(&tenant("contoso"), 0).await.unwrap(), []);
}
