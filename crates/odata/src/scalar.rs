//! Times and GUIDs, as Microsoft's APIs write them.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use uuid::Uuid;

/// Reads an ISO 8601 instant with any number of fractional digits, `Z` or an offset, or an instant in
/// the form of Windows PowerShell, `/Date(1571240587193)/`.
///
/// Milliseconds are kept, the rest is cut off. `None` stands for everything that is not a usable
/// instant: also for the years 1 and 9999, which the APIs send for "none"
/// (<https://learn.microsoft.com/dotnet/api/system.datetime.minvalue>), and for text that is not a
/// time. A missing offset is read as UTC.
///
/// ```
/// use stocktake_odata::parse_time;
///
/// let time = parse_time("2018-08-02T14:55:03.7791856Z").unwrap();
/// assert_eq!(time.timestamp_millis(), 1_533_221_703_779);
/// assert_eq!(parse_time("/Date(1533221703779+0200)/"), Some(time));
/// assert_eq!(parse_time("0001-01-01T00:00:00Z"), None);
/// ```
pub fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    read_time(text)?.0
}

/// A time that was read; `None` in it stands for "none".
pub(crate) struct ReadTime(pub(crate) Option<DateTime<Utc>>);

/// Like [`parse_time`], but distinguishes "none" from text that is not a time, which is `None`.
pub(crate) fn read_time(text: &str) -> Option<ReadTime> {
    let text = text.trim();
    if let Some(ticks) = text.strip_prefix("/Date(") {
        return read_ticks(ticks.strip_suffix(")/")?);
    }
    let mut rest = Digits(text.as_bytes());
    let year = rest.number(4)?;
    let date = (rest.one_of(b"-")?, rest.number(2)?, rest.one_of(b"-")?, rest.number(2)?);
    // Both ends stand for "none", and the upper one lies past what some libraries can hold.
    let is_none = year <= 1 || year >= 9999;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, date.1, date.3)?;
    rest.one_of(b"Tt ")?;
    let hour = rest.number(2)?;
    rest.one_of(b":")?;
    let minute = rest.number(2)?;
    let second = match rest.one_of(b":") {
        // A leap second has no instant of its own in UTC counting.
        Some(_) => rest.number(2).map(|second| if second == 60 { 59 } else { second })?,
        None => 0,
    };
    let millis = rest.fraction()?;
    let offset = rest.offset()?;
    let time = NaiveTime::from_hms_milli_opt(hour, minute, second, millis)?;
    if is_none {
        return Some(ReadTime(None));
    }
    let instant = date.and_time(time).checked_sub_signed(TimeDelta::minutes(offset))?;
    Some(ReadTime(real(instant.and_utc())))
}

/// Milliseconds since 1970, as Windows PowerShell writes them. The offset that may follow says where
/// the writer was; it does not move the instant
/// (<https://learn.microsoft.com/dotnet/standard/datetime/system-text-json-support>).
fn read_ticks(text: &str) -> Option<ReadTime> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (digits, offset) = match digits.find(['+', '-']) {
        Some(at) => digits.split_at_checked(at)?,
        None => (digits, ""),
    };
    let is_offset = offset.is_empty() || offset.len() == 5;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_offset || !is_number(digits) || !is_number(offset.get(1..).unwrap_or_default()) {
        return None;
    }
    let millis = digits.parse::<i64>().ok()?.checked_mul(sign)?;
    DateTime::from_timestamp_millis(millis).map(|instant| ReadTime(real(instant)))
}

/// `None` for an instant that stands for "none".
fn real(instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (1 < instant.year() && instant.year() < 9999).then_some(instant)
}

/// What is left of a time.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    /// Exactly `count` digits.
    fn number(&mut self, count: usize) -> Option<u32> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
        })
    }

    /// One byte out of `set`; nothing is taken when another one comes.
    fn one_of(&mut self, set: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        set.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    /// The milliseconds of an optional fraction.
    fn fraction(&mut self) -> Option<u32> {
        if self.one_of(b".,").is_none() {
            return Some(0);
        }
        let mut millis = 0;
        let mut weight = 100;
        let mut any = false;
        while let Some(digit) = self.one_of(b"0123456789") {
            millis += u32::from(digit - b'0') * weight;
            weight /= 10;
            any = true;
        }
        any.then_some(millis)
    }

    /// The offset from UTC in minutes; nothing may follow it.
    fn offset(&mut self) -> Option<i64> {
        let minutes = match self.one_of(b"Zz+-") {
            None | Some(b'Z' | b'z') => 0,
            Some(sign) => {
                let hours = self.number(2)?;
                self.one_of(b":");
                let minutes = if self.0.is_empty() { 0 } else { self.number(2)? };
                let size = i64::from(hours * 60 + minutes);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                if sign == b'-' { -size } else { size }
            }
        };
        self.0.is_empty().then_some(minutes)
    }
}

/// Reads a GUID in any of its written forms: any case, with or without hyphens, in braces, as a URN.
///
/// `None` for other text and for the all-zero GUID, which Intune sends for devices that were never
/// registered in Entra ID: it would join all of them with each other.
///
/// ```
/// use stocktake_odata::parse_guid;
///
/// let plain = parse_guid("80fe8ff8-2624-418e-9591-41f0491218f9");
/// assert_eq!(plain, parse_guid(" {80FE8FF8-2624-418E-9591-41F0491218F9} "));
/// assert_eq!(parse_guid("00000000-0000-0000-0000-000000000000"), None);
/// ```
pub fn parse_guid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text.trim()).ok().filter(|id| !id.is_nil())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fractions_are_cut_to_milliseconds() {
        for (text, millis) in [
            ("2024-12-01T10:00:00Z", 0),
            ("2024-12-01T10:00:00.5Z", 500),
            ("2024-12-01T10:00:00.123456Z", 123),
            ("2024-12-01T10:00:00.9999999Z", 999),
            ("2024-12-01T10:00:00.99999999999999Z", 999),
        ] {
            let expected = 1_733_047_200_000 + millis;
            assert_eq!(parse_time(text).unwrap().timestamp_millis(), expected, "{text}");
        }
    }

    #[test]
    fn an_offset_is_taken_into_account() {
        let utc = parse_time("2024-12-01T10:00:00Z");
        for text in [
            "2024-12-01T02:00:00-08:00",
            "2024-12-01T15:30:00+0530",
            "2024-12-01T11:00:00+01",
            "2024-12-01 10:00:00",
            "2024-12-01T10:00Z",
        ] {
            assert_eq!(parse_time(text), utc, "{text}");
        }
    }

    #[test]
    fn years_1_and_9999_mean_absent() {
        for text in [
            "0001-01-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59.9999999Z",
            "9998-12-31T23:59:59-08:00",
        ] {
            assert!(matches!(read_time(text), Some(ReadTime(None))), "{text}");
        }
    }

    #[test]
    fn the_form_of_powershell_is_read() {
        let expected = parse_time("2019-10-16T15:43:07.193Z");
        for text in [
            "/Date(1571240587193)/",
            "/Date(1571240587193+0000)/",
            "/Date(1571240587193-0800)/",
            " /Date(1571240587193)/ ",
        ] {
            assert_eq!(parse_time(text), expected, "{text}");
        }
        assert_eq!(parse_time("/Date(-1000)/"), parse_time("1969-12-31T23:59:59Z"));
        assert_eq!(parse_time("/Date(0)/"), DateTime::from_timestamp_millis(0));
        for none in ["/Date(-62135596800000)/", "/Date(253402300799999)/"] {
            assert!(matches!(read_time(none), Some(ReadTime(None))), "{none}");
        }
        for text in [
            "/Date()/",
            "/Date(-)/",
            "/Date(5",
            "/Date(five)/",
            "/Date(5+)/",
            "/Date(5+00)/",
            "/Date(5+00:00)/",
            "/Date(+5)/",
            "/Date(--5)/",
            "/Date(99999999999999999999)/",
            "/Date(9223372036854775807)/",
            "Date(5)",
        ] {
            assert!(read_time(text).is_none(), "{text}");
        }
    }

    #[test]
    fn text_that_is_not_a_time_is_not_read() {
        for text in [
            "",
            "never",
            "2024-13-01T00:00:00Z",
            "2024-02-30T00:00:00Z",
            "2024-01-01",
            "2024-01-01T25:00:00Z",
            "2024-01-01T00:00:00.Z",
            "0001-01-01",
            "0001-99-01T00:00:00Z",
            "05/01/2024 10:00:00",
            "2024-01-01T00:00:00Zulu",
            "2024-01-01T00:00:00+99:00",
            "١٢٣٤-01-01T00:00:00Z",
        ] {
            assert!(read_time(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_written_time_reads_as_itself(millis in 0_i64..250_000_000_000_000) {
            let time = DateTime::from_timestamp_millis(millis).unwrap();
            prop_assert_eq!(parse_time(&time.to_rfc3339()), Some(time));
        }

        #[test]
        fn no_text_makes_the_readers_panic(text in "\\PC{0,60}", numeric in "[-0-9TZ:.+ ]{0,40}") {
            parse_time(&text);
            parse_time(&numeric);
            parse_guid(&text);
        }

        #[test]
        fn every_written_form_of_a_guid_is_the_same_guid(bits in 1_u128..) {
            let id = Uuid::from_u128(bits);
            for form in [
                id.to_string(), id.to_string().to_uppercase(), id.simple().to_string(),
                id.braced().to_string(), id.urn().to_string(), format!(" {id}\t"),
            ] {
                prop_assert_eq!(parse_guid(&form), Some(id));
            }
        }
    }
}
