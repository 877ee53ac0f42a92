//! Prints the machines of a tenant: `ACCESS_TOKEN=… cargo run --example list_machines [BASE_URL]`.
#![allow(clippy::print_stdout)]

use std::{env, error::Error, sync::Arc};

use stocktake_connector_core::{AccessToken, Listing, Source, TokenScope};
use stocktake_defender_api::{DefenderClient, DefenderOptions};
use stocktake_http_stack::{ApiStack, Authentication, Transport, base_url};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).unwrap_or(DefenderOptions::DEFAULT_BASE_URL.to_owned());
    let options = DefenderOptions::new(base_url(&url)?);
    let provider = Arc::new(AccessToken::new(env::var("ACCESS_TOKEN")?, None));
    let scope = TokenScope::new(DefenderOptions::DEFAULT_SCOPE);
    let stack = options.stack_options(Some(Authentication::bearer(provider, scope)));
    let stack = ApiStack::new(&Transport::new(&Default::default())?, stack);
    let mut listing = DefenderClient::new(stack, options).list();
    while let Some(page) = listing.next_page().await? {
        page.records.iter().for_each(|machine| println!("{machine:?}"));
    }
    Ok(())
}
