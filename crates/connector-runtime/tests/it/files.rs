//! Files of records and events, as people and tools write them.

use serde_json::Value;

use crate::commands::Desk;
use crate::site::Ended;

const KEYS: [&str; 2] =
    ["00000000-0000-0000-0000-0000000000a1", "00000000-0000-0000-0000-0000000000a2"];

fn machines() -> String {
    let machine = |n: usize| {
        format!(r#"{{"id":"m{n}","computerDnsName":"host{n}","aadDeviceId":"{}"}}"#, KEYS[n])
    };
    format!("[{},{}]", machine(0), machine(1))
}

fn device(n: usize) -> String {
    format!(r#"{{"id":"i{n}","deviceName":"host{n}","azureADDeviceId":"{}"}}"#, KEYS[n])
}

fn utf_16(text: &str) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

async fn map(desk: &Desk, machines: impl AsRef<[u8]>, devices: impl AsRef<[u8]>) -> Ended {
    desk.write("machines.json", machines);
    desk.write("devices.json", devices);
    let files = ["--machines", "machines.json", "--managed-devices", "devices.json"];
    let explained = desk.run(&[&["explain"][..], &files].concat()).await;
    let mapped = desk.run(&[&["map"][..], &files].concat()).await;
    assert_eq!((explained.code, explained.stderr), (mapped.code, mapped.stderr.clone()), "one way");
    mapped
}

/// What each event says of `is_managed`.
fn managed(mapped: &Ended) -> Vec<Option<bool>> {
    let event = |line: &str| -> Value { serde_json::from_str(line).unwrap() };
    mapped.stdout.lines().map(|line| event(line)["device"]["is_managed"].as_bool()).collect()
}

#[tokio::test]
async fn a_machine_is_unmanaged_only_when_the_list_of_managed_devices_is_whole() {
    let desk = Desk::new();
    let first = device(0);
    let whole = format!(r#"{{"value":[{first}]}}"#);
    let mapped = map(&desk, machines(), whole).await;
    assert_eq!(mapped.code, Some(0), "{mapped:#?}");
    assert_eq!((managed(&mapped), mapped.stderr.as_str()), (vec![Some(true), Some(false)], ""));

    for (devices, why) in [
        (format!(r#"{{"@odata.nextLink":"https://x/","value":[{first}]}}"#), "@odata.nextLink"),
        (format!(r#"{{"value":[{first}],"error":{{"code":"x"}}}}"#), "contains an error"),
        (format!(r#"{{"@odata.count":2,"value":[{first}]}}"#), "1 of 2 records"),
        (format!(r#"{{"value":[{first}"#), "breaks off"),
        (format!(r#"[{first},{{"id":"x","deviceName":"y"}}]"#), "no `azureADDeviceId`"),
        (format!(r#"[{first},{{"error":{{"code":"x"}}}}]"#), "error response `x`"),
    ] {
        let mapped = map(&desk, machines(), &devices).await;
        assert_eq!(mapped.code, Some(3), "{devices}: {mapped:#?}");
        assert_eq!(managed(&mapped), [Some(true), None], "{devices}");
        assert!(mapped.stderr.contains(why), "{devices}: {mapped:#?}");
    }
    // Nothing shows that they are not whole; a conclusion from them would be bold all the same.
    for devices in [first.clone(), format!(r#"{{"value":{first}}}"#), "[]".into()] {
        let mapped = map(&desk, machines(), &devices).await;
        assert_eq!(mapped.code, Some(0), "{devices}: {mapped:#?}");
        assert!(!mapped.stdout.contains("\"is_managed\":false"), "{devices}: {mapped:#?}");
        assert!(mapped.stderr.contains("nothing is said of `is_managed`"), "{mapped:#?}");
    }
}

#[tokio::test]
async fn a_list_of_machines_that_goes_on_elsewhere_is_reported() {
    let desk = Desk::new();
    let page = format!(r#"{{"value":{},"@odata.nextLink":"https://x/"}}"#, machines());
    desk.write("page.json", &page);
    let mapped = desk.run(&["map", "--machines", "page.json"]).await;
    assert_eq!((mapped.code, mapped.stdout.lines().count()), (Some(3), 2), "{mapped:#?}");
    assert!(mapped.stderr.contains("links to a next page"), "{mapped:#?}");
    let json = desk.run(&["map", "--machines", "page.json", "--output", "json"]).await;
    let warning: Value = serde_json::from_str(&json.stderr).unwrap();
    assert!(warning["warning"].as_str().unwrap().contains("next page"), "{warning}");
    // With the page that follows it is whole.
    desk.write("page.json", format!("{page}\n{{\"value\":[]}}"));
    assert_eq!(desk.run(&["map", "--machines", "page.json"]).await.code, Some(0));
}

#[tokio::test]
async fn a_file_that_is_not_a_list_of_devices_is_refused_in_one_sentence() {
    let desk = Desk::new();
    let list = format!("[{}]", device(0));
    for (foreign, what) in [
        (&b""[..], "is empty"),
        (br#"{"error":{"code":"Forbidden","message":"no"}}"#, "error response `Forbidden`"),
        (br#"{"access_token":"canary-token"}"#, "response with a token"),
        (br#"{"unknown":1}"#, "first fields are `unknown`"),
        (b"<html></html>", "HTML"),
        (b"id,name,seen\na,b,c\n", "CSV"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04", "ZIP"),
        (b"\xff\xfe\x00\x00[\x00\x00\x00", "UTF-32"),
    ] {
        for mapped in [map(&desk, foreign, &list).await, map(&desk, machines(), foreign).await] {
            assert_eq!((mapped.code, mapped.stdout.as_str()), (Some(1), ""), "{mapped:#?}");
            assert_eq!(mapped.stderr.lines().count(), 1, "{mapped:#?}");
            assert!(mapped.stderr.contains(what), "{what}: {mapped:#?}");
            assert!(!mapped.stderr.contains("canary"), "{mapped:#?}");
        }
    }
    let swapped = map(&desk, &list, machines()).await;
    assert_eq!(swapped.code, Some(1));
    assert!(swapped.stderr.contains("is a machine, not a managed device"), "{swapped:#?}");
}

#[tokio::test]
async fn files_of_powershell_are_read() {
    let desk = Desk::new();
    let devices = format!(
        r#"[{{"Id":"i","DeviceName":"host0","AzureAdDeviceId":"{}","ComplianceState":"compliant"}}]"#,
        KEYS[0]
    );
    for devices in [devices.clone().into_bytes(), utf_16(&devices.replace(',', ",\r\n"))] {
        let mapped = map(&desk, utf_16(&machines()), devices).await;
        assert_eq!(mapped.code, Some(0), "{mapped:#?}");
        assert_eq!(managed(&mapped), [Some(true), Some(false)]);
        assert!(mapped.stdout.contains("\"is_compliant\":true"), "{mapped:#?}");
    }
}

#[tokio::test]
async fn events_are_validated_in_every_arrangement_and_none_is_not_fine() {
    let desk = Desk::new();
    desk.write("machines.json", machines());
    let events = desk.run(&["map", "--machines", "machines.json"]).await.stdout;
    let lines: Vec<&str> = events.lines().collect();
    let list = format!("[{}]", lines.join(","));
    let pretty = |text: &str| {
        serde_json::to_string_pretty(&serde_json::from_str::<Value>(text).unwrap()).unwrap()
    };
    for text in [
        events.clone().into_bytes(),
        events.replace('\n', "\r\n").into_bytes(),
        events.replace('\n', "\r").into_bytes(),
        format!("\u{feff}{events}").into_bytes(),
        utf_16(&events),
        list.clone().into_bytes(),
        pretty(&list).into_bytes(),
        format!("{}\n{}", pretty(lines[0]), pretty(lines[1])).into_bytes(),
    ] {
        let valid = desk.run_with_input(&["validate"], &text).await;
        assert_eq!((valid.code, valid.stdout.as_str()), (Some(0), ""), "{valid:#?}");
        assert!(valid.stderr.starts_with("2 events checked, 0 invalid"), "{valid:#?}");
    }
    let invalid = list.replacen("\"severity_id\":1", "\"severity_id\":\"high\"", 2);
    let invalid = desk.run_with_input(&["validate"], invalid.as_bytes()).await;
    let found: Vec<&str> = invalid.stdout.lines().collect();
    assert!(found[0].starts_with("line 1: severity_id: "), "{invalid:#?}");
    assert!(
        found.iter().any(|line| line.starts_with("line 1, event 2: severity_id")),
        "{found:#?}"
    );
    let version = lines[0].replace("\"1.5.0\"", "\"banana\"");
    let unknown = desk.run_with_input(&["validate"], version.as_bytes()).await;
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stdout.starts_with("line 1: metadata.version: "), "{unknown:#?}");
    for (text, what) in [
        (&b""[..], "has no event"),
        (b"\n\n", "has no event"),
        (b"[]", "has no event"),
        (b"[{}", "breaks off after 1 event"),
        (b"\x1f\x8b\x08", "gzip"),
    ] {
        let refused = desk.run_with_input(&["validate"], text).await;
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        assert!(refused.stderr.contains(what), "{refused:#?}");
    }
}
