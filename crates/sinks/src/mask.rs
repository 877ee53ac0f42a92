//! Writing JSON, and knowing its content without some of its fields, in one pass.
//!
//! While the text is written, the places of the fields that do not count are noted. What is left
//! without them is, byte for byte, what a value without those fields would give.
//!
//! The text is the one that `serde_json` writes; numbers and unusual text come from it. Its own
//! serializer takes twice as long here: it hands over each quote, comma and colon by itself, looks
//! at text byte by byte, and does not say where in the value it stands.

mod serializer;

use std::ops::Range;

use serde::Serialize;

/// Fields by their paths: the names of their keys, joined by dots. An array has the path of its key,
/// so `enrichments.name` is the name of every enrichment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Paths {
    /// Whether a field with the path so far is left out.
    left_out: bool,
    /// Whether it is the one whose place is asked for.
    marked: bool,
    /// How the path may go on.
    below: Vec<(String, Paths)>,
}

impl Paths {
    /// The fields to leave out, and the one whose place is asked for.
    pub(crate) fn new(left_out: impl IntoIterator<Item = String>, marked: &str) -> Self {
        let mut paths = Self::default();
        for path in left_out {
            paths.at(&path).left_out = true;
        }
        paths.at(marked).marked = true;
        paths
    }

    /// The place of a path in the tree, which is made when there is none.
    #[allow(clippy::indexing_slicing)] // The name was found or added there.
    fn at(&mut self, path: &str) -> &mut Self {
        let (name, rest) = path.split_once('.').map_or((path, None), |(n, rest)| (n, Some(rest)));
        let known = self.below.iter().position(|(known, _)| known == name);
        let index = known.unwrap_or(self.below.len());
        if known.is_none() {
            self.below.push((name.to_owned(), Self::default()));
        }
        let (_, below) = &mut self.below[index];
        match rest {
            Some(rest) => below.at(rest),
            None => below,
        }
    }

    /// What is known of the fields named `key`, as it is written between quotes.
    fn below(&self, key: &[u8]) -> Option<&Self> {
        self.below.iter().find(|(name, _)| name.as_bytes() == key).map(|(_, below)| below)
    }
}

/// Where things stand in the text of one value, counted from its first byte.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// What does not count, in ascending order.
    left_out: Vec<Range<usize>>,
    /// The value of the marked field.
    pub(crate) marked: Option<Range<usize>>,
}

impl Places {
    /// The parts of `text` that count, put together.
    pub(crate) fn content(&self, text: &[u8]) -> Vec<u8> {
        let mut content = Vec::with_capacity(text.len());
        let mut start = 0;
        for range in &self.left_out {
            content.extend_from_slice(text.get(start..range.start).unwrap_or_default());
            start = range.end;
        }
        content.extend_from_slice(text.get(start..).unwrap_or_default());
        content
    }
}

/// Appends `value` as JSON to `out`, and notes where the fields of `paths` stand. On an error `out` may
/// hold a part of the value.
///
/// Enums with data have no place in an event and are errors.
pub(crate) fn write_noting<T: Serialize>(
    value: &T,
    paths: &Paths,
    out: &mut Vec<u8>,
) -> Result<Places, serde_json::Error> {
    let start = out.len();
    let mut text =
        Text { out, start, places: Places::default(), within: Some(paths), is_left_out: false };
    value.serialize(&mut text)?;
    Ok(text.places)
}

/// The text so far, and the place in it.
struct Text<'a> {
    out: &'a mut Vec<u8>,
    /// Where the value starts in `out`.
    start: usize,
    places: Places,
    /// The paths below the value that is being written; `None` where no path leads.
    within: Option<&'a Paths>,
    /// Whether a field is being left out with all that is in it.
    is_left_out: bool,
}

/// A field whose value is being written.
struct Field<'a> {
    /// Where the field starts, its comma included.
    start: usize,
    /// Where its value starts.
    value_at: usize,
    /// The paths below the object.
    around: Option<&'a Paths>,
    /// Whether leaving out begins with this field.
    is_left_out: bool,
}

/// What was written of an open object or list.
#[derive(Default)]
struct Open {
    any: bool,
    /// Whether a field of it counts.
    any_counts: bool,
}

impl<'a> Text<'a> {
    /// The place of the next byte, counted from the value's first one.
    fn here(&self) -> usize {
        self.out.len() - self.start
    }

    /// Where a field starts, and its key, once the comma before it is written.
    fn begin_key(&mut self, object: &mut Open) -> (usize, usize) {
        let start = self.here();
        if std::mem::replace(&mut object.any, true) {
            self.out.push(b',');
        }
        (start, self.here())
    }

    /// Goes on to the value of the field whose key was just written; `within` is its own path.
    fn end_key(
        &mut self,
        object: &mut Open,
        (start, key_at): (usize, usize),
        within: Option<&'a Paths>,
    ) -> Field<'a> {
        let around = std::mem::replace(&mut self.within, within);
        self.out.push(b':');
        let left_out = within.is_some_and(|field| field.left_out);
        let is_left_out = left_out && !self.is_left_out;
        if is_left_out {
            self.is_left_out = true;
        } else if !self.is_left_out
            && !std::mem::replace(&mut object.any_counts, true)
            && start < key_at
        {
            // Every field before this one is left out, and so is the comma behind them.
            self.places.left_out.push(start..key_at);
        }
        Field { start, value_at: self.here(), around, is_left_out }
    }

    fn end_field(&mut self, field: &Field<'a>) {
        let here = self.here();
        if self.within.is_some_and(|field| field.marked) {
            self.places.marked = Some(field.value_at..here);
        }
        if field.is_left_out {
            self.places.left_out.push(field.start..here);
            self.is_left_out = false;
        }
        self.within = field.around;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    fn written(value: &Value, left_out: &[&str]) -> String {
        let paths = Paths::new(left_out.iter().map(|path| (*path).to_owned()), "b.a");
        let mut out = b"before".to_vec();
        let places = write_noting(value, &paths, &mut out).unwrap();
        let text = out.strip_prefix(b"before").unwrap();
        assert_eq!(text, value.to_string().as_bytes(), "the text itself is whole");
        if let Some(marked) = value.get("b").and_then(|value| value.get("a")) {
            assert_eq!(&text[places.marked.clone().unwrap()], marked.to_string().as_bytes());
        }
        String::from_utf8(places.content(text)).unwrap()
    }

    #[test]
    fn a_field_is_left_out_with_its_separator_wherever_it_stands() {
        let value = json!({"a": 1, "b": {"a": 2, "c": "\"x\ny"}, "c": [true, null]});
        for (left_out, expected) in [
            (&[][..], r#"{"a":1,"b":{"a":2,"c":"\"x\ny"},"c":[true,null]}"#),
            (&["a"], r#"{"b":{"a":2,"c":"\"x\ny"},"c":[true,null]}"#),
            (&["b"], r#"{"a":1,"c":[true,null]}"#),
            (&["c"], r#"{"a":1,"b":{"a":2,"c":"\"x\ny"}}"#),
            (&["b.a"], r#"{"a":1,"b":{"c":"\"x\ny"},"c":[true,null]}"#),
            (&["b.a", "b.c", "a", "c"], r#"{"b":{}}"#),
            (
                &["b.", ".a", "b.a.c", "a.b", "x"],
                r#"{"a":1,"b":{"a":2,"c":"\"x\ny"},"c":[true,null]}"#,
            ),
        ] {
            assert_eq!(written(&value, left_out), expected, "{left_out:?}");
        }
    }

    #[test]
    fn the_elements_of_an_array_have_the_path_of_its_key() {
        let value = json!({"e": [{"n": 1, "v": 2}, [{"n": 3}], {"w": {"n": 4}}]});
        assert_eq!(written(&value, &["e.n"]), r#"{"e":[{"v":2},[{}],{"w":{"n":4}}]}"#);
    }

    #[test]
    fn text_is_escaped_wherever_the_unusual_character_stands() {
        for unusual in ["\"", "\\", "\n", "\u{0}", "\u{1f}", "\u{7f}", "é", "\u{1f600}"] {
            for length in [0, 1, 15, 16, 17, 33] {
                for at in 0..=length {
                    let (before, after) = ("x".repeat(at), "y".repeat(length - at));
                    // As a value and as a key.
                    let text = format!("{before}{unusual}{after}");
                    written(&json!({ text.as_str(): text }), &[]);
                }
            }
        }
    }

    #[test]
    fn a_value_that_no_event_holds_is_an_error() {
        #[derive(Serialize)]
        enum Odd {
            Pair(u8, u8),
        }
        let (paths, mut out) = (Paths::default(), Vec::new());
        let error = write_noting(&Odd::Pair(1, 2), &paths, &mut out).unwrap_err().to_string();
        assert!(error.contains("enum with data"), "{error}");
        let numbered = std::collections::BTreeMap::from([(1, "a")]);
        let error = write_noting(&numbered, &paths, &mut out).unwrap_err().to_string();
        assert!(error.contains("key is no text"), "{error}");
    }

    fn values() -> impl Strategy<Value = Value> {
        let scalars = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,3}".prop_map(Value::from),
        ];
        scalars.prop_recursive(5, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[ab]{1}", inner), 0..4)
                    .prop_map(|fields| Value::Object(Map::from_iter(fields))),
            ]
        })
    }

    fn remove(value: &mut Value, path: &[&str]) {
        match (value, path) {
            (Value::Array(items), _) => items.iter_mut().for_each(|item| remove(item, path)),
            (Value::Object(fields), [last]) => drop(fields.remove(*last)),
            (Value::Object(fields), [first, rest @ ..]) => {
                fields.get_mut(*first).into_iter().for_each(|value| remove(value, rest));
            }
            _ => {}
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn leaving_a_path_out_writes_what_a_value_without_it_would(
            mut value in values(),
            paths in prop::collection::vec("[ab](\\.[ab]){0,3}", 0..3),
        ) {
            let left_out: Vec<&str> = paths.iter().map(String::as_str).collect();
            let masked = written(&value, &left_out);
            for path in left_out {
                remove(&mut value, &path.split('.').collect::<Vec<_>>());
            }
            prop_assert_eq!(masked, value.to_string());
        }
    }
}
