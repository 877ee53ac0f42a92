//! Times: when one is real, and how OCSF counts it.

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};
use stocktake_ocsf_model::Timestamp;

/// The time, unless it stands for none: Microsoft's APIs send year 1 and year 9999 for that.
pub(crate) fn real(time: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    time.filter(|time| (2..9999).contains(&time.year()))
}

/// Milliseconds since the epoch; what is finer is cut off.
pub(crate) fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp::from_millis(time.timestamp_millis())
}

/// ISO 8601 in UTC with as many digits as the time has: none, 3, 6 or 9 of the second.
///
/// Every record has one, and a formatter of the library costs as much as all the rest of its device.
pub(crate) fn text(time: DateTime<Utc>) -> String {
    let Ok(year @ 0..=9999) = u32::try_from(time.year()) else {
        return time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    };
    // A leap second is written as the second 60.
    let (nanosecond, leap) = match time.nanosecond() {
        leap @ 1_000_000_000.. => (leap - 1_000_000_000, 1),
        nanosecond => (nanosecond, 0),
    };
    let mut out = String::with_capacity("2024-12-01T10:00:00.123456789Z".len());
    for (value, width, behind) in [
        (year, 4, '-'),
        (time.month(), 2, '-'),
        (time.day(), 2, 'T'),
        (time.hour(), 2, ':'),
        (time.minute(), 2, ':'),
    ] {
        digits(&mut out, value, width);
        out.push(behind);
    }
    digits(&mut out, time.second() + leap, 2);
    if nanosecond > 0 {
        out.push('.');
        match nanosecond {
            whole if whole % 1_000_000 == 0 => digits(&mut out, whole / 1_000_000, 3),
            whole if whole % 1_000 == 0 => digits(&mut out, whole / 1_000, 6),
            whole => digits(&mut out, whole, 9),
        }
    }
    out.push('Z');
    out
}

fn digits(out: &mut String, value: u32, width: u32) {
    let digits = (0..width).rev().map(|place| value / 10u32.pow(place) % 10);
    out.extend(digits.filter_map(|digit| char::from_digit(digit, 10)));
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
        let odd = ["0001-01-01T00:00:00.000001Z", "9999-12-31T23:59:59.9999999Z"];
        let whole = ["2016-12-31T23:59:60Z", "2016-12-31T23:59:60.5Z", "+12345-01-01T00:00:00Z"];
        for time in odd.into_iter().chain(whole).map(parse) {
            assert_eq!(text(time), time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        }
    }
}
