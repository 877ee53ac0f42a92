//! The commands that need no tenant, and `run`, `check` and `state` against the simulator.

use std::process::Stdio;

use serde_json::Value;
use stocktake_connector_core::CycleOutcome;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::site::{Ended, Site, command, ended, fleet, odd_fleet};

const MACHINE: &str = include_str!("../data/machine.json");
const MANAGED_DEVICE: &str = include_str!("../data/managed-device.json");
const EVENT: &str = include_str!("../data/event.json");

/// A folder with the example pair.
pub(crate) struct Desk(pub(crate) TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        let desk = Self(TempDir::new().unwrap());
        desk.write("machine.json", MACHINE);
        desk.write("managed-device.json", MANAGED_DEVICE);
        desk
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        ended(command(self.0.path()).args(arguments).spawn().unwrap()).await
    }

    pub(crate) async fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Ended {
        let mut child =
            command(self.0.path()).args(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input).await.unwrap();
        drop(stdin);
        ended(child).await
    }
}

#[tokio::test]
async fn the_example_pair_becomes_the_example_event() {
    let desk = Desk::new();
    let mapped = desk
        .run(&[
            "map",
            "--machines",
            "machine.json",
            "--managed-devices",
            "managed-device.json",
            "--form",
            "sekoia",
        ])
        .await;
    assert_eq!(mapped.code, Some(0), "{mapped:#?}");
    let event: Value = serde_json::from_str(&mapped.stdout).unwrap();
    let expected: Value = serde_json::from_str(EVENT).unwrap();
    assert_eq!(event, expected);
}

#[tokio::test]
async fn mapped_events_pass_the_validator_and_broken_ones_do_not() {
    let desk = Desk::new();
    let mapped = desk
        .run_with_input(
            &[
                "map",
                "--machines",
                "-",
                "--managed-devices",
                "managed-device.json",
                "--form",
                "ocsf",
            ],
            MACHINE.as_bytes(),
        )
        .await;
    let valid = desk.run_with_input(&["validate"], mapped.stdout.as_bytes()).await;
    assert_eq!((valid.code, valid.stdout.as_str()), (Some(0), ""), "{valid:#?}");

    let broken = mapped.stdout.replace("\"severity_id\":1", "\"severity_id\":\"high\"");
    let invalid = desk.run_with_input(&["validate", "-"], broken.as_bytes()).await;
    assert_eq!(invalid.code, Some(1));
    assert!(invalid.stdout.starts_with("line 1: severity_id: "), "{invalid:#?}");
    let invalid = desk.run_with_input(&["validate"], b"{\"class_uid\":5001}\nno json\n").await;
    assert!(invalid.stdout.contains("line 2: is not JSON"), "{invalid:#?}");
}

#[tokio::test]
async fn a_machine_that_cannot_be_mapped_is_named_and_the_others_are_written() {
    let desk = Desk::new();
    desk.write(
        "machines.ndjson",
        "{\"id\":\"a\"}\n{\"computerDnsName\":\"b\"}\n{\"id\":{}}\n{\"id\":\"c\"}\n",
    );
    let mapped = desk.run(&["map", "--machines", "machines.ndjson", "--form", "ocsf"]).await;
    assert_eq!(mapped.code, Some(3), "{mapped:#?}");
    assert_eq!(mapped.stdout.lines().count(), 2);
    assert!(mapped.stderr.contains("`id`"), "{mapped:#?}");
}

#[tokio::test]
async fn a_machine_is_not_called_unmanaged_because_its_intune_record_cannot_be_read() {
    let desk = Desk::new();
    let key = |n: u8| format!("00000000-0000-0000-0000-00000000000{n}");
    let machine = |n: u8| format!("{{\"id\":\"m{n}\",\"aadDeviceId\":\"{}\"}}\n", key(n));
    let device = |n: u8| format!("{{\"id\":\"i{n}\",\"azureADDeviceId\":\"{}\"}}\n", key(n));
    let broken =
        format!("{{\"id\":\"i2\",\"azureADDeviceId\":\"{}\",\"model\":\"x\" \"y\"}}\n", key(2));
    desk.write("machines.ndjson", &(machine(1) + &machine(2)));
    desk.write("devices.ndjson", &(device(3) + &broken));
    let arguments = [
        "map",
        "--machines",
        "machines.ndjson",
        "--managed-devices",
        "devices.ndjson",
        "--form",
        "ocsf",
    ];

    let mapped = desk.run(&arguments).await;
    assert_eq!(mapped.code, Some(3), "{mapped:#?}");
    assert_eq!(mapped.stdout.lines().count(), 1, "{mapped:#?}");
    assert!(mapped.stdout.contains("\"is_managed\":false"), "{mapped:#?}");
    assert!(mapped.stderr.contains("machine m2: its Intune record cannot be used"), "{mapped:#?}");

    // Of a record that does not say whose it is, nothing follows for either machine.
    desk.write("devices.ndjson", &(device(3) + "{\"id\":\"i2\",\"model\":\"x\" \"y\"}\n"));
    let mapped = desk.run(&arguments).await;
    assert_eq!(mapped.stdout.lines().count(), 2, "{mapped:#?}");
    assert!(!mapped.stdout.contains("is_managed"), "{mapped:#?}");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named() {
    let desk = Desk::new();
    let mapped = desk.run(&["map", "--machines", "absent.json", "--form", "ocsf"]).await;
    assert_eq!(mapped.code, Some(1));
    assert!(mapped.stderr.contains("cannot read absent.json"), "{mapped:#?}");
}

#[tokio::test]
async fn every_mapped_field_is_explained() {
    let desk = Desk::new();
    let explained = desk.run(&["explain", "device.risk_level"]).await;
    assert!(explained.stdout.contains("machine.riskScore"), "{explained:#?}");
    let explained = desk
        .run(&[
            "explain",
            "--machines",
            "machine.json",
            "--managed-devices",
            "managed-device.json",
            "--output",
            "json",
        ])
        .await;
    let explained: Value = serde_json::from_str(&explained.stdout).unwrap();
    let fields = explained["fields"].as_array().unwrap();
    let hostname = fields.iter().find(|field| field["ocsf"] == "device.hostname").unwrap();
    assert_eq!(hostname["value"], "mymachine1.contoso.com");
    assert_eq!(hostname["seen"]["machine.computerDnsName"], "mymachine1.contoso.com");
    let unknown = desk.run(&["explain", "device.colour"]).await;
    assert_eq!(unknown.code, Some(1));
}

#[tokio::test]
async fn the_configuration_that_init_writes_can_be_used_once_it_is_filled_in() {
    let desk = Desk::new();
    assert_eq!(desk.run(&["config", "init"]).await.code, Some(0));
    let shown = desk.run(&["config", "show"]).await;
    assert_eq!(shown.code, Some(0), "{shown:#?}");
    assert!(shown.stdout.contains("interval = \"3h\""), "{shown:#?}");
    let again = desk.run(&["config", "init"]).await;
    assert_eq!(again.code, Some(1), "an existing file is not replaced");
    let schema = desk.run(&["config", "schema"]).await;
    let schema: Value = serde_json::from_str(&schema.stdout).unwrap();
    assert!(schema["properties"]["tenants"].is_object());
}

#[tokio::test]
async fn usage_mistakes_end_with_2_and_help_with_0() {
    let desk = Desk::new();
    assert_eq!(desk.run(&["snyc"]).await.code, Some(2));
    let help = desk.run(&["--help"]).await;
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("Exit codes"));
    let completions = desk.run(&["completions", "bash"]).await;
    assert!(completions.stdout.contains("stocktake"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_events_the_fleet_and_a_balanced_report() {
    let desk = Desk::new();
    let demo = desk.run(&["demo", "--machines", "300"]).await;
    assert_eq!(demo.code, Some(0), "{demo:#?}");
    for part in [
        "mymachine1.contoso.com",
        "The fleet by operating system and risk",
        "full cycle complete",
        "What to try next",
    ] {
        assert!(demo.stdout.contains(part), "`{part}` is missing: {demo:#?}");
    }
    let demo = desk.run(&["demo", "--machines", "150", "--output", "json"]).await;
    let demo: Value = serde_json::from_str(&demo.stdout).unwrap();
    let acknowledged = demo["cycles"][0]["sinks"]["sekoia"]["acknowledged"].as_u64().unwrap();
    assert_eq!(demo["events"].as_array().unwrap().len() as u64, acknowledged);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_works_on_a_system_without_certificates() {
    let desk = Desk::new();
    desk.write("none.pem", "");
    let mut program = command(desk.0.path());
    program
        .args(["demo", "--machines", "60"])
        .env("SSL_CERT_FILE", desk.0.path().join("none.pem"))
        .env("SSL_CERT_DIR", desk.0.path().join("absent"));
    let demo = ended(program.spawn().unwrap()).await;
    assert_eq!(demo.code, Some(0), "{demo:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulator_in_another_process_prints_a_configuration_that_works() {
    let desk = Desk::new();
    let mut simulator = command(desk.0.path())
        .args(["simulate", "--machines", "120"])
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(simulator.stdout.take().unwrap()).lines();
    let mut configuration = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        configuration.push_str(&line);
        configuration.push('\n');
        if line.starts_with("api_key") {
            break;
        }
    }
    desk.write("stocktake.toml", configuration);
    let check = desk.run(&["check"]).await;
    assert_eq!(check.code, Some(0), "{check:#?}");
    let sync = desk.run(&["sync"]).await;
    assert_eq!(sync.code, Some(3), "the fleet has odd records: {sync:#?}");
    let state = desk.run(&["state", "show"]).await;
    assert!(state.stdout.contains("complete"), "{state:#?}");
    simulator.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn state_and_dead_letters_can_be_looked_at() {
    let site = Site::of(odd_fleet(150, 100)).await;
    assert_eq!(site.run(&["sync"]).await.code, Some(3));
    let state = site.run(&["state", "show", "--output", "json"]).await;
    let state: Value = serde_json::from_str(&state.stdout).unwrap();
    assert_eq!(
        state["delivered"][0]["devices"].as_u64().unwrap(),
        site.handle().fleet().expectation().devices as u64
    );
    let list = site.run(&["dead-letters", "list", "--limit", "1"]).await;
    let id = list.stdout.lines().nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let letter = site.run(&["dead-letters", "show", &id]).await;
    assert!(letter.stdout.contains("payload"), "{letter:#?}");
    assert_eq!(site.run(&["dead-letters", "show", "999999"]).await.code, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn run_ends_in_order_on_sigterm() {
    let site = Site::of(fleet(60, 40)).await.set("collection", "interval = \"1h\"\n");
    let mut program = site.start(&["run", "--output", "text"]);
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let first = lines.next_line().await.unwrap().unwrap();
    assert!(first.contains("full cycle complete"), "{first}");
    let pid = program.id().unwrap().to_string();
    let killed = tokio::process::Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
    assert!(killed.success());
    assert_eq!(program.wait().await.unwrap().code(), Some(0));
    site.assert_each_device_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_before_a_restart_is_tried_at_once() {
    use stocktake_simulator::{Api, Effect, Fault};

    let site = Site::of(fleet(20, 10)).await.set("collection", "interval = \"1h\"\n");
    site.handle().add_fault(Fault::always(Api::DefenderList, Effect::status(403)));
    assert_eq!(site.sync().await.code, Some(1));
    site.handle().clear_faults();
    // An hour is left of the interval, but somebody has mended the cause.
    let mut program = site.start(&["run", "--output", "text"]);
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let first = lines.next_line().await.unwrap().unwrap();
    assert!(first.contains("full cycle complete"), "{first}");
    program.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_in_the_middle_of_a_cycle_delivers_what_was_read() {
    use stocktake_simulator::{Api, Effect, Fault};

    let site = Site::with(fleet(300, 100), |options| options.defender_page = 100).await;
    // Two pages and the seam between them.
    site.handle().add_fault(Fault::once(Api::DefenderList, Effect::Hang).after(3));
    let mut program = site.start(&["run"]);
    while site.handle().calls().of(Api::DefenderList) < 4 {
        tokio::task::yield_now().await;
    }
    let pid = program.id().unwrap().to_string();
    tokio::process::Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
    assert_eq!(program.wait().await.unwrap().code(), Some(0));
    assert_eq!(site.received().len(), 200, "the two pages that were read are delivered");
    assert_eq!(site.sync().await.account().acknowledged, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn state_shows_what_never_was_delivered_and_what_to_do_about_it() {
    use stocktake_simulator::{Api, Effect, Fault};

    let site = Site::of(fleet(20, 10)).await;
    site.handle().add_fault(Fault::always(Api::DefenderList, Effect::status(403)));
    let failed = site.sync().await.report();
    let CycleOutcome::Failed { failure } = &failed.outcome else { panic!("{failed:#?}") };
    let advice = failure.advice.as_ref().unwrap();
    let text = site.run(&["state", "show"]).await.stdout;
    let lines: Vec<_> = text.lines().collect();
    assert!(
        lines[1].starts_with("contoso  defender  soc         0  no complete cycle yet"),
        "{text}"
    );
    let calls = format!("full     0              {}", failed.calls.token);
    assert!(text.contains(&calls) && text.contains(&format!("failed: {failure}")), "{text}");
    assert!(text.contains(&format!("contoso, what to do: {advice}")), "{text}");
    let json = site.run(&["state", "show", "--output", "json"]).await.stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["cycles"][0], serde_json::to_value(&failed).unwrap());
    let scope = &json["delivered"][0];
    assert_eq!((&scope["sink"], &scope["configured"]), (&"soc".into(), &true.into()));
    assert!(scope["configured_since"].is_string() && scope["checkpoint"].is_null(), "{scope:#}");

    // A tenant that is new to the configuration, and a sink that left it.
    site.handle().clear_faults();
    assert_eq!(site.sync().await.code, Some(0));
    let config = std::fs::read_to_string(site.path("stocktake.toml")).unwrap();
    let config = config.replace("[sinks.soc]", "[sinks.other]");
    std::fs::write(site.path("stocktake.toml"), config).unwrap();
    let text = site.run(&["state", "show"]).await.stdout;
    assert!(text.contains("contoso  defender  other        0  no complete cycle yet\n"), "{text}");
    let soc = text.lines().find(|line| line.starts_with("contoso  defender  soc ")).unwrap();
    assert!(soc.contains(" 20 ") && soc.ends_with("not configured any more"), "{text}");
}
