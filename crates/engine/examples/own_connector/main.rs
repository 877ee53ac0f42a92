//! A whole connector of one's own: a source, an enricher, a mapper and a sink that Stocktake has
//! never heard of, run by its cycle engine. `cargo run --example own_connector`

mod enricher;
mod mapper;
mod sink;
mod source;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use stocktake_connector_core::{Calls, Clock, Mapper as _, SinkName, SystemClock, TenantName};
use stocktake_connector_runtime::cycle::{
    CallMeter, Collector, Emit, Options, Rendering, Request, Stop,
};
use stocktake_ocsf_model::Dialect;
use stocktake_sinks::{DialectEncoder, VOLATILE};
use stocktake_state::MemoryStore;

use enricher::Owners;
use mapper::AssetMapper;
use sink::Outbox;
use source::Register;

/// The engine of this connector.
type AssetCollector = Collector<Register, Owners, AssetMapper>;

/// Puts the parts together. State in memory forgets what was delivered when the program ends;
/// `stocktake_state::SqliteStore` does not.
fn collector(
    register: Register,
    owners: Owners,
    outbox: Arc<Outbox>,
) -> Result<AssetCollector, Box<dyn Error>> {
    let mapper = AssetMapper;
    let encoder = DialectEncoder::new(Dialect::Ocsf, mapper.fingerprint(), VOLATILE);
    Ok(Collector {
        tenant: TenantName::new("contoso")?,
        source: register,
        enricher: owners,
        renderings: vec![Rendering {
            mapper,
            encoder: Arc::new(encoder),
            sinks: BTreeMap::from([(SinkName::new("outbox")?, outbox as _)]),
        }],
        unbuilt: BTreeMap::new(),
        store: Arc::new(MemoryStore::new()),
        clock: Arc::new(SystemClock),
        meter: Arc::new(NoCalls),
        options: Options {
            emit: Emit::Changed,
            refresh_after: None,
            overlap: Duration::from_secs(60 * 60),
            full_every: Duration::from_secs(24 * 60 * 60),
            removal_guard: 0.2,
            removal_look_ups: 500,
            forget_removed_after: Duration::from_secs(90 * 24 * 60 * 60),
        },
    })
}

/// Everything here is in memory, so there are no calls to count.
#[derive(Debug)]
struct NoCalls;

impl CallMeter for NoCalls {
    fn calls(&self) -> Calls {
        Calls::default()
    }
}

#[tokio::main]
#[allow(clippy::print_stdout)] // An example talks to the person who runs it.
async fn main() -> Result<(), Box<dyn Error>> {
    let seen = SystemClock.now().to_rfc3339();
    let register = Register::new(format!("A-1,laptop-17,{seen}\nA-2,printer,{seen}\nA-3,,\n"));
    let owners = Owners::new([("A-1", "Adele")]);
    let outbox = Arc::new(Outbox::default());
    let collector = collector(register, owners, Arc::clone(&outbox))?;
    for _ in 0..2 {
        let report = collector.run_cycle(Request::Full, &Stop::default(), &Arc::default()).await?;
        report.check_balance()?;
        println!("{}", serde_json::to_string_pretty(&report.sinks)?);
    }
    outbox.events().iter().for_each(|event| println!("{}", String::from_utf8_lossy(event)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use stocktake_connector_core::{CycleOutcome, CycleReport, SinkAccount};

    use super::*;

    const SEEN: &str = "2026-01-01T08:00:00Z";

    async fn cycle(collector: &AssetCollector) -> (CycleReport, SinkAccount) {
        let report =
            collector.run_cycle(Request::Full, &Stop::default(), &Arc::default()).await.unwrap();
        report.check_balance().unwrap();
        let account = report.sinks.values().next().unwrap().clone();
        (report, account)
    }

    #[tokio::test]
    async fn every_asset_is_delivered_once_and_an_odd_line_is_a_dead_letter() {
        let register = Register::new(format!("A-1,laptop,{SEEN}\nA-2,printer,{SEEN}\nbroken\n"));
        let outbox = Arc::new(Outbox::default());
        let owners = Owners::new([("A-1", "Adele")]);
        let collector = collector(register, owners, Arc::clone(&outbox)).unwrap();

        let (report, account) = cycle(&collector).await;
        assert_eq!(report.outcome, CycleOutcome::Complete);
        assert_eq!((account.read, account.acknowledged, account.dead_lettered), (3, 2, 1));
        let (_, account) = cycle(&collector).await;
        assert_eq!((account.unchanged, account.acknowledged), (2, 0));
        assert_eq!(outbox.events().len(), 2);
    }

    #[tokio::test]
    async fn events_are_valid_and_hold_what_was_joined() {
        let register = Register::new(format!("A-1,laptop,{SEEN}\n"));
        let outbox = Arc::new(Outbox::default());
        let owners = Owners::new([("A-1", "Adele")]);
        cycle(&collector(register, owners, Arc::clone(&outbox)).unwrap()).await;

        let event = serde_json::from_slice(&outbox.events()[0]).unwrap();
        assert_eq!(stocktake_ocsf_model::validate(&event), []);
        assert_eq!(event["device"]["hostname"], "laptop");
        assert_eq!(event["device"]["owner"]["name"], "Adele");
    }

    #[tokio::test]
    async fn an_asset_that_left_the_register_is_marked_removed() {
        let lines = |numbers: std::ops::Range<u32>| -> String {
            numbers.map(|number| format!("A-{number},host,{SEEN}\n")).collect()
        };
        let register = Register::new(lines(0..10));
        let content = register.clone();
        let collector = collector(register, Owners::new([]), Arc::new(Outbox::default())).unwrap();
        cycle(&collector).await;

        content.replace(lines(0..9));
        let (report, _) = cycle(&collector).await;
        assert_eq!((report.removal.missing, report.removal.removed), (1, 1));
    }
}
