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
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use stocktake_connector_core::{
    AccessToken, ApiError, Clock, Recovery, TenantName, TokenError, TokenProvider, TokenScope,
};
use stocktake_http_stack::{
    ApiStack, CallCounts, ErrorDetail, InvalidResponse, Origin, ResponsePolicy, StackOptions,
    Transport,
};

use crate::answers::EntraAnswers;
use crate::concealment::conceal;
use crate::renewal::{Issuer, Renewal};
use crate::token_answer::read_token;

pub use error::ManagedIdentityError;
use host::local_url;
pub use host::{AssignedIdentity, IMDS_URL, InvalidManagedIdentityOptions, ManagedIdentityHost};

const IMDS_PATH: &str = "/metadata/identity/oauth2/token";
const IMDS_VERSION: &str = "2018-02-01";
const APP_SERVICE_VERSION: &str = "2019-08-01";

/// Whose tokens are asked for, and where.
#[derive(Debug, Clone)]
pub struct ManagedIdentityOptions {
    /// Who gives them.
    pub host: ManagedIdentityHost,
    /// Which identity's.
    pub identity: AssignedIdentity,
    /// The name that the configuration gives the tenant, for errors and spans.
    pub tenant: TenantName,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Gives tokens of the identity that the Azure host carries, and keeps them by scope as
/// [`EntraTokens`](crate::EntraTokens) does. Never through a proxy.
pub struct ManagedIdentity {
    tokens: Renewal<HostTokens>,
}

impl ManagedIdentity {
    /// Nothing is asked before the first token is.
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
        stack.answers = Arc::new(HostAnswers);
        stack.clock = Arc::clone(&options.clock);
        stack.limits.attempt_timeout = Duration::from_secs(10);
        stack.limits.max_body_bytes = 1024 * 1024;
        // A host that is being updated answers 410 for up to 70 seconds.
        stack.limits.call_deadline = Duration::from_secs(2 * 60);
        stack.limits.backoff.base = Duration::from_secs(2);
        let mut once = stack.clone();
        once.limits.max_retries = 0;
        let tokens = HostTokens {
            once: ApiStack::new(&transport, once),
            patient: ApiStack::new(&transport, stack),
            answered: AtomicBool::new(false),
            endpoint,
            header,
            identity: options.identity,
            clock: Arc::clone(&options.clock),
        };
        Ok(Self { tokens: Renewal::new(tokens, options.clock) })
    }

    /// What was asked of the host so far, since it first answered.
    pub fn calls(&self) -> CallCounts {
        self.tokens.issuer.patient.calls()
    }

    /// A token for `scope`, with the typed error.
    ///
    /// # Errors
    /// [`ManagedIdentityError`]; [`ManagedIdentityError::recovery`] says what to do.
    ///
    /// # Cancellation
    /// Dropping the future leaves the cache as it was; another caller asks instead.
    pub async fn get(&self, scope: &TokenScope) -> Result<AccessToken, ManagedIdentityError> {
        self.tokens.get(scope).await
    }
}

impl fmt::Debug for ManagedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedIdentity")
            .field("endpoint", &self.tokens.issuer.endpoint.as_str())
            .field("identity", &self.tokens.issuer.identity)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for ManagedIdentity {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken, TokenError> {
        let identity = &self.tokens.issuer.identity;
        self.get(scope).await.map_err(|error| error.into_token_error(identity))
    }

    fn invalidate(&self, scope: &TokenScope, token: &AccessToken) {
        self.tokens.drop_token(scope, token);
    }
}

/// Asks the host, each time.
struct HostTokens {
    /// Until the host has answered once: where nobody answers, waiting for it is no use.
    once: ApiStack,
    patient: ApiStack,
    answered: AtomicBool,
    endpoint: Url,
    header: Option<SecretString>,
    identity: AssignedIdentity,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Issuer for HostTokens {
    type Error = ManagedIdentityError;

    async fn issue(&self, scope: &TokenScope) -> Result<AccessToken, ManagedIdentityError> {
        let request = self.request(scope)?;
        let asked_at = self.clock.now();
        match self.call(request).await {
            Ok(answer) => read_token(answer.body(), asked_at)
                .map_err(|problem| ManagedIdentityError::Answer { scope: scope.clone(), problem }),
            Err(mut error) => {
                conceal(&mut error, self.header.as_ref());
                let source = Arc::new(error);
                if self.answered.load(Ordering::Relaxed) {
                    return Err(ManagedIdentityError::Call { scope: scope.clone(), source });
                }
                let origin = Origin::of(&self.endpoint).to_string();
                Err(ManagedIdentityError::NotOnAzure { origin, source })
            }
        }
    }

    fn late(scope: &TokenScope) -> ManagedIdentityError {
        let problem = "it did not come in time";
        ManagedIdentityError::Answer { scope: scope.clone(), problem }
    }
}

impl HostTokens {
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
        request.body(Bytes::new()).map_err(|_| unusable())
    }

    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ApiError> {
        const OPERATION: &str = "get an access token";
        if !self.answered.load(Ordering::Relaxed) {
            let outcome = self.once.call(OPERATION, request.clone()).await;
            let answered = match &outcome {
                Ok(_) => true,
                Err(error) => error.status.is_some(),
            };
            self.answered.store(answered, Ordering::Relaxed);
            match outcome {
                Err(error) if answered && is_passing(&error) => {}
                outcome => return outcome,
            }
        }
        self.patient.call(OPERATION, request).await
    }
}

fn is_passing(error: &ApiError) -> bool {
    matches!(error.recovery(), Recovery::NextCycle { .. })
}

/// The answers of the host: Entra's own, or like them.
#[derive(Debug, Clone, Copy)]
struct HostAnswers;

impl ResponsePolicy for HostAnswers {
    fn flaw(&self, answer: &Response<Bytes>) -> Option<InvalidResponse> {
        EntraAnswers.flaw(answer)
    }

    fn read_error(&self, status: StatusCode, headers: &HeaderMap, body: &Bytes) -> ErrorDetail {
        // The endpoint is being updated, or the identity was just assigned.
        let passes = matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE);
        ErrorDetail { passes, ..EntraAnswers.read_error(status, headers, body) }
    }
}
