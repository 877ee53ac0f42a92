//! Writing JSON, and knowing its content without some of its fields, in one pass.
//!
//! While the text is written, the places of the fields that do not count are noted. What is left
//! without them is, byte for byte, what a value without those fields would give.

use std::cell::RefCell;
use std::io;
use std::ops::Range;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Paths of fields: the names of their keys, joined by dots. An array has the path of its key, so
/// `enrichments.name` is the name of every enrichment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paths(Vec<String>);

impl Paths {
    pub(crate) fn new(paths: impl IntoIterator<Item = String>) -> Self {
        Self(paths.into_iter().collect())
    }

    fn contain(&self, path: &[u8]) -> bool {
        self.0.iter().any(|known| known.as_bytes() == path)
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

/// Appends `value` as JSON to `out`, and notes where the fields of `left_out` and the field `marked`
/// stand. On an error `out` may hold a part of the value.
pub(crate) fn write_noting<T: Serialize>(
    value: &T,
    left_out: &Paths,
    marked: &str,
    out: &mut Vec<u8>,
) -> Result<Places, serde_json::Error> {
    let text = RefCell::new(Text {
        left_out,
        marked: marked.as_bytes(),
        start: out.len(),
        out,
        places: Places::default(),
        field_at: 0,
        key_at: 0,
        path: Vec::new(),
        open: Vec::new(),
        objects: Vec::new(),
        muted: None,
    });
    value.serialize(&mut Serializer::with_formatter(Gate(&text), Structure(&text)))?;
    Ok(text.into_inner().places)
}

/// The text so far, and the place in it.
struct Text<'a> {
    left_out: &'a Paths,
    marked: &'a [u8],
    out: &'a mut Vec<u8>,
    /// Where the value starts in `out`.
    start: usize,
    places: Places,
    /// Where the field starts whose key is being written, its comma included.
    field_at: usize,
    /// Where that key starts.
    key_at: usize,
    /// The path of the value that is being written.
    path: Vec<u8>,
    /// For each key on the path, the length of the path before it and where its value starts.
    open: Vec<(usize, usize)>,
    /// For each open object, whether a field of it counts.
    objects: Vec<bool>,
    /// The field that is being left out: how many keys deep it lies, and where it starts.
    muted: Option<(usize, usize)>,
}

impl Text<'_> {
    /// The place of the next byte, counted from the value's first one.
    fn here(&self) -> usize {
        self.out.len() - self.start
    }

    fn begin_key(&mut self, first: bool) {
        self.field_at = self.here();
        if !first {
            self.out.push(b',');
        }
        self.key_at = self.here();
    }

    fn end_key(&mut self) {
        let before = self.path.len();
        if before > 0 {
            self.path.push(b'.');
        }
        let key = self.out.get(self.start + self.key_at..).unwrap_or_default();
        let name = key.strip_prefix(b"\"").and_then(|key| key.strip_suffix(b"\""));
        self.path.extend_from_slice(name.unwrap_or(key));
        // A colon stands between key and value.
        self.open.push((before, self.here() + 1));
        if self.muted.is_some() {
            return;
        }
        if self.left_out.contain(&self.path) {
            self.muted = Some((self.open.len(), self.field_at));
            return;
        }
        if let Some(has_fields) = self.objects.last_mut()
            && !std::mem::replace(has_fields, true)
            && self.field_at < self.key_at
        {
            // Every field before this one is left out, and so is the comma behind them.
            self.places.left_out.push(self.field_at..self.key_at);
        }
    }

    fn end_value(&mut self) {
        let here = self.here();
        let depth = self.open.len();
        let Some((before, value_at)) = self.open.pop() else { return };
        if self.path == self.marked {
            self.places.marked = Some(value_at..here);
        }
        if let Some((_, field_at)) = self.muted.take_if(|(muted, _)| *muted == depth) {
            self.places.left_out.push(field_at..here);
        }
        self.path.truncate(before);
    }
}

/// Where the serializer writes to.
struct Gate<'a, 'b>(&'a RefCell<Text<'b>>);

impl io::Write for Gate<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().out.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tells the text where the serializer stands. Scalars need nothing of it.
struct Structure<'a, 'b>(&'a RefCell<Text<'b>>);

impl Formatter for Structure<'_, '_> {
    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.borrow_mut().objects.push(false);
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.borrow_mut().objects.pop();
        writer.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        _: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.borrow_mut().begin_key(first);
        Ok(())
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.borrow_mut().end_key();
        Ok(())
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.borrow_mut().end_value();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    fn written(value: &Value, left_out: &[&str]) -> String {
        let paths = Paths::new(left_out.iter().map(|path| (*path).to_owned()));
        let mut out = b"before".to_vec();
        let places = write_noting(value, &paths, "b.a", &mut out).unwrap();
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
