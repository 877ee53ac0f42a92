//! `stocktake run`: cycles for ever.

use std::sync::Arc;

use crate::cli::{CommandError, Context, Ending};
use crate::config::{Config, ConfigError, Fault};
use crate::cycle::Stop;
use crate::server::Listening;
use crate::watch::Watch;
use crate::{scheduler, stop, wiring};

/// Runs cycles for ever, as the configuration schedules them.
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// Only this tenant; may be given several times
    #[arg(long = "tenant", value_name = "NAME")]
    tenants: Vec<String>,
}

impl Run {
    pub(crate) async fn execute(self, context: &Context) -> Result<Ending, CommandError> {
        let (config, telemetry) = context.watched_config()?;
        let stop = stop::on_signals(config.shutdown.grace)?;
        let watch = Arc::new(Watch::new(telemetry.registry.clone()));
        // First, so that a taken port is told before anything else happens; it answers at once,
        // because state may take its time to open.
        let server = match address(&config)? {
            Some(address) => Some(Listening::on(address).await?.serve(Arc::clone(&watch))),
            None => None,
        };
        let ended = self.cycles(&config, &watch, &stop, context).await;
        telemetry.shut_down(&stop).await;
        // Last, so that the end can be watched too.
        if let Some(server) = server {
            server.stop().await;
        }
        ended.map(|()| Ending::Fine)
    }

    async fn cycles(
        &self,
        config: &Config,
        watch: &Arc<Watch>,
        stop: &Stop,
        context: &Context,
    ) -> Result<(), CommandError> {
        let deployment = wiring::deploy(config, &self.tenants, watch)?;
        deployment.broken.iter().for_each(|error| context.output.error(error));
        deployment.restore().await;
        watch.readiness.started(Arc::clone(&deployment.store));
        scheduler::run(&deployment, config.collection.interval, stop, &context.output).await
    }
}

fn address(config: &Config) -> Result<Option<std::net::SocketAddr>, ConfigError> {
    let address = config.server.address();
    address.map_err(|problem| ConfigError(vec![Fault::new("server.listen", problem)]))
}
