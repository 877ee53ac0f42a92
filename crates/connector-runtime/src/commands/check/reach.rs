//! The first steps of every check: name, connection, clock.

use chrono::{DateTime, TimeDelta, Utc};
use stocktake_connector_core::{Finding, SystemClock, Verdict};
use stocktake_http_stack::{
    AnswerStep, ClientCertificate, ConnectionStep, NameStep, Reach, Transport,
};
use url::Url;

/// A clock that is further off than this is worth a word.
const WORTH_A_WORD: TimeDelta = TimeDelta::seconds(60);
/// Entra takes no assertion that begins more than five minutes in its future, or has ended.
const REFUSED: TimeDelta = TimeDelta::seconds(5 * 60);

/// What was found on the way to a host.
#[derive(Debug, Default)]
pub(super) struct Way {
    pub(super) findings: Vec<Finding>,
    /// Whether it makes sense to ask the host anything.
    pub(super) open: bool,
    /// How far our clock is ahead of the host's.
    pub(super) clock_ahead: Option<TimeDelta>,
}

/// Tries the way to a host, for the steps `{name} DNS` and `{name} TLS`.
pub(super) async fn reach(name: &str, url: &Url, transport: &Transport) -> Way {
    let reach = transport.reach(url, &SystemClock).await;
    let mut way = Way {
        findings: vec![resolved(name, &reach), connected(name, &reach)],
        open: matches!(reach.connection, ConnectionStep::Made { .. }),
        clock_ahead: reach.answer.clock_ahead_by(),
    };
    if let Some(silent) = silent(name, &reach.answer) {
        way.findings.push(silent);
        way.open = false;
    }
    way
}

fn resolved(name: &str, reach: &Reach) -> Finding {
    let step = format!("{name} DNS");
    let host = reach.origin.host();
    let skipped = |detail: String| Finding::skipped(step.clone(), detail);
    match &reach.name {
        NameStep::Resolved(addresses) => {
            let more = match addresses.len() {
                0 | 1 => String::new(),
                all => format!(" and {} more", all - 1),
            };
            let first = addresses.first().map(ToString::to_string).unwrap_or_default();
            Finding::fine(step, format!("{host} is {first}{more}"))
        }
        NameStep::Address => skipped(format!("{host} is an address")),
        NameStep::ByProxy => {
            let proxy = reach.proxy.as_deref().unwrap_or("the proxy");
            skipped(format!("{proxy} resolves {host}"))
        }
        NameStep::Unresolved { detail } => Finding::failed(
            step,
            format!("{host} has no address: {detail}"),
            format!(
                "Check the spelling of {host} and this machine's resolver; if only a proxy knows the \
                 outside, set http.proxy or HTTPS_PROXY."
            ),
        )
        .with_commands([format!("getent hosts {host}")]),
        NameStep::TimedOut => Finding::failed(
            step,
            format!("no resolver answered for {host} in time"),
            "Check this machine's resolver, and that port 53 to it is open.",
        )
        .with_commands([format!("getent hosts {host}")]),
        _ => skipped("not tried".into()),
    }
}

fn connected(name: &str, reach: &Reach) -> Finding {
    let step = format!("{name} TLS");
    let origin = &reach.origin;
    let host = origin.host();
    match &reach.connection {
        ConnectionStep::Made { client_certificate } => {
            let by = reach.proxy.as_ref().map(|proxy| format!(" by {proxy}")).unwrap_or_default();
            let shown = match client_certificate {
                ClientCertificate::NotAsked => "",
                ClientCertificate::Shown => ", client certificate shown",
                ClientCertificate::Missing => ", client certificate asked for and none configured",
            };
            if origin.to_string().starts_with("http://") {
                return Finding::skipped(step, format!("plain http to {host}{by}"));
            }
            Finding::fine(step, format!("trusted connection to {origin}{by}{shown}"))
        }
        ConnectionStep::Failed { message, advice, detail, issuer, .. } => {
            let issuer = issuer
                .as_ref()
                .map(|issuer| format!(" (its certificate was issued by {issuer})"))
                .unwrap_or_default();
            let port = origin.port().unwrap_or(443);
            Finding::failed(step, format!("{message}{issuer}: {detail}"), advice)
                .with_commands([format!("openssl s_client -connect {host}:{port} -brief")])
        }
        _ => Finding::skipped(step, "not tried"),
    }
}

/// A host that takes connections and says nothing.
fn silent(name: &str, answer: &AnswerStep) -> Option<Finding> {
    let step = format!("{name} answer");
    let advice = "Check that a firewall or proxy in between lets requests through, not only \
                  connections.";
    match answer {
        AnswerStep::TimedOut => Some(Finding::failed(step, "no answer in time", advice)),
        AnswerStep::Broken { detail } => {
            Some(Finding::failed(step, format!("the connection broke off: {detail}"), advice))
        }
        _ => None,
    }
}

/// Compares our clock with the servers'. One that is off breaks assertions and shifts what an
/// incremental cycle asks for.
pub(super) fn clock(ahead: &[TimeDelta], signs: bool) -> Finding {
    const STEP: &str = "clock";
    let Some(most) = ahead.iter().max_by_key(|ahead| ahead.abs()) else {
        return Finding::skipped(STEP, "no server told its time");
    };
    let off = most.abs();
    if off < WORTH_A_WORD {
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
    if off >= REFUSED && signs { finding } else { Finding { verdict: Verdict::Warning, ..finding } }
}

/// How long until an end, in words.
pub(super) fn days_until(end: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    end.signed_duration_since(now).num_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_a_warning_and_breaks_who_signs() {
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
