//! The credentials of Entra and of sinks over HTTP on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod cache;
mod key;
mod refusals;
mod request;

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use stocktake_auth::{AppSecret, EntraOptions, EntraTokens, SecretSource};
use stocktake_connector_core::{Clock, TenantId, TokenScope};
use stocktake_http_stack::{Transport, TransportOptions};
use wiremock::{MockServer, ResponseTemplate};

const SECRET: &str = "canary~s3cr3t/+=";

/// A clock that a test moves.
#[derive(Debug, Clone)]
struct HandClock(Arc<Mutex<DateTime<Utc>>>);

impl HandClock {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(DateTime::UNIX_EPOCH)))
    }

    fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += TimeDelta::seconds(seconds);
    }
}

impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

fn options(login: &str, secret: SecretSource, clock: &HandClock) -> EntraOptions {
    EntraOptions {
        login_url: login.parse().unwrap(),
        tenant_id: "11111111-1111-1111-1111-111111111111".to_owned(),
        app_id: "22222222-2222-2222-2222-222222222222".to_owned(),
        tenant: TenantId::new("contoso").unwrap(),
        credential: Arc::new(AppSecret::new(secret)),
        clock: Arc::new(clock.clone()),
    }
}

fn tokens_with(login: &str, secret: SecretSource, clock: &HandClock) -> EntraTokens {
    let transport = Transport::new(&TransportOptions::default()).unwrap();
    EntraTokens::new(&transport, options(login, secret, clock)).unwrap()
}

fn tokens(server: &MockServer, clock: &HandClock) -> EntraTokens {
    tokens_with(&server.uri(), SecretSource::Value(SECRET.into()), clock)
}

fn graph() -> TokenScope {
    TokenScope::new("https://graph.microsoft.com/.default")
}

fn granted(token: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "token_type": "Bearer",
        "expires_in": 3600,
        "ext_expires_in": 3600,
        "access_token": token,
    }))
}
