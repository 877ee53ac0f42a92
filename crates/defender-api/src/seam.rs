//! The seams between pages that are numbered by `$skip`.
//!
//! A machine that leaves Defender while its list is read moves all later ones forward: the first of the
//! next page slips into the one that was just read, and is passed over. The record right before a page
//! shows it, because it must be one of the page before. Where it is not, the records before the seam are
//! read again, further and further back, until one is known.
//!
//! That takes a call for one record at each seam, and a few more where something moved. Pages whose
//! links carry a token instead of a number keep their place by themselves.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use stocktake_connector_core::{Page, SourceRecord};
use stocktake_http_stack::{ApiError, ApiErrorKind};
use url::Url;

use crate::{DefenderClient, Machine};

/// How many records before a seam are read again, one step after the other.
const STEPS: [u64; 5] = [1, 10, 100, 1_000, 10_000];

/// The machines of a page, by which the next one is joined to it.
#[derive(Debug, Default)]
pub(crate) struct Seam {
    hasher: RandomState,
    machines: HashSet<u64>,
}

impl Seam {
    /// The machines of the page that comes before the next seam.
    pub(crate) fn put_behind(&mut self, page: &Page<Machine>) {
        self.machines.clear();
        let machines = page.records.iter().map(|machine| self.hasher.hash_one(machine.uid()));
        self.machines.extend(machines);
    }

    fn knows(&self, machine: &Machine) -> bool {
        self.machines.contains(&self.hasher.hash_one(machine.uid()))
    }

    /// The machines before `page`, which came from `url`, that were passed over. `numbered` is where a
    /// page of a size starts behind a number of records.
    ///
    /// # Errors
    /// When they cannot be read for now. An API that takes no numbers has nothing to say.
    pub(crate) async fn passed_over(
        &self,
        client: &DefenderClient,
        numbered: impl Fn(u32, u64) -> Url,
        url: &Url,
        page: &[Machine],
    ) -> Result<Vec<Machine>, ApiError> {
        let start = position(url);
        // A page that has nothing new is one that ignores its number.
        let repeats = !page.is_empty() && page.iter().all(|machine| self.knows(machine));
        if start < 2 || self.machines.is_empty() || repeats {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for size in STEPS.map(|size| size.min(start)) {
            let top = u32::try_from(size).unwrap_or(u32::MAX);
            let again = match client.page(&numbered(top, start - size)).await {
                Ok(again) => again,
                Err(error)
                    if matches!(error.kind, ApiErrorKind::NotFound | ApiErrorKind::Refused) =>
                {
                    break;
                }
                Err(error) => return Err(error),
            };
            found = again.records;
            found.truncate(usize::try_from(size).unwrap_or(usize::MAX));
            // Where there is none, the list has become shorter than what was read of it.
            if size == start || found.first().is_some_and(|machine| self.knows(machine)) {
                break;
            }
        }
        found.retain(|machine| !self.knows(machine));
        Ok(found)
    }
}

/// How many records come before the page at `url`, by its number; none where it has no number.
fn position(url: &Url) -> u64 {
    let skip = url.query_pairs().find(|(name, _)| name == "$skip");
    skip.and_then(|(_, number)| number.parse().ok()).unwrap_or(0)
}
