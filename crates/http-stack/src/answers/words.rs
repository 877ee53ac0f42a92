//! Waits and quotas that a message names in words.
//!
//! Defender's 429 repeats its quota in prose: "maximum allowed 45 per 00:01:00" and "You can send
//! requests again in 8 seconds." (MicrosoftDocs/microsoft-365-docs#4616).

use std::time::Duration;

use crate::Quota;

use super::retry_after::LONGEST_WAIT;

/// The wait in "…again in 8 seconds", "…retry after 2 minutes".
pub(super) fn wait_in(message: &str) -> Option<Duration> {
    let words: Vec<String> = words(message).collect();
    words.windows(3).find_map(|three| match three {
        [before, number, unit] if before == "in" || before == "after" => {
            let number: u64 = number.parse().ok()?;
            let unit = match unit.as_str() {
                "s" | "sec" | "secs" | "second" | "seconds" => 1,
                "min" | "mins" | "minute" | "minutes" => 60,
                "hour" | "hours" => 3600,
                _ => return None,
            };
            Some(Duration::from_secs(number.saturating_mul(unit)).min(LONGEST_WAIT))
        }
        _ => None,
    })
}

/// The quota in "maximum allowed 45 per 00:01:00".
pub(super) fn quota_in(message: &str) -> Option<Quota> {
    let words: Vec<String> = words(message).collect();
    words.windows(3).find_map(|three| match three {
        [calls, per, span] if per == "per" => {
            let quota = Quota { calls: calls.parse().ok()?, per: time_span(span)? };
            (quota.calls > 0).then_some(quota)
        }
        _ => None,
    })
}

/// .NET's `hh:mm:ss`, up to a day.
fn time_span(text: &str) -> Option<Duration> {
    let mut parts = text.split(':').map(|part| part.parse::<u64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || hours > 24 || minutes > 59 || seconds > 59 {
        return None;
    }
    let span = Duration::from_secs(hours * 3600 + minutes * 60 + seconds);
    (!span.is_zero() && span <= LONGEST_WAIT).then_some(span)
}

fn words(message: &str) -> impl Iterator<Item = String> {
    message
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == ':'))
        .map(|word| word.trim_matches(':').to_ascii_lowercase())
        .filter(|word| !word.is_empty())
        .take(200) // A message is a few sentences; what follows is not read.
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn defenders_refusal_names_its_quota_and_its_wait() {
        let message = "Maximum allowed 30 per 00:01:00 for the key Destination+TenantID+AppID. \
                       You can send requests again in 8 seconds.";
        assert_eq!(quota_in(message), Some(Quota::per_minute(30)));
        assert_eq!(wait_in(message), Some(Duration::from_secs(8)));
        assert_eq!(quota_in("maximum allowed 1500 per 01:00:00"), Some(Quota::per_hour(1500)));
    }

    #[test]
    fn other_prose_names_nothing() {
        for message in [
            "",
            "Too Many Requests",
            "in 8 apples",
            "0 per 00:01:00",
            "5 per 00:00:00",
            "5 per 99:00:00",
            "5 per minute",
            "5 per 1:2",
            "99999999999999999999 per 00:01:00",
        ] {
            assert_eq!((quota_in(message), wait_in(message)), (None, None), "{message}");
        }
    }

    proptest! {
        #[test]
        fn any_message_is_read_without_a_panic(message in any::<String>()) {
            prop_assert!(wait_in(&message).is_none_or(|wait| wait <= LONGEST_WAIT));
            prop_assert!(quota_in(&message).is_none_or(|quota| quota.calls > 0));
        }
    }
}
