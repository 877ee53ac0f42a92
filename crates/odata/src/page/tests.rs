use proptest::prelude::*;

use super::*;

#[derive(Debug, Default, PartialEq, Clone)]
struct Device {
    id: Option<String>,
    build: Option<i64>,
    tags: Vec<String>,
    unreadable: Vec<stocktake_connector_core::UnreadableValue>,
}

crate::wire_record! {
    Device("device") {
        "id" => id: crate::Id,
        "osBuild" => build: crate::Integer,
        "tags" => tags: crate::Texts,
    }
}

fn device(id: &str) -> Device {
    Device { id: Some(id.into()), ..Device::default() }
}

fn read(body: &str) -> Result<WirePage<Device>, PageError> {
    parse_page(body.as_bytes())
}

#[test]
fn records_and_link_come_out_in_any_order_of_keys() {
    for body in [
        r#"{"value":[{"id":"a"},{"id":"b"}],"@odata.nextLink":"https://x/y"}"#,
        r#"{"@odata.nextLink":"https://x/y","@odata.count":2,"value":[{"id":"a"},{"id":"b"}]}"#,
        "\u{feff}{\"@odata.nextLink\":\"https://x/y\",\"value\":[{\"id\":\"a\"},{\"id\":\"b\"}]}",
    ] {
        let page = read(body).unwrap();
        assert_eq!(page.records, [device("a"), device("b")]);
        assert_eq!(page.next_link.as_deref(), Some("https://x/y"));
        assert_eq!(page.malformed, []);
    }
}

#[test]
fn a_null_or_empty_link_is_none() {
    for link in ["null", "\"\"", "\" \""] {
        let page = read(&format!(r#"{{"value":[],"@odata.nextLink":{link}}}"#)).unwrap();
        assert_eq!(page.next_link, None);
    }
}

#[test]
fn a_broken_record_costs_itself_and_keeps_its_id() {
    for (broken, reason) in [
        (r#"{"id":"x","os":"a" "b"}"#, "expected `,` or `}`"),
        (r#"{"id":"x","tags":["a"}"#, "expected `,` or `]`"),
        (r#"{"os":"a" "b","id" : "x"}"#, "expected `,` or `}`"),
        (r#"{"id":"x","osBuild" 5}"#, "expected `:`"),
        (r#"{"id":"x",,"osBuild":5}"#, "key must be a string"),
        (r#"{"id":"x",os:5}"#, "key must be a string"),
    ] {
        let body = format!(r#"{{"value":[{{"id":"a"}},{broken},{{"id":"b"}}]}}"#);
        let page = read(&body).unwrap();
        assert_eq!(page.records, [device("a"), device("b")], "{broken}");
        let [malformed] = page.malformed.as_slice() else { panic!("{:?}", page.malformed) };
        assert_eq!(malformed.uid.as_ref().unwrap().as_str(), "x", "{broken}");
        assert!(malformed.reason.contains(reason), "{}", malformed.reason);
        assert_eq!(malformed.payload, broken);
    }
}

#[test]
fn a_value_that_cannot_be_read_costs_its_field_whatever_it_is() {
    for (value, example) in [
        ("{}", "an object"),
        ("[5]", "a list"),
        ("1e999", "1e999"),
        ("NaN", "NaN"),
        (r#""\ud83d""#, r#""\ud83d""#),
        (r#""a\ud83d\u0041""#, r#""a\ud83d\u0041""#),
        ("\"a\tb\"", r#""a\tb""#),
        (r#""\x""#, r#""\x""#),
        (r#"[{"a":"b" "c"}]"#, r#"[{"a":"b" "c"}]"#),
    ] {
        for record in [
            format!(r#"{{"id":"x","osBuild":{value},"tags":["t"]}}"#),
            format!(r#" {{ "tags" : ["t"] , "osBuild" : {value} , "id" : "x" }} "#),
        ] {
            let page = read(&format!(r#"{{"value":[{{"id":"a"}},{record}]}}"#)).unwrap();
            assert_eq!(page.malformed, [], "{record}");
            let [_, found] = page.records.as_slice() else { panic!("{:?}", page.records) };
            assert_eq!(found.id.as_deref(), Some("x"), "{record}");
            assert_eq!(found.tags, ["t"], "{record}");
            let noted: Vec<_> =
                found.unreadable.iter().map(|it| (it.field, it.count, &*it.example)).collect();
            assert_eq!(noted, [("device.osBuild", 1, example)], "{record}");
        }
    }
}

#[test]
fn what_is_unknown_is_passed_over_whatever_it_is() {
    for field in [r#""new":1e999"#, r#""new":"\ud83d""#, r#""n\ud83d":1"#, r#""new":{"a":b}"#] {
        let page = read(&format!(r#"{{"value":[{{{field},"id":"x"}}]}}"#)).unwrap();
        assert_eq!(page.records, [device("x")], "{field}");
    }
}

#[test]
fn an_id_that_cannot_be_read_costs_the_record() {
    for id in ["[]", "true", "1.5", "1e999", r#""\ud83d""#] {
        let page = read(&format!(r#"{{"value":[{{"id":{id}}},{{"id":"b"}}]}}"#)).unwrap();
        assert_eq!(page.records, [device("b")], "{id}");
        assert_eq!(page.malformed[0].payload, format!("{{\"id\":{id}}}"));
    }
}

#[test]
fn the_elements_of_all_lists_of_a_page_are_bounded() {
    let list = vec!["\"a\""; crate::MOST_ELEMENTS].join(",");
    let full = format!(r#"{{"id":"a","tags":[{list}]}},"#);
    let lists = crate::MOST_ELEMENTS_IN_A_PAGE / crate::MOST_ELEMENTS;
    let body = format!(r#"{{"value":[{}{{"id":"b","tags":["a"]}}]}}"#, full.repeat(lists));
    let page = read(&body).unwrap();
    let (last, others) = page.records.split_last().unwrap();
    assert!(others.iter().all(|device| device.tags.len() == crate::MOST_ELEMENTS));
    assert_eq!((last.tags.len(), last.unreadable[0].field), (0, "device.tags"));
    assert!(last.unreadable[0].example.contains("1000000"), "{:?}", last.unreadable);
}

#[test]
fn empty_elements_take_no_memory() {
    let body = format!(r#"{{"value":[{{"id":"a","tags":[""{}]}}]}}"#, ",\"\"".repeat(3_000_000));
    let page = read(&body).unwrap();
    assert_eq!(page.records[0].tags.capacity(), 0);
    assert_eq!(page.records[0].unreadable[0].field, "device.tags");
}

#[test]
fn elements_that_are_no_objects_are_malformed_one_by_one() {
    let page = read(r#"{"value":[null,{"id":"a"}{"id":"b"}, 5 ,"x",[{"id":"c"}],]}"#).unwrap();
    assert_eq!(page.records, [device("a"), device("b")]);
    let payloads: Vec<_> = page.malformed.iter().map(|m| m.payload.as_str()).collect();
    assert_eq!(payloads, ["null", "5", "\"x\"", "[{\"id\":\"c\"}]"]);
}

#[test]
fn invalid_utf_8_costs_one_record() {
    let body = b"{\"value\":[{\"id\":\"a\xFF\"},{\"id\":\"b\"}]}";
    let page = parse_page::<Device>(body).unwrap();
    assert_eq!(page.records, [device("b")]);
    assert_eq!(page.malformed[0].payload, "{\"id\":\"a\u{fffd}\"}");
}

#[test]
fn an_id_beyond_its_bound_costs_one_record_and_its_payload_is_cut() {
    let long = "x".repeat(70_000);
    let page = read(&format!(r#"{{"value":[{{"id":"{long}"}},{{"id":"b"}}]}}"#)).unwrap();
    assert_eq!(page.records, [device("b")]);
    let reason = &page.malformed[0].reason;
    assert!(reason.contains("70000 bytes, more than the 65536 allowed"), "{reason}");
    assert_eq!(page.malformed[0].payload.len(), LONGEST_PAYLOAD);
    let body = [br#"{"value":[{"id":[""#.as_slice(), &[0xff; 70_000], br#""]}]}"#].concat();
    let payload = &parse_page::<Device>(&body).unwrap().malformed[0].payload;
    assert!((LONGEST_PAYLOAD - 3..=LONGEST_PAYLOAD).contains(&payload.len()));
}

#[test]
fn nesting_does_not_exhaust_the_stack() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let page =
        read(&format!(r#"{{"value":[{{"id":"a","x":{deep}}},{{"tags":{deep}}}]}}"#)).unwrap();
    assert_eq!((page.records.len(), page.malformed.len()), (2, 0));
    assert_eq!(page.records[1].unreadable[0].field, "device.tags");
}

#[test]
fn a_page_that_breaks_off_is_an_error_and_never_a_shorter_page() {
    let whole = r#"{"value":[{"id":"a"},{"id":"b"}],"@odata.nextLink":"https://x/y"}"#;
    for end in 1..whole.len() {
        assert_eq!(read(&whole[..end]), Err(PageError::BrokenOff), "{}", &whole[..end]);
    }
    for lost in [r#"{"value":[{"id":"a"]}"#, r#"{"value":[{"id":"a},{"id":"b"}]}"#] {
        assert_eq!(read(lost), Err(PageError::BrokenOff), "{lost}");
    }
}

#[test]
fn what_is_no_envelope_is_an_error() {
    for body in [
        "",
        "<html>",
        "[]",
        "null",
        "{}",
        r#"{"value":{}}"#,
        r#"{"value":[]}{"value":[]}"#,
        r#"{"value":[],"@odata.nextLink":5}"#,
    ] {
        assert_eq!(read(body), Err(PageError::NotAnEnvelope), "{body}");
    }
}

/// Pages of one record, each with something more at its end, before the list, and where only the slow
/// way reads on.
fn with_property(property: &str) -> [String; 3] {
    [
        format!(r#"{{"value":[{{"id":"a"}}],{property}}}"#),
        format!(r#"{{{property},"value":[{{"id":"a"}}]}}"#),
        format!(r#"{{"value":[{{"id":"a"}},{{"id":"b","os":"x" "y"}}],{property}}}"#),
    ]
}

#[test]
fn a_page_with_an_error_of_the_server_is_no_page() {
    for name in ["error", "@error", "@odata.error", "odata.error", "Error", "\\u0065rror"] {
        for (error, code) in [
            (r#"{"code":"InternalServerError","message":"in the middle"}"#, "InternalServerError"),
            (r#"{"code":"a\u001b[31m","message":""}"#, ""),
            (r#"{"code":5}"#, ""),
            ("{}", ""),
            (r#""failed""#, ""),
            ("true", ""),
        ] {
            for body in with_property(&format!(r#""{name}":{error}"#)) {
                let found = read(&body).unwrap_err();
                assert!(matches!(found, PageError::ServerError(_)), "{body}: {found}");
                let shown = found.to_string();
                assert!(shown.ends_with(if code.is_empty() { "server" } else { code }), "{shown}");
            }
        }
        for body in with_property(&format!(r#""{name}":null"#)) {
            assert_eq!(read(&body).unwrap().records, [device("a")], "{body}");
        }
    }
    let alone = read(r#"{"error":{"code":"x"}}"#).unwrap_err();
    assert!(matches!(alone, PageError::ServerError(_)), "{alone}");
    let cut_short = read(r#"{"value":[{"id":"a"}],"error":{"code":"x"},"more":["#).unwrap_err();
    assert!(matches!(cut_short, PageError::ServerError(_)), "{cut_short}");
}

#[test]
fn a_page_with_two_lists_or_two_links_is_no_page() {
    for list in [r#"[{"id":"b"}]"#, "[]", "null"] {
        for body in with_property(&format!(r#""value":{list}"#)) {
            read(&body).unwrap_err();
        }
    }
    let names = ["@odata.nextLink", "@nextLink", "odata.nextLink", "@odata.nextlink"];
    for (first, second) in names.iter().flat_map(|one| names.iter().map(move |two| (one, two))) {
        for (one, two) in [(r#""https://x/y""#, "null"), ("null", r#""https://x/y""#)] {
            let links = format!(r#""{first}":{one},"other":1,"{second}":{two}"#);
            for body in with_property(&links) {
                let found = read(&body).unwrap_err();
                assert_eq!(found, PageError::Doubled("@odata.nextLink"), "{body}");
            }
        }
    }
}

#[test]
fn a_link_in_any_spelling_is_followed() {
    for name in ["@nextLink", "odata.nextLink", "@odata.nextlink", "\\u0040odata.nextLink"] {
        for body in with_property(&format!(r#""{name}":"https://x/y""#)) {
            assert_eq!(read(&body).unwrap().next_link.as_deref(), Some("https://x/y"), "{body}");
        }
    }
}

#[test]
fn a_page_with_too_many_records_is_refused_by_name_of_the_bound() {
    let body = format!("{{\"value\":[{}{{}}]}}", "{},".repeat(MOST_RECORDS));
    let error = read(&body).unwrap_err();
    assert_eq!(error, PageError::TooManyRecords);
    assert!(error.to_string().contains("MOST_RECORDS"));
}

/// JSON text of an object, whatever is in it.
fn any_object() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        "\\PC{0,8}".prop_map(Into::into),
        "[\\[\\]{}\",:\\\\]{0,8}".prop_map(Into::into),
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map("[a-z\"]{1,4}", inner, 0..4)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    });
    let key = prop_oneof![Just("id".to_owned()), Just("osBuild".to_owned()), "[a-z]{1,4}"];
    prop::collection::btree_map(key, value, 0..5)
        .prop_map(|map| serde_json::Value::from_iter(map).to_string())
}

proptest! {
    #[test]
    fn both_ways_read_the_same_records(objects in prop::collection::vec(any_object(), 0..6)) {
        let body = format!(r#"{{"value":[{}],"@odata.nextLink":"l"}}"#, objects.join(" , "));
        let slow = cut::<Device>(body.as_bytes()).unwrap();
        prop_assert_eq!(slow.records.len() + slow.malformed.len(), objects.len());
        let alone: Vec<Device> =
            objects.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        prop_assert_eq!(&slow.records, &alone);
        prop_assert_eq!(parse_page::<Device>(body.as_bytes()).unwrap(), slow);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_page::<Device>(&bytes);
        let _ = cut::<Device>(&bytes);
    }

    #[test]
    fn damage_never_makes_the_reader_panic(
        objects in prop::collection::vec(any_object(), 0..4),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut body = format!(r#"{{"value":[{}]}}"#, objects.join(",")).into_bytes();
        for (index, byte) in damage {
            let at = index.index(body.len());
            body[at] = byte;
        }
        let _ = parse_page::<Device>(&body);
    }
}
