//! The names by which the server may be called.
//!
//! A web page can make a browser call any address under a name of its own (DNS rebinding) and read the
//! response. Such a request carries that name, so only known names are served. An IP address is not a
//! name that somebody else controls.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::HOST;
use http::uri::Authority;

/// Names that are served in addition to IP addresses and loopback.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hosts(Arc<[String]>);

impl Hosts {
    pub(crate) fn new(names: &[String]) -> Self {
        Self(names.into())
    }

    /// Whether a request may carry `host`, a name or an address with or without a port.
    fn allow(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        if authority.as_str().contains('@') {
            return false;
        }
        let host = authority.host();
        let address =
            host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if address.parse::<IpAddr>().is_ok() {
            return true;
        }
        let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        // RFC 6761 keeps the name and what is below it on this machine.
        name == "localhost"
            || name.ends_with(".localhost")
            || self
                .0
                .iter()
                .any(|known| known.strip_suffix('.').unwrap_or(known).eq_ignore_ascii_case(&name))
    }
}

/// Refuses requests under names that are not known. One without a name does not come from a browser.
pub(super) async fn check(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let in_target = request.uri().authority().map(Authority::as_str);
    // A header that is not text is not a name either.
    let in_headers =
        request.headers().get_all(HOST).iter().map(|host| host.to_str().unwrap_or_default());
    if in_headers.chain(in_target).all(|host| hosts.allow(host)) {
        return next.run(request).await;
    }
    let problem = "this server is not known by that name; call it by its IP address, or add the name to \
                   `server.hosts`\n";
    (StatusCode::MISDIRECTED_REQUEST, problem).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_loopback_and_known_names_are_allowed() {
        let hosts = Hosts::new(&["stocktake.monitoring.svc".to_owned()]);
        for allowed in [
            "127.0.0.1:9464",
            "10.1.2.3",
            "[::1]:9464",
            "[2001:db8::7]",
            "localhost:1",
            "LOCALHOST.",
            "a.localhost",
            "Stocktake.Monitoring.svc:9464",
            "stocktake.monitoring.svc.",
        ] {
            assert!(hosts.allow(allowed), "{allowed}");
        }
        for refused in [
            "evil.example",
            "evil.example:9464",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1@evil.example",
            "evil.example@127.0.0.1",
            "monitoring.svc",
            "a.stocktake.monitoring.svc",
            "x",
            "",
            "a b",
        ] {
            assert!(!hosts.allow(refused), "{refused}");
        }
    }
}
