//! The floor of the benchmark: reads the same bytes as a cycle over the same HTTP stack, parses them
//! to untyped JSON values, writes them out, and prints what that cost. `cargo xtask bench` runs it
//! next to the program.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use stocktake_auth::{ClientSecret, ENTRA_LIMITS, EntraOptions, EntraTokens, SecretSource};
use stocktake_connector_core::{
    BoxError, DirectoryId, SystemClock, TenantName, TokenProvider, TokenScope,
};
use stocktake_defender_api::DefenderOptions;
use stocktake_graph_api::{GraphOptions, ManagedDevice};
use stocktake_http_stack::{
    ApiStack, Authentication, StackOptions, Transport, TransportOptions, base_url,
};

/// The program's allocator, so that it gives neither side an advantage.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err("usage: floor URL FILE".into());
    };
    let base = base_url(&url)?;
    let transport = Transport::new(&TransportOptions::default())?;
    let entra = EntraOptions {
        login_url: base.clone(),
        directory_id: DirectoryId::new("00000000-0000-0000-0000-000000000001")?,
        client_id: "00000000-0000-0000-0000-000000000002".into(),
        tenant: TenantName::new("bench")?,
        credential: Arc::new(ClientSecret::new(SecretSource::Value("simulated-secret".into()))),
        limits: ENTRA_LIMITS,
        clock: Arc::new(SystemClock),
    };
    let provider: Arc<dyn TokenProvider> = Arc::new(EntraTokens::new(&transport, entra)?);
    let authentication =
        |scope: String| Some(Authentication::bearer(Arc::clone(&provider), TokenScope::new(scope)));

    let mut out = BufWriter::new(File::create(path)?);
    let graph = GraphOptions::new(base.clone())
        .stack_options(authentication(format!("{}/.default", url.trim_end_matches('/'))));
    let select = ManagedDevice::SELECTED.join(",");
    let first = format!("{url}/v1.0/deviceManagement/managedDevices?$select={select}");
    copy(&transport, graph, first, &mut out).await?;
    let defender = DefenderOptions::new(base)
        .stack_options(authentication(DefenderOptions::DEFAULT_SCOPE.into()));
    copy(&transport, defender, format!("{url}/api/machines"), &mut out).await?;
    out.flush()?;
    out.get_ref().sync_all()?;

    let figures = stocktake_connector_runtime::process_figures().ok_or("no /proc")?;
    serde_json::to_writer(std::io::stdout(), &figures)?;
    Ok(())
}

/// Reads every page of a listing and writes each record on a line.
async fn copy(
    transport: &Transport,
    mut options: StackOptions,
    first: String,
    out: &mut impl Write,
) -> Result<(), BoxError> {
    options.quotas.clear();
    let stack = ApiStack::new(transport, options);
    let mut next = Some(first);
    while let Some(url) = next {
        let request = http::Request::get(url).body(Bytes::new())?;
        let body = stack.call("copy", request).await?.into_body();
        let mut page: Value = serde_json::from_slice(&body)?;
        next = page.get("@odata.nextLink").and_then(Value::as_str).map(str::to_owned);
        for record in page.get_mut("value").and_then(Value::as_array_mut).into_iter().flatten() {
            serde_json::to_writer(&mut *out, record)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}
