//! The credentials of Entra and of sinks over HTTP on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[cfg(unix)]
mod azure_cli;
mod cache;
mod certificate;
mod federated;
mod forms;
mod key;
mod managed_identity;
mod refusals;
mod request;
mod secrecy;
mod simulated;
mod words;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use stocktake_auth::{
    ClientSecret, Credential, ENTRA_LIMITS, EntraOptions, EntraTokens, SecretSource,
};
use stocktake_connector_core::{Clock, DirectoryId, TenantName, TokenScope, chain};
use stocktake_http_stack::{Backoff, Limits, Transport, TransportOptions};
use wiremock::{MockServer, ResponseTemplate};

/// Retries without a wait.
const LIMITS: Limits =
    Limits { backoff: Backoff { base: Duration::ZERO, cap: Duration::ZERO }, ..ENTRA_LIMITS };

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

fn options(login: &str, credential: Arc<dyn Credential>, clock: &HandClock) -> EntraOptions {
    EntraOptions {
        login_url: login.parse().unwrap(),
        directory_id: DirectoryId::new("11111111-1111-1111-1111-111111111111").unwrap(),
        client_id: "22222222-2222-2222-2222-222222222222".to_owned(),
        tenant: TenantName::new("contoso").unwrap(),
        credential,
        limits: LIMITS,
        clock: Arc::new(clock.clone()),
    }
}

fn transport() -> Transport {
    Transport::new(&TransportOptions::default()).unwrap()
}

fn tokens_by(login: &str, credential: Arc<dyn Credential>, clock: &HandClock) -> EntraTokens {
    EntraTokens::new(&transport(), options(login, credential, clock)).unwrap()
}

fn tokens_with(login: &str, secret: SecretSource, clock: &HandClock) -> EntraTokens {
    tokens_by(login, Arc::new(ClientSecret::new(secret)), clock)
}

fn tokens(server: &MockServer, clock: &HandClock) -> EntraTokens {
    tokens_with(&server.uri(), SecretSource::Value(SECRET.into()), clock)
}

/// A key or certificate of the tests.
fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
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
