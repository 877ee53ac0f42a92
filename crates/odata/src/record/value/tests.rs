use stocktake_connector_core::UnreadableValue;

use super::*;

#[derive(Debug, Default, PartialEq)]
struct Odd {
    id: Option<String>,
    text: Option<String>,
    guid: Option<String>,
    address: Option<String>,
    number: Option<i64>,
    flag: Option<bool>,
    time: Option<DateTime<Utc>>,
    texts: Vec<String>,
    inner: Option<Inner>,
    inners: Vec<Inner>,
    unreadable: Vec<UnreadableValue>,
}

#[derive(Debug, Default, PartialEq)]
struct Inner {
    text: Option<String>,
}

crate::wire_object! { Inner("odd.inners[]") { "text" => text: Text } }
crate::wire_record! {
    Odd("odd") {
        "id" => id: Id,
        "text" | "TeXt_2" => text: Text,
        "guid" => guid: Guid,
        "address" => address: Address,
        "number" => number: Integer,
        "flag" => flag: Flag,
        "time" => time: Time,
        "texts" => texts: Texts,
        "inner" => inner: Nested<Inner>,
        "inners" => inners: List<Inner>,
    }
}

fn read(body: &str) -> Odd {
    serde_json::from_str(body).unwrap()
}

/// `field: example` of what could not be read, with a count where it is not 1.
fn unreadable(odd: &Odd) -> Vec<String> {
    let name = |value: &UnreadableValue| match value.count {
        1 => format!("{}: {}", value.field, value.example),
        count => format!("{} × {count}: {}", value.field, value.example),
    };
    odd.unreadable.iter().map(name).collect()
}

#[test]
fn null_and_empty_mean_absent_for_every_kind() {
    for value in ["null", r#""""#, r#"" \t""#] {
        let fields = Odd::WIRE_NAMES.iter().map(|name| format!("\"{name}\":{value}"));
        let body = format!("{{{}}}", fields.collect::<Vec<_>>().join(","));
        assert_eq!(read(&body), Odd::default(), "{value}");
    }
    assert_eq!(read(r#"{"texts":["",null],"inners":[null,{},{"text":""}]}"#), Odd::default());
}

#[test]
fn every_kind_reads_its_values_in_every_unambiguous_spelling() {
    for (body, check) in [
        (r#"{"text":140}"#, (|o| o.text.as_deref() == Some("140")) as fn(&Odd) -> bool),
        (r#"{"text":-1}"#, |o| o.text.as_deref() == Some("-1")),
        (r#"{"text":18446744073709551615}"#, |o| o.text.as_deref() == Some("18446744073709551615")),
        (r#"{"number":" 6 "}"#, |o| o.number == Some(6)),
        (r#"{"number":6.0}"#, |o| o.number == Some(6)),
        (r#"{"number":-6e3}"#, |o| o.number == Some(-6_000)),
        (r#"{"flag":"True"}"#, |o| o.flag == Some(true)),
        (r#"{"flag":" false "}"#, |o| o.flag == Some(false)),
        (r#"{"time":"\/Date(1571240587193)\/"}"#, |o| o.time.is_some()),
        (r#"{"time":"9999-12-31T23:59:59Z"}"#, |o| o.time.is_none()),
        (r#"{"guid":"{80FE8FF8-2624-418E-9591-41F0491218F9}"}"#, |o| o.guid.is_some()),
        (r#"{"guid":"00000000-0000-0000-0000-000000000000"}"#, |o| o.guid.is_some()),
        (r#"{"address":" 10.0.0.1 "}"#, |o| o.address.is_some()),
        (r#"{"address":"fe80::1%12"}"#, |o| o.address.is_some()),
        (r#"{"texts":["a",5,null]}"#, |o| o.texts == ["a", "5"]),
        (r#"{"inner":{}}"#, |o| o.inner == Some(Inner::default())),
        (r#"{"inners":[{"text":"a"},{}]}"#, |o| o.inners.len() == 1),
        // Names that differ from the documented ones in case only.
        (r#"{"Text":"a","TEXTS":["b"],"Id":"c"}"#, |o| {
            o.text.is_some() && o.texts.len() == 1 && o.id.is_some()
        }),
        (r#"{"new":{"a":[1,"}"]},"t\u0065xt":"a"}"#, |o| o.text.as_deref() == Some("a")),
        (r#"{"TeXt_2":"a","text":null}"#, |o| o.text.as_deref() == Some("a")),
        (r#"{"TeXt_2":"a","text":"b"}"#, |o| o.text.as_deref() == Some("b")),
    ] {
        let odd = read(body);
        assert!(check(&odd), "{body} became {odd:?}");
        assert_eq!(odd.unreadable, [], "{body}");
    }
}

#[test]
fn a_value_that_a_kind_does_not_know_costs_its_field_and_is_noted_with_an_example() {
    for (body, expected) in [
        (r#"{"text":true}"#, "odd.text: true"),
        (r#"{"text":10.10}"#, "odd.text: 1.01e1"),
        (r#"{"text":{"a":[{}]}}"#, "odd.text: an object"),
        (r#"{"guid":"not a guid"}"#, r#"odd.guid: "not a guid""#),
        (r#"{"guid":5}"#, "odd.guid: 5"),
        (r#"{"address":"10.0.0.256"}"#, r#"odd.address: "10.0.0.256""#),
        (r#"{"address":"fe80::1%"}"#, r#"odd.address: "fe80::1%""#),
        (r#"{"number":1.5}"#, "odd.number: 1.5e0"),
        (r#"{"number":"n/a"}"#, r#"odd.number: "n/a""#),
        (r#"{"number":18446744073709551615}"#, "odd.number: 18446744073709551615"),
        (r#"{"flag":"maybe"}"#, r#"odd.flag: "maybe""#),
        (r#"{"flag":1}"#, "odd.flag: 1"),
        (r#"{"time":1571240587193}"#, "odd.time: 1571240587193"),
        (r#"{"time":"05/01/2024 10:00:00"}"#, r#"odd.time: "05/01/2024 10:00:00""#),
        (r#"{"time":{"DateTime":"x"}}"#, "odd.time: an object"),
        (r#"{"time":[1,{}]}"#, "odd.time: a list"),
        (r#"{"texts":"a"}"#, r#"odd.texts: "a""#),
        (r#"{"texts":{"a":1}}"#, "odd.texts: an object"),
        (r#"{"texts":["a",true,[1],{}]}"#, "odd.texts × 3: true"),
        (r#"{"inner":[{}]}"#, "odd.inner: a list"),
        (r#"{"inners":"a"}"#, r#"odd.inners: "a""#),
        (r#"{"inners":[{"text":"a"},5,"b"]}"#, "odd.inners × 2: 5"),
        (r#"{"inners":[{"text":[]},{"text":"a"},{"text":{}}]}"#, "odd.inners[].text × 2: a list"),
        (r#"{"text":"a\n\u202e","Flag":"\u0007"}"#, r#"odd.flag: "\u{7}""#),
    ] {
        let with_more = format!("{},\"id\":\"kept\"}}", body.strip_suffix('}').unwrap());
        let odd = read(&with_more);
        assert_eq!(unreadable(&odd), [expected], "{body}");
        assert_eq!(odd.id.as_deref(), Some("kept"), "{body}");
    }
}

#[test]
fn a_required_value_that_cannot_be_read_costs_the_record() {
    let long = format!("\"{}\"", "x".repeat(LONGEST_TEXT + 1));
    for value in ["true", "7", "1.5", "[]", "{}", &long] {
        let error = serde_json::from_str::<Odd>(&format!("{{\"id\":{value}}}")).unwrap_err();
        assert!(error.to_string().starts_with("odd.id cannot be read: "), "{error}");
        assert!(error.to_string().len() < 200, "{error}");
    }
}

#[test]
fn texts_and_lists_beyond_their_bounds_cost_their_field() {
    let text = |length| format!("\"{}\"", "x".repeat(length));
    assert_eq!(unreadable(&read(&format!("{{\"text\":{}}}", text(LONGEST_TEXT)))), [""; 0]);
    let long = read(&format!("{{\"text\":{}}}", text(LONGEST_TEXT + 1)));
    assert_eq!(unreadable(&long), ["odd.text: a text of 65537 bytes, more than the 65536 allowed"]);
    for (element, name) in [("\"a\"", "texts"), ("{\"text\":\"a\"}", "inners"), ("{}", "inners")] {
        let list = |count| format!("{{\"{name}\":[{}]}}", vec![element; count].join(","));
        assert_eq!(unreadable(&read(&list(MOST_ELEMENTS))), [""; 0]);
        let long = read(&list(MOST_ELEMENTS + 1));
        assert_eq!(unreadable(&long), [format!("odd.{name}: a list of more than 1000 elements")]);
        assert_eq!((long.texts.capacity(), long.inners.capacity()), (0, 0));
    }
}
