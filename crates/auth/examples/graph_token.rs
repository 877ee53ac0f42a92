//! A token for Microsoft Graph, and what it permits.
//!
//! `TENANT_ID=… APP_ID=… APP_SECRET=… cargo run -p stocktake-auth --example graph_token`

use std::env::var;
use std::error::Error;
use std::sync::Arc;

use stocktake_auth::{
    AppSecret, Claims, EntraOptions, EntraTokens, GLOBAL_LOGIN_URL, SecretSource,
};
use stocktake_connector_core::{SystemClock, TenantName, TokenProvider, TokenScope};
use stocktake_http_stack::{Transport, TransportOptions};

#[tokio::main]
#[allow(clippy::print_stdout)] // An example talks to the person who runs it.
async fn main() -> Result<(), Box<dyn Error>> {
    let options = EntraOptions {
        login_url: var("LOGIN_URL").unwrap_or(GLOBAL_LOGIN_URL.into()).parse()?,
        tenant_id: var("TENANT_ID")?,
        app_id: var("APP_ID")?,
        tenant: TenantName::new("example")?,
        credential: Arc::new(AppSecret::new(SecretSource::Value(var("APP_SECRET")?.into()))),
        clock: Arc::new(SystemClock),
    };
    let tokens = EntraTokens::new(&Transport::new(&TransportOptions::default())?, options)?;
    let token = tokens.token(&TokenScope::new("https://graph.microsoft.com/.default")).await?;
    println!("valid until {:?}, permits {:?}", token.expires_at(), Claims::of(&token)?.roles);
    Ok(())
}
