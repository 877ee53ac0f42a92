//! `stocktake run`: runs continuously. The log is the record of cycles; reports on standard output come
//! only on request.

use std::sync::Arc;

use stocktake_engine::Stop;

use crate::command_error::{CommandError, ExitStatus};
use crate::config::{Config, ConfigError, ConfigFault, Loaded, LogFormat};
use crate::context::Context;
use crate::schedule::Schedule;
use crate::server::{Hosts, Listening};
use crate::supervisor::Supervisor;
use crate::telemetry::Telemetry;
use crate::watch::Watch;
use crate::{cycle_log, stop, wiring};

/// The default level of the log: each cycle, and what an operator should know.
const LEVEL: &str = "info";

/// Runs continuously, as the configuration schedules cycles.
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// Only this tenant; can be repeated
    #[arg(long = "tenant", value_name = "NAME")]
    tenants: Vec<String>,
}

impl Run {
    pub(crate) async fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        let (loaded, telemetry) = match context.watched(LEVEL) {
            Ok(started) => started,
            // Only the flag gives the format of the log then.
            Err(error) if context.flags.log_format == Some(LogFormat::Json) => {
                context.log_by_flags(LEVEL)?;
                return Ok(logged(error));
            }
            Err(error) => return Err(error),
        };
        match self.serve(&loaded, telemetry, context).await {
            // Output that programs read contains nothing else.
            Err(error) if loaded.config.log.format == LogFormat::Json => Ok(logged(error)),
            ended => ended.map(|()| ExitStatus::Success),
        }
    }

    async fn serve(
        &self,
        loaded: &Loaded,
        telemetry: Telemetry,
        context: &Context,
    ) -> Result<(), CommandError> {
        let config = &loaded.config;
        let stop = stop::on_signals(config.shutdown.grace)?;
        stop::outlive_hangups()?;
        let watch = Arc::new(Watch::new(telemetry.registry.clone()));
        // First, so that a taken port is reported before anything else happens. It responds at once,
        // because opening state may take a while.
        let server = match address(config)? {
            Some(address) => {
                let hosts = Hosts::new(&config.server.hosts);
                Some(Listening::on(address).await?.serve(Arc::clone(&watch), hosts))
            }
            None => None,
        };
        let ended = self.cycles(loaded, &watch, &stop, context).await;
        telemetry.shut_down(&stop).await;
        // Last, so that the shutdown can be observed too.
        if let Some(server) = server {
            server.stop().await;
        }
        ended
    }

    async fn cycles(
        &self,
        loaded: &Loaded,
        watch: &Arc<Watch>,
        stop: &Stop,
        context: &Context,
    ) -> Result<(), CommandError> {
        let config = &loaded.config;
        let (observer, rereading) =
            (Arc::clone(&watch.metrics) as _, loaded.rereading(&context.flags));
        let deployment = wiring::deploy(config, &self.tenants, observer, rereading)?;
        deployment.broken.iter().for_each(cycle_log::not_built);
        watch.deployed(&deployment, config).await;
        watch.readiness.started(Arc::clone(&deployment.store));
        let collection = &config.collection;
        let schedule =
            Schedule { interval: collection.interval, retry_after: collection.retry_after };
        let (watch, stop) = (Arc::clone(watch), stop.clone());
        let supervisor = Supervisor::new(deployment, watch, collection.concurrent_cycles, stop)?;
        supervisor.run(schedule, &context.output).await
    }
}

/// Logs why the program ends.
fn logged(error: CommandError) -> ExitStatus {
    cycle_log::program_ends(&error);
    error.exit_status()
}

fn address(config: &Config) -> Result<Option<std::net::SocketAddr>, ConfigError> {
    let address = config.server.address();
    address.map_err(|problem| ConfigError(vec![ConfigFault::new("server.listen", problem)]))
}
