//! Checks a table against the JSON Schema of its type.
//!
//! The schema knows what a deserializer tells only in prose: which keys there are, which are required,
//! what each may hold. So every fault is found in one reading, with its path and without its value.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Number, Value};

use super::{Faults, SettingsProblem};

/// The schema of a type of settings, as one tree without references.
pub(crate) fn of<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    schema.into()
}

/// Notes every fault of `value`, and turns strings into what `schema` asks for where they can be read
/// as that.
pub(super) fn check(
    schema: &Value,
    value: &mut Value,
    removed: &[(&str, &str)],
    faults: &mut Faults,
) {
    let Value::Object(table) = &*value else { return };
    for (key, instead) in removed.iter().filter(|(key, _)| table.contains_key(*key)) {
        faults.invalid(*key, *instead);
    }
    if let Value::Object(table) = value {
        table.retain(|key, _| removed.iter().all(|(removed, _)| removed != key));
    }
    check_at("", schema, value, faults);
}

/// The name of `name` in the table `path`, as TOML writes it: in quotes where it is not a bare key.
/// Characters that do not show as themselves are escaped.
pub fn key(path: &str, name: &str) -> String {
    let is_bare = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '_';
    let mut key = path.to_owned();
    if !key.is_empty() {
        key.push('.');
    }
    if !name.is_empty() && name.chars().all(is_bare) {
        key.push_str(name);
        return key;
    }
    key.push('"');
    for char in name.chars() {
        match char {
            '\'' => key.push(char),
            char => key.extend(char.escape_debug()),
        }
    }
    key.push('"');
    key
}

fn check_at(path: &str, schema: &Value, value: &mut Value, faults: &mut Faults) {
    let Some(schema) = kind(path, present(schema), value, faults) else { return };
    if let Some(known) = choices(schema) {
        match value.as_str() {
            Some(found) if known.iter().any(|known| known == found) => {}
            Some(found) => {
                let value = found.to_owned().into();
                faults.push(path, SettingsProblem::UnknownValue { value, known });
            }
            None => mismatch(path, value, "a string", faults),
        }
        return;
    }
    read_string(schema, value);
    match type_of(schema) {
        Some("object") => match value {
            // YAML's way to write a table without keys.
            Value::Null => *value = Value::Object(Map::new()),
            Value::Object(table) => check_table(path, schema, table, faults),
            other => mismatch(path, other, "a table", faults),
        },
        Some("array") => match (value, schema.get("items")) {
            (Value::Array(items), Some(schema)) => {
                for (index, item) in items.iter_mut().enumerate() {
                    check_at(&format!("{path}[{index}]"), schema, item, faults);
                }
            }
            (Value::Array(_), None) => {}
            (other, _) => mismatch(path, other, "a list", faults),
        },
        Some("string") if !value.is_string() => mismatch(path, value, "a string", faults),
        Some("boolean") if !value.is_boolean() => mismatch(path, value, "a boolean", faults),
        Some("number") if !value.is_number() => mismatch(path, value, "a number", faults),
        Some("integer") => {
            let is_unsigned = schema.get("minimum").is_some_and(|least| least == 0);
            if !value.is_i64() && !value.is_u64() {
                mismatch(path, value, "a whole number", faults);
            } else if is_unsigned && !value.is_u64() {
                faults.invalid(path, "must not be negative");
            } else if schema.get("format").is_some_and(|format| format == "uint32")
                && value.as_u64().is_some_and(|number| number > u32::MAX.into())
            {
                faults.invalid(path, format!("must be at most {}", u32::MAX));
            }
        }
        _ => {}
    }
}

fn check_table(path: &str, schema: &Value, table: &mut Map<String, Value>, faults: &mut Faults) {
    if let Some(entries) = schema.get("additionalProperties").filter(|schema| schema.is_object()) {
        for (name, value) in table.iter_mut() {
            // An entry without keys is a table, too: it lacks what is required.
            check_at(&key(path, name), entries, value, faults);
        }
        return;
    }
    let Some(Value::Object(properties)) = schema.get("properties") else { return };
    // A key without a value sets nothing. Tables stay: they are there, and empty.
    table.retain(|name, value| {
        let schema = properties.get(name).map(present);
        !value.is_null() || schema.is_none_or(|schema| type_of(schema) == Some("object"))
    });
    for (name, value) in table.iter_mut() {
        match properties.get(name) {
            Some(schema) => check_at(&key(path, name), schema, value, faults),
            None => {
                let known = properties.keys().cloned().collect();
                faults.push(key(path, name), SettingsProblem::UnknownKey { known });
            }
        }
    }
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if !table.contains_key(name) {
            faults.push(key(path, name), SettingsProblem::Missing);
        }
    }
}

/// The key that says which of several tables one is.
const TYPE: &str = "type";

/// Of a schema for several kinds of tables, that of the value's `type`. `None` notes why there is none.
fn kind<'s>(
    path: &str,
    schema: &'s Value,
    value: &mut Value,
    faults: &mut Faults,
) -> Option<&'s Value> {
    fn name(kind: &Value) -> Option<&str> {
        kind.get("properties")?.get(TYPE)?.get("const")?.as_str()
    }
    let Some(kinds) = schema.get("oneOf").and_then(Value::as_array) else { return Some(schema) };
    let Some(names) = kinds.iter().map(name).collect::<Option<Vec<_>>>() else {
        return Some(schema);
    };
    let found = match value {
        Value::Null => None,
        Value::Object(table) => table.get(TYPE),
        other => {
            mismatch(path, other, "a table", faults);
            return None;
        }
    };
    let problem = match found {
        None | Some(Value::Null) => SettingsProblem::Missing,
        Some(Value::String(found)) => match names.iter().position(|name| name == found) {
            Some(index) => return kinds.get(index),
            None => {
                let known = names.into_iter().map(str::to_owned).collect();
                SettingsProblem::UnknownValue { value: found.clone().into(), known }
            }
        },
        Some(_) => SettingsProblem::Invalid("is not a string".into()),
    };
    faults.push(key(path, TYPE), problem);
    None
}

/// The schema of a value that is there: "or nothing" left away.
fn present(schema: &Value) -> &Value {
    let alternatives = schema.get("anyOf").and_then(Value::as_array);
    alternatives
        .and_then(|all| all.iter().find(|one| type_of(one) != Some("null")))
        .unwrap_or(schema)
}

fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        name => name.as_str(),
    }
}

/// The words that a value may be, when they are counted.
fn choices(schema: &Value) -> Option<Vec<String>> {
    let of = |words: &mut dyn Iterator<Item = Option<&Value>>| -> Option<Vec<String>> {
        words.map(|word| Some(word?.as_str()?.to_owned())).collect()
    };
    match (schema.get("oneOf"), schema.get("enum")) {
        (Some(Value::Array(all)), _) => of(&mut all.iter().map(|one| one.get("const"))),
        (_, Some(Value::Array(all))) => {
            of(&mut all.iter().filter(|word| !word.is_null()).map(Some))
        }
        _ => None,
    }
}

/// Reads a string as what the schema asks for. One that cannot be read stays, and is a fault.
fn read_string(schema: &Value, value: &mut Value) {
    let Some(text) = value.as_str() else { return };
    let read = match type_of(schema) {
        // Also as YAML 1.1 has them.
        Some("boolean") => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(Value::Bool(true)),
            "false" | "no" | "off" => Some(Value::Bool(false)),
            _ => None,
        },
        Some("integer") => text.parse::<u64>().ok().map(Value::from),
        Some("number") => text.parse().ok().and_then(Number::from_f64).map(Value::Number),
        Some("array") => {
            Some(text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect())
        }
        _ => None,
    };
    if let Some(read) = read {
        *value = read;
    }
}

fn mismatch(path: &str, found: &Value, expected: &str, faults: &mut Faults) {
    let found = match found {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "a whole number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    };
    let hint = match expected {
        "a string" if found != "a list" && found != "a table" => "; write it in quotes",
        _ => "",
    };
    faults.invalid(path, format!("found {found}, expected {expected}{hint}"));
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Settings {
        count: usize,
        ratio: Option<f64>,
        #[serde(default)]
        is_on: bool,
        #[serde(default)]
        names: Vec<String>,
        #[serde(default)]
        level: Level,
        plain: Option<Plain>,
        inner: Option<Inner>,
        secret: Option<super::super::RedactedText>,
    }

    #[derive(Debug, Default, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Level {
        /// One.
        #[default]
        One,
        /// Two.
        Two,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Plain {
        Yes,
        No,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Inner {
        path: std::path::PathBuf,
    }

    fn checked(mut value: Value) -> (Value, Vec<String>) {
        let mut faults = Faults::default();
        check(&of::<Settings>(), &mut value, &[("old", "use `new`")], &mut faults);
        (value, faults.0.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn strings_of_environment_variables_become_what_the_schema_asks_for() {
        let (value, faults) = checked(json!({
            "count": "7", "ratio": "0.5", "is_on": "true", "names": "a, b,",
            "level": "two", "plain": "yes", "secret": "0123",
        }));
        assert_eq!(faults, [""; 0]);
        let expected = json!({
            "count": 7, "ratio": 0.5, "is_on": true, "names": ["a", "b"],
            "level": "two", "plain": "yes", "secret": "0123",
        });
        assert_eq!(value, expected);
        serde_json::from_value::<Settings>(value).unwrap();
    }

    #[test]
    fn every_fault_is_found_at_once_with_its_path_and_without_its_value() {
        let (_, faults) = checked(json!({
            "coumt": 1, "ratio": "canary", "is_on": 3, "names": [1], "level": "three",
            "inner": {"paht": ""}, "secret": ["canary"], "old": 1,
        }));
        let expected = [
            "`old`: use `new`",
            "`coumt`: unknown key; known are count, inner, is_on, level, names, plain, ratio, secret",
            "`inner.paht`: unknown key; known are path",
            "`inner.path`: is missing",
            "`is_on`: found a whole number, expected a boolean",
            "`level`: unknown value; known are one, two",
            "`names[0]`: found a whole number, expected a string; write it in quotes",
            "`ratio`: found a string, expected a number",
            "`secret`: found a list, expected a string",
            "`count`: is missing",
        ];
        assert_eq!(faults, expected);
    }

    #[test]
    fn a_number_below_zero_is_not_a_count() {
        let (_, faults) = checked(json!({"count": -1}));
        assert_eq!(faults, ["`count`: must not be negative"]);
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Tables {
        #[serde(default)]
        named: std::collections::BTreeMap<String, Kind>,
        #[serde(default)]
        inner: Plainly,
        small: Option<u32>,
        must: String,
    }

    #[derive(Debug, Default, Deserialize, JsonSchema)]
    #[serde(default, deny_unknown_fields)]
    #[allow(dead_code)]
    struct Plainly {
        is_on: bool,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(tag = "type", rename_all = "snake_case")]
    #[allow(dead_code)]
    enum Kind {
        Bare(Plainly),
        Full(Inner),
    }

    fn tables(mut value: Value) -> (Value, Vec<String>) {
        let mut faults = Faults::default();
        check(&of::<Tables>(), &mut value, &[], &mut faults);
        (value, faults.0.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_table_without_keys_is_empty_and_a_key_without_a_value_is_not_set() {
        let (value, faults) = tables(json!({
            "named": {"a": {"type": "bare", "is_on": "Yes"}}, "inner": null, "small": null, "must": "x",
        }));
        assert_eq!(faults, [""; 0]);
        let expected =
            json!({"named": {"a": {"type": "bare", "is_on": true}}, "inner": {}, "must": "x"});
        assert_eq!(value, expected);
        serde_json::from_value::<Tables>(value).unwrap();
        let (_, faults) = tables(json!({"named": null, "must": null, "unknown": null}));
        assert_eq!(
            faults,
            ["`unknown`: unknown key; known are inner, must, named, small", "`must`: is missing"]
        );
    }

    #[test]
    fn entries_and_kinds_of_tables_are_checked_each_by_its_own_schema() {
        let (_, faults) = tables(json!({
            "named": {
                "one": {"type": "bare", "path": "canary"},
                "a b\u{202e}": {"type": "full"},
                "no": {"type": "canary"},
                "nothing": null,
                "text": "canary",
            },
            "must": "x", "small": 4_294_967_296_u64,
        }));
        let expected = [
            "`named.\"a b\\u{202e}\".path`: is missing",
            "`named.no.type`: unknown value; known are bare, full",
            "`named.nothing.type`: is missing",
            "`named.one.path`: unknown key; known are is_on, type",
            "`named.text`: found a string, expected a table",
            "`small`: must be at most 4294967295",
        ];
        assert_eq!(faults, expected);
    }
}
