//! Paths: how the table names places in a record or an event.
//!
//! Segments are attribute names with a dot between. `[]` behind a name stands for every element of
//! an array, `[name=wifi]` for those whose `name` is `wifi`.

use serde_json::Value;

/// Every value at `path`, in order, each with its JSON pointer.
pub(crate) fn select<'a>(value: &'a Value, path: &str) -> Vec<(String, &'a Value)> {
    let mut found = vec![(String::new(), value)];
    for segment in path.split('.') {
        let (name, filter) = match segment.split_once('[') {
            Some((name, filter)) => (name, Some(filter.trim_end_matches(']'))),
            None => (segment, None),
        };
        found = found
            .into_iter()
            .filter_map(|(at, value)| Some((format!("{at}/{name}"), value.get(name)?)))
            .flat_map(|(at, value)| match filter {
                None => vec![(at, value)],
                Some(filter) => elements(&at, value, filter),
            })
            .collect();
    }
    found
}

fn elements<'a>(at: &str, array: &'a Value, filter: &str) -> Vec<(String, &'a Value)> {
    array
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
        .filter(|(_, element)| match filter.split_once('=') {
            Some((key, wanted)) => element.get(key).and_then(Value::as_str) == Some(wanted),
            None => true,
        })
        .map(|(index, element)| (format!("{at}/{index}"), element))
        .collect()
}

/// The value at `path`; an array of the values where the path goes through every element of one.
pub(crate) fn look_up(value: &Value, path: &str) -> Option<Value> {
    let mut found = select(value, path).into_iter().map(|(_, value)| value.clone());
    if path.contains("[]") {
        let all: Vec<Value> = found.collect();
        (!all.is_empty()).then_some(Value::Array(all))
    } else {
        found.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_finds_attributes_elements_and_named_elements() {
        let event = json!({
            "time": 1,
            "device": {"os": {"name": "Windows10"}},
            "list": [{"name": "a", "mac": 1}, {"name": "b", "mac": 2}, {"mac": 3}],
            "imei_list": ["x", "y"],
        });
        for (path, expected) in [
            ("time", Some(json!(1))),
            ("device.os.name", Some(json!("Windows10"))),
            ("list[].mac", Some(json!([1, 2, 3]))),
            ("list[name=b].mac", Some(json!(2))),
            ("imei_list[]", Some(json!(["x", "y"]))),
            ("device.os.type", None),
            ("list[].ip", None),
            ("list[name=c].mac", None),
            ("time[].mac", None),
        ] {
            assert_eq!(look_up(&event, path), expected, "{path}");
        }
    }
}
