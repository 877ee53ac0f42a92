//! The validator measured by the official schema.

use serde_json::{Value, json};
use stocktake_ocsf_model::{Version, validate};

use crate::judge::judge;
use crate::{event, ocsf};

/// One verdict for each line: whether the official schema of the version has nothing against it.
#[track_caller]
fn judged(version: Version, lines: &[String]) -> Option<Vec<bool>> {
    let events = lines.join("\n") + "\n";
    let arguments = ["--verdicts", "--version", version.as_str()];
    let judgement = judge("ocsf_judge.py", &arguments, events.into_bytes())?;
    assert!(judgement.is_valid, "{}", judgement.output);
    let verdicts: Vec<_> = judgement.output.lines().map(|verdict| verdict == "ok").collect();
    assert_eq!(verdicts.len(), lines.len());
    Some(verdicts)
}

/// A valid event that uses profiles and deep objects.
fn profiled() -> Value {
    let mut event = ocsf(&event());
    event["metadata"]["profiles"] = json!(["cloud", "datetime", "security_control", "osint"]);
    event["cloud"] = json!({ "provider": "Azure", "account": { "uid": "a", "type_id": 6 } });
    event["time_dt"] = json!("2024-12-01T10:00:00.123Z");
    event["osint"] = json!([{
        "type_id": 1, "value": "v", "tlp": "AMBER STRICT", "severity_id": 3,
        "vulnerabilities": [{ "cve": {
            "uid": "CVE-2024-1", "cvss": [{ "base_score": 9.5, "version": "3.1", "depth": "Base" }]
        } }],
    }]);
    event["malware"] = json!([{ "name": "m", "classification_ids": [1, 99] }]);
    event["actor"] = json!({ "process": {
        "pid": 7,
        "cpid": "123e4567-e89b-12d3-a456-426614174000",
        "xattributes": { "anything": [1, null] },
        "file": {
            "name": "f", "type_id": 1,
            "hashes": [{ "algorithm_id": 3, "value": "00ff" }],
            "url": { "url_string": "https://example.com", "port": 443, "category_ids": [0] },
        },
        "parent_process": { "pid": 1 },
    } });
    event["device"]["owner"] = json!({ "name": "u", "email_addr": "u@example.com", "type_id": 1 });
    event["device"]["hw_info"] = json!({ "cpu_cores": 4, "ram_size": 16, "serial_number": "s" });
    event["device"]["groups"] = json!([{ "name": "g" }]);
    event["observables"] = json!([{ "name": "device.uid", "type_id": 10, "value": "x" }]);
    event["unmapped"] = json!({ "any": { "thing": true } });
    event
}

/// The event with each of its places changed in many ways, one at a time.
fn mutations(event: &Value) -> Vec<Value> {
    let mut places = vec![String::new()];
    collect_places(event, String::new(), &mut places);
    let mut out = vec![event.clone()];
    for place in places {
        for value in [
            Value::Null,
            json!(true),
            json!(-1),
            json!(0),
            json!(1.0),
            json!(1.5),
            json!(99),
            json!(65536),
            json!(u64::MAX),
            json!(1e300),
            json!(""),
            json!("x"),
            json!("1"),
            json!("x".repeat(50)),
            json!([]),
            json!({}),
            json!([{}]),
            json!(["x"]),
            json!([1]),
            json!({ "uid": "x" }),
        ] {
            let mut mutant = event.clone();
            *mutant.pointer_mut(&place).unwrap() = value;
            out.push(mutant);
        }
        let mut wrapped = event.clone();
        let inner = wrapped.pointer_mut(&place).unwrap();
        *inner = json!([inner.clone()]);
        out.push(wrapped);
        if let Some((parent, name)) = place.rsplit_once('/') {
            let mut without = event.clone();
            if let Some(parent) = without.pointer_mut(parent).and_then(Value::as_object_mut) {
                parent.remove(name);
                out.push(without);
            }
        }
        // One attribute too many, of a name that other objects have.
        for name in ["invented", "type_id", "ip", "uid", "name", "data", "cloud", "created_time_dt"]
        {
            let mut with = event.clone();
            if let Some(object) = with.pointer_mut(&place).and_then(Value::as_object_mut) {
                object.insert(name.into(), json!("1.1.1.1"));
                out.push(with);
            }
        }
    }
    out
}

fn collect_places(value: &Value, at: String, places: &mut Vec<String>) {
    let children: Vec<_> = match value {
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (name, value) in children {
        let place = format!("{at}/{name}");
        places.push(place.clone());
        collect_places(value, place, places);
    }
}

/// Texts on both sides of every pattern's border.
fn texts() -> Vec<Value> {
    let cases: [(&str, &[&str]); 7] = [
        (
            "/device/ip",
            &[
                "0.0.0.0",
                "255.255.255.255",
                "256.1.1.1",
                "1.2.3",
                "1.2.3.4.5",
                "01.2.3.4",
                " 1.2.3.4 ",
                "1x2x3x4",
                "::",
                "::1",
                "1::",
                "1:2:3:4:5:6:7:8",
                "1:2:3:4:5:6:7:8:9",
                "1:2:3:4:5:6:7::",
                "::ffff:1.2.3.4",
                "::1.2.3.4.5",
                "fe80::1%eth0",
                "fe80::1%",
                "g::1",
                "1::2::3",
                "12345::",
                "1:2:3:4:5:6:1.2.3.4",
                "2001:db8::8a2e:370:7334",
                ":::",
                "10.0.0.1/8",
                "0000:0000:0000:0000:0000:ffff:192.168.100.228",
                "0000:0000:0000:0000:0000:ffff:1.1.1.1",
            ],
        ),
        (
            "/device/network_interfaces/0/mac",
            &[
                "00:00:00:00:00:00",
                "aa-bb-cc-dd-ee-ff",
                "aa:bb-cc:dd-ee:ff",
                "AABBCCDDEEFF",
                "aa:bb:cc:dd:ee",
                "aa:bb:cc:dd:ee:ff:00",
                "gg:bb:cc:dd:ee:ff",
                " aa:bb:cc:dd:ee:ff",
            ],
        ),
        (
            "/device/owner/email_addr",
            &[
                "a@b.c",
                "a@b",
                "@b.c",
                "a.b+c@d-e.f.g",
                "a b@c.d",
                "a@b.",
                "ü@b.c",
                "a@b.c.",
                "a@b..c",
                "a@b@c.d",
                "a,b@c.d",
                "\"a\"@c.d",
            ],
        ),
        (
            "/actor/process/cpid",
            &[
                "123e4567-e89b-12d3-a456-426614174000",
                "{123e4567-e89b-12d3-a456-426614174000}",
                "123E4567-E89B-12D3-A456-426614174000",
                "123e4567e89b12d3a456426614174000",
                "123e4567-e89b-12d3-a456-42661417400",
                "x123e4567-e89b-12d3-a456-426614174000ff",
            ],
        ),
        ("/actor/process/file/hashes/0/value", &["", "0", "fF09", "0x12", "12 ", "zz"]),
        (
            "/time_dt",
            &[
                "2024-12-01T10:00:00Z",
                "2024-12-01t10:00:00z",
                "2024-12-01 10:00:00Z",
                "2024-12-01T10:00:00",
                "2024-12-01T10:00:00+01:00",
                "2024-12-01T10:00:00+0100",
                "2024-12-01T10:00:00.Z",
                "2024-12-01T10:00:00.123456789Z",
                "24-12-01T10:00:00Z",
                "9999-99-99T99:99:99Z",
                "2024-12-01",
            ],
        ),
        (
            "/device/subnet",
            &["10.0.0.0/8", "anything at all", "ééééééééééééééééééééééééééééééééééééééééééé"],
        ),
    ];
    let mut out = Vec::new();
    for (place, texts) in cases {
        for text in texts {
            let mut event = profiled();
            match event.pointer_mut(place) {
                Some(value) => *value = json!(text),
                None => event["device"]["subnet"] = json!(text),
            }
            out.push(event);
        }
    }
    out
}

#[test]
fn the_validator_and_the_official_schema_agree_in_every_version() {
    for version in Version::ALL {
        let mut whole = ocsf(&event());
        version.project(&mut whole);
        // The judge takes its time, so one version stands for the others in most of the mutations.
        let step = if version == Version::default() { 1 } else { 5 };
        let mutations = mutations(&whole).into_iter().chain(mutations(&profiled()));
        let events: Vec<_> = mutations.step_by(step).chain(texts()).collect();
        let lines: Vec<_> = events.iter().map(ToString::to_string).collect();
        let Some(verdicts) = judged(version, &lines) else { return };

        let mut differ = Vec::new();
        for (event, verdict) in events.iter().zip(verdicts.iter().copied()) {
            let violations = validate(event, version);
            let ours = !violations.iter().any(|violation| violation.rule.in_json_schema());
            if ours != verdict {
                differ.push(format!("official {verdict}, ours {violations:?}: {event}"));
            }
        }
        let valid = verdicts.iter().filter(|verdict| **verdict).count();
        println!("{version}: {} events, {valid} valid, {} differ", events.len(), differ.len());
        assert!(valid > 50 && valid < events.len());
        assert!(differ.is_empty(), "{version}: {}", differ.join("\n"));
    }
}
