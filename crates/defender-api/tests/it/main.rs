//! Exchanges with the machines API, each as one mock server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod cursor;
mod failures;
mod listing;
mod look_up;

use std::time::Duration;

use serde_json::{Value, json};
use stocktake_connector_core::{
    Failure, Listing, MalformedRecord, Source, SourceRecord, TenantName,
};
use stocktake_defender_api::{DefenderClient, DefenderOptions, MachineListing};
use stocktake_http_stack::{ApiStack, Backoff, Transport, TransportOptions};
use wiremock::MockServer;

/// A client of `server` that waits next to nothing between attempts.
fn client(server: &MockServer, change: impl FnOnce(&mut DefenderOptions)) -> DefenderClient {
    let mut options = DefenderOptions::new(server.uri().parse().unwrap());
    options.tenant = Some(TenantName::new("contoso").unwrap());
    change(&mut options);
    let mut stack = options.stack_options(None);
    stack.limits.backoff =
        Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(1) };
    stack.limits.max_retries = 2;
    let transport = Transport::new(&TransportOptions::default()).unwrap();
    DefenderClient::new(ApiStack::new(&transport, stack), options)
}

/// The result of a whole listing.
#[derive(Debug, Default, PartialEq)]
struct Read {
    ids: Vec<String>,
    malformed: Vec<MalformedRecord>,
    pages: usize,
    last: Vec<bool>,
}

async fn read(listing: &mut MachineListing) -> Result<Read, Failure> {
    let mut read = Read::default();
    while let Some(page) = listing.next_page().await? {
        read.ids.extend(page.records.iter().map(|machine| machine.uid().to_owned()));
        read.malformed.extend(page.malformed);
        read.pages += 1;
        read.last.push(page.last);
    }
    Ok(read)
}

/// The ids of a listing of everything.
async fn ids(client: &DefenderClient) -> Vec<String> {
    read(&mut client.list()).await.unwrap().ids
}

fn envelope(ids: &[&str], next: Option<String>) -> Value {
    let value: Vec<_> = ids.iter().map(|id| json!({"id": id, "osPlatform": "Windows11"})).collect();
    match next {
        Some(link) => json!({"value": value, "@odata.nextLink": link}),
        None => json!({"value": value}),
    }
}
