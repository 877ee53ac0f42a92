//! The clock, passed in so that a cycle can be repeated exactly in a test.

use std::fmt;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

/// Tells the wall-clock time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present instant, in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    // The one place that reads the machine's clock. `Utc::now` panics while that is before 1970.
    fn now(&self) -> DateTime<Utc> {
        SystemTime::now().into()
    }
}

/// A clock that stands still.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub DateTime<Utc>);

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}
