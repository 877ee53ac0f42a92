//! A complete connector of your own: a source, an enricher, a mapper, a form and a sink that Stocktake
//! does not know, run by its cycle engine. `cargo run -p stocktake-engine --example own_connector`

mod enricher;
mod form;
mod mapper;
mod sink;
mod source;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use stocktake_connector_core::{
    Clock, Inventory, LeaseStore, SinkName, SourceName, SystemClock, TenantName, WorkerName,
};
use stocktake_engine::{Collector, Request, Stop};
use stocktake_state::MemoryStore;

use enricher::Owners;
use form::OcsfForm;
use mapper::AssetMapper;
use sink::Outbox;
use source::Register;

/// The engine of this connector.
type AssetCollector = Collector<Register, Owners, AssetMapper>;

/// Puts the parts together. A store in memory forgets what was delivered when the program ends;
/// `stocktake_state::SqliteStore` does not.
fn collector(
    register: Register,
    owners: Owners,
    outbox: Arc<Outbox>,
    store: Arc<MemoryStore>,
) -> Result<AssetCollector, Box<dyn Error>> {
    let tenant = TenantName::new("contoso")?;
    let inventory = Inventory { tenant, source: SourceName::new("register")? };
    let mut collector = Collector::new(inventory, register, owners, AssetMapper, store);
    collector.add_sink(SinkName::new("outbox")?, Arc::new(OcsfForm), outbox);
    Ok(collector)
}

#[tokio::main]
#[allow(clippy::print_stdout)] // The output is the purpose of an example.
async fn main() -> Result<(), Box<dyn Error>> {
    let seen = SystemClock.now().to_rfc3339();
    let register = Register::new(format!("A-1,laptop-17,{seen}\nA-2,printer,{seen}\nA-3,,\n"));
    let (outbox, store) = (Arc::new(Outbox::default()), Arc::new(MemoryStore::new()));
    let owners = Owners::new([("A-1", "Adele")]);
    let collector = collector(register, owners, Arc::clone(&outbox), Arc::clone(&store))?;

    let (worker, hour) = (WorkerName::new("example")?, Duration::from_secs(60 * 60));
    let lease = store.claim(&collector.inventory.tenant, &worker, hour).await?;
    let fence = lease.ok_or("another worker holds the tenant")?.fence();
    for _ in 0..2 {
        let (stop, progress) = (Stop::default(), Arc::default());
        let report = collector.run_cycle(Request::Full, &fence, &stop, &progress).await?;
        println!("{}", serde_json::to_string_pretty(&report.sinks)?);
    }
    outbox.events().iter().for_each(|event| println!("{}", String::from_utf8_lossy(event)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use stocktake_connector_core::{CycleOutcome, CycleReport, Fence, SinkAccount};

    use super::*;

    const SEEN: &str = "2026-01-01T08:00:00Z";

    /// A connector with the lease of its tenant.
    struct Connector {
        collector: AssetCollector,
        fence: Fence,
        outbox: Arc<Outbox>,
    }

    impl Connector {
        async fn new(register: Register) -> Self {
            let (outbox, store) = (Arc::new(Outbox::default()), Arc::new(MemoryStore::new()));
            let owners = Owners::new([("A-1", "Adele")]);
            let collector =
                collector(register, owners, Arc::clone(&outbox), Arc::clone(&store)).unwrap();
            let worker = WorkerName::new("test").unwrap();
            let hour = Duration::from_secs(60 * 60);
            let lease = store.claim(&collector.inventory.tenant, &worker, hour).await.unwrap();
            Self { collector, fence: lease.unwrap().fence(), outbox }
        }

        async fn cycle(&self) -> (CycleReport, SinkAccount) {
            let (stop, progress) = (Stop::default(), Arc::default());
            let report = self.collector.run_cycle(Request::Full, &self.fence, &stop, &progress);
            let report = report.await.unwrap();
            report.check_balance().unwrap();
            let account = report.sinks.values().next().unwrap().clone();
            (report, account)
        }
    }

    #[tokio::test]
    async fn every_asset_is_delivered_once_and_an_odd_line_is_a_dead_letter() {
        let register = Register::new(format!("A-1,laptop,{SEEN}\nA-2,printer,{SEEN}\nbroken\n"));
        let connector = Connector::new(register).await;

        let (report, account) = connector.cycle().await;
        assert_eq!(report.outcome, CycleOutcome::Complete);
        assert_eq!((account.read, account.acknowledged, account.dead_lettered), (3, 2, 1));
        let (_, account) = connector.cycle().await;
        assert_eq!((account.unchanged, account.acknowledged), (2, 0));
        assert_eq!(connector.outbox.events().len(), 2);
    }

    #[tokio::test]
    async fn events_are_valid_and_hold_what_was_joined_and_a_uid_of_their_own() {
        let register = Register::new(format!("A-1,laptop,{SEEN}\nA-2,printer,{SEEN}\n"));
        let connector = Connector::new(register).await;
        connector.cycle().await;

        let events = connector.outbox.events();
        let [one, other] = [0, 1]
            .map(|index| -> serde_json::Value { serde_json::from_slice(&events[index]).unwrap() });
        assert_eq!(stocktake_ocsf_model::validate_as_declared(&one), []);
        assert_eq!(one["device"]["hostname"], "laptop");
        assert_eq!(one["device"]["owner"]["name"], "Adele");
        assert_ne!(one["metadata"]["uid"], other["metadata"]["uid"]);
    }

    #[tokio::test]
    async fn an_asset_that_left_the_register_is_marked_removed() {
        let lines = |numbers: std::ops::Range<u32>| -> String {
            numbers.map(|number| format!("A-{number},host,{SEEN}\n")).collect()
        };
        let register = Register::new(lines(0..10));
        let connector = Connector::new(register.clone()).await;
        connector.cycle().await;

        register.replace(lines(0..9));
        let (report, _) = connector.cycle().await;
        assert_eq!((report.removal.missing, report.removal.removed), (1, 1));
    }
}
