//! `Retry-After`: seconds, or the date in the three forms that HTTP allows. And `Date`, which has them too.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};

/// The longest wait that is accepted. A longer one is a mistake or an attack.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// The wait that `Retry-After` names, a day at most. A date in the past is a wait of zero, and a header
/// that cannot be read is `None`. A date is the server's, so it counts from the server's `Date`, and
/// from `now` only where there is none.
pub fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = text(headers, RETRY_AFTER)?;
    let wait = match text.parse::<f64>() {
        // Fractions are not in the standard but cost nothing to accept.
        Ok(seconds) if seconds >= 0.0 => {
            Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_WAIT)
        }
        Ok(_) => return None,
        Err(_) => {
            let now = server_time(headers).unwrap_or(now);
            date(text)?.signed_duration_since(now).to_std().unwrap_or(Duration::ZERO)
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

/// The server's time, by the header `Date`: whole seconds, cut off.
pub(crate) fn server_time(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    date(text(headers, DATE)?)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

fn date(text: &str) -> Option<DateTime<Utc>> {
    // RFC 9110 §5.6.7: the current form, and two that recipients must still read.
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn wait(text: &[u8]) -> Option<Duration> {
        let now = DateTime::parse_from_rfc3339("1994-11-06T08:49:30Z").unwrap().to_utc();
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_bytes(text).unwrap());
        retry_after(&headers, now)
    }

    #[test]
    fn seconds_and_all_three_dates_are_read() {
        for (text, seconds) in [
            ("120", 120.0),
            (" 0 ", 0.0),
            ("1.5", 1.5),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 7.0),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 7.0),
            ("Sun Nov  6 08:49:37 1994", 7.0),
            ("Sun, 06 Nov 1994 08:49:00 GMT", 0.0),
        ] {
            assert_eq!(wait(text.as_bytes()), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
    }

    #[test]
    fn a_date_counts_from_the_servers_own() {
        // The server's clock is an hour behind ours.
        let now = DateTime::parse_from_rfc3339("1994-11-06T09:49:30Z").unwrap().to_utc();
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:30 GMT"));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(retry_after(&headers, now), Some(Duration::from_secs(7)));
        headers.insert(DATE, HeaderValue::from_static("yesterday"));
        assert_eq!(server_time(&headers), None);
        assert_eq!(retry_after(&headers, now), Some(Duration::ZERO));
    }

    #[test]
    fn nonsense_is_not_a_wait_and_a_year_is_a_day() {
        for text in ["", "soon", "-5", "NaN", "Sun, 99 Nov 1994 08:49:37 GMT", "\u{e9}"] {
            assert_eq!(wait(text.as_bytes()), None, "{text}");
        }
        for text in ["31536000", "1e300", "inf", "Sun, 06 Nov 9994 08:49:37 GMT"] {
            let found = wait(text.as_bytes());
            assert!(found.is_none() || found == Some(LONGEST_WAIT), "{text}: {found:?}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_a_panic(text in proptest::collection::vec(32u8..127, 0..40)) {
            let found = wait(&text);
            prop_assert!(found.is_none_or(|wait| wait <= LONGEST_WAIT));
        }
    }
}
