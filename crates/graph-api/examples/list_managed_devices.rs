//! Prints the managed devices of a tenant:
//! `ACCESS_TOKEN=… cargo run --example list_managed_devices [BASE_URL]`.
#![allow(clippy::print_stdout)]

use std::{env, error::Error, sync::Arc};

use stocktake_connector_core::{AccessToken, TokenScope};
use stocktake_graph_api::{GraphClient, GraphOptions};
use stocktake_http_stack::{ApiStack, Authentication, Transport, base_url};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).unwrap_or(GraphOptions::DEFAULT_BASE_URL.to_owned());
    let options = GraphOptions::new(base_url(&url)?);
    let provider = Arc::new(AccessToken::new(env::var("ACCESS_TOKEN")?, None));
    let scope = TokenScope::new(GraphOptions::DEFAULT_SCOPE);
    let stack = options.stack_options(Some(Authentication::bearer(provider, scope)));
    let stack = ApiStack::new(&Transport::new(&Default::default())?, stack);
    let mut listing = GraphClient::new(stack, options).list_managed_devices();
    while let Some(page) = listing.next_page().await? {
        page.records.iter().for_each(|device| println!("{device:?}"));
    }
    Ok(())
}
