//! Each kind of credential through the real program, its rotation while the program runs, and that
//! nothing of it is ever shown.

use std::path::{Path, PathBuf};

use stocktake_auth::{ClientSecret, ENTRA_LIMITS, EntraOptions, EntraTokens, SecretSource};
use stocktake_connector_core::{
    CycleOutcome, DirectoryId, SystemClock, TenantName, TokenProvider, TokenScope,
};
use stocktake_http_stack::{Transport, TransportOptions};
use stocktake_simulator::{
    Api, Effect, Fault, FederatedCredential, HostIdentity, ProjectedToken, RegisteredCertificate,
    RetryAfter, SimulatorOptions, TenantAccount,
};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

use crate::site::{APP_ID, APP_SECRET, Ended, Site, TENANT_ID, command, ended, fleet};

const DEFENDER_SCOPE: &str = "https://api.securitycenter.microsoft.com/.default";

/// A key or certificate of the tests.
fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../auth/tests/data").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(data(name)).unwrap()
}

fn registered(name: &str) -> RegisteredCertificate {
    RegisteredCertificate::from_pem(&text(name)).unwrap()
}

async fn site_with(adjust: impl FnOnce(&mut TenantAccount)) -> Site {
    Site::with(fleet(25, 10), |options: &mut SimulatorOptions| adjust(&mut options.tenants[0]))
        .await
}

fn kubernetes() -> FederatedCredential {
    FederatedCredential::kubernetes("https://issuer.example.com", "stocktake", "collector")
}

fn projected(site: &Site) -> String {
    let FederatedCredential { issuer, subject, audience } = kubernetes();
    let token = ProjectedToken { issuer, subject, audience, lifetime_seconds: 3_600 };
    site.handle().projected_token(&token).unwrap()
}

/// Runs the program with variables of its own.
async fn run_with(site: &Site, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut program = command(site.folder.path());
    program.args(arguments).envs(variables.iter().copied());
    ended(program.spawn().unwrap()).await
}

/// Asserts that a cycle with this site's credential delivers everything.
async fn collects(site: &Site, variables: &[(&str, &str)]) {
    let sync = run_with(site, &["sync", "--full", "--output", "json"], variables).await;
    assert_eq!(sync.report().outcome, CycleOutcome::Complete, "{sync:#?}");
    site.assert_each_device_once();
    let check = run_with(site, &["check"], variables).await;
    assert_eq!(check.code, Some(0), "{}", check.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_a_file() {
    let site = site_with(|_| {}).await;
    std::fs::write(site.path("secret"), format!("{APP_SECRET}\n")).unwrap();
    let lines = format!("app_secret_file = {:?}\n", site.path("secret"));
    collects(&site.with_credential("app_secret", &lines), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_with_its_key_in_two_pem_files_by_either_algorithm() {
    for algorithm in ["ps256", "rs256"] {
        let site =
            site_with(|account| account.certificates.push(registered("first-certificate.pem")))
                .await;
        let lines = format!(
            "certificate_file = {:?}\nprivate_key_file = {:?}\nalgorithm = \"{algorithm}\"\n",
            data("first-certificate.pem"),
            data("first-key.pem")
        );
        collects(&site.with_credential("certificate", &lines), &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_in_a_pfx_with_its_password_from_the_environment() {
    let site =
        site_with(|account| account.certificates.push(registered("first-certificate.pem"))).await;
    let lines = format!("certificate_file = {:?}\nsend_chain = true\n", data("first.pfx"));
    let site = site.with_credential("certificate", &lines);
    collects(&site, &[("STOCKTAKE_CREDENTIALS__OWN__PASSWORD", "test-password")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_registered_names_the_thumbprint_that_was_sent() {
    let site =
        site_with(|account| account.certificates.push(registered("second-certificate.pem"))).await;
    let lines = format!(
        "certificate_file = {:?}\nprivate_key_file = {:?}\n",
        data("first-certificate.pem"),
        data("first-key.pem")
    );
    let check = site.with_credential("certificate", &lines).run(&["check"]).await;
    assert_eq!(check.code, Some(1));
    let sent = registered("first-certificate.pem").thumbprint();
    assert!(check.stdout.contains("AADSTS700027"), "{}", check.stdout);
    assert!(check.stdout.contains(&sent), "{sent} is not in {}", check.stdout);
    assert!(check.stdout.contains(&format!("az ad app credential list --id {APP_ID} --cert")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workload_identity_by_file_and_by_the_standard_variables() {
    let site = site_with(|account| account.federated.push(kubernetes())).await;
    std::fs::write(site.path("token"), projected(&site)).unwrap();
    let lines = format!("token_file = {:?}\n", site.path("token"));
    let site = site.with_credential("workload_identity", &lines);
    collects(&site, &[]).await;

    let site = site_with(|account| account.federated.push(kubernetes())).await;
    std::fs::write(site.path("token"), projected(&site)).unwrap();
    let file = site.path("token").display().to_string();
    let site = site.with_credential("workload_identity", "");
    collects(&site, &[("AZURE_FEDERATED_TOKEN_FILE", &file), ("AZURE_CLIENT_ID", APP_ID)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workload_identity_without_a_token_names_the_variable() {
    let site = site_with(|_| {}).await.with_credential("workload_identity", "");
    let check = site.run(&["check"]).await;
    assert_eq!(check.code, Some(1));
    let sync = site.run(&["sync"]).await;
    assert_eq!(sync.code, Some(2), "there is no other tenant: {sync:#?}");
    for words in ["credentials.own.token_file", "AZURE_FEDERATED_TOKEN_FILE", "workload.identity"] {
        assert!(check.stdout.contains(words), "{}", check.stdout);
        assert!(sync.stderr.contains(words), "{}", sync.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managed_identity_of_a_virtual_machine() {
    let identity = HostIdentity::default();
    let id = identity.client_id.clone();
    let site = site_with(|account| account.host_identity = Some(identity)).await;
    let url = site.simulator.url();
    let site = site.with_credential("managed_identity", &format!("client_id = \"{id}\"\n"));
    collects(&site, &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", &url)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managed_identity_opens_its_own_directory_only() {
    let site = site_with(|account| {
        // The host's identity is one of the first directory; the configuration names another.
        account.host_identity = Some(HostIdentity::default());
    })
    .await;
    let endpoint = format!("{}/msi/token", site.simulator.url());
    let header = HostIdentity::default().header;
    let site = site.with_credential("managed_identity", "");
    let text = std::fs::read_to_string(site.path("stocktake.toml")).unwrap();
    let other = text.replace(TENANT_ID, "00000000-0000-0000-0000-000000000077");
    std::fs::write(site.path("stocktake.toml"), other).unwrap();
    let variables = [("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", &header)];
    let check = run_with(&site, &["check"], &variables).await;
    assert_eq!(check.code, Some(1));
    let words = format!("the token is of directory {TENANT_ID}");
    assert!(check.stdout.contains(&words), "{}", check.stdout);
    let sync = run_with(&site, &["sync"], &variables).await;
    assert_eq!(sync.code, Some(1));
    assert!(site.received().is_empty(), "nothing goes out under another's name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managed_identity_of_app_service() {
    let site = site_with(|account| account.host_identity = Some(HostIdentity::default())).await;
    let endpoint = format!("{}/msi/token", site.simulator.url());
    let header = HostIdentity::default().header;
    let site = site.with_credential("managed_identity", "");
    let variables = [("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", &header)];
    collects(&site, &variables).await;
}

/// The simulator's tokens, as someone else's program gets them.
async fn token(site: &Site, scope: &str) -> String {
    let options = EntraOptions {
        login_url: site.simulator.url().parse().unwrap(),
        directory_id: DirectoryId::new(TENANT_ID).unwrap(),
        client_id: APP_ID.into(),
        limits: ENTRA_LIMITS,
        tenant: TenantName::new("contoso").unwrap(),
        credential: std::sync::Arc::new(ClientSecret::new(SecretSource::Value(APP_SECRET.into()))),
        clock: std::sync::Arc::new(SystemClock),
    };
    let transport = Transport::new(&TransportOptions::default()).unwrap();
    let tokens = EntraTokens::new(&transport, options).unwrap();
    tokens.token(&TokenScope::new(scope)).await.unwrap().expose().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_to_the_azure_cli() {
    use std::os::unix::fs::PermissionsExt;

    let site = site_with(|_| {}).await;
    let graph_scope = format!("{}/.default", site.simulator.url());
    let (defender, graph) = (token(&site, DEFENDER_SCOPE).await, token(&site, &graph_scope).await);
    let folder = site.path("bin");
    std::fs::create_dir(&folder).unwrap();
    let az = folder.join("az");
    let answer = |token: &str| {
        format!("echo '{{\"accessToken\": \"{token}\", \"expires_on\": 4102444800}}'")
    };
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *securitycenter*) {};; *) {};; esac\n",
        answer(&defender),
        answer(&graph)
    );
    std::fs::write(&az, script).unwrap();
    std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.display());
    collects(&site.with_credential("azure_cli", ""), &[("PATH", &path)]).await;
}

/// The program while it runs one cycle a second.
struct Live {
    program: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Live {
    fn of(site: &Site) -> Self {
        let mut program = site.start(&["run", "--output", "text"]);
        let lines = BufReader::new(program.stdout.take().unwrap()).lines();
        Self { program, lines }
    }

    /// Waits for so many cycles, none of which may fail.
    async fn complete(&mut self, cycles: usize) {
        let mut seen = 0;
        while seen < cycles {
            let line = self.lines.next_line().await.unwrap().expect("the program ended early");
            assert!(!line.contains("FAILED"), "{line}");
            seen += usize::from(line.contains("cycle complete"));
        }
    }

    async fn stop(mut self) {
        self.program.kill().await.unwrap();
    }
}

/// Puts a new file in the place of another at once, as Kubernetes does.
fn replace(path: &Path, content: &str) {
    let next = path.with_extension("next");
    std::fs::write(&next, content).unwrap();
    std::fs::rename(next, path).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_rotated_while_the_program_runs() {
    let site = site_with(|_| {}).await.set("collection", "interval = \"1s\"\n");
    let path = site.path("secret");
    std::fs::write(&path, APP_SECRET).unwrap();
    let site = site.with_credential("app_secret", &format!("app_secret_file = {path:?}\n"));
    let mut live = Live::of(&site);
    live.complete(1).await;
    assert!(
        site.handle()
            .add_secret(TENANT_ID, stocktake_simulator::ClientSecret::new("canary-new-secret"))
    );
    // A half-made file comes first, as from an editor.
    std::fs::write(&path, "").unwrap();
    site.handle().revoke_tokens();
    live.complete(2).await;
    replace(&path, "canary-new-secret");
    live.complete(1).await;
    assert!(site.handle().remove_secret(TENANT_ID, APP_SECRET));
    site.handle().revoke_tokens();
    live.complete(3).await;
    live.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_rotated_while_the_program_runs() {
    let (first, second) =
        (registered("first-certificate.pem"), registered("second-certificate.pem"));
    let old = first.thumbprint();
    let site = site_with(|account| account.certificates.push(first)).await;
    let site = site.set("collection", "interval = \"1s\"\n");
    let pair = |name: &str| {
        format!("{}{}", text(&format!("{name}-certificate.pem")), text(&format!("{name}-key.pem")))
    };
    let path = site.path("app.pem");
    std::fs::write(&path, pair("first")).unwrap();
    let site = site.with_credential("certificate", &format!("certificate_file = {path:?}\n"));
    let mut live = Live::of(&site);
    live.complete(1).await;
    assert!(site.handle().add_certificate(TENANT_ID, second));
    // The new certificate is there and its key is not: the old pair goes on.
    std::fs::write(&path, text("second-certificate.pem")).unwrap();
    site.handle().revoke_tokens();
    live.complete(2).await;
    replace(&path, &pair("second"));
    live.complete(1).await;
    assert!(site.handle().remove_certificate(TENANT_ID, &old));
    site.handle().revoke_tokens();
    live.complete(3).await;
    live.stop().await;
}

/// Whether a file holds a text.
fn holds(path: &Path, text: &str) -> bool {
    std::fs::read(path)
        .is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
}

/// Faults at every service, each once; with those of tokens little else is asked for.
fn faults(site: &Site, of_tokens: bool) {
    let refusals = [Effect::status(401), Effect::Html];
    let all = [
        Effect::status(500),
        Effect::Reset,
        Effect::CutJson,
        Effect::ExpireTokens,
        Effect::status(403),
    ];
    for api in
        [Api::DefenderList, Api::GraphList, Api::GraphBatch, Api::SekoiaPush, Api::SekoiaTask]
    {
        for effect in refusals.iter().chain(&all) {
            site.handle().add_fault(Fault::once(api, effect.clone()));
        }
    }
    let of_tokens = refusals.iter().filter(|_| of_tokens);
    for effect in of_tokens {
        site.handle().add_fault(Fault::once(Api::Entra, effect.clone()));
        site.handle().add_fault(Fault::once(Api::ManagedIdentity, effect.clone()));
    }
}

/// Commands that talk to the outside, at the most talkative level.
const TALKATIVE: &[&[&str]] = &[
    &["check", "--log-level", "trace"],
    &["sync", "--full", "--log-level", "trace", "--log-format", "json", "--output", "json"],
];

/// Commands that show what there is.
const SHOWING: &[&[&str]] = &[
    &["config", "show"],
    &["config", "show", "--output", "json"],
    &["check", "--output", "json"],
    &["sync", "--log-level", "trace"],
    &["state", "show", "--output", "json"],
    &["dead-letters", "list"],
];

/// Runs commands with every fault on, and looks for the canaries in all that is written.
async fn shows_none_of(
    site: &Site,
    commands: &[&[&str]],
    canaries: &[&str],
    variables: &[(&str, &str)],
) {
    let runs = [false, true]
        .into_iter()
        .flat_map(|of_tokens| commands.iter().map(move |arguments| (of_tokens, arguments)));
    for (of_tokens, arguments) in runs {
        site.handle().clear_faults();
        faults(site, of_tokens);
        let ended = run_with(site, arguments, variables).await;
        assert!(!ended.stdout.is_empty() || !ended.stderr.is_empty(), "{arguments:?} says nothing");
        for canary in canaries {
            assert!(!ended.stdout.contains(canary), "{arguments:?} shows {canary}: {ended:#?}");
            assert!(!ended.stderr.contains(canary), "{arguments:?} logs {canary}: {ended:#?}");
        }
    }
    for file in ["state.db", "state.db-wal", "state.db-shm"] {
        for canary in canaries {
            assert!(!holds(&site.path(file), canary), "{file} holds {canary}");
        }
    }
}

/// The middle of a key's text, which no header or footer shares.
fn middle(pem: &str) -> String {
    pem.lines().nth(5).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_of_the_configuration_is_shown_with_every_fault_on() {
    let proxy = "proxy = \"http://me:canary-proxy-44d1@proxy.stocktake.invalid:8080\"\n";
    let site = site_with(|_| {}).await.set("http", proxy);
    let canaries = [APP_SECRET, crate::site::API_KEY, "canary-proxy-44d1"];
    shows_none_of(&site, TALKATIVE, &canaries, &[]).await;
    shows_none_of(&site, SHOWING, &canaries, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_that_the_configuration_names_is_shown_with_every_fault_on() {
    let site = site_with(|_| {}).await;
    let files = [
        ("app_secret", APP_SECRET),
        ("api_key", crate::site::API_KEY),
        ("proxy_password", "canary-proxy-44d1"),
    ];
    for (name, content) in files {
        std::fs::write(site.path(name), content).unwrap();
    }
    let proxy = format!(
        "proxy = \"http://me@proxy.stocktake.invalid:8080\"\nproxy_password_file = {:?}\n",
        site.path("proxy_password")
    );
    let site = site.set("http", &proxy);
    // Each secret in its file instead of the configuration.
    let text = std::fs::read_to_string(site.path("stocktake.toml")).unwrap();
    let text: String = text
        .lines()
        .map(|line| match line.split_once(" = ") {
            Some((key @ ("app_secret" | "api_key"), _)) => {
                format!("{key}_file = {:?}\n", site.path(key))
            }
            _ => format!("{line}\n"),
        })
        .collect();
    assert!(!text.contains("canary"), "{text}");
    std::fs::write(site.path("stocktake.toml"), text).unwrap();
    assert_eq!(site.sync().await.code, Some(0), "the files are read");
    let canaries = files.map(|(_, content)| content);
    shows_none_of(&site, TALKATIVE, &canaries, &[]).await;
    shows_none_of(&site, SHOWING, &canaries, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_or_password_of_a_certificate_is_shown_with_every_fault_on() {
    let site =
        site_with(|account| account.certificates.push(registered("first-certificate.pem"))).await;
    let lines = format!(
        "certificate_file = {:?}\nprivate_key_file = {:?}\n",
        data("first-certificate.pem"),
        data("first-key.pem")
    );
    let site = site.with_credential("certificate", &lines);
    shows_none_of(&site, TALKATIVE, &[&middle(&text("first-key.pem"))], &[]).await;
    let site = site.with_credential(
        "certificate",
        &format!("certificate_file = {:?}\npassword = \"canary-pfx-5e2b\"\n", data("first.pfx")),
    );
    shows_none_of(&site, TALKATIVE, &["canary-pfx-5e2b"], &[]).await;
    shows_none_of(&site, &SHOWING[..2], &["canary-pfx-5e2b"], &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_of_a_platform_is_shown_with_every_fault_on() {
    let site = site_with(|account| account.federated.push(kubernetes())).await;
    let token = projected(&site);
    std::fs::write(site.path("token"), &token).unwrap();
    let lines = format!("token_file = {:?}\n", site.path("token"));
    let site = site.with_credential("workload_identity", &lines);
    let signature = token.rsplit('.').next().unwrap();
    shows_none_of(&site, TALKATIVE, &[signature], &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_header_of_a_host_is_shown_with_every_fault_on() {
    let mut identity = HostIdentity::default();
    identity.header = "canary-header-0b7c".into();
    let site = site_with(|account| account.host_identity = Some(identity)).await;
    let endpoint = format!("{}/msi/token", site.simulator.url());
    let site = site.with_credential("managed_identity", "");
    let variables =
        [("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", "canary-header-0b7c")];
    shows_none_of(&site, TALKATIVE, &["canary-header-0b7c"], &variables).await;
}

/// Asserts that a cycle fails with the code.
async fn assert_cycle_code(site: &Site, code: &str) {
    let report = site.sync().await.report();
    let CycleOutcome::Failed { failure } = report.outcome else {
        panic!("the cycle did not fail: {report:#?}");
    };
    assert_eq!(failure.code.as_str(), code, "{failure:?}");
    assert!(failure.advice.is_some(), "{failure:?}");
}

/// Asserts that `check` fails with the code.
async fn assert_check_code(site: &Site, code: &str) {
    let check = site.run(&["check"]).await;
    assert_eq!(check.code, Some(1), "{check:#?}");
    assert!(check.stdout.contains(&format!("[{code}]")), "{}", check.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_secret_file_is_reported_by_its_code() {
    let site = Site::of(fleet(5, 5)).await;
    let lines = format!("app_secret_file = {:?}\n", site.path("absent"));
    let site = site.with_credential("app_secret", &lines);
    assert_cycle_code(&site, "ST0202").await;
    assert_check_code(&site, "ST0202").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_host_that_is_down_is_reported_by_its_code() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let site = Site::of(fleet(5, 5)).await;
    assert_cycle_code(&site.replace("login_url", &dead), "ST0203").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_host_that_asks_for_a_long_wait_is_reported_by_its_code() {
    let site = Site::of(fleet(5, 5)).await;
    let wait = Some(RetryAfter::Seconds(3_600));
    let throttled = Effect::Status { code: 429, retry_after: wait, body: None };
    site.handle().add_fault(Fault::always(Api::Entra, throttled));
    assert_cycle_code(&site, "ST0203").await;
    assert_check_code(&site, "ST0203").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_host_that_responds_with_a_web_page_is_reported_by_its_code() {
    let site = Site::of(fleet(5, 5)).await;
    site.handle().add_fault(Fault::always(Api::Entra, Effect::Html));
    assert_cycle_code(&site, "ST0204").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_host_without_the_endpoint_is_reported_by_its_code() {
    let site = Site::of(fleet(5, 5)).await;
    let body = Some("<html>no such page</html>".to_owned());
    let absent = Effect::Status { code: 404, retry_after: None, body };
    site.handle().add_fault(Fault::always(Api::Entra, absent));
    assert_cycle_code(&site, "ST0204").await;
    assert_check_code(&site, "ST0204").await;
}
