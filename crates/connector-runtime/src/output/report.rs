//! A cycle report for people.

use std::fmt;

use chrono::TimeDelta;
use stocktake_connector_core::{
    CycleKind, CycleOutcome, CycleReport, DoubtCause, EnrichmentStatus, SinkAccount, Strategy,
};
use stocktake_telemetry::Escaped;

use super::{bytes, count, counted};

/// Writes a report as text.
#[derive(Debug)]
pub(crate) struct ReportText<'a>(pub(crate) &'a CycleReport);

impl fmt::Display for ReportText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        let kind = match report.kind {
            CycleKind::Full => "full",
            CycleKind::Incremental => "incremental",
        };
        let outcome = match &report.outcome {
            CycleOutcome::Complete => "complete",
            CycleOutcome::Interrupted => "interrupted",
            CycleOutcome::Failed { .. } => "FAILED",
        };
        let took = duration(report.finished_at - report.started_at);
        let tenant = Escaped(report.tenant.as_str());
        writeln!(f, "{tenant}: {kind} cycle {outcome} in {took}")?;
        write!(f, "  read        {}", counted(report.read, "record", "records"))?;
        if report.excluded > 0 {
            write!(f, ", {} excluded by the filter", count(report.excluded))?;
        }
        writeln!(f)?;
        if !report.unreadable.is_empty() {
            writeln!(
                f,
                "  unreadable  {}: {}",
                counted(report.unreadable.count(), "value", "values"),
                report.unreadable
            )?;
        }
        self.enrichment(f)?;
        for (name, account) in &report.sinks {
            write!(f, "  sink {:<6}", Escaped(name.as_str()))?;
            sink(f, account)?;
        }
        self.removal(f)?;
        let calls = &report.calls;
        write!(
            f,
            "  calls       {} for tokens, {} to Defender, {} to Graph",
            count(calls.token),
            count(calls.source),
            count(calls.enricher)
        )?;
        if calls.retries + calls.throttled > 0 {
            write!(f, " ({} retried, {} throttled)", count(calls.retries), count(calls.throttled))?;
        }
        if let CycleOutcome::Failed { failure } = &report.outcome {
            write!(f, "\n  error       {}", Escaped(&failure.to_string()))?;
            if let Some(advice) = &failure.advice {
                write!(f, "\n  what to do  {}", Escaped(advice))?;
            }
            if let Some(retry_at) = failure.retry_at {
                write!(f, "\n  not before  {}", retry_at.format("%Y-%m-%d %H:%M:%SZ"))?;
            }
        }
        Ok(())
    }
}

impl ReportText<'_> {
    fn enrichment(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let enrichment = &self.0.enrichment;
        match &enrichment.status {
            EnrichmentStatus::Off => writeln!(f, "  Intune      off, by configuration"),
            EnrichmentStatus::Refused(reason) => {
                let reason = Escaped(reason);
                match &enrichment.doubt {
                    // The error has the reason.
                    Some(doubt) if !doubt.accepted => {
                        writeln!(f, "  Intune      refused; nothing is sent without it yet")
                    }
                    Some(doubt) => writeln!(
                        f,
                        "  Intune      not available: {reason}; refused since {} in {}, so events go \
                         out without it now",
                        doubt.since.format("%Y-%m-%d %H:%M:%SZ"),
                        counted(u64::from(doubt.cycles), "cycle", "cycles")
                    ),
                    None => writeln!(
                        f,
                        "  Intune      not available: {reason}; events go out without it"
                    ),
                }
            }
            EnrichmentStatus::On => {
                let how = match enrichment.strategy {
                    Some(Strategy::Bulk) => " in bulk",
                    Some(Strategy::LookUp) => " by look-up",
                    None => "",
                };
                write!(
                    f,
                    "  Intune      {} read{how}, {} matched",
                    counted(enrichment.records_read, "record", "records"),
                    counted(enrichment.matched, "machine", "machines")
                )?;
                if enrichment.malformed > 0 {
                    write!(f, ", {} unreadable", count(enrichment.malformed))?;
                }
                if enrichment.uncertain > 0 {
                    write!(
                        f,
                        ", {} uncertain",
                        counted(enrichment.uncertain, "machine", "machines")
                    )?;
                }
                if let Some(details) = enrichment.details {
                    write!(
                        f,
                        ", {} asked for details in {}",
                        count(details.asked),
                        counted(details.calls, "call", "calls")
                    )?;
                    if details.gone > 0 {
                        write!(f, " ({} gone)", count(details.gone))?;
                    }
                }
                writeln!(f)?;
                self.doubt(f)
            }
        }
    }

    /// Why devices are held, and which are not certain.
    fn doubt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        let Some(doubt) = &report.enrichment.doubt else { return Ok(()) };
        let held = report.sinks.values().map(|account| account.held).max().unwrap_or_default();
        let held = counted(held, "machine keeps", "machines keep");
        let since = doubt.since.format("%Y-%m-%d %H:%M:%SZ");
        let cycles = counted(u64::from(doubt.cycles), "cycle", "cycles");
        let (what, then) = match doubt.cause {
            // The line above says so.
            DoubtCause::Refused => return Ok(()),
            DoubtCause::Shrunk => ("the list is suddenly shorter", "it counts as complete now"),
            DoubtCause::Unidentified => (
                "a record does not say whose it is",
                "machines without a match lose its fields now",
            ),
        };
        write!(f, "  in doubt    {what} ({cycles}, since {since}): ")?;
        if doubt.accepted {
            writeln!(f, "{then}")
        } else {
            writeln!(f, "{held} what the sinks have of Intune")
        }
    }

    fn removal(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let removal = &self.0.removal;
        if removal.guard_tripped {
            return writeln!(
                f,
                "  removed     none: {} missing at once, more than `removal_guard` allows",
                counted(removal.missing, "device is", "devices are")
            );
        }
        if removal.missing + removal.returned == 0 {
            return Ok(());
        }
        write!(
            f,
            "  removed     {} of {} missing ({} looked up)",
            count(removal.removed),
            count(removal.missing),
            count(removal.looked_up)
        )?;
        if removal.returned > 0 {
            write!(f, ", {} back", count(removal.returned))?;
        }
        writeln!(f)
    }
}

/// The account as the equation that must hold.
fn sink(f: &mut fmt::Formatter<'_>, account: &SinkAccount) -> fmt::Result {
    write!(
        f,
        " {} read = {} acknowledged + {} unchanged + {} + {}",
        count(account.read),
        count(account.acknowledged),
        count(account.unchanged),
        counted(account.duplicates, "duplicate", "duplicates"),
        counted(account.dead_lettered, "dead letter", "dead letters"),
    )?;
    if account.undelivered > 0 {
        write!(f, " + {} undelivered", count(account.undelivered))?;
    }
    if account.removals > 0 {
        write!(f, "; {}", counted(account.removals, "removal", "removals"))?;
    }
    if account.batches > 0 {
        write!(f, " ({}, {})", counted(account.batches, "batch", "batches"), bytes(account.bytes))?;
    }
    if let Some(before) = &account.moved_from {
        write!(f, "; delivers elsewhere than before ({before})")?;
    }
    writeln!(f)
}

fn duration(took: TimeDelta) -> String {
    match took.num_milliseconds().max(0) {
        short @ 0..1_000 => format!("{short} ms"),
        long => format!("{}.{} s", long / 1_000, long % 1_000 / 100),
    }
}
