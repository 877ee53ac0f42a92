//! Times: when one is real, and how OCSF counts it.

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use stocktake_ocsf_model::Timestamp;

/// The time, unless it stands for none: Microsoft's APIs send year 1 and year 9999 for that.
pub(crate) fn real(time: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    time.filter(|time| (2..9999).contains(&time.year()))
}

/// Milliseconds since the epoch; what is finer is cut off.
pub(crate) fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp::from_millis(time.timestamp_millis())
}

/// ISO 8601 in UTC with as many digits as the time has.
pub(crate) fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn years_1_and_9999_mean_none() {
        for text in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"] {
            assert_eq!(real(Some(parse(text))), None, "{text}");
        }
        let time = parse("2018-08-02T14:55:03Z");
        assert_eq!(real(Some(time)), Some(time));
    }

    #[test]
    fn milliseconds_are_kept_and_what_is_finer_is_cut_off() {
        for (text, expected) in [
            ("2018-08-02T14:55:03.7799999Z", 1_533_221_703_779),
            ("2018-08-02T14:55:03Z", 1_533_221_703_000),
            ("1969-12-31T23:59:58.5Z", -1_500),
        ] {
            assert_eq!(timestamp(parse(text)).as_millis(), expected, "{text}");
        }
    }

    #[test]
    fn a_time_as_text_keeps_its_digits() {
        assert_eq!(text(parse("2024-12-01T10:00:00Z")), "2024-12-01T10:00:00Z");
        assert_eq!(text(parse("2018-08-02T14:55:03.779Z")), "2018-08-02T14:55:03.779Z");
    }
}
