use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stocktake_ocsf_model::{Json, Paths, write};

use crate::event;

/// The content of `value` without some fields, once the whole text is as `serde_json` has it.
fn content(value: &Value, left_out: &[&str]) -> String {
    let paths = left_out.iter().fold(Paths::default(), |paths, path| paths.leave_out(path));
    let mut out = b"before".to_vec();
    let places = write(&Json::from(value.clone()), &paths, &mut out);
    let text = out.strip_prefix(b"before").unwrap();
    assert_eq!(text, value.to_string().as_bytes(), "the text itself is whole");
    String::from_utf8(places.content(text)).unwrap()
}

#[test]
fn a_field_is_left_out_with_its_comma_wherever_it_stands() {
    let value = json!({"a": 1, "b": {"a": 2, "c": "\"x\ny"}, "c": [true, null]});
    for (left_out, expected) in [
        (&[][..], r#"{"a":1,"b":{"a":2,"c":"\"x\ny"},"c":[true,null]}"#),
        (&["a"], r#"{"b":{"a":2,"c":"\"x\ny"},"c":[true,null]}"#),
        (&["b"], r#"{"a":1,"c":[true,null]}"#),
        (&["b", "b.a"], r#"{"a":1,"c":[true,null]}"#),
        (&["c"], r#"{"a":1,"b":{"a":2,"c":"\"x\ny"}}"#),
        (&["b.a"], r#"{"a":1,"b":{"c":"\"x\ny"},"c":[true,null]}"#),
        (&["b.a", "b.c", "a", "c"], r#"{"b":{}}"#),
        (&["b.", ".a", "b.a.c", "a.b", "x"], r#"{"a":1,"b":{"a":2,"c":"\"x\ny"},"c":[true,null]}"#),
    ] {
        assert_eq!(content(&value, left_out), expected, "{left_out:?}");
    }
}

#[test]
fn the_elements_of_an_array_have_the_path_of_its_key() {
    let value = json!({"e": [{"n": 1, "v": 2}, [{"n": 3}], {"w": {"n": 4}}]});
    assert_eq!(content(&value, &["e.n"]), r#"{"e":[{"v":2},[{}],{"w":{"n":4}}]}"#);
}

#[test]
fn text_is_escaped_wherever_the_unusual_character_stands() {
    for unusual in ["\"", "\\", "\n", "\u{0}", "\u{1f}", "\u{7f}", "é", "\u{1f600}"] {
        for length in [0, 1, 15, 16, 17, 33] {
            for at in 0..=length {
                let (before, after) = ("x".repeat(at), "y".repeat(length - at));
                // As a value and as a key.
                let text = format!("{before}{unusual}{after}");
                content(&json!({ text.as_str(): text }), &[]);
            }
        }
    }
}

#[test]
fn text_is_written_instead_of_what_the_event_has_and_where_it_has_nothing() {
    let paths = Paths::default()
        .write_instead("metadata.version", "9.9.9")
        .write_instead("metadata.tenant_uid", "here");
    let (mut out, whole) = (b"before".to_vec(), event());
    let places = write(&whole, &paths, &mut out);
    let text = &out[b"before".len()..];
    let mut expected = whole.to_value();
    expected["metadata"]["version"] = json!("9.9.9");
    expected["metadata"]["tenant_uid"] = json!("here");
    assert_eq!(serde_json::from_slice::<Value>(text).unwrap(), expected);
    assert!(text[places.instead("here").unwrap()..].starts_with(b"here\""));
    assert!(text[places.instead("9.9.9").unwrap()..].starts_with(b"9.9.9\""));
    assert_eq!(places.instead("elsewhere"), None);
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
    fn leaving_a_path_out_gives_what_a_value_without_it_would(
        mut value in values(),
        paths in prop::collection::vec("[ab](\\.[ab]){0,3}", 0..3),
    ) {
        let left_out: Vec<&str> = paths.iter().map(String::as_str).collect();
        let found = content(&value, &left_out);
        for path in left_out {
            remove(&mut value, &path.split('.').collect::<Vec<_>>());
        }
        prop_assert_eq!(found, value.to_string());
    }
}
