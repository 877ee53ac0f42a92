//! The shapes of files, as tables.

use std::io::{Cursor, Read as _};

use stocktake_connector_core::SourceRecord as _;
use stocktake_defender_api::Machine;
use stocktake_graph_api::ManagedDevice;

use super::*;

const MACHINE: &str = r#"{"id":"a","computerDnsName":"one"}"#;
const OTHER_MACHINE: &str = r#"{"id":"b","computerDnsName":"two"}"#;
const KEY: &str = "00000000-0000-0000-0000-000000000001";
const DEVICE: &str =
    r#"{"id":"i","deviceName":"x","azureADDeviceId":"00000000-0000-0000-0000-000000000001"}"#;

/// What came of a file.
#[derive(Debug, PartialEq)]
struct Found {
    ids: Vec<String>,
    malformed: Vec<String>,
    gap: Option<Gap>,
}

fn open<R: FileRecord>(bytes: &[u8]) -> Result<RecordFile<R>, CommandError> {
    TextFile::new(Box::new(Cursor::new(bytes.to_vec())), "FILE".to_owned()).map(RecordFile::new)
}

fn read_as<R: FileRecord>(bytes: &[u8], id: fn(&R) -> String) -> Result<Found, String> {
    let mut file = open::<R>(bytes).map_err(|error| error.to_string())?;
    let mut read = Found { ids: vec![], malformed: vec![], gap: None };
    while let Some(page) = file.next_page().map_err(|error| error.to_string())? {
        read.ids.extend(page.records.iter().map(id));
        read.malformed.extend(page.malformed.into_iter().map(|record| record.reason));
    }
    read.gap = file.gap();
    Ok(read)
}

fn machines(bytes: impl AsRef<[u8]>) -> Result<Found, String> {
    read_as(bytes.as_ref(), |machine: &Machine| machine.uid().to_owned())
}

fn devices(bytes: impl AsRef<[u8]>) -> Result<Found, String> {
    read_as(bytes.as_ref(), |device: &ManagedDevice| {
        device.azure_ad_device_id().map_or_else(String::new, |key| key.to_string())
    })
}

#[test]
fn every_shape_in_which_people_have_records_is_read() {
    let (one, two) = (MACHINE, OTHER_MACHINE);
    let page = |records: &str| format!(r#"{{"@odata.context":"x","value":[{records}]}}"#);
    let pretty = serde_json::to_string_pretty(
        &serde_json::from_str::<serde_json::Value>(&format!("[{one},{two}]")).unwrap(),
    )
    .unwrap();
    for text in [
        format!("[{one},{two}]"),
        format!("[{one},{two},]"),
        pretty.clone(),
        pretty.replace('\n', "\r\n"),
        pretty.replace('\n', "\r"),
        page(&format!("{one},{two}")),
        format!(r#"{{"value":[{one},{two}],"Count":2}}"#),
        // Lines.
        format!("{one}\n\n{two}\n"),
        format!("{one}\r\n{two}"),
        format!("{one}\r{two}\r"),
        format!("{one},\n{two},\n"),
        format!("\u{1e}{one}\n\u{1e}{two}\n"),
        // Pages in any arrangement.
        format!("{}\n{}\n", page(one), page(two)),
        format!("{}{}", page(one), page(two)),
        format!("[{},{}]", page(one), page(two)),
        format!("[[{one}],[{two}]]"),
        format!("[{one}][{two}]"),
        format!("\u{feff}{}\n\u{feff}{}", page(one), page(two)),
        format!(r#"{{"@odata.nextLink":"y","value":[{one}]}}{{"value":[{two}]}}"#),
    ] {
        for text in [text.clone(), format!("\u{feff}{text}")] {
            let read = machines(&text).unwrap();
            let expected =
                Found { ids: vec!["a".into(), "b".into()], malformed: vec![], gap: None };
            assert_eq!(read, expected, "{text}");
        }
    }
}

#[test]
fn names_in_another_spelling_are_read_unless_they_contradict_each_other() {
    let text =
        format!(r#"[{{"Id":"i","AzureAdDeviceId":"{KEY}","AdditionalProperties":{{}}}},{DEVICE}]"#);
    let expected = Found { ids: vec![KEY.into(), KEY.into()], malformed: vec![], gap: None };
    assert_eq!(devices(text), Ok(expected));
    assert_eq!(machines(r#"[{"ID":"a","OSPLATFORM":"macOS"}]"#).unwrap().ids, ["a"]);

    let read = machines(format!(r#"[{MACHINE},{{"id":"b","ID":"c","osPlatform":"x"}}]"#)).unwrap();
    assert_eq!(read.ids, ["a"]);
    assert!(read.malformed[0].contains("has `id` twice"), "{read:?}");
    assert_eq!(machines(r#"[{"id":"b","ID":"b","osPlatform":"x"}]"#).unwrap().ids, ["b"]);
}

#[test]
fn a_file_that_is_not_a_list_of_devices_is_refused_by_what_it_is() {
    let alert = r#"[{"id":"x","machineId":"a","computerDnsName":"one","severity":"High"}]"#;
    for (text, what) in [
        ("", "is empty"),
        (" \r\n", "is empty"),
        ("\u{feff}", "is empty"),
        (
            r#"{"error":{"code":"Forbidden","message":"secret text"}}"#,
            "the error response `Forbidden`",
        ),
        (r#"{"error":"invalid_client","error_description":"no"}"#, "an error response"),
        (r#"{"Message":"An error has occurred."}"#, "error response or another message"),
        (r#"{"token_type":"Bearer","access_token":"eyJ"}"#, "a response with a token"),
        (r#"{"responses":[{"id":"1","status":200,"body":{"id":"a"}}]}"#, "response of a batch"),
        (r#"{"requests":[]}"#, "batch of requests"),
        (r#"{"id":"1","status":200,"body":{"id":"a"}}"#, "one response of a batch"),
        (r#"{"log":{"entries":[]}}"#, "HAR"),
        (r#"{"Schema":[],"Results":[{"DeviceId":"a"}]}"#, "advanced hunting"),
        (r#"{"value":null}"#, "neither a list nor"),
        (r#"{"value":"x"}"#, "neither a list nor"),
        (r#"{"data":[{"id":"a"}]}"#, "its first fields are `data`"),
        (r#"[{"id":"g","displayName":"group"}]"#, "first fields are `id`, `displayName`"),
        ("{\"a\u{202e}\":1}", r"`a\u202e`"),
        ("{}", "an object without fields"),
        (alert, "is about a machine (it has `machineId`)"),
        ("<!DOCTYPE html><html></html>", "an HTML or XML page"),
        ("id,computerDnsName,lastSeen\na,b,c", "looks like CSV"),
        ("\"id\";\"name\";\"seen\"\n", "looks like CSV"),
        ("id : a\nname : b", "is not JSON"),
        ("\"text\"", "is JSON, but not an object"),
        ("[1,2]", "is JSON, but not an object"),
        ("null", "is JSON, but not an object"),
        ("[", "breaks off before the first"),
        (r#"{"value":["#, "breaks off before the first"),
    ] {
        for refused in [machines(text).unwrap_err(), devices(text).err().unwrap_or_default()] {
            if text == alert && refused.is_empty() {
                continue; // Not a managed device either, but seen by its key alone.
            }
            assert!(refused.starts_with("FILE "), "{text}: {refused}");
            assert_eq!(refused.lines().count(), 1, "{refused}");
            let of_machine = text == alert;
            assert!(of_machine || refused.contains(what), "{text}: {refused}");
            assert!(!refused.contains("secret") || text.contains("token"), "{refused}");
        }
        let refused = machines(text).unwrap_err();
        assert!(refused.contains(what), "{text}: {refused}");
    }
    assert!(machines(format!("[{DEVICE}]")).unwrap_err().contains("is a managed device, not a"));
    assert!(devices(format!("[{MACHINE}]")).unwrap_err().contains("is a machine, not a managed"));
}

#[test]
fn encodings_are_read_and_other_files_named() {
    let text = format!("[{MACHINE},{OTHER_MACHINE}]");
    let utf_16 =
        |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(bytes).collect() };
    for bytes in [
        utf_16(u16::to_le_bytes),
        utf_16(u16::to_be_bytes),
        [b"\xff\xfe".to_vec(), utf_16(u16::to_le_bytes)].concat(),
        [b"\xfe\xff".to_vec(), utf_16(u16::to_be_bytes)].concat(),
    ] {
        assert_eq!(machines(&bytes).unwrap().ids, ["a", "b"], "{bytes:?}");
    }
    assert!(machines(b"\x1f\x8b\x08").unwrap_err().starts_with("FILE is compressed with gzip"));
    // Windows-1252: the record with the umlaut is lost, and the reason is not hidden.
    let read = machines([text.as_bytes(), b"\n{\"id\":\"c\",\"osPlatform\":\"\xe4\"}"].concat());
    let read = read.unwrap();
    assert_eq!(read.ids, ["a", "b"]);
    assert!(read.malformed[0].contains("is not valid Unicode"), "{read:?}");
}

#[test]
fn a_broken_entry_costs_itself() {
    for (text, ids, malformed) in [
        (format!("{MACHINE}\n{{\"id\":\n{OTHER_MACHINE}"), &["a", "b"][..], 1),
        (format!("{MACHINE}\n{{\"id\":\"x\n{OTHER_MACHINE}\n"), &["a", "b"], 1),
        (format!("{MACHINE}\nno json\n{OTHER_MACHINE}"), &["a", "b"], 1),
        (format!("[{MACHINE},{{\"id\":\"x\" \"y\"}},null,{OTHER_MACHINE}]"), &["a", "b"], 2),
        (format!("[7,{{\"error\":{{}}}},{MACHINE}]"), &["a"], 2),
        (format!("[{{\"id\":{{}}}},{MACHINE}]"), &["a"], 1),
    ] {
        let read = machines(&text).unwrap();
        assert_eq!(
            (read.ids, read.malformed.len()),
            (ids.iter().map(|id| (*id).into()).collect(), malformed),
            "{text}"
        );
    }
}

#[test]
fn a_file_that_is_not_whole_says_why() {
    let page = |rest: &str| format!(r#"{{"value":[{DEVICE}],{rest}}}"#);
    for (text, why) in [
        (page(r#""@odata.nextLink":"https://x/""#), "links to a next page"),
        (page(r#""odata.nextLink":"https://x/""#), "links to a next page"),
        (page(r#""@odata.deltaLink":"https://x/""#), "lists changes only"),
        (page(r#""error":{"code":"x"}"#), "contains an error"),
        (page(r#""@odata.count":7"#), "has 1 of 7 records"),
        (format!("[{DEVICE},{{\"id\""), "breaks off"),
        (format!("{{\"value\":[{DEVICE}]"), "breaks off"),
    ] {
        let Some(Gap::Incomplete(found)) = devices(&text).unwrap().gap else {
            panic!("{text} is taken for whole")
        };
        assert!(found.starts_with("FILE is not the whole list") && found.contains(why), "{found}");
    }
    for text in [
        page(r#""@odata.nextLink":null"#),
        page(r#""@odata.nextLink":"","@odata.count":1,"error":null"#),
        format!("{DEVICE}\n{DEVICE}"),
    ] {
        assert_eq!(devices(&text).unwrap().gap, None, "{text}");
    }
    for text in [
        "[]".to_owned(),
        "{\"value\":[]}".to_owned(),
        DEVICE.to_owned(),
        format!("{{\"value\":{DEVICE}}}"),
    ] {
        let gap = devices(&text).unwrap().gap;
        assert!(matches!(gap, Some(Gap::NoList(_))), "{text}: {gap:?}");
    }
}

#[test]
fn a_managed_device_without_the_key_of_the_join_is_not_taken_for_one_without_a_machine() {
    let read = devices(format!(r#"[{DEVICE},{{"id":"j","deviceName":"y"}}]"#)).unwrap();
    assert_eq!(read.ids, [KEY]);
    assert!(read.malformed[0].contains("has no `azureADDeviceId`"), "{read:?}");
    let null = devices(format!(r#"[{DEVICE},{{"id":"j","azureADDeviceId":null}}]"#)).unwrap();
    assert_eq!((null.ids.len(), null.malformed.len()), (2, 0));
}

#[test]
fn records_come_while_the_file_is_read() {
    let endless = Cursor::new(format!("{MACHINE}\n")).chain(std::io::repeat(b'\n'));
    let file = TextFile::new(Box::new(endless), "FILE".to_owned()).unwrap();
    let page = RecordFile::<Machine>::new(file).next_page().unwrap().unwrap();
    assert_eq!(page.records.len(), 1);
}
