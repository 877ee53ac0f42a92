//! The suite of [`StateStore`].

mod cycles;
mod dead_letters;
mod devices;
mod leases;
mod purge;
mod sources;

use std::collections::BTreeMap;
use std::time::Duration;

use super::{at, content, device, sink_name, source, tenant};
use crate::{
    Acknowledged, Checkpoint, CycleClose, CycleId, CycleReport, DeadLetter, DeadLetterFilter,
    Delivery, Fence, Inventory, Known, NewDeadLetter, Scope, SourceCursor, Stage, StateStore,
    TenantName, WorkerName,
};

/// Tries every rule of [`StateStore`] on stores that `fresh` makes. Each must be empty.
///
/// # Panics
/// When a rule does not hold.
pub async fn state_store<S: StateStore>(fresh: impl AsyncFn() -> S) {
    macro_rules! try_each {
        ($($module:ident: $($rule:ident),+ $(,)?;)+) => {
            $($($module::$rule(&fresh().await).await;)+)+
        };
    }
    try_each! {
        devices:
            an_unknown_device_has_no_history,
            acknowledgements_are_known_in_the_order_asked,
            scopes_do_not_mix,
            an_empty_delivery_changes_nothing,
            a_trial_write_changes_nothing,
            each_device_is_listed_once_in_ascending_order,
            removed_devices_are_not_listed_until_they_return,
            an_acknowledged_removal_takes_the_device_out_of_one_delivered_set;
        dead_letters:
            refused_content_is_known_until_the_device_is_acknowledged,
            a_purged_refusal_leaves_its_letter_until_the_device_is_acknowledged,
            only_the_refusals_that_are_asked_for_are_purged,
            an_acknowledgement_ends_the_letters_of_its_sink_and_of_no_sink,
            an_acknowledged_removal_ends_the_letters_of_its_sink,
            the_same_dead_letter_is_counted_once_a_cycle,
            letters_without_a_device_differ_by_their_payload,
            a_long_payload_keeps_its_first_64_kib,
            dead_letters_are_listed_newest_first_in_pages;
        cycles:
            a_checkpoint_replaces_the_one_before,
            a_scope_is_configured_since_it_was_first_noted,
            a_sink_that_delivers_elsewhere_starts_afresh,
            facts_stay_until_there_are_new_ones,
            at_least_100_reports_are_kept_and_listed_newest_first_in_pages;
        purge:
            removed_devices_are_purged_when_their_time_is_over,
            times_of_a_clock_that_ran_ahead_count_from_the_present,
            dead_letters_that_are_met_no_more_are_purged_by_their_age,
            a_purged_tenant_was_never_collected,
            a_purged_source_was_never_read,
            a_purged_sink_was_never_fed,
            a_purge_of_everything_leaves_an_empty_store,
            a_purge_goes_on_where_the_call_before_stopped;
        sources: two_sources_of_a_tenant_do_not_see_each_other;
        leases:
            a_tenant_has_one_lease_until_it_is_released,
            a_lease_that_has_expired_can_be_claimed_by_another_worker,
            an_expired_lease_lasts_until_another_worker_claims,
            a_lost_lease_is_neither_renewed_nor_released,
            a_write_without_the_present_claim_changes_nothing;
    }
}

fn inventory_of(tenant_name: &str, source_name: &str) -> Inventory {
    Inventory { tenant: tenant(tenant_name), source: source(source_name) }
}

fn inventory(tenant_name: &str) -> Inventory {
    inventory_of(tenant_name, "defender")
}

fn scope(tenant_name: &str, sink: &str) -> Scope {
    inventory(tenant_name).at(&sink_name(sink))
}

/// The fence of the tenant's present claim, which is made if there is none.
async fn fence(store: &impl StateStore, tenant: &TenantName) -> Fence {
    let leases = store.leases().await.unwrap();
    match leases.into_iter().find(|lease| lease.tenant == *tenant) {
        Some(lease) => lease.fence(),
        None => claim(store, tenant, "w1", HOUR).await.expect("a tenant without a lease"),
    }
}

const HOUR: Duration = Duration::from_secs(3600);

async fn claim(
    store: &impl StateStore,
    tenant: &TenantName,
    worker: &str,
    length: Duration,
) -> Option<Fence> {
    let worker = WorkerName::new(worker).unwrap();
    store.claim(tenant, &worker, length).await.unwrap().map(|lease| lease.fence())
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
        removed: Vec::new(),
        refused: Vec::new(),
    }
}

async fn commit(store: &impl StateStore, delivery: Delivery) {
    let fence = fence(store, &delivery.scope.inventory.tenant).await;
    store.commit(&fence, delivery).await.unwrap();
}

fn letter(sink: Option<&str>, stage: Stage, uid: Option<&str>, payload: &str) -> NewDeadLetter {
    NewDeadLetter {
        inventory: inventory("contoso"),
        sink: sink.map(sink_name),
        stage,
        uid: uid.map(device),
        fingerprint: (stage == Stage::Deliver).then(|| content(7)),
        reason: "field `x` is unknown".into(),
        payload: payload.into(),
    }
}

/// Keeps letters, which may belong to several tenants, one after the other.
async fn keep(store: &impl StateStore, cycle: CycleId, millis: i64, letters: Vec<NewDeadLetter>) {
    for letter in letters {
        let fence = fence(store, &letter.inventory.tenant).await;
        store.keep_dead_letters(&fence, cycle, at(millis), vec![letter]).await.unwrap();
    }
}

async fn letters(store: &impl StateStore) -> Vec<DeadLetter> {
    store.dead_letters(&DeadLetterFilter::default(), 100).await.unwrap()
}

fn close(inventory: &Inventory) -> CycleClose {
    CycleClose {
        report: CycleReport {
            finished_at: at(1),
            ..CycleReport::empty(inventory.tenant.clone(), inventory.source.clone(), at(0))
        },
        checkpoints: BTreeMap::new(),
        facts: None,
        removed: Vec::new(),
        returned: Vec::new(),
    }
}

async fn close_cycle(store: &impl StateStore, close: CycleClose) {
    let fence = fence(store, &close.report.tenant).await;
    store.close_cycle(&fence, close).await.unwrap();
}

fn checkpoint(cursor: Option<&str>, newest: Option<i64>, completed: i64) -> Checkpoint {
    Checkpoint {
        cursor: cursor.map(SourceCursor::new),
        newest_record_at: newest.map(at),
        completed_at: at(completed),
    }
}

async fn known(store: &impl StateStore, scope: &Scope, uids: &[&str]) -> Vec<Known> {
    let uids: Vec<_> = uids.iter().map(|uid| device(uid)).collect();
    store.known(scope, &uids).await.unwrap()
}

fn acknowledged(byte: u8, millis: i64) -> Option<Acknowledged> {
    Some(Acknowledged { fingerprint: content(byte), at: at(millis) })
}
