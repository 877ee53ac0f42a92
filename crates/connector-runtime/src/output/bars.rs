//! Progress bars: one a tenant, on a terminal only.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use stocktake_connector_core::TenantName;
use stocktake_engine::Progress;
use stocktake_telemetry::Escaped;

use super::{Output, count};

/// How often bars are drawn.
const TICK: Duration = Duration::from_millis(120);

/// How long the end of drawing waits for the terminal.
const PATIENCE: Duration = Duration::from_secs(1);

/// A tenant and how far its cycle is.
type Tenant = (TenantName, Arc<Progress>);

/// Bars that are drawn until dropped, on a thread of their own: a terminal can stand still.
#[derive(Debug)]
pub(crate) struct Bars {
    drawing: Option<Drawing>,
}

#[derive(Debug)]
struct Drawing {
    tenants: Sender<Tenant>,
    /// Closed when the thread has ended.
    ended: Receiver<()>,
}

impl Bars {
    /// No bar yet, or never one without a terminal.
    pub(crate) fn new(output: &Output) -> Self {
        Self { drawing: output.is_interactive().then(Drawing::start).flatten() }
    }

    /// Adds the bar of a tenant.
    pub(crate) fn add(&mut self, tenant: &TenantName, progress: Arc<Progress>) {
        if let Some(drawing) = &self.drawing {
            // Bars that are drawn no more are not missed.
            let _ = drawing.tenants.send((tenant.clone(), progress));
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        if let Some(Drawing { tenants, ended }) = self.drawing.take() {
            drop(tenants);
            let _ = ended.recv_timeout(PATIENCE);
        }
    }
}

impl Drawing {
    /// `None` when the thread cannot start: bars are a convenience.
    fn start() -> Option<Self> {
        let (tenants, new) = channel();
        let (living, ended) = channel();
        let draw = move || {
            draw(&new);
            drop(living);
        };
        thread::Builder::new().name("bars".to_owned()).spawn(draw).ok()?;
        Some(Self { tenants, ended })
    }
}

fn draw(new: &Receiver<Tenant>) {
    let bars = MultiProgress::new();
    let mut drawn: Vec<(ProgressBar, Arc<Progress>)> = Vec::new();
    loop {
        match new.recv_timeout(TICK) {
            Ok((tenant, progress)) => {
                let bar = bars.add(ProgressBar::new_spinner());
                // The template is a constant: a mistake in it would show in every run.
                if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}: {msg}") {
                    bar.set_style(style);
                }
                bar.set_prefix(Escaped(tenant.as_str()).to_string());
                drawn.push((bar, progress));
            }
            Err(RecvTimeoutError::Timeout) => drawn.retain(|(bar, progress)| tick(bar, progress)),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let _ = bars.clear(); // A terminal that is gone needs no clearing.
}

/// Draws a bar; `false` when its cycle is over and the bar is gone.
fn tick(bar: &ProgressBar, progress: &Progress) -> bool {
    if progress.is_done() {
        bar.finish_and_clear();
        return false;
    }
    bar.set_message(match progress.kind() {
        None => "waiting".to_owned(),
        Some(_) => {
            format!("{} read, {} settled", count(progress.read()), count(progress.settled()))
        }
    });
    bar.tick();
    true
}
