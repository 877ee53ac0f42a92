//! `stocktake run`: cycles for ever.

use crate::cli::{CommandError, Context, Ending};
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
        let config = context.config()?;
        let stop = stop::on_signals(config.shutdown.grace)?;
        let deployment = wiring::deploy(&config, &self.tenants)?;
        deployment.broken.iter().for_each(|error| context.output.error(error));
        let interval = config.collection.interval;
        scheduler::run(&deployment, interval, &stop, &context.output).await?;
        Ok(Ending::Fine)
    }
}
