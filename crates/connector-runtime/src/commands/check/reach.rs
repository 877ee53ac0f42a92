//! The first steps of every check: name, connection, clock.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use stocktake_connector_core::{Finding, SystemClock, Verdict};
use stocktake_http_stack::{ClientCertificate, ConnectionFault, Probe, Transport};
use url::Url;

/// A clock that is further off than this gets a warning.
const WARNING_ABOVE: TimeDelta = TimeDelta::seconds(60);
/// Entra takes no assertion that begins more than five minutes in its future, or has ended.
const REFUSED_ABOVE: TimeDelta = TimeDelta::seconds(5 * 60);

/// Whether a host can be reached.
#[derive(Debug, Default)]
pub(super) struct Reachability {
    pub(super) findings: Vec<Finding>,
    /// Whether calling the host makes sense.
    pub(super) open: bool,
    /// How far our clock is ahead of the host's.
    pub(super) clock_ahead: Option<TimeDelta>,
}

/// Probes a host, for the steps `{name} DNS` and `{name} TLS`.
pub(super) async fn reach(name: &str, url: &Url, transport: &Transport) -> Reachability {
    let probe = transport.probe(url, &SystemClock).await;
    let mut findings = vec![resolved(name, &probe), connected(name, &probe)];
    if let Err(failure) = &probe.outcome
        && failure.connected
    {
        // A host that accepts connections and does not respond.
        let detail = format!("{}: {}", failure.message, failure.detail);
        findings.push(Finding::failed(format!("{name} response"), detail, &*failure.advice));
    }
    Reachability {
        findings,
        open: probe.outcome.is_ok(),
        clock_ahead: probe.outcome.ok().and_then(|response| response.clock_ahead),
    }
}

fn resolved(name: &str, probe: &Probe) -> Finding {
    let step = format!("{name} DNS");
    let host = probe.origin.host();
    if let Some(proxy) = &probe.proxy {
        return Finding::skipped(step, format!("{proxy} resolves {host}"));
    }
    if host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        return Finding::skipped(step, format!("{host} is an address"));
    }
    match &probe.outcome {
        Ok(response) => match response.address {
            Some(address) => Finding::fine(step, format!("{host} is {address}")),
            None => Finding::fine(step, format!("{host} has an address")),
        },
        Err(failure) => match failure.fault {
            ConnectionFault::Insecure => Finding::skipped(step, "not tried"),
            ConnectionFault::Unresolved => {
                let detail = format!("{host} has no address: {}", failure.detail);
                Finding::failed(step, detail, &*failure.advice)
                    .with_commands([format!("getent hosts {host}")])
            }
            _ => Finding::fine(step, format!("{host} has an address")),
        },
    }
}

fn connected(name: &str, probe: &Probe) -> Finding {
    let step = format!("{name} TLS");
    let origin = &probe.origin;
    let host = origin.host();
    let plain = origin.to_string().starts_with("http://");
    let route = probe.proxy.as_ref().map(|proxy| format!(" by {proxy}")).unwrap_or_default();
    let presented = match &probe.outcome {
        Ok(response) => match response.client_certificate {
            ClientCertificate::NotRequested => "",
            ClientCertificate::Presented => ", client certificate presented",
            ClientCertificate::Missing => ", client certificate requested but not configured",
        },
        Err(failure) if failure.connected => "",
        Err(failure) if failure.fault == ConnectionFault::Unresolved => {
            return Finding::skipped(step, "not tried");
        }
        Err(failure) => {
            let issuer = failure
                .issuer
                .as_ref()
                .map(|issuer| format!(" (its certificate was issued by {issuer})"))
                .unwrap_or_default();
            let port = origin.port().unwrap_or(443);
            let detail = format!("{}{issuer}: {}", failure.message, failure.detail);
            return Finding::failed(step, detail, &*failure.advice)
                .with_commands([format!("openssl s_client -connect {host}:{port} -brief")]);
        }
    };
    if plain {
        return Finding::skipped(step, format!("plain http to {host}{route}"));
    }
    Finding::fine(step, format!("trusted connection to {origin}{route}{presented}"))
}

/// Compares our clock with the servers'. One that is off breaks assertions and shifts what an
/// incremental cycle asks for.
pub(super) fn clock(ahead: &[TimeDelta], signs: bool) -> Finding {
    const STEP: &str = "clock";
    let Some(most) = ahead.iter().max_by_key(|ahead| ahead.abs()) else {
        return Finding::skipped(STEP, "no server sent its time");
    };
    let off = most.abs();
    if off < WARNING_ABOVE {
        return Finding::fine(STEP, format!("within {} s of the servers'", off.num_seconds() + 1));
    }
    let side = if *most > TimeDelta::zero() { "ahead of" } else { "behind" };
    let detail = format!("this machine's clock is {} s {side} the servers'", off.num_seconds());
    let finding = Finding::failed(
        STEP,
        detail,
        "Set the clock by NTP: signed requests are refused when it is more than five minutes off.",
    )
    .with_commands(["timedatectl set-ntp true".to_owned()]);
    if off >= REFUSED_ABOVE && signs {
        finding
    } else {
        Finding { verdict: Verdict::Warning, ..finding }
    }
}

/// Whole days until an end.
pub(super) fn days_until(end: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    end.signed_duration_since(now).num_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_a_warning_and_fails_where_requests_are_signed() {
        let clock = |seconds: i64, signs| clock(&[TimeDelta::seconds(seconds)], signs).verdict;
        assert_eq!(clock(2, true), Verdict::Fine);
        assert_eq!(clock(-90, true), Verdict::Warning);
        assert_eq!(clock(400, false), Verdict::Warning);
        assert_eq!(clock(-400, true), Verdict::Failed);
        let worst = [TimeDelta::seconds(1), TimeDelta::seconds(-700), TimeDelta::seconds(3)];
        let found = super::clock(&worst, true);
        assert!(found.detail.contains("700 s behind"), "{}", found.detail);
        assert_eq!(super::clock(&[], true).verdict, Verdict::Skipped);
    }
}
