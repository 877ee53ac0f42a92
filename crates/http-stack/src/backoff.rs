//! The waits between attempts: bounded, doubling, and jittered.

use std::time::Duration;

use rand::RngExt;

use crate::Backoff;

impl Backoff {
    /// The longest wait before retry number `retry`, counted from zero.
    pub(crate) fn step(&self, retry: u32) -> Duration {
        let factor = 1u32.checked_shl(retry).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.cap)
    }

    /// A wait drawn evenly from zero to the step, so that calls that failed together part.
    pub(crate) fn draw(&self, retry: u32) -> Duration {
        self.step(retry).mul_f64(rand::rng().random_range(0.0..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn steps_double_up_to_the_cap() {
        let backoff = Backoff::default();
        let steps: Vec<u64> = (0..9).map(|n| backoff.step(n).as_millis() as u64).collect();
        assert_eq!(steps, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
        assert_eq!(backoff.step(u32::MAX), backoff.cap);
    }

    proptest! {
        #[test]
        fn a_wait_stays_within_its_step(base in 0u64..10_000, cap in 0u64..100_000, n in any::<u32>()) {
            let backoff = Backoff {
                base: Duration::from_millis(base),
                cap: Duration::from_millis(cap),
            };
            prop_assert!(backoff.draw(n) <= backoff.step(n));
            prop_assert!(backoff.step(n) <= backoff.cap);
        }
    }
}
