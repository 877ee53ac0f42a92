//! Dead letters and refusals.

use super::*;
use crate::{DeadLetterId, Refusals};

pub(super) async fn refused_content_is_known_until_the_device_is_acknowledged(
    store: &impl StateStore,
) {
    let lake = scope("contoso", "lake");
    let mut refusal = delivery(&lake, 5, &[("d2", 2)]);
    refusal.refused = vec![letter(Some("lake"), Stage::Deliver, Some("d1"), "{}")];
    commit(store, refusal).await;
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
    commit(store, again).await;
    assert_eq!(
        refused(known(store, &lake, &["d1"]).await),
        [Some(content(8))],
        "the content that was refused last"
    );
    commit(store, delivery(&lake, 7, &[("d1", 9)])).await;
    assert_eq!(refused(known(store, &lake, &["d1"]).await), [None], "after an acknowledgement");
}

async fn refused_at(store: &impl StateStore, scope: &Scope, uids: &[&str]) -> Vec<bool> {
    known(store, scope, uids).await.iter().map(|known| known.refused.is_some()).collect()
}

pub(super) async fn a_purged_refusal_leaves_its_letter_until_the_device_is_acknowledged(
    store: &impl StateStore,
) {
    let lake = scope("contoso", "lake");
    let refusal = || letter(Some("lake"), Stage::Deliver, Some("d1"), "{}");
    keep(store, CycleId::random(), 1, vec![refusal()]).await;
    let all = Refusals::default();
    assert_eq!(store.refusal_count(&all).await.unwrap(), 1);
    assert_eq!(refused_at(store, &lake, &["d1"]).await, [true], "counting purges nothing");
    assert_eq!(store.purge_refusals(&all).await.unwrap(), 1);
    assert_eq!(refused_at(store, &lake, &["d1"]).await, [false]);
    assert_eq!(store.purge_refusals(&all).await.unwrap(), 0, "what is purged already");
    let [kept] = letters(store).await.try_into().expect("the letter stays");
    assert_eq!((kept.fingerprint, kept.first_at, kept.times), (None, at(1), 1));

    // Refused once more, it is the same letter.
    keep(store, CycleId::random(), 2, vec![refusal()]).await;
    let [again] = letters(store).await.try_into().expect("one letter");
    assert_eq!((again.id, again.first_at, again.times), (kept.id, at(1), 2));
    assert_eq!(refused_at(store, &lake, &["d1"]).await, [true]);

    store.purge_refusals(&all).await.unwrap();
    commit(store, delivery(&lake, 3, &[("d1", 7)])).await;
    assert_eq!(letters(store).await, [], "after an acknowledgement");
}

pub(super) async fn only_the_refusals_that_are_asked_for_are_purged(store: &impl StateStore) {
    let of = |name: &str, sink: &str, uid: &str| NewDeadLetter {
        inventory: inventory(name),
        ..letter(Some(sink), Stage::Deliver, Some(uid), "{}")
    };
    let new = vec![
        of("contoso", "lake", "d1"),
        of("contoso", "soc", "d2"),
        of("fabrikam", "lake", "d3"),
        of("fabrikam", "lake", "d4"),
        // These are not refusals.
        letter(None, Stage::Map, Some("d5"), "{}"),
        letter(None, Stage::Read, None, "{}"),
        letter(Some("lake"), Stage::Deliver, None, "{}"),
    ];
    keep(store, CycleId::random(), 1, new).await;
    assert_eq!(store.refusal_count(&Refusals::default()).await.unwrap(), 4);
    let number = |found: &[DeadLetter], uid: &str| {
        found.iter().find(|l| l.uid == Some(device(uid))).expect("a letter of the device").id
    };
    let found = letters(store).await;
    let (d3, d5) = (number(&found, "d3"), number(&found, "d5"));
    let none = Refusals { letter: Some(d5), ..Default::default() };
    assert_eq!(store.purge_refusals(&none).await.unwrap(), 0, "a letter that is not a refusal");
    let one = Refusals { letter: Some(d3), ..Default::default() };
    assert_eq!(store.purge_refusals(&one).await.unwrap(), 1, "one letter");
    let at_lake = Refusals {
        tenant: Some(tenant("contoso")),
        sink: Some(sink_name("lake")),
        ..Default::default()
    };
    assert_eq!(store.purge_refusals(&at_lake).await.unwrap(), 1, "a tenant at a sink");
    for (scope, uids, refused) in [
        (scope("contoso", "lake"), &["d1"][..], &[false][..]),
        (scope("contoso", "soc"), &["d2"], &[true]),
        (scope("fabrikam", "lake"), &["d3", "d4"], &[false, true]),
    ] {
        assert_eq!(refused_at(store, &scope, uids).await, refused, "{scope:?}");
    }
    assert_eq!(letters(store).await.len(), 7, "every letter stays");
}

pub(super) async fn an_acknowledgement_ends_the_letters_of_its_sink_and_of_no_sink(
    store: &impl StateStore,
) {
    let kept = vec![
        letter(Some("soc"), Stage::Deliver, Some("d1"), "other sink"),
        letter(Some("lake"), Stage::Deliver, Some("d2"), "other device"),
        letter(None, Stage::Read, None, "no device"),
        NewDeadLetter {
            inventory: inventory("fabrikam"),
            ..letter(Some("lake"), Stage::Deliver, Some("d1"), "other tenant")
        },
    ];
    let ended = vec![
        letter(Some("lake"), Stage::Deliver, Some("d1"), "this sink"),
        letter(None, Stage::Map, Some("d1"), "no sink"),
    ];
    let all = kept.iter().chain(&ended).cloned().collect();
    keep(store, CycleId::random(), 5, all).await;
    commit(store, delivery(&scope("contoso", "lake"), 6, &[("d1", 1)])).await;
    let mut left: Vec<_> = letters(store).await.into_iter().map(|l| l.payload).collect();
    let mut expected: Vec<_> = kept.into_iter().map(|l| l.payload).collect();
    left.sort();
    expected.sort();
    assert_eq!(left, expected, "letters that an acknowledgement leaves");
}

pub(super) async fn the_same_dead_letter_is_counted_once_a_cycle(store: &impl StateStore) {
    let (first, second) = (CycleId::random(), CycleId::random());
    let one = letter(None, Stage::Map, Some("d1"), "first");
    keep(store, first, 1, vec![one.clone(), one.clone()]).await;
    let later = NewDeadLetter { reason: "new reason".into(), payload: "second".into(), ..one };
    keep(store, second, 3, vec![later]).await;
    let [kept] = letters(store).await.try_into().expect("one letter");
    assert_eq!(kept.times, 2, "cycles in which the letter was met");
    assert_eq!((kept.first_at, kept.last_at, kept.cycle), (at(1), at(3), second));
    assert_eq!((kept.reason.as_str(), kept.payload.as_str()), ("new reason", "second"));
    assert_eq!(store.dead_letter(kept.id).await.unwrap(), Some(kept));
}

pub(super) async fn letters_without_a_device_differ_by_their_payload(store: &impl StateStore) {
    let new = ["x", "y", "x"].map(|payload| letter(None, Stage::Read, None, payload));
    keep(store, CycleId::random(), 1, new.into()).await;
    assert_eq!(letters(store).await.len(), 2);
}

pub(super) async fn a_long_payload_keeps_its_first_64_kib(store: &impl StateStore) {
    let payload = "é".repeat(40 * 1024);
    let new = letter(None, Stage::Read, Some("d1"), &payload);
    keep(store, CycleId::random(), 1, vec![new]).await;
    let [kept] = letters(store).await.try_into().expect("one letter");
    assert!(kept.payload.starts_with(&payload[..64 * 1024]), "the first 64 KiB are kept");
}

pub(super) async fn an_acknowledged_removal_ends_the_letters_of_its_sink(store: &impl StateStore) {
    let kept = vec![
        letter(Some("soc"), Stage::Deliver, Some("d1"), "another sink"),
        letter(Some("lake"), Stage::Deliver, Some("d2"), "another device"),
        letter(None, Stage::Map, Some("d1"), "no sink"),
    ];
    let mut all = kept.clone();
    all.push(letter(Some("lake"), Stage::Deliver, Some("d1"), "this sink"));
    keep(store, CycleId::random(), 5, all).await;
    let lake = scope("contoso", "lake");
    commit(store, Delivery { removed: vec![device("d1")], ..delivery(&lake, 6, &[]) }).await;
    let mut left: Vec<_> = letters(store).await.into_iter().map(|l| l.payload).collect();
    left.reverse();
    assert_eq!(left, kept.into_iter().map(|l| l.payload).collect::<Vec<_>>());
    assert_eq!(refused_at(store, &lake, &["d1", "d2"]).await, [false, true]);
    assert_eq!(store.scopes().await.unwrap(), [], "a removal makes no scope");
}

pub(super) async fn dead_letters_are_listed_newest_first_in_pages(store: &impl StateStore) {
    for (millis, name, source, sink, uid) in [
        (1, "contoso", "defender", Some("lake"), "d1"),
        (3, "contoso", "intune", None, "d2"),
        (2, "fabrikam", "defender", Some("soc"), "d3"),
        (3, "contoso", "defender", Some("lake"), "d4"),
        // Met again, it keeps its place.
        (9, "contoso", "defender", Some("lake"), "d1"),
    ] {
        let new = NewDeadLetter {
            inventory: inventory_of(name, source),
            ..letter(sink, Stage::Deliver, Some(uid), "{}")
        };
        keep(store, CycleId::random(), millis, vec![new]).await;
    }
    let ids = letters(store).await.iter().map(|letter| letter.id).collect::<Vec<DeadLetterId>>();
    assert!(ids.is_sorted_by(|one, next| one > next), "ids descend: {ids:?}");
    let all = DeadLetterFilter::default();
    for (filter, limit, expected) in [
        (all.clone(), 9, &["d4", "d3", "d2", "d1"][..]),
        (all.clone(), 2, &["d4", "d3"]),
        (all.clone(), 0, &[]),
        (DeadLetterFilter { before: Some(ids[1]), ..all.clone() }, 1, &["d2"]),
        (DeadLetterFilter { before: Some(ids[3]), ..all.clone() }, 9, &[]),
        (DeadLetterFilter { sink: Some(sink_name("lake")), ..all.clone() }, 9, &["d4", "d1"]),
        (DeadLetterFilter { tenant: Some(tenant("fabrikam")), ..all.clone() }, 9, &["d3"]),
        (
            DeadLetterFilter {
                tenant: Some(tenant("contoso")),
                source: Some(inventory("contoso").source),
                sink: Some(sink_name("lake")),
                before: Some(ids[0]),
            },
            9,
            &["d1"],
        ),
        (
            DeadLetterFilter {
                source: Some(inventory_of("contoso", "intune").source),
                ..all.clone()
            },
            9,
            &["d2"],
        ),
    ] {
        let found = store.dead_letters(&filter, limit).await.unwrap();
        let found: Vec<_> =
            found.iter().filter_map(|l| l.uid.as_ref()).map(|u| u.as_str()).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}
