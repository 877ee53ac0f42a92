//! `stocktake run`: cycles for ever. The log is their record; standard output is for whoever asks.

use std::sync::Arc;

use crate::cli::{CommandError, Context, Ending};
use crate::config::{Config, ConfigError, Fault, LogFormat};
use crate::cycle::Stop;
use crate::server::Listening;
use crate::telemetry::Telemetry;
use crate::watch::Watch;
use crate::{record, scheduler, stop, wiring};

/// What is logged where nothing says otherwise: each cycle, and what a person should know.
const LEVEL: &str = "info";

/// Runs cycles for ever, as the configuration schedules them.
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// Only this tenant; may be given several times
    #[arg(long = "tenant", value_name = "NAME")]
    tenants: Vec<String>,
}

impl Run {
    pub(crate) async fn execute(self, context: &Context) -> Result<Ending, CommandError> {
        let (config, telemetry) = match context.watched_config(LEVEL) {
            Ok(started) => started,
            // How the log looks is known from the flag alone then.
            Err(error) if context.flags.log_format == Some(LogFormat::Json) => {
                context.log_by_flags(LEVEL)?;
                return Ok(logged(error));
            }
            Err(error) => return Err(error),
        };
        match self.serve(&config, telemetry, context).await {
            // What has a format of its own for machines has nothing else beside it.
            Err(error) if config.log.format == LogFormat::Json => Ok(logged(error)),
            ended => ended.map(|()| Ending::Fine),
        }
    }

    async fn serve(
        &self,
        config: &Config,
        telemetry: Telemetry,
        context: &Context,
    ) -> Result<(), CommandError> {
        let stop = stop::on_signals(config.shutdown.grace)?;
        stop::outlive_hangups()?;
        let watch = Arc::new(Watch::new(telemetry.registry.clone()));
        // First, so that a taken port is told before anything else happens; it answers at once,
        // because state may take its time to open.
        let server = match address(config)? {
            Some(address) => Some(Listening::on(address).await?.serve(Arc::clone(&watch))),
            None => None,
        };
        let ended = self.cycles(config, &watch, &stop, context).await;
        telemetry.shut_down(&stop).await;
        // Last, so that the end can be watched too.
        if let Some(server) = server {
            server.stop().await;
        }
        ended
    }

    async fn cycles(
        &self,
        config: &Config,
        watch: &Arc<Watch>,
        stop: &Stop,
        context: &Context,
    ) -> Result<(), CommandError> {
        let deployment = wiring::deploy(config, &self.tenants, watch)?;
        deployment.broken.iter().for_each(record::unbuilt);
        deployment.restore().await;
        watch.readiness.started(Arc::clone(&deployment.store));
        scheduler::run(&deployment, config.collection.interval, stop, &context.output).await
    }
}

/// Says in the log why the program ends.
fn logged(error: CommandError) -> Ending {
    record::end(&error);
    error.ending()
}

fn address(config: &Config) -> Result<Option<std::net::SocketAddr>, ConfigError> {
    let address = config.server.address();
    address.map_err(|problem| ConfigError(vec![Fault::new("server.listen", problem)]))
}
