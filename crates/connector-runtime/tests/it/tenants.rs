//! Many tenants in one process: each with its own sinks, filter, quotas and fate.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use stocktake_connector_core::{CycleOutcome, CycleReport, EnrichmentStatus};
use stocktake_simulator::{
    Api, Condition, Effect, Fault, Fleet, FleetOptions, RetryAfter, Running, Simulator,
    SimulatorOptions, TenantAccount,
};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use crate::site::{API_KEY, APP_SECRET, Ended, command, ended, now};

/// Reports on standard output; nobody reads the log here, which must not fill its pipe.
const RUN: [&str; 5] = ["run", "--output", "text", "--log-level", "warn"];

/// Machines of each tenant.
const MACHINES: usize = 12;

fn tenant_id(number: usize) -> String {
    format!("10000000-0000-0000-0000-{number:012}")
}

fn name(number: usize) -> String {
    format!("t{number:03}")
}

/// Many directories at one simulator, collected by one app registration.
struct Provider {
    folder: TempDir,
    simulator: Running,
    tenants: usize,
}

impl Provider {
    async fn with(tenants: usize) -> Self {
        let fleet = |seed: usize| {
            Fleet::new(FleetOptions {
                machines: MACHINES,
                managed_devices: MACHINES - 2,
                seed: seed as u64,
                odd_records: false,
                now: now(),
            })
        };
        let mut options = SimulatorOptions::new(fleet(0), std::sync::Arc::new(now));
        options.tenants = (0..tenants)
            .map(|number| {
                let mut account = TenantAccount::default();
                account.tenant_id = tenant_id(number);
                account.app_secret = APP_SECRET.into();
                account.fleet = Some(fleet(1000 + number));
                account
            })
            .collect();
        options.sekoia.api_key = API_KEY.into();
        let provider = Self {
            folder: tempfile::tempdir().unwrap(),
            simulator: Simulator::start(options).await.unwrap(),
            tenants,
        };
        provider.configure(|_| String::new(), "");
        provider
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration: lines added to each tenant's table, and tables added at the end.
    fn configure(&self, of_tenant: impl Fn(usize) -> String, more: &str) {
        let url = self.simulator.url();
        let mut text = format!(
            "[credentials.msp]\ntype = \"app_secret\"\n\
             app_id = \"00000000-0000-0000-0000-000000000002\"\napp_secret = \"{APP_SECRET}\"\n\
             [sinks.soc]\ntype = \"sekoia\"\nbase_url = \"{url}\"\n\
             connector_uuid = \"00000000-0000-0000-0000-000000000003\"\napi_key = \"{API_KEY}\"\n\
             [server]\nlisten = \"127.0.0.1:0\"\n[state]\npath = {:?}\n[http]\nbackoff = \"5ms\"\nmax_retries = 2\n{more}\n",
            self.path("state.db")
        );
        for number in 0..self.tenants {
            let own = of_tenant(number);
            let credential = if own.contains("app_secret") { "" } else { "credential = \"msp\"\n" };
            write!(
                text,
                "[tenants.{}]\ntenant_id = \"{}\"\n{credential}\
                 base_url = \"{url}\"\nlogin_url = \"{url}\"\ngraph_url = \"{url}\"\n{own}\n",
                name(number),
                tenant_id(number)
            )
            .unwrap();
        }
        std::fs::write(self.path("stocktake.toml"), text).unwrap();
    }

    fn start(&self, arguments: &[&str]) -> Child {
        command(self.folder.path()).args(arguments).kill_on_drop(true).spawn().unwrap()
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.start(arguments)).await
    }

    async fn sync(&self) -> Vec<CycleReport> {
        self.run(&["sync", "--full", "--output", "json"]).await.reports()
    }

    /// A fault that strikes one tenant only.
    fn strike(&self, number: usize, api: Api, effect: Effect) {
        let tenant = Some(tenant_id(number));
        let on = Condition { api, tenant, ..Condition::default() };
        self.simulator.handle().add_fault(Fault { on, effect, hits: None });
    }

    /// The devices of some tenants.
    fn devices(&self, tenants: impl IntoIterator<Item = usize>) -> BTreeSet<String> {
        let of = |number| self.simulator.handle().fleet_of(&tenant_id(number)).unwrap();
        tenants.into_iter().flat_map(|number| of(number).device_ids()).collect()
    }

    fn received(&self) -> BTreeSet<String> {
        self.simulator.handle().received().counts.into_keys().collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_credential_serves_many_tenants_and_one_of_them_can_be_chosen() {
    let provider = Provider::with(3).await;
    let chosen = provider.run(&["sync", "--tenant", "t001", "--output", "json"]).await;
    assert_eq!(chosen.report().tenant.as_str(), "t001");
    assert_eq!(provider.received(), provider.devices([1]));
    assert_eq!(provider.sync().await.len(), 3);
    assert_eq!(provider.received(), provider.devices(0..3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_feeds_the_sinks_that_it_names() {
    let provider = Provider::with(2).await;
    let lake = provider.path("lake");
    let more = format!("[sinks.lake]\ntype = \"file\"\npath = {lake:?}\n");
    let own = |number| if number == 0 { "sinks = [\"lake\"]\n" } else { "" };
    provider.configure(|number| own(number).into(), &more);
    let reports = provider.sync().await;
    let sinks: Vec<Vec<_>> = reports
        .iter()
        .map(|report| report.sinks.keys().map(|name| name.as_str()).collect())
        .collect();
    assert_eq!(sinks, [vec!["lake"], vec!["lake", "soc"]]);
    assert_eq!(provider.received(), provider.devices([1]), "tenant 0 went to the lake alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_leaves_machines_out_and_takes_none_for_removed() {
    let provider = Provider::with(1).await;
    let whole = provider.sync().await.remove(0);
    assert_eq!((whole.read, whole.excluded), (MACHINES as u64, 0));

    provider.configure(|_| "filter = { os_platforms = [\"windows*\"] }\n".into(), "");
    provider.simulator.handle().reset_received();
    let filtered = provider.sync().await.remove(0);
    filtered.check_balance().unwrap();
    assert!(filtered.excluded > 0 && filtered.read > 0, "{filtered:#?}");
    assert_eq!(filtered.read + filtered.excluded, MACHINES as u64);
    // More than the guard tolerates are left out, and still nothing is missing.
    assert_eq!(filtered.removal, stocktake_connector_core::RemovalAccount::default());
    assert_eq!(filtered.outcome, CycleOutcome::Complete);
    assert!(provider.received().is_empty(), "what is unchanged is not sent again");

    let text = provider.run(&["sync", "--full"]).await.stdout;
    let words = format!("{} excluded by the filter", filtered.excluded);
    assert!(text.contains(&words), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_own_quota_holds_for_it_alone() {
    let provider = Provider::with(2).await;
    // One call in an hour to Defender: the first page takes it, and the second never comes.
    let own = |number| {
        let quota = "limits = { defender_per_hour = 1 }\n";
        if number == 0 { quota } else { "" }
    };
    provider.configure(
        |number| own(number).into(),
        "call_deadline = \"10s\"\n[collection]\npage_size = 5\n",
    );
    let reports = provider.sync().await;
    let CycleOutcome::Failed { failure } = &reports[0].outcome else { panic!("{reports:#?}") };
    let error = &failure.message;
    assert!(error.contains("our quota of 1 calls per 3600s is used up"), "{error}");
    assert_eq!(reports[1].outcome, CycleOutcome::Complete);
}

/// Lines of `run` until so many cycles are complete.
async fn until_complete(program: &mut Child, cycles: usize) {
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut complete = BTreeSet::new();
    while complete.len() < cycles {
        let line = lines.next_line().await.unwrap().expect("the program ended early");
        if let Some((tenant, _)) = line.split_once(": full cycle complete") {
            complete.insert(tenant.to_owned());
        }
    }
    program.stdout = Some(lines.into_inner().into_inner());
}

/// Resident memory of a program that runs, in KiB.
fn resident(program: &Child) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", program.id().unwrap())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_hundred_tenants_three_are_in_trouble_and_197_finish_as_if_alone() {
    const TENANTS: usize = 200;
    let provider = Provider::with(TENANTS).await;
    let dead = "app_id = \"00000000-0000-0000-0000-000000000002\"\napp_secret = \"expired\"\n";
    provider.configure(|number| if number == 1 { dead.into() } else { String::new() }, "");
    let throttled =
        Effect::Status { code: 429, retry_after: Some(RetryAfter::Seconds(30)), body: None };
    provider.strike(0, Api::DefenderList, throttled);
    // It is still waiting for its first page when all others are through.
    provider.strike(2, Api::DefenderList, Effect::Hang);

    let mut program = provider.start(&RUN);
    until_complete(&mut program, TENANTS - 3).await;
    assert_eq!(provider.received(), provider.devices(3..TENANTS));
    let busy = resident(&program);
    program.kill().await.unwrap();

    let alone = Provider::with(1).await;
    let mut program = alone.start(&RUN);
    until_complete(&mut program, 1).await;
    let idle = (busy.saturating_sub(resident(&program))) / (TENANTS as u64 - 1);
    program.kill().await.unwrap();
    assert!(idle < 2 * 1024, "an idle tenant takes {idle} KiB");

    // Once the trouble is over, the three catch up.
    provider.simulator.handle().clear_faults();
    provider.configure(|_| String::new(), "");
    let reports = provider.sync().await;
    let complete = |report: &CycleReport| report.outcome == CycleOutcome::Complete;
    assert!(reports.iter().all(complete), "{reports:#?}");
    assert!(reports.iter().all(|report| report.enrichment.status == EnrichmentStatus::On));
    assert_eq!(provider.received(), provider.devices(0..TENANTS));
}
