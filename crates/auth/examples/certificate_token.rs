//! A token for any API behind Entra, by certificate, and what it permits.
//!
//! `TENANT_ID=… CLIENT_ID=… PEM=certificate-and-key.pem SCOPE=https://vault.azure.net/.default \
//! cargo run -p stocktake-auth --example certificate_token`

use std::env::var;
use std::error::Error;
use std::sync::Arc;

use stocktake_auth::{
    CertificateCredential, CertificateOptions, CertificateSource, Claims, ENTRA_LIMITS,
    EntraOptions, EntraTokens, GLOBAL_LOGIN_URL,
};
use stocktake_connector_core::{DirectoryId, SystemClock, TenantName, TokenProvider, TokenScope};
use stocktake_http_stack::{Transport, TransportOptions};

#[tokio::main]
#[allow(clippy::print_stdout)] // An example talks to the person who runs it.
async fn main() -> Result<(), Box<dyn Error>> {
    let source = CertificateSource::file(var("PEM")?);
    let certificate = CertificateCredential::new(CertificateOptions::new(source));
    println!("the certificate is valid until {}", certificate.facts()?.not_after);
    let options = EntraOptions {
        login_url: var("LOGIN_URL").unwrap_or(GLOBAL_LOGIN_URL.into()).parse()?,
        directory_id: DirectoryId::new(var("TENANT_ID")?)?,
        client_id: var("CLIENT_ID")?,
        tenant: TenantName::new("example")?,
        credential: Arc::new(certificate),
        limits: ENTRA_LIMITS,
        clock: Arc::new(SystemClock),
    };
    let tokens = EntraTokens::new(&Transport::new(&TransportOptions::default())?, options)?;
    let token = tokens.token(&TokenScope::new(var("SCOPE")?)).await?;
    println!("valid until {:?}, permits {:?}", token.expires_at(), Claims::decode(&token)?.roles);
    Ok(())
}
