//! `stocktake simulate`: the emulated cloud on a port.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{Clock, SystemClock};
use stocktake_simulator::{Fleet, FleetOptions, RecordEvents, Simulator, SimulatorOptions};

use crate::command_error::{CommandError, ExitStatus};
use crate::context::Context;
use crate::output::{Format, count};
use crate::stop;

/// Serves an emulated Entra, Defender, Graph and Sekoia.
#[derive(Debug, clap::Args)]
pub(crate) struct Simulate {
    /// Port on loopback; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    #[command(flatten)]
    size: FleetSize,
    /// Keep only the ids of received events, not the events
    #[arg(long)]
    ids_only: bool,
}

/// The size of the emulated fleet.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct FleetSize {
    /// Machines that Defender knows
    #[arg(long, default_value_t = 1_000)]
    pub(crate) machines: usize,
    /// Managed devices that Intune knows [default: four fifths of the machines]
    #[arg(long)]
    pub(crate) managed_devices: Option<usize>,
    /// The same seed gives the same fleet
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Leave out the odd records that real tenants have
    #[arg(long)]
    pub(crate) no_odd_records: bool,
}

impl FleetSize {
    /// The fleet.
    pub(crate) fn fleet(self, now: DateTime<Utc>) -> Fleet {
        Fleet::new(FleetOptions {
            machines: self.machines,
            managed_devices: self.managed_devices(),
            seed: self.seed,
            odd_records: !self.no_odd_records,
            now,
        })
    }

    /// Managed devices, as asked or by default.
    pub(crate) fn managed_devices(self) -> usize {
        self.managed_devices.unwrap_or(self.machines / 5 * 4)
    }
}

/// Options of a simulator on the machine's clock.
pub(crate) fn options(fleet: Fleet) -> SimulatorOptions {
    SimulatorOptions::new(fleet, Arc::new(|| SystemClock.now()))
}

impl Simulate {
    pub(crate) async fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        context.log_by_flags("warn")?;
        let mut options = options(self.size.fleet(SystemClock.now()));
        options.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        if self.ids_only {
            options.sekoia.record_events = RecordEvents::UidsOnly;
        }
        let account = options.tenants.first().cloned().unwrap_or_default();
        let connector = options.sekoia.connector_uuid.clone();
        let key = options.sekoia.api_key.clone();
        let stop = stop::on_signals(std::time::Duration::ZERO)?;
        let simulator = Simulator::start(options)
            .await
            .map_err(|error| CommandError::failed(format!("cannot listen: {error}")))?;
        let url = simulator.url();
        match context.output.format() {
            Format::Json => context.output.json(&serde_json::json!({ "url": url }))?,
            Format::Text => context.output.text(format_args!(
                "# {} machines and {} managed devices at {url}; Ctrl-C ends it.\n\
                 # A configuration for it:\n\
                 [tenants.simulated]\n\
                 tenant_id = \"{}\"\n\
                 app_id = \"{}\"\n\
                 app_secret = \"{}\"\n\
                 base_url = \"{url}\"\n\
                 login_url = \"{url}\"\n\
                 graph_url = \"{url}\"\n\
                 [sinks.simulated]\n\
                 type = \"sekoia\"\n\
                 base_url = \"{url}\"\n\
                 connector_uuid = \"{connector}\"\n\
                 api_key = \"{key}\"",
                count(self.size.machines as u64),
                count(self.size.managed_devices() as u64),
                account.tenant_id,
                account.app_id,
                account.app_secret,
            ))?,
        }
        stop.graceful.cancelled().await;
        simulator.stop().await;
        Ok(ExitStatus::Success)
    }
}
