//! How much of a quota was used in the window that ends now.

use std::time::Duration;

use tokio::time::Instant;

/// The window is counted in so many slices; what is left is known to within one of them.
const SLICES: usize = 60;

/// Counts what is taken from one quota.
#[derive(Debug, Clone)]
pub(crate) struct QuotaUse {
    start: Instant,
    slice: Duration,
    taken: [u32; SLICES],
    /// The slice that was counted last, since the start.
    newest: u64,
}

impl QuotaUse {
    pub(crate) fn new(window: Duration) -> Self {
        let slices = u32::try_from(SLICES).unwrap_or(u32::MAX);
        let slice = (window / slices).max(Duration::from_nanos(1));
        Self { start: Instant::now(), slice, taken: [0; SLICES], newest: 0 }
    }

    /// Counts cells that are taken now.
    pub(crate) fn take(&mut self, cells: u32) {
        let at = self.move_on();
        if let Some(taken) = self.taken.get_mut(at) {
            *taken = taken.saturating_add(cells);
        }
    }

    /// Cells taken in the window that ends now.
    pub(crate) fn taken(&mut self) -> u32 {
        self.move_on();
        self.taken.iter().fold(0, |sum, taken| sum.saturating_add(*taken))
    }

    /// Forgets the slices that have left the window, and gives the place of the present one.
    fn move_on(&mut self) -> usize {
        let slices = SLICES as u64;
        let now = self.start.elapsed().as_nanos() / self.slice.as_nanos();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        for slice in (self.newest + 1..=now).take(SLICES) {
            if let Some(taken) = self.taken.get_mut(place(slice, slices)) {
                *taken = 0;
            }
        }
        self.newest = self.newest.max(now);
        place(self.newest, slices)
    }
}

fn place(slice: u64, slices: u64) -> usize {
    usize::try_from(slice % slices).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_was_taken_counts_for_one_window() {
        let mut used = QuotaUse::new(Duration::from_secs(60));
        used.take(3);
        tokio::time::advance(Duration::from_secs(30)).await;
        used.take(4);
        assert_eq!(used.taken(), 7);
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(used.taken(), 4);
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(used.taken(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_rest_forgets_everything() {
        let mut used = QuotaUse::new(Duration::from_secs(60));
        used.take(u32::MAX);
        used.take(u32::MAX);
        assert_eq!(used.taken(), u32::MAX);
        tokio::time::advance(Duration::from_secs(100_000)).await;
        assert_eq!(used.taken(), 0);
    }
}
