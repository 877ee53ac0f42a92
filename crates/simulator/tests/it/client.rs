//! A client of the simulator that knows nothing but HTTP.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use stocktake_simulator::{
    Fleet, FleetOptions, Handle, Running, Simulator, SimulatorOptions, TenantAccount,
};

pub(crate) const DEFENDER: &str = "https://api.securitycenter.microsoft.com/.default";
pub(crate) const GRAPH: &str = "https://graph.microsoft.com/.default";
pub(crate) const TENANT: &str = "00000000-0000-0000-0000-000000000001";

pub(crate) fn start_of_time() -> DateTime<Utc> {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

pub(crate) fn fleet(machines: usize, managed_devices: usize) -> Fleet {
    let now = start_of_time();
    Fleet::new(FleetOptions { machines, managed_devices, seed: 1, odd_records: false, now })
}

pub(crate) fn options(fleet: Fleet) -> SimulatorOptions {
    SimulatorOptions::new(fleet, Arc::new(start_of_time))
}

/// A clock that a test moves.
#[derive(Clone, Default)]
pub(crate) struct Hands(Arc<AtomicI64>);

impl Hands {
    pub(crate) fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn clock(&self) -> stocktake_simulator::Clock {
        let hands = self.clone();
        Arc::new(move || start_of_time() + TimeDelta::seconds(hands.0.load(Ordering::SeqCst)))
    }
}

pub(crate) struct World {
    pub(crate) running: Running,
    pub(crate) http: Client,
}

/// A client of this machine alone. In a build of the whole workspace reqwest has TLS without a
/// cryptography provider, and refuses to be built before one is installed.
pub(crate) fn builder() -> reqwest::ClientBuilder {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy()
}

impl World {
    pub(crate) async fn start(options: SimulatorOptions) -> Self {
        let running = Simulator::start(options).await.unwrap();
        let http = builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { running, http }
    }

    pub(crate) async fn of(machines: usize, managed_devices: usize) -> Self {
        Self::start(options(fleet(machines, managed_devices))).await
    }

    pub(crate) fn handle(&self) -> Handle {
        self.running.handle()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { self.running.url() + path }
    }

    pub(crate) async fn token_answer(&self, tenant: &str, form: &[(&str, &str)]) -> Response {
        let url = self.url(&format!("/{tenant}/oauth2/v2.0/token"));
        self.http.post(url).form(form).send().await.unwrap()
    }

    pub(crate) async fn token(&self, scope: &str) -> String {
        self.token_of(&TenantAccount::default(), scope).await
    }

    pub(crate) async fn token_of(&self, account: &TenantAccount, scope: &str) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", account.app_id.as_str()),
            ("client_secret", account.app_secret.as_str()),
            ("scope", scope),
        ];
        let answer = self.token_answer(&account.tenant_id, &form).await;
        assert_eq!(answer.status(), 200);
        answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> RequestBuilder {
        self.http.get(self.url(path)).bearer_auth(token)
    }

    pub(crate) async fn json(&self, path: &str, token: &str) -> Value {
        let answer = self.get(path, token).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// Follows links to the end and returns the sizes of the pages and every id.
    pub(crate) async fn walk(&self, path: &str, token: &str) -> (Vec<usize>, Vec<String>) {
        let (mut sizes, mut ids, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        let mut next = Some(self.url(path));
        while let Some(url) = next {
            assert!(seen.insert(url.clone()), "{url} came twice");
            let page = self.json(&url, token).await;
            let records = page["value"].as_array().unwrap();
            sizes.push(records.len());
            ids.extend(records.iter().map(|record| record["id"].as_str().unwrap().to_owned()));
            next = page["@odata.nextLink"].as_str().map(str::to_owned);
        }
        (sizes, ids)
    }

    pub(crate) async fn push(&self, uids: &[&str]) -> Response {
        let items: Vec<_> = uids.iter().map(|uid| json!({"device": {"uid": uid}})).collect();
        self.push_body(&json!({"version": 1, "items": items})).await
    }

    pub(crate) async fn push_body(&self, body: &Value) -> Response {
        let path = "/api/v2/asset-management/asset-connector/00000000-0000-0000-0000-000000000003";
        let request = self.http.post(self.url(path)).bearer_auth("simulated-key");
        request.json(body).send().await.unwrap()
    }

    pub(crate) async fn task_status(&self, id: &str) -> String {
        let task = self.json(&format!("/api/v1/tasks/{id}"), "simulated-key").await;
        task["status"].as_str().unwrap().to_owned()
    }
}
