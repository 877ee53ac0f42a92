//! Progress: whether the pages of a listing bring records that were not there before.
//!
//! Links prove nothing: a remote may name a new link for the same page again and again.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// Pages in a row that may bring nothing new. One is harmless: records move while they are listed.
const MOST_STALE_PAGES: u32 = 2;

/// Most records that are remembered. Of more, a share is: of a page of 1,000 records in a listing of a
/// million still more than 30.
const MOST_REMEMBERED: usize = 64 * 1024;

/// Notes the records of a listing, page by page.
///
/// Memory: about 1 MB at most, however long the listing is. Up to 65,536 records it is exact; beyond, it
/// judges a page by those of its records whose hash is among the remembered share.
#[derive(Debug)]
pub struct ListingProgress {
    hasher: RandomState,
    remembered: HashSet<u64>,
    /// Hashes above are not remembered.
    highest: u64,
    most_empty_pages: u32,
    fresh: u64,
    stale_pages: u32,
    empty_pages: u32,
}

impl ListingProgress {
    /// A listing of which `most_empty_pages` in a row may have no record at all.
    pub fn new(most_empty_pages: u32) -> Self {
        Self {
            hasher: RandomState::new(),
            remembered: HashSet::new(),
            highest: u64::MAX,
            most_empty_pages,
            fresh: 0,
            stale_pages: 0,
            empty_pages: 0,
        }
    }

    /// Takes the next page, by the ids of its records. True when it is one too many without a new one.
    pub fn has_stalled<'a>(&mut self, ids: impl IntoIterator<Item = &'a [u8]>) -> bool {
        let (mut records, mut judged, mut fresh) = (0, 0_u64, 0);
        for id in ids {
            records += 1;
            let hash = self.hasher.hash_one(id);
            if hash <= self.highest {
                judged += 1;
                fresh += u64::from(self.remembered.insert(hash));
            }
        }
        let is_exact = self.highest == u64::MAX;
        while self.remembered.len() > MOST_REMEMBERED {
            self.highest /= 2;
            let highest = self.highest;
            self.remembered.retain(|hash| *hash <= highest);
        }
        if records == 0 {
            self.empty_pages += 1;
            return self.empty_pages >= self.most_empty_pages;
        }
        if fresh == 0 && judged > 0 {
            self.stale_pages += 1;
            return self.stale_pages >= MOST_STALE_PAGES;
        }
        self.fresh += if is_exact { fresh } else { records };
        self.restart();
        false
    }

    /// How many different records there were; of a long listing, an estimate that counts some twice.
    pub fn fresh(&self) -> u64 {
        self.fresh
    }

    /// Forgives the pages that brought nothing new, because the listing goes on in another way.
    pub fn restart(&mut self) {
        (self.stale_pages, self.empty_pages) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether each page, in turn, is one too many.
    fn judge(pages: &[&[&str]]) -> Vec<bool> {
        let mut progress = ListingProgress::new(3);
        let judge = |page: &&[&str]| progress.has_stalled(page.iter().map(|id| id.as_bytes()));
        pages.iter().map(judge).collect()
    }

    #[test]
    fn the_second_page_in_a_row_without_a_new_record_is_one_too_many() {
        for (pages, stalled) in [
            (&[&["a", "b"][..], &["a", "b"], &["a", "b"]][..], &[false, false, true][..]),
            // In another order, in parts, and from different pages.
            (&[&["a", "b"], &["c"], &["b", "a"], &["c", "c"]], &[false, false, false, true]),
            (&[&["a"], &["a"], &["b"], &["b"], &["a", "c"]], &[false; 5]),
            // Empty pages have a bound of their own and forgive nothing.
            (&[&["a"], &[], &["a"], &[], &["a"]], &[false, false, false, false, true]),
            (&[&[], &[], &["a"], &[], &[], &[]], &[false, false, false, false, false, true]),
        ] {
            assert_eq!(judge(pages), stalled, "{pages:?}");
        }
    }

    #[test]
    fn a_long_listing_is_judged_by_a_share_of_its_records() {
        const PAGE: u64 = 1_000;
        let page = |number: u64| (number * PAGE..(number + 1) * PAGE).map(|id| id.to_le_bytes());
        let mut progress = ListingProgress::new(1);
        for number in 0..300 {
            let ids: Vec<_> = page(number).collect();
            assert!(!progress.has_stalled(ids.iter().map(<[u8; 8]>::as_slice)), "{number}");
        }
        assert!(progress.remembered.len() <= MOST_REMEMBERED);
        assert_eq!(progress.fresh(), 300 * PAGE);
        let again: Vec<_> = page(7).collect();
        let stalled = [(); 2].map(|()| progress.has_stalled(again.iter().map(<[u8; 8]>::as_slice)));
        assert_eq!(stalled, [false, true]);
    }
}
