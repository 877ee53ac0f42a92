//! Writing JSON without some of its fields.
//!
//! The fields are left out while the text is written, so no second tree is built. What is written is,
//! byte for byte, what a value without those fields would give.

use std::cell::RefCell;
use std::io;

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

/// `value` as JSON, without the fields that `left_out` names.
pub(crate) fn write_without<T: Serialize>(
    value: &T,
    left_out: &Paths,
) -> Result<Vec<u8>, serde_json::Error> {
    let text = RefCell::new(Text {
        left_out,
        // An event of the sekoia dialect has about 1.5 KiB.
        out: Vec::with_capacity(2048),
        key: Vec::new(),
        in_key: false,
        path: Vec::new(),
        parents: Vec::new(),
        objects: Vec::new(),
        muted_at: None,
    });
    value.serialize(&mut Serializer::with_formatter(Gate(&text), Structure(&text)))?;
    Ok(text.into_inner().out)
}

/// The text so far, and the place in it.
struct Text<'a> {
    left_out: &'a Paths,
    out: Vec<u8>,
    /// The key that is being written, quotes included: whether it goes out is known at its end.
    key: Vec<u8>,
    in_key: bool,
    /// The path of the value that is being written.
    path: Vec<u8>,
    /// For each key on the path, the length of the path before it.
    parents: Vec<usize>,
    /// For each open object, whether a field of it went out.
    objects: Vec<bool>,
    /// How many keys deep the field lies that is being left out.
    muted_at: Option<usize>,
}

impl Text<'_> {
    fn write(&mut self, bytes: &[u8]) {
        if self.in_key {
            self.key.extend_from_slice(bytes);
        } else if self.muted_at.is_none() {
            self.out.extend_from_slice(bytes);
        }
    }

    fn end_key(&mut self) {
        self.in_key = false;
        self.parents.push(self.path.len());
        if !self.path.is_empty() {
            self.path.push(b'.');
        }
        let name = self.key.strip_prefix(b"\"").and_then(|key| key.strip_suffix(b"\""));
        self.path.extend_from_slice(name.unwrap_or(&self.key));
        if self.muted_at.is_some() {
            return;
        }
        if self.left_out.contain(&self.path) {
            self.muted_at = Some(self.parents.len());
            return;
        }
        // The serializer would put a comma behind a field that was left out.
        if let Some(has_fields) = self.objects.last_mut()
            && std::mem::replace(has_fields, true)
        {
            self.out.push(b',');
        }
        self.out.extend_from_slice(&self.key);
    }

    fn end_value(&mut self) {
        if self.muted_at == Some(self.parents.len()) {
            self.muted_at = None;
        }
        self.path.truncate(self.parents.pop().unwrap_or_default());
    }
}

/// Where the serializer writes to.
struct Gate<'a, 'b>(&'a RefCell<Text<'b>>);

impl io::Write for Gate<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().write(bytes);
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

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W, _: bool) -> io::Result<()> {
        let mut text = self.0.borrow_mut();
        text.key.clear();
        text.in_key = true;
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
        String::from_utf8(write_without(value, &paths).unwrap()).unwrap()
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
