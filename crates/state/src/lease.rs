//! When a lease ends, by the clock of a store.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// The end of a lease that starts `now`. One too long for the calendar never ends.
pub(crate) fn expiry(now: DateTime<Utc>, length: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(length)
        .ok()
        .and_then(|length| now.checked_add_signed(length))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
