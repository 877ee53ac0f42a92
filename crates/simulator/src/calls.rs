//! The log of calls, for tests that count them.

use std::collections::{BTreeMap, HashSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::fault::{Api, Effect};

/// The log keeps this many calls; counts go on.
const KEPT: usize = 10_000;

/// How often an API was called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Calls.
    pub calls: u64,
    /// Calls whose response was not 2xx, or that a fault applied to.
    pub failed: u64,
    /// Calls that repeat a failed one: same method, path and query.
    pub retries: u64,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Its number, from 1 on.
    pub number: u64,
    /// Its kind.
    pub api: Api,
    /// Whose it is.
    pub tenant: Option<String>,
    /// Method.
    pub method: String,
    /// Path with query.
    pub target: String,
    /// The response's status; `None` where there was no response.
    pub status: Option<u16>,
    /// The fault that struck it.
    pub fault: Option<Effect>,
    /// Whether it repeats a failed call.
    pub retry: bool,
}

/// What was called since the start or the last reset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    /// By kind; kinds without a call are absent.
    pub counts: BTreeMap<Api, Count>,
    /// The latest calls, oldest first; at most 10,000. Requests inside batches are only counted.
    pub log: Vec<Call>,
}

impl Calls {
    /// How often one kind was called.
    pub fn of(&self, api: Api) -> u64 {
        self.counts.get(&api).map_or(0, |count| count.calls)
    }

    /// How often failed calls of one kind were repeated.
    pub fn retries_of(&self, api: Api) -> u64 {
        self.counts.get(&api).map_or(0, |count| count.retries)
    }
}

#[derive(Debug, Default)]
pub(crate) struct CallLog {
    counts: BTreeMap<Api, Count>,
    log: VecDeque<Call>,
    last: u64,
    failed: HashSet<(String, String)>,
}

impl CallLog {
    /// Notes a call as it arrives and returns its number.
    pub(crate) fn arrived(
        &mut self,
        api: Api,
        tenant: Option<&str>,
        method: &str,
        target: &str,
    ) -> u64 {
        let retry = self.failed.remove(&(method.to_owned(), target.to_owned()));
        let count = self.counts.entry(api).or_default();
        count.calls += 1;
        count.retries += u64::from(retry);
        self.last += 1;
        if self.log.len() == KEPT {
            self.log.pop_front();
        }
        self.log.push_back(Call {
            number: self.last,
            api,
            tenant: tenant.map(str::to_owned),
            method: method.to_owned(),
            target: target.to_owned(),
            status: None,
            fault: None,
            retry,
        });
        self.last
    }

    /// Notes how a call ended, or that a fault keeps it from ending.
    pub(crate) fn ended(&mut self, number: u64, status: Option<u16>, fault: Option<&Effect>) {
        let newest_first = self.log.iter_mut().rev();
        let Some(call) = newest_first.take_while(|call| call.number >= number).last() else {
            return;
        };
        if call.number != number {
            return;
        }
        call.status = status;
        call.fault = fault.cloned();
        if fault.is_some() || !status.is_some_and(|status| (200..300).contains(&status)) {
            self.counts.entry(call.api).or_default().failed += 1;
            self.failed.insert((call.method.clone(), call.target.clone()));
        }
    }

    /// Counts a request inside a batch.
    pub(crate) fn batch_item(&mut self, failed: bool) {
        let count = self.counts.entry(Api::GraphBatchItem).or_default();
        count.calls += 1;
        count.failed += u64::from(failed);
    }

    /// Calls since the start, whatever was forgotten in between.
    pub(crate) fn so_far(&self) -> u64 {
        self.last
    }

    pub(crate) fn all(&self) -> Calls {
        Calls { counts: self.counts.clone(), log: self.log.iter().cloned().collect() }
    }

    pub(crate) fn clear(&mut self) {
        // Numbers go on: a call under way still finds its own entry gone, not another's.
        *self = Self { last: self.last, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_repeats_a_failed_one_is_a_retry_and_the_next_is_not() {
        let mut log = CallLog::default();
        for status in [503, 200, 200] {
            let number = log.arrived(Api::DefenderList, None, "GET", "/api/machines");
            log.ended(number, Some(status), None);
        }
        let calls = log.all();
        assert_eq!(calls.counts[&Api::DefenderList], Count { calls: 3, failed: 1, retries: 1 });
        assert_eq!(
            calls.log.iter().map(|call| call.retry).collect::<Vec<_>>(),
            [false, true, false]
        );
    }

    #[test]
    fn counts_go_on_where_the_log_is_full() {
        let mut log = CallLog::default();
        for _ in 0..KEPT + 5 {
            log.arrived(Api::Entra, None, "POST", "/");
        }
        log.ended(1, Some(200), None);
        assert_eq!(log.all().of(Api::Entra), KEPT as u64 + 5);
        assert_eq!(log.all().log.len(), KEPT);
    }
}
