//! A token for Microsoft Graph, and what it permits.
//!
//! `TENANT_ID=… CLIENT_ID=… CLIENT_SECRET=… cargo run -p stocktake-auth --example graph_token`

use std::env::var;
use std::error::Error;
use std::sync::Arc;

use stocktake_auth::{
    Claims, ClientSecret, ENTRA_LIMITS, EntraOptions, EntraTokens, GLOBAL_LOGIN_URL, SecretSource,
};
use stocktake_connector_core::{DirectoryId, SystemClock, TenantName, TokenProvider, TokenScope};
use stocktake_http_stack::{Transport, TransportOptions};

#[tokio::main]
#[allow(clippy::print_stdout)] // An example talks to the person who runs it.
async fn main() -> Result<(), Box<dyn Error>> {
    let options = EntraOptions {
        login_url: var("LOGIN_URL").unwrap_or(GLOBAL_LOGIN_URL.into()).parse()?,
        directory_id: DirectoryId::new(var("TENANT_ID")?)?,
        client_id: var("CLIENT_ID")?,
        tenant: TenantName::new("example")?,
        credential: Arc::new(ClientSecret::new(SecretSource::Value(var("CLIENT_SECRET")?.into()))),
        limits: ENTRA_LIMITS,
        clock: Arc::new(SystemClock),
    };
    let tokens = EntraTokens::new(&Transport::new(&TransportOptions::default())?, options)?;
    let token = tokens.token(&TokenScope::new("https://graph.microsoft.com/.default")).await?;
    println!("valid until {:?}, permits {:?}", token.expires_at(), Claims::decode(&token)?.roles);
    Ok(())
}
