//! OData query options, as far as the two APIs take them.

use chrono::{DateTime, NaiveDate, Utc};
use url::form_urlencoded;

/// A query: decoded for reading, raw for the links made from it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a>(pub(crate) &'a str);

impl Query<'_> {
    pub(crate) fn get(self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.0.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// A number, or `Err` where there is something else.
    pub(crate) fn number(self, name: &str) -> Result<Option<usize>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| format!("{name} is not a number")),
        }
    }

    /// The raw pairs without those of these names, ready for a link.
    pub(crate) fn without(self, names: &[&str]) -> String {
        let kept = self.0.split('&').filter(|pair| {
            let decoded = form_urlencoded::parse(pair.as_bytes()).next();
            decoded.is_some_and(|(key, _)| !names.contains(&key.as_ref()))
        });
        kept.collect::<Vec<_>>().join("&")
    }
}

/// How a time in a filter is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    After,
    AtOrAfter,
    Before,
    AtOrBefore,
}

/// One condition on a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeTerm {
    compare: Compare,
    instant: DateTime<Utc>,
}

impl TimeTerm {
    pub(crate) fn holds(self, at: DateTime<Utc>) -> bool {
        match self.compare {
            Compare::After => at > self.instant,
            Compare::AtOrAfter => at >= self.instant,
            Compare::Before => at < self.instant,
            Compare::AtOrBefore => at <= self.instant,
        }
    }
}

/// Reads `{name} gt {time}`, several joined by `and`. `None`: the filter says something else.
pub(crate) fn time_filter(filter: &str, name: &str) -> Option<Vec<TimeTerm>> {
    filter.split(" and ").map(|term| time_term(term.trim(), name)).collect()
}

fn time_term(term: &str, name: &str) -> Option<TimeTerm> {
    let mut words = term.split_whitespace();
    if words.next() != Some(name) {
        return None;
    }
    let compare = match words.next()? {
        "gt" => Compare::After,
        "ge" => Compare::AtOrAfter,
        "lt" => Compare::Before,
        "le" => Compare::AtOrBefore,
        _ => return None,
    };
    let instant = instant(words.next()?)?;
    words.next().is_none().then_some(TimeTerm { compare, instant })
}

/// A time, or a date as in the documentation's `lastSeen gt 2018-08-01Z`.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    let date: NaiveDate = text.trim_end_matches('Z').parse().ok()?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc())
}

/// Reads `{name} eq '{value}'`, several joined by `or`. `None`: the filter says something else.
pub(crate) fn equals_filter(filter: &str, name: &str) -> Option<Vec<String>> {
    filter
        .split(" or ")
        .map(|term| {
            let rest = term.trim().trim_matches(['(', ')']).strip_prefix(name)?.trim_start();
            let quoted = rest.strip_prefix("eq")?.trim();
            Some(quoted.strip_prefix('\'')?.strip_suffix('\'')?.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_filter_on_a_time_is_read_with_time_or_date() {
        let at: DateTime<Utc> = "2018-08-01T00:00:00Z".parse().unwrap();
        let after = time_filter("lastSeen gt 2018-08-01Z", "lastSeen").unwrap();
        assert_eq!(after, [TimeTerm { compare: Compare::After, instant: at }]);
        assert!(!after[0].holds(at));
        let from = time_filter("lastSeen ge 2018-08-01T00:00:00.0000000Z", "lastSeen").unwrap();
        assert!(from[0].holds(at));
        assert_eq!(time_filter("lastSeen gt a and firstSeen gt b", "lastSeen"), None);
        assert_eq!(time_filter("firstSeen gt 2018-08-01Z", "lastSeen"), None);
    }

    #[test]
    fn a_filter_on_an_identifier_is_read_with_its_alternatives() {
        let one = equals_filter("azureADDeviceId eq 'a'", "azureADDeviceId").unwrap();
        assert_eq!(one, ["a"]);
        let two = "azureADDeviceId eq 'a' or (azureADDeviceId eq 'b')";
        assert_eq!(equals_filter(two, "azureADDeviceId").unwrap(), ["a", "b"]);
        assert_eq!(equals_filter("userId eq 'a'", "azureADDeviceId"), None);
    }

    #[test]
    fn a_link_keeps_what_else_was_asked() {
        let query = Query("$filter=lastSeen%20ge%202020-01-01Z&%24skip=10&$select=id");
        assert_eq!(query.without(&["$skip"]), "$filter=lastSeen%20ge%202020-01-01Z&$select=id");
        assert_eq!(query.number("$skip"), Ok(Some(10)));
    }

    proptest! {
        #[test]
        fn reading_a_query_never_panics(text: String) {
            let _ = Query(&text).without(&["$skip"]);
            let _ = time_filter(&text, "lastSeen");
            let _ = equals_filter(&text, "id");
        }
    }
}
