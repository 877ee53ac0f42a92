//! Guards what sinks have of enrichments: that an enrichment does not come is not a fact at once.
//!
//! | what happens | a young doubt | an accepted one |
//! |---|---|---|
//! | the remote refuses, and answered before | the cycle fails | events go out without enrichments |
//! | its list is suddenly empty or much shorter | devices without a match are uncertain; the cycle delivers what is certain, and fails | they have none |
//! | a record does not say whose it is | sinks keep events that had an enrichment | they are replaced |
//!
//! A doubt is accepted once the same cause has lasted for [`Options::refusals`] cycles and for
//! [`Options::refused_after`].

use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    CycleId, Doubt, DoubtCause, EnrichmentAccount, EnrichmentFacts, EnrichmentStatus, ErrorCode,
    Failure, Inventory, InventoryFacts, Recovery,
};
use stocktake_telemetry::field;

use crate::options::Options;
use crate::policy::is_implausible_loss;

/// Judges the enrichment of one cycle by what state knew before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EnrichmentGuard {
    records: Option<u64>,
    facts: EnrichmentFacts,
    refusals: u32,
    refused_after: std::time::Duration,
    guard: f64,
    /// When the cycle started.
    now: DateTime<Utc>,
}

impl EnrichmentGuard {
    pub(crate) fn new(facts: &InventoryFacts, options: &Options, now: DateTime<Utc>) -> Self {
        Self {
            records: facts.enrichment_records,
            facts: facts.enrichment,
            refusals: options.refusals,
            refused_after: options.refused_after,
            guard: options.removal_guard,
            now,
        }
    }

    /// Why it is in doubt that what does not come is absent; `None` where it is a fact.
    pub(crate) fn judge(&self, account: &EnrichmentAccount) -> Option<Doubt> {
        let cause = if matches!(account.status, EnrichmentStatus::Refused(_)) {
            // A tenant that never had it may do without it at once.
            self.facts.answered.then_some(DoubtCause::Refused)?
        } else if self.is_shrunk(account.joinable) {
            DoubtCause::Shrunk
        } else if account.unidentified > 0 {
            DoubtCause::Unidentified
        } else {
            // Look-ups see nothing of a record that the last list had.
            let by_look_up = account.answered && account.joinable.is_none();
            let is_unidentified = |doubt: &Doubt| doubt.cause == DoubtCause::Unidentified;
            return self.facts.doubt.filter(|doubt| by_look_up && is_unidentified(doubt));
        };
        Some(self.doubt(cause))
    }

    /// The failure of a cycle in which the enrichment does not give what it gave before, and has not for
    /// long enough.
    pub(crate) fn outage(&self, account: &EnrichmentAccount, doubt: &Doubt) -> Option<Failure> {
        let what = match (doubt.cause, &account.status) {
            _ if doubt.accepted => return None,
            (DoubtCause::Refused, EnrichmentStatus::Refused(reason)) => {
                format!("is refused although it answered before: {reason}")
            }
            (DoubtCause::Shrunk, _) => format!(
                "has {} records for devices and had {} before, a loss beyond `removal_guard`",
                account.joinable.unwrap_or_default(),
                self.facts.joinable.unwrap_or_default()
            ),
            _ => return None,
        };
        let message = format!(
            "cycle {} since {}: the enrichment {what}",
            doubt.cycles,
            doubt.since.format("%Y-%m-%d %H:%M:%SZ"),
        );
        // An outage of this kind passes by itself more often than not.
        let failure = Failure::new(ErrorCode::EnrichmentOutage, Recovery::Retry, message);
        Some(failure.with_advice(format!(
            "If it does not pass, check the permission and the licence of the enrichment. What sinks \
             have of it is kept until this has lasted for {} cycles and {} seconds.",
            self.refusals,
            self.refused_after.as_secs()
        )))
    }

    /// What state knows after the cycle: how many records there are, and the rest.
    pub(crate) fn facts_after(
        &self,
        account: &EnrichmentAccount,
    ) -> (Option<u64>, EnrichmentFacts) {
        // A list that is suddenly short is not what the next one is measured by.
        let is_short = |doubt: Doubt| doubt.cause == DoubtCause::Shrunk && !doubt.accepted;
        let is_plausible = !account.doubt.is_some_and(is_short);
        let facts = EnrichmentFacts {
            answered: self.facts.answered || account.answered,
            joinable: account.joinable.filter(|_| is_plausible).or(self.facts.joinable),
            doubt: account.doubt.or(self.facts.doubt.filter(|doubt| !is_settled(doubt, account))),
        };
        (account.complete_count.filter(|_| is_plausible).or(self.records), facts)
    }

    /// Whether more are gone than the guard of removals tolerates.
    fn is_shrunk(&self, joinable: Option<u64>) -> bool {
        let (Some(before), Some(now)) = (self.facts.joinable, joinable) else { return false };
        let gone = before.saturating_sub(now);
        is_implausible_loss(gone, before, self.guard)
    }

    /// The doubt of this cycle. Another cause than before begins anew, as does one from the future: a
    /// clock that was ahead must not let a refusal count at once.
    fn doubt(&self, cause: DoubtCause) -> Doubt {
        let before = self.facts.doubt.filter(|doubt| doubt.cause == cause);
        let since = before.map_or(self.now, |doubt| doubt.since.min(self.now));
        let cycles = before.map_or(0, |doubt| doubt.cycles).saturating_add(1);
        let lasted = (self.now - since).to_std().unwrap_or_default();
        let accepted = cycles >= self.refusals && lasted >= self.refused_after;
        Doubt { cause, since, cycles, accepted }
    }
}

/// Whether a cycle without a doubt ends the one before it. One that did not ask the remote says nothing,
/// and look-ups say nothing of the list.
fn is_settled(doubt: &Doubt, account: &EnrichmentAccount) -> bool {
    match doubt.cause {
        DoubtCause::Refused => account.answered,
        DoubtCause::Shrunk | DoubtCause::Unidentified => account.joinable.is_some(),
    }
}

/// Logs a doubt, in one line for each cycle. One that fails the cycle is logged as its failure.
pub(crate) fn log(doubt: &Doubt, held: u64, inventory: &Inventory, cycle: CycleId) {
    let message = match (doubt.cause, doubt.accepted) {
        (DoubtCause::Refused | DoubtCause::Shrunk, false) => return,
        (DoubtCause::Refused, true) => {
            "the enrichment has been refused for long enough to count as absent; events go out without \
             it"
        }
        (DoubtCause::Shrunk, true) => {
            "the list of enrichment records has been short for long enough to count as a fact"
        }
        (DoubtCause::Unidentified, false) => {
            "an enrichment record that cannot be read does not say whose it is; events that had one \
             are kept at sinks"
        }
        (DoubtCause::Unidentified, true) => {
            "an enrichment record that cannot be read does not say whose it is, and has not for long \
             enough; events that had one are replaced"
        }
    };
    tracing::warn!(
        { field::TENANT_NAME } = %inventory.tenant,
        { field::SOURCE } = %inventory.source,
        { field::CYCLE_ID } = %cycle,
        since = %doubt.since,
        cycles = doubt.cycles,
        held,
        "{message}"
    );
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const HOUR: i64 = 3_600;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn guard(facts: EnrichmentFacts, now: i64) -> EnrichmentGuard {
        let facts = InventoryFacts {
            enrichment: facts,
            enrichment_records: Some(110),
            ..Default::default()
        };
        let options = Options {
            refusals: 3,
            refused_after: Duration::from_secs(24 * HOUR as u64),
            removal_guard: 0.2,
            ..Options::default()
        };
        EnrichmentGuard::new(&facts, &options, at(now))
    }

    fn known(joinable: u64) -> EnrichmentFacts {
        EnrichmentFacts { answered: true, joinable: Some(joinable), doubt: None }
    }

    fn refused() -> EnrichmentAccount {
        let status = EnrichmentStatus::Refused("no".to_owned());
        EnrichmentAccount { status, ..EnrichmentAccount::default() }
    }

    /// An answer with this many records, of which some do not say whose they are.
    fn answer(joinable: u64, unidentified: u64) -> EnrichmentAccount {
        EnrichmentAccount {
            answered: true,
            joinable: Some(joinable),
            complete_count: Some(joinable + unidentified),
            unidentified,
            ..EnrichmentAccount::default()
        }
    }

    /// Cycles at these hours, each with this account; the facts of one are those of the next.
    fn cycles(
        mut facts: EnrichmentFacts,
        accounts: &[(i64, EnrichmentAccount)],
    ) -> Vec<Option<Doubt>> {
        let judge = |(hour, account): &(i64, EnrichmentAccount)| {
            let guard = guard(facts, hour * HOUR);
            let doubt = guard.judge(account);
            let account = EnrichmentAccount { doubt, ..account.clone() };
            let fails = doubt.is_some_and(|doubt| guard.outage(&account, &doubt).is_some());
            let is_held = |doubt: Doubt| doubt.cause == DoubtCause::Unidentified || doubt.accepted;
            assert_eq!(fails, doubt.is_some_and(|doubt| !is_held(doubt)), "{account:?}");
            facts = guard.facts_after(&account).1;
            doubt
        };
        accounts.iter().map(judge).collect()
    }

    fn in_short(doubts: &[Option<Doubt>]) -> Vec<Option<(u32, bool)>> {
        doubts.iter().map(|doubt| doubt.map(|doubt| (doubt.cycles, doubt.accepted))).collect()
    }

    #[test]
    fn a_doubt_is_accepted_after_cycles_and_time_whatever_its_cause() {
        for account in [refused(), answer(0, 0), answer(50, 0), answer(100, 1)] {
            let fast = [0, 1, 2, 3].map(|hour| (hour, account.clone()));
            let young = [Some((1, false)), Some((2, false)), Some((3, false)), Some((4, false))];
            assert_eq!(in_short(&cycles(known(100), &fast)), young, "{account:?}");
            let slow = [0, 30, 60].map(|hour| (hour, account.clone()));
            let lasting = [Some((1, false)), Some((2, false)), Some((3, true))];
            assert_eq!(in_short(&cycles(known(100), &slow)), lasting, "{account:?}");
        }
    }

    #[test]
    fn an_answer_or_another_cause_begins_a_doubt_anew_and_a_cycle_that_asked_nothing_does_not() {
        let nothing = EnrichmentAccount::default();
        let doubts = cycles(
            known(100),
            &[
                (0, refused()),
                (10, nothing),
                (20, refused()),
                (30, answer(100, 1)),
                (40, refused()),
                (50, answer(100, 0)),
                (60, refused()),
                (70, answer(0, 0)),
            ],
        );
        let expected = [
            Some((1, false)),
            None,
            Some((2, false)),
            Some((1, false)),
            Some((1, false)),
            None,
            Some((1, false)),
            Some((1, false)),
        ];
        assert_eq!(in_short(&doubts), expected);
    }

    #[test]
    fn look_ups_neither_end_a_doubt_of_the_list_nor_count() {
        let look_up = EnrichmentAccount { answered: true, ..EnrichmentAccount::default() };
        for account in [answer(0, 0), answer(100, 1)] {
            let doubts = cycles(
                known(100),
                &[
                    (0, account.clone()),
                    (10, look_up.clone()),
                    (20, account.clone()),
                    (40, account.clone()),
                ],
            );
            let counted = [doubts[0], doubts[2], doubts[3]];
            let expected = [Some((1, false)), Some((2, false)), Some((3, true))];
            assert_eq!(in_short(&counted), expected, "{account:?}");
            // What they do not find may be the record that the list could not read.
            let unidentified = doubts[0].filter(|doubt| doubt.cause == DoubtCause::Unidentified);
            assert_eq!(doubts[1], unidentified);
        }
    }

    #[test]
    fn a_clock_that_was_ahead_makes_no_doubt_older() {
        let doubts = cycles(
            known(100),
            &[(9_000, refused()), (10, refused()), (11, refused()), (12, refused())],
        );
        let young = [Some((1, false)), Some((2, false)), Some((3, false)), Some((4, false))];
        assert_eq!(in_short(&doubts), young);
    }

    #[test]
    fn what_never_answered_may_be_absent_at_once() {
        assert_eq!(
            cycles(EnrichmentFacts::default(), &[(0, refused()), (1, answer(0, 0))]),
            [None; 2]
        );
    }

    #[test]
    fn one_record_may_always_go_unless_it_was_the_last_and_more_only_within_the_guard() {
        for (before, now, shrunk) in [
            (1, 0, true),
            (2, 1, false),
            (2, 0, true),
            (3, 2, false),
            (3, 1, true),
            (10, 8, false),
            (10, 7, true),
            (100, 80, false),
            (100, 79, true),
            (100, 120, false),
            (0, 0, false),
        ] {
            let doubt = guard(known(before), 0).judge(&answer(now, 0));
            assert_eq!(doubt.is_some(), shrunk, "{before} to {now}");
        }
    }

    #[test]
    fn a_short_list_is_not_what_the_next_one_is_measured_by_until_it_is_accepted() {
        for (hour, joinable, records) in [(0, 100, 110), (60, 50, 50)] {
            let since =
                Doubt { cause: DoubtCause::Shrunk, since: at(0), cycles: 2, accepted: false };
            let guard = guard(EnrichmentFacts { doubt: Some(since), ..known(100) }, hour * HOUR);
            let account = answer(50, 0);
            let account = EnrichmentAccount { doubt: guard.judge(&account), ..account };
            let (kept, facts) = guard.facts_after(&account);
            assert_eq!((kept, facts.joinable), (Some(records), Some(joinable)));
        }
    }
}
