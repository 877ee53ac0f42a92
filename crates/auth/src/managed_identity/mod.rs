//! Managed identities: tokens from the Azure host that the program runs on.
//!
//! Facts: *How to use managed identities on an Azure VM to acquire an access token*
//! (<https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>)
//! and *REST endpoint reference* of App Service
//! (<https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference>).

mod error;
mod host;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use stocktake_connector_core::{
    AccessToken, Clock, Failure, Recovery, TenantName, TokenProvider, TokenScope,
};
use stocktake_http_stack::{
    ApiStack, Backoff, CallCounts, ErrorCodes, ErrorDetail, InvalidResponse, Limits, Origin,
    ResponsePolicy, RetryResponsesOnly, SentSecrets, StackOptions, Transport,
};

use crate::renewal::{Renewal, TokenEndpoint};
use crate::responses::EntraResponses;
use crate::token_response::read_token;

pub use error::ManagedIdentityError;
use host::local_url;
pub use host::{AssignedIdentity, IMDS_URL, InvalidManagedIdentityOptions, ManagedIdentityHost};

const IMDS_PATH: &str = "/metadata/identity/oauth2/token";
const IMDS_VERSION: &str = "2018-02-01";
const APP_SERVICE_VERSION: &str = "2019-08-01";

/// The default bounds of a call. A host that is being updated responds with 410 for up to 70 seconds.
pub const MANAGED_IDENTITY_LIMITS: Limits = Limits {
    call_deadline: Duration::from_secs(2 * 60),
    attempt_timeout: Duration::from_secs(10),
    max_retries: 6,
    backoff: Backoff { base: Duration::from_secs(2), cap: Duration::from_secs(60) },
    max_body_bytes: 1024 * 1024,
};

/// Which identity asks for tokens, and where.
#[derive(Debug, Clone)]
pub struct ManagedIdentityOptions {
    /// The host that gives them.
    pub host: ManagedIdentityHost,
    /// The identity.
    pub identity: AssignedIdentity,
    /// The name that the configuration gives the tenant, for errors and spans.
    pub tenant: TenantName,
    /// Bounds of a call, with its retries and their waits: usually [`MANAGED_IDENTITY_LIMITS`].
    pub limits: Limits,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
}

/// Gives tokens of the identity of the Azure host, and keeps them by scope as
/// [`EntraTokens`](crate::EntraTokens) does. Never through a proxy.
pub struct ManagedIdentity {
    tokens: Renewal<HostEndpoint>,
}

impl ManagedIdentity {
    /// Nothing is requested before the first token is.
    ///
    /// # Errors
    /// When an option cannot be right.
    pub fn new(
        transport: &Transport,
        options: ManagedIdentityOptions,
    ) -> Result<Self, InvalidManagedIdentityOptions> {
        let (mut endpoint, header) = match options.host {
            ManagedIdentityHost::Imds { url } => {
                let mut endpoint = local_url(url.as_str())?;
                endpoint.set_path(&format!("{}{IMDS_PATH}", url.path().trim_end_matches('/')));
                (endpoint, None)
            }
            ManagedIdentityHost::AppService { endpoint, header } => {
                (local_url(endpoint.as_str())?, Some(header))
            }
        };
        endpoint.set_query(None);
        endpoint.set_fragment(None);
        let transport = transport.without_proxy();
        let mut stack = StackOptions::new("managed-identity", Origin::of(&endpoint));
        stack.tenant = Some(options.tenant);
        stack.error_codes = ErrorCodes::IDENTITY;
        stack.responses = Arc::new(HostResponses);
        stack.clock = Arc::clone(&options.clock);
        stack.limits = options.limits;
        let host = HostEndpoint {
            stack: ApiStack::new(&transport, stack),
            endpoint,
            header,
            identity: options.identity,
            clock: Arc::clone(&options.clock),
        };
        Ok(Self { tokens: Renewal::new(host, options.clock) })
    }

    /// The calls to the host so far.
    pub fn calls(&self) -> CallCounts {
        self.tokens.endpoint.stack.calls()
    }

    /// A token for `scope`, with the typed error.
    ///
    /// # Errors
    /// [`ManagedIdentityError`]; [`ManagedIdentityError::recovery`] says what to do.
    ///
    /// # Cancellation
    /// Dropping the future leaves the cache as it was; another caller requests instead.
    pub async fn get(&self, scope: &TokenScope) -> Result<AccessToken, ManagedIdentityError> {
        self.tokens.get(scope).await
    }
}

impl fmt::Debug for ManagedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedIdentity")
            .field("endpoint", &self.tokens.endpoint.endpoint.as_str())
            .field("identity", &self.tokens.endpoint.identity)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for ManagedIdentity {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken, Failure> {
        let identity = &self.tokens.endpoint.identity;
        self.get(scope).await.map_err(|error| error.into_failure(identity))
    }

    fn invalidate(&self, scope: &TokenScope, token: &AccessToken) {
        self.tokens.drop_token(scope, token);
    }
}

/// The token endpoint of the host.
struct HostEndpoint {
    stack: ApiStack,
    endpoint: Url,
    header: Option<SecretString>,
    identity: AssignedIdentity,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl TokenEndpoint for HostEndpoint {
    type Error = ManagedIdentityError;

    async fn request_token(&self, scope: &TokenScope) -> Result<AccessToken, ManagedIdentityError> {
        let request = self.request(scope)?;
        let requested_at = self.clock.now();
        match self.stack.call("get an access token", request).await {
            Ok(response) => read_token(response.body(), requested_at).map_err(|problem| {
                ManagedIdentityError::InvalidResponse { scope: scope.clone(), problem }
            }),
            Err(error) => {
                let source = Arc::new(error);
                Err(if source.status.is_none() && source.recovery() == Recovery::Retry {
                    let origin = Origin::of(&self.endpoint).to_string();
                    ManagedIdentityError::NoResponse { origin, source }
                } else {
                    ManagedIdentityError::Call { scope: scope.clone(), source }
                })
            }
        }
    }

    fn timed_out(scope: &TokenScope) -> ManagedIdentityError {
        ManagedIdentityError::TimedOut { scope: scope.clone() }
    }
}

impl HostEndpoint {
    fn request(&self, scope: &TokenScope) -> Result<Request<Bytes>, ManagedIdentityError> {
        let unusable = || ManagedIdentityError::Scope { scope: scope.clone() };
        let resource = scope.as_str().strip_suffix("/.default").ok_or_else(unusable)?;
        let mut url = self.endpoint.clone();
        let (version, resource_id) = match self.header {
            None => (IMDS_VERSION, "msi_res_id"),
            Some(_) => (APP_SERVICE_VERSION, "mi_res_id"),
        };
        url.query_pairs_mut().append_pair("api-version", version).append_pair("resource", resource);
        let id = match &self.identity {
            AssignedIdentity::System => None,
            AssignedIdentity::ClientId(id) => Some(("client_id", id)),
            AssignedIdentity::ObjectId(id) => Some(("object_id", id)),
            AssignedIdentity::ResourceId(id) => Some((resource_id, id)),
        };
        if let Some((name, id)) = id {
            url.query_pairs_mut().append_pair(name, id);
        }
        let request = match &self.header {
            // Shows that the request was not forwarded from outside.
            None => Request::get(url.as_str()).header("metadata", "true"),
            Some(header) => {
                let mut value =
                    HeaderValue::from_str(header.expose_secret()).map_err(|_| unusable())?;
                value.set_sensitive(true);
                Request::get(url.as_str()).header("x-identity-header", value)
            }
        };
        // Outside Azure there is no endpoint to wait for.
        request
            .extension(RetryResponsesOnly)
            .extension(SentSecrets::new(self.header.clone()))
            .body(Bytes::new())
            .map_err(|_| unusable())
    }
}

/// How the HTTP stack reads the host's responses: Entra's own, or like them.
#[derive(Debug, Clone, Copy)]
struct HostResponses;

impl ResponsePolicy for HostResponses {
    fn flaw(&self, response: &Response<Bytes>) -> Option<InvalidResponse> {
        EntraResponses.flaw(response)
    }

    fn read_error(&self, status: StatusCode, headers: &HeaderMap, body: &Bytes) -> ErrorDetail {
        // The endpoint is being updated, or the identity was just assigned.
        let transient = matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE);
        ErrorDetail { transient, ..EntraResponses.read_error(status, headers, body) }
    }
}
