//! A place to run the real program: a simulator, a configuration and a state file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{CycleReport, SinkAccount};
use stocktake_simulator::{
    Fleet, FleetOptions, Handle, Running, Simulator, SimulatorOptions, TenantAccount,
};
use tempfile::TempDir;
use tokio::process::{Child, Command};

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake");

/// The secret and the key that no output may show.
pub(crate) const APP_SECRET: &str = "canary-app-secret-7f3a";
pub(crate) const API_KEY: &str = "canary-api-key-91c2";

/// The simulator's directory and application.
pub(crate) const TENANT_ID: &str = "00000000-0000-0000-0000-000000000001";
pub(crate) const APP_ID: &str = "00000000-0000-0000-0000-000000000002";

/// When every simulated fleet is.
pub(crate) fn now() -> DateTime<Utc> {
    stocktake_connector_core::Clock::now(&stocktake_connector_core::SystemClock)
}

/// A fleet without odd records.
pub(crate) fn fleet(machines: usize, managed_devices: usize) -> Fleet {
    Fleet::new(FleetOptions { machines, managed_devices, seed: 7, odd_records: false, now: now() })
}

/// A fleet with every odd record.
pub(crate) fn odd_fleet(machines: usize, managed_devices: usize) -> Fleet {
    Fleet::new(FleetOptions { machines, managed_devices, seed: 7, odd_records: true, now: now() })
}

/// A simulator with one tenant, whose application has [`APP_SECRET`].
pub(crate) fn simulator_options(fleet: Fleet) -> SimulatorOptions {
    let mut options = SimulatorOptions::new(fleet, std::sync::Arc::new(now));
    let mut account = TenantAccount::default();
    account.app_secret = APP_SECRET.into();
    options.tenants = vec![account];
    options.sekoia.api_key = API_KEY.into();
    options
}

/// What the program did and said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The reports that `sync --output json` printed.
    pub(crate) fn reports(&self) -> Vec<CycleReport> {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no reports ({error}): {self:#?}"))
    }

    /// The only report.
    pub(crate) fn report(&self) -> CycleReport {
        let mut reports = self.reports();
        assert_eq!(reports.len(), 1);
        reports.remove(0)
    }

    /// The account of the sink `soc` in the only report.
    pub(crate) fn account(&self) -> SinkAccount {
        let report = self.report();
        report.check_balance().unwrap();
        report.sinks.into_iter().find(|(name, _)| name.as_str() == "soc").unwrap().1
    }
}

/// A simulator with one tenant, and a folder with the program's configuration and state.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) folder: TempDir,
    pub(crate) simulator: Running,
    /// Lines added to the tables of the configuration, by table.
    settings: BTreeMap<String, String>,
    /// Values of the tenant's and the sink's keys instead of those of the simulator.
    replaced: BTreeMap<&'static str, String>,
    /// Type and lines of a credential that the tenant names instead of its own secret.
    credential: Option<(&'static str, String)>,
    program: PathBuf,
}

impl Site {
    /// A site for a fleet.
    pub(crate) async fn of(fleet: Fleet) -> Self {
        Self::with(fleet, |_| {}).await
    }

    /// A site whose simulator has other options.
    pub(crate) async fn with(fleet: Fleet, adjust: impl FnOnce(&mut SimulatorOptions)) -> Self {
        let mut options = simulator_options(fleet);
        adjust(&mut options);
        let simulator = Simulator::start(options).await.unwrap();
        let site = Self {
            folder: tempfile::tempdir().unwrap(),
            simulator,
            settings: BTreeMap::new(),
            replaced: BTreeMap::new(),
            credential: None,
            program: PROGRAM.into(),
        };
        site.write_configuration();
        site
    }

    /// Adds lines to a table of the configuration, for example `collection`.
    pub(crate) fn set(mut self, table: &str, lines: &str) -> Self {
        self.settings.entry(table.to_owned()).or_default().push_str(lines);
        self.write_configuration();
        self
    }

    /// Gives the tenant another `base_url`, `login_url` or `graph_url`.
    pub(crate) fn replace(mut self, key: &'static str, value: &str) -> Self {
        self.replaced.insert(key, value.to_owned());
        self.write_configuration();
        self
    }

    /// Gives the sink another URL.
    pub(crate) fn replace_sink_url(self, url: &str) -> Self {
        self.replace("sink", url)
    }

    /// Gives the tenant a credential of this type instead of its own secret; the app id is added where
    /// the type has one.
    pub(crate) fn with_credential(mut self, kind: &'static str, lines: &str) -> Self {
        self.credential = Some((kind, lines.to_owned()));
        self.write_configuration();
        self
    }

    /// Gives the tenant its secret by a file, `app.secret`.
    pub(crate) fn with_secret_file(self) -> Self {
        std::fs::write(self.path("app.secret"), APP_SECRET).unwrap();
        let file = self.path("app.secret");
        self.with_credential("app_secret", &format!("app_secret_file = {file:?}\n"))
    }

    /// Runs an example of this package instead of the program.
    pub(crate) fn with_example(mut self, name: &str) -> Self {
        // Cargo builds examples with the tests, next to the programs.
        self.program = Path::new(PROGRAM).with_file_name("examples").join(name);
        self
    }

    pub(crate) fn handle(&self) -> Handle {
        self.simulator.handle()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write_configuration(&self) {
        let url = |key| self.replaced.get(key).cloned().unwrap_or_else(|| self.simulator.url());
        let own = match &self.credential {
            Some(_) => "credential = \"own\"\n".to_owned(),
            None => format!("app_id = \"{APP_ID}\"\napp_secret = \"{APP_SECRET}\"\n"),
        };
        let mut tables: BTreeMap<String, String> = BTreeMap::from([
            (
                "tenants.contoso".into(),
                format!(
                    "tenant_id = \"{TENANT_ID}\"\n{own}\
                     base_url = \"{}\"\nlogin_url = \"{}\"\ngraph_url = \"{}\"\n",
                    url("base_url"),
                    url("login_url"),
                    url("graph_url")
                ),
            ),
            (
                "sinks.soc".into(),
                format!(
                    "type = \"sekoia\"\nbase_url = \"{}\"\n\
                     connector_uuid = \"00000000-0000-0000-0000-000000000003\"\n\
                     api_key = \"{API_KEY}\"\n",
                    url("sink")
                ),
            ),
            // A free port, as many sites run at the same time.
            ("server".into(), "listen = \"127.0.0.1:0\"\n".into()),
            ("state".into(), format!("path = {:?}\n", self.path("state.db"))),
            (
                "http".into(),
                // Quick retries; quotas that a test never meets.
                "backoff = \"5ms\"\ndefender_per_minute = 100000\n\
                 defender_per_hour = 1000000\ngraph_per_20s = 100000\n"
                    .into(),
            ),
        ]);
        if let Some((kind, lines)) = &self.credential {
            let app_id = match *kind {
                "managed_identity" | "azure_cli" => String::new(),
                _ => format!("app_id = \"{APP_ID}\"\n"),
            };
            tables.insert("credentials.own".into(), format!("type = \"{kind}\"\n{app_id}{lines}"));
        }
        for (table, lines) in &self.settings {
            tables.entry(table.clone()).or_default().push_str(lines);
        }
        let text: String =
            tables.iter().map(|(table, lines)| format!("[{table}]\n{lines}\n")).collect();
        std::fs::write(self.path("stocktake.toml"), text).unwrap();
    }

    /// Starts the program with this site's configuration.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = command_of(&self.program, self.folder.path());
        command.args(arguments).kill_on_drop(true).spawn().unwrap()
    }

    /// Runs the program to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.start(arguments)).await
    }

    /// One full cycle.
    pub(crate) async fn sync(&self) -> Ended {
        self.run(&["sync", "--full", "--output", "json"]).await
    }

    /// How often each device was received.
    pub(crate) fn received(&self) -> BTreeMap<String, u64> {
        let received = self.handle().received();
        received.counts.into_iter().map(|(id, times)| (id, u64::from(times))).collect()
    }

    /// Asserts that every device of the fleet was received exactly once, and nothing else.
    pub(crate) fn assert_each_device_once(&self) {
        let received = self.received();
        let expected: BTreeMap<String, u64> =
            self.handle().fleet().device_ids().into_iter().map(|id| (id, 1)).collect();
        let missing: Vec<_> = expected.keys().filter(|id| !received.contains_key(*id)).collect();
        assert!(missing.is_empty(), "{} devices are missing: {missing:?}", missing.len());
        let wrong: Vec<_> =
            received.iter().filter(|(id, times)| expected.get(*id) != Some(*times)).collect();
        assert!(wrong.is_empty(), "received twice or never sent by the source: {wrong:?}");
    }
}

/// The program in a folder, with nothing of our own environment that could configure it.
pub(crate) fn command(folder: &Path) -> Command {
    command_of(Path::new(PROGRAM), folder)
}

fn command_of(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Waits for the program to end.
pub(crate) async fn ended(child: Child) -> Ended {
    let output = child.wait_with_output().await.unwrap();
    let ended = Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    for secret in [APP_SECRET, API_KEY] {
        assert!(!ended.stdout.contains(secret), "a secret is on standard output: {ended:#?}");
        assert!(!ended.stderr.contains(secret), "a secret is on standard error: {ended:#?}");
    }
    ended
}
