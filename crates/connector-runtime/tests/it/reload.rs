//! A tenant that waits for an operator follows the configuration file; nothing else does.

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr};

use crate::site::{API_KEY, Site, TENANT_ID, fleet};

/// `stocktake run`, seen through its log.
struct Run {
    log: Lines<BufReader<ChildStderr>>,
    seen: Vec<Value>,
    _child: Child,
}

impl Run {
    fn start(site: &Site) -> Self {
        let mut child = site.start(&["run", "--log-format", "json"]);
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { log, seen: Vec::new(), _child: child }
    }

    /// Reads on to the first line that fits.
    async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.log.next_line().await.unwrap().expect("the program ended");
            let line: Value = serde_json::from_str(&line).unwrap();
            self.seen.push(line.clone());
            if fits(&line) {
                return line;
            }
        }
    }

    async fn until_message(&mut self, start: &str) -> Value {
        let starts = |line: &Value| line["message"].as_str().unwrap().starts_with(start);
        self.until(starts).await
    }

    async fn until_cycle(&mut self, outcome: &str) -> Value {
        self.until(|line| line["connector.cycle.outcome"] == outcome).await
    }
}

fn write(site: &Site, text: &str) {
    std::fs::write(site.path("stocktake.toml"), text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_waits_for_an_operator_follows_the_configuration_file() {
    let site = Site::of(fleet(5, 5)).await;
    let right = std::fs::read_to_string(site.path("stocktake.toml")).unwrap();
    write(&site, &right.replace(TENANT_ID, "00000000-0000-0000-0000-0000000000ff"));
    let mut run = Run::start(&site);
    run.until_cycle("failed").await;

    // A file that cannot be used is reported once, and changes nothing.
    let unusable = "the configuration file changed and cannot be used";
    write(&site, "[tenants.contoso]\ntenant_id = 7\n");
    let line = run.until_message(unusable).await;
    let fault = line["fault"].as_str().unwrap();
    assert!(fault.contains("tenants.contoso.tenant_id") && fault.contains("line 2"), "{line}");

    // Nor does one without the tenant.
    write(&site, &right.replace("tenants.contoso", "tenants.fabrikam"));
    run.until_message("the tenant is not in the configuration any more").await;

    write(&site, &format!("{right}\n[collection]\ninterval = \"2h\"\n"));
    let line = run.until_message("the configuration file changed; tenants that wait").await;
    let changed = line["changed"].as_str().unwrap();
    assert_eq!(changed, "collection, tenants.contoso, tenants.fabrikam");
    run.until_message("the configuration changed; the next cycle of the tenant starts now").await;
    run.until_cycle("complete").await;
    site.assert_each_device_once();
    let reports = run.seen.iter().filter(|line| {
        line["message"].as_str().is_some_and(|message| message.starts_with(unusable))
    });
    assert_eq!(reports.count(), 1, "{:#?}", run.seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_whose_settings_changed_is_built_anew_for_a_tenant_that_waits_for_it() {
    let site = Site::of(fleet(5, 5)).await;
    let right = std::fs::read_to_string(site.path("stocktake.toml")).unwrap();
    write(&site, &right.replace(API_KEY, "another"));
    let mut run = Run::start(&site);
    run.until_cycle("failed").await;
    assert!(site.received().is_empty());
    write(&site, &right);
    run.until_cycle("complete").await;
    site.assert_each_device_once();
}
