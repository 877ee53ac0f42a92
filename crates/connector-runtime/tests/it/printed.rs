//! Text from outside in everything that is printed.

use stocktake_simulator::{Api, Effect, Fault};
use stocktake_telemetry::is_unprintable;

use crate::commands::Desk;
use crate::site::{Ended, Site, fleet};

/// What forges a line, steers a terminal, turns the direction of writing and hides.
const HOSTILE: &str = "a\r\nerror: forged\u{1b}[31m\u{9b}\u{202e}\u{2066}\u{200b}\u{feff}\u{2028}z";

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// Asserts that nothing of [`HOSTILE`] has an effect, and returns everything that was printed.
fn check(what: &str, ended: Ended) -> String {
    let printed = ended.stdout + &ended.stderr;
    let found = printed.chars().find(|one| *one != '\n' && is_unprintable(*one));
    assert_eq!(found, None, "{what}: {printed:?}");
    let forged = printed.lines().find(|line| line.starts_with("error: forged"));
    assert_eq!(forged, None, "{what}: {printed}");
    printed
}

/// Runs a command in both formats; both show the text.
async fn check_shown(site: &Site, arguments: &[&str]) {
    for format in ["text", "json"] {
        let ended = site.run(&[arguments, &["--output", format]].concat()).await;
        let printed = check(&format!("{arguments:?} as {format}"), ended);
        assert!(printed.contains("forged"), "{arguments:?} as {format} shows it: {printed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_from_outside_forges_no_line() {
    let site = Site::of(fleet(5, 3)).await;
    let (id, name) = (json(HOSTILE), json(HOSTILE));
    let page = format!(
        r#"{{"value":[{{"id":{id},"computerDnsName":{name}}},{{"id":"b","osBuild":[]}}]}}"#
    );
    let page = Effect::Status { code: 200, retry_after: None, body: Some(page) };
    site.handle().add_fault(Fault::always(Api::DefenderList, page));
    check("sync", site.run(&["sync", "--full", "--log-level", "debug"]).await);
    check_shown(&site, &["dead-letters", "list"]).await;
    let list = site.run(&["dead-letters", "list"]).await.stdout;
    for line in list.lines().skip(1) {
        let number = line.split_whitespace().next().unwrap();
        for format in ["text", "json"] {
            let letter = site.run(&["dead-letters", "show", number, "--output", format]).await;
            check("dead-letters show", letter);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_of_a_server_forges_no_line() {
    let site = Site::of(fleet(5, 3)).await;
    let refusal = |code: u16| Effect::Status {
        code,
        retry_after: None,
        body: Some(format!(
            r#"{{"message":{0},"error":{{"code":"Forbidden","message":{0}}}}}"#,
            json(HOSTILE)
        )),
    };
    for api in [Api::SekoiaPush, Api::GraphList, Api::DefenderList] {
        site.handle().clear_faults();
        site.handle().add_fault(Fault::always(api, refusal(403)));
        for format in ["human", "json"] {
            check("sync", site.run(&["sync", "--full", "--log-format", format]).await);
        }
        check("sync", site.run(&["sync", "--full", "--output", "json"]).await);
        check("state show", site.run(&["state", "show"]).await);
        check("state show", site.run(&["state", "show", "--output", "json"]).await);
        check("check", site.run(&["check"]).await);
        check("check", site.run(&["check", "--output", "json"]).await);
    }
}

#[tokio::test]
async fn files_forge_no_line() {
    let desk = Desk::new();
    let text = json(HOSTILE);
    desk.write(
        "machines.json",
        format!(r#"[{{"id":{text}}},{{"id":"b","osPlatform":{text}}},{{"id":{{}},"osPlatform":{text}}}]"#),
    );
    desk.write("foreign.json", format!("{{{text}:{text}}}"));
    desk.write("event.json", format!("{{{text}:{text},\"metadata\":{{\"version\":{text}}}}}"));
    for format in ["text", "json"] {
        for arguments in [
            &["map", "--machines", "machines.json"][..],
            &["explain", "--machines", "machines.json"],
            &["map", "--machines", "foreign.json"],
            &["validate", "event.json"],
            &["map", "--machines", HOSTILE],
            &["validate", HOSTILE],
            &["explain", HOSTILE],
            &["dead-letters", "list", "--tenant", HOSTILE],
        ] {
            let mut ended = desk.run(&[arguments, &["--output", format]].concat()).await;
            assert_ne!(ended.code, Some(0), "{arguments:?}: {ended:#?}");
            if arguments[0] == "map" {
                ended.stdout.clear(); // Events are data.
            }
            check(&format!("{arguments:?} as {format}"), ended);
        }
    }
}
