//! Progress bars: one a tenant, on a terminal only.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use stocktake_connector_core::TenantName;
use stocktake_telemetry::Escaped;
use tokio::task::JoinHandle;

use super::{Output, count};
use stocktake_engine::Progress;

/// How often bars are drawn.
const TICK: Duration = Duration::from_millis(120);

/// Bars that are drawn until dropped.
#[derive(Debug)]
pub(crate) struct Bars {
    bars: Option<MultiProgress>,
    drawing: Vec<JoinHandle<()>>,
}

impl Bars {
    /// No bar yet, or never one without a terminal.
    pub(crate) fn new(output: &Output) -> Self {
        Self { bars: output.is_interactive().then(MultiProgress::new), drawing: Vec::new() }
    }

    /// Adds the bar of a tenant.
    pub(crate) fn add(&mut self, tenant: &TenantName, progress: Arc<Progress>) {
        let Some(bars) = &self.bars else { return };
        let bar = bars.add(ProgressBar::new_spinner());
        // The template is a constant: a mistake in it would show in every run.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}: {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(Escaped(tenant.as_str()).to_string());
        self.drawing.push(tokio::spawn(async move {
            while !progress.is_done() {
                bar.set_message(match progress.kind() {
                    None => "waiting".to_owned(),
                    Some(_) => format!(
                        "{} read, {} settled",
                        count(progress.read()),
                        count(progress.settled())
                    ),
                });
                bar.tick();
                tokio::time::sleep(TICK).await;
            }
            bar.finish_and_clear();
        }));
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        for drawing in &self.drawing {
            drawing.abort();
        }
        if let Some(bars) = &self.bars {
            let _ = bars.clear(); // A terminal that is gone needs no clearing.
        }
    }
}
