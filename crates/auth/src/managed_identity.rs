//! Managed identities: tokens from the Azure host that the program runs on.
//!
//! Facts: *How to use managed identities on an Azure VM to acquire an access token*
//! (<https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>)
//! and *REST endpoint reference* of App Service
//! (<https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference>).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use stocktake_connector_core::{
    AccessToken, ApiError, ApiErrorKind, Clock, Recovery, TenantId, TokenError, TokenProvider,
    TokenScope,
};
use stocktake_http_stack::{
    AnswerPolicy, ApiStack, CallCounts, ErrorDetail, Flaw, Origin, StackOptions, Transport,
    base_url,
};

use crate::aadsts;
use crate::answers::EntraAnswers;
use crate::concealment::conceal;
use crate::renewal::{Issuer, Renewal};
use crate::token_answer::read_token;

/// The instance metadata service of Azure's virtual machines and nodes, on the machine's own link.
pub const IMDS_URL: &str = "http://169.254.169.254";

const IMDS_PATH: &str = "/metadata/identity/oauth2/token";
const IMDS_VERSION: &str = "2018-02-01";
const APP_SERVICE_VERSION: &str = "2019-08-01";

/// Where the program runs, and so who gives the tokens.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ManagedIdentityHost {
    /// A virtual machine, a scale set, a node of AKS.
    Imds {
        /// The instance metadata service, as in [`IMDS_URL`].
        url: Url,
    },
    /// App Service, Functions, Container Apps.
    AppService {
        /// `IDENTITY_ENDPOINT`.
        endpoint: Url,
        /// `IDENTITY_HEADER`: shows that the caller is the application.
        header: SecretString,
    },
}

impl ManagedIdentityHost {
    /// Tells the host by its environment, read through `lookup`, which is
    /// `|name| std::env::var(name).ok()` in a program. Without App Service's variables it is IMDS, or
    /// what `AZURE_POD_IDENTITY_AUTHORITY_HOST` names in its place.
    ///
    /// # Errors
    /// When the variables contradict each other or name a host that is not supported.
    pub fn detect(
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, InvalidManagedIdentityOptions> {
        let variable = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let Some(endpoint) = variable("IDENTITY_ENDPOINT") else {
            // The name by which Azure's own libraries let a stand-in take the service's place.
            let stand_in = variable("AZURE_POD_IDENTITY_AUTHORITY_HOST");
            return Ok(Self::Imds { url: local_url(stand_in.as_deref().unwrap_or(IMDS_URL))? });
        };
        if variable("IDENTITY_SERVER_THUMBPRINT").is_some() {
            return Err(InvalidManagedIdentityOptions::Unsupported("Service Fabric"));
        }
        match variable("IDENTITY_HEADER") {
            Some(header) => Ok(Self::AppService {
                endpoint: local_url(&endpoint)?,
                header: SecretString::from(header),
            }),
            None if variable("IMDS_ENDPOINT").is_some() => {
                Err(InvalidManagedIdentityOptions::Unsupported("Azure Arc"))
            }
            None => Err(InvalidManagedIdentityOptions::NoHeader),
        }
    }
}

/// Which of the host's identities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssignedIdentity {
    /// The host's own, or the only one that is assigned to it.
    #[default]
    System,
    /// The user-assigned one with this client id.
    ClientId(String),
    /// The user-assigned one with this object (principal) id.
    ObjectId(String),
    /// The user-assigned one with this Azure resource id.
    ResourceId(String),
}

impl fmt::Display for AssignedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("the system-assigned identity"),
            Self::ClientId(id) => write!(f, "the identity with client id {id}"),
            Self::ObjectId(id) => write!(f, "the identity with object id {id}"),
            Self::ResourceId(id) => write!(f, "the identity with resource id {id}"),
        }
    }
}

/// Whose tokens are asked for, and where.
#[derive(Debug, Clone)]
pub struct ManagedIdentityOptions {
    /// Who gives them.
    pub host: ManagedIdentityHost,
    /// Which identity's.
    pub identity: AssignedIdentity,
    /// The name that the configuration gives the tenant, for errors and spans.
    pub tenant: TenantId,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Why the options cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidManagedIdentityOptions {
    /// The endpoint is no URL, or would carry tokens over the network unencrypted.
    #[error(
        "managed identity endpoint `{0}` must be a URL with https://, or with http:// to this machine \
         or its link (127.0.0.1, 169.254.0.0/16)"
    )]
    Endpoint(String),
    /// `IDENTITY_ENDPOINT` is set and `IDENTITY_HEADER` is not.
    #[error("IDENTITY_ENDPOINT is set but IDENTITY_HEADER is not; App Service sets both")]
    NoHeader,
    /// The environment is that of a host with another protocol.
    #[error("managed identities of {0} are not supported; use a certificate or a federated token")]
    Unsupported(&'static str),
}

/// Why the host gave no token.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ManagedIdentityError {
    /// The scope names no resource.
    #[error("scope {scope} does not end in `/.default`; a managed identity needs a resource")]
    Scope {
        /// What the token was for.
        scope: TokenScope,
    },
    /// No endpoint answers: the program does not run where it was configured to.
    #[error("no managed identity endpoint answers at {origin}")]
    NotOnAzure {
        /// Where it was looked for.
        origin: String,
        /// The call.
        #[source]
        source: Arc<ApiError>,
    },
    /// The host refused, or failed for now.
    #[error("the managed identity gave no token for {scope}")]
    Call {
        /// What the token was for.
        scope: TokenScope,
        /// The call.
        #[source]
        source: Arc<ApiError>,
    },
    /// The host answered with success, but not with a token.
    #[error("the answer for {scope} holds no token: {problem}")]
    Answer {
        /// What the token was for.
        scope: TokenScope,
        /// What is wrong with the answer.
        problem: &'static str,
    },
}

impl ManagedIdentityError {
    /// What the caller should do.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Scope { .. } => Recovery::Operator,
            Self::NotOnAzure { .. } => Recovery::NextCycle { after: None },
            Self::Answer { .. } => Recovery::Defect,
            Self::Call { source, .. } => match source.kind {
                ApiErrorKind::Refused | ApiErrorKind::NotFound => Recovery::Operator,
                _ => source.recovery(),
            },
        }
    }

    fn into_token_error(self, identity: &AssignedIdentity) -> TokenError {
        let (message, advice) = match &self {
            Self::Scope { .. } | Self::Answer { .. } => (self.to_string(), None),
            Self::NotOnAzure { .. } => (
                self.to_string(),
                Some(
                    "Run this on an Azure host with a managed identity, or configure another \
                     credential; outside Azure there is no such endpoint."
                        .to_owned(),
                ),
            ),
            Self::Call { source, .. } => words(source, identity),
        };
        TokenError { message, advice, recovery: self.recovery(), source: Some(Box::new(self)) }
    }
}

fn words(source: &ApiError, identity: &AssignedIdentity) -> (String, Option<String>) {
    let code = source.code.as_deref().unwrap_or_default();
    let known = code.strip_prefix("AADSTS").and_then(|code| aadsts::row(code.parse().ok()?));
    match (known, source.status) {
        // Entra's refusal, passed on by the host.
        (Some(row), _) => (
            format!("{} ({code})", row.meaning),
            Some(format!("Check that {identity} may use the API, and that its tenant has it.")),
        ),
        (None, Some(400)) => (
            format!("{identity} is not assigned to this host: {}", source.message),
            Some(
                "Assign the identity to this virtual machine or app, under Identity in the portal, \
                 or correct its id in the configuration."
                    .to_owned(),
            ),
        ),
        (None, Some(401 | 403)) => (
            format!("the host refuses this program: {}", source.message),
            Some(
                "Check that IDENTITY_ENDPOINT and IDENTITY_HEADER are those that the host has set \
                 for this process."
                    .to_owned(),
            ),
        ),
        _ => (
            format!("the managed identity endpoint gives no token: {}", source.message),
            source.advice.clone(),
        ),
    }
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

impl AnswerPolicy for HostAnswers {
    fn flaw(&self, answer: &Response<Bytes>) -> Option<Flaw> {
        EntraAnswers.flaw(answer)
    }

    fn read_error(&self, status: StatusCode, headers: &HeaderMap, body: &Bytes) -> ErrorDetail {
        // The endpoint is being updated, or the identity was just assigned.
        let passes = matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE);
        ErrorDetail { passes, ..EntraAnswers.read_error(status, headers, body) }
    }
}

/// A URL that keeps tokens off the network, or encrypted on it.
fn local_url(text: &str) -> Result<Url, InvalidManagedIdentityOptions> {
    let shown = || {
        let text = text.rsplit('@').next().unwrap_or_default();
        InvalidManagedIdentityOptions::Endpoint(text.chars().take(200).collect())
    };
    if let Ok(url) = base_url(text) {
        return Ok(url);
    }
    let url = Url::parse(text).map_err(|_| shown())?;
    let on_link = matches!(url.host(), Some(Host::Ipv4(address)) if address.is_link_local());
    let plain = url.scheme() == "http" && url.username().is_empty() && url.password().is_none();
    if on_link && plain { Ok(url) } else { Err(shown()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(
        variables: &[(&str, &str)],
    ) -> Result<ManagedIdentityHost, InvalidManagedIdentityOptions> {
        ManagedIdentityHost::detect(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_tells_the_host() {
        let host = detect(&[]).unwrap();
        assert!(
            matches!(host, ManagedIdentityHost::Imds { url } if url.as_str() == "http://169.254.169.254/")
        );
        let endpoint = ("IDENTITY_ENDPOINT", "http://169.254.129.4:8081/msi/token");
        let host = detect(&[endpoint, ("IDENTITY_HEADER", "canary")]).unwrap();
        assert!(!format!("{host:?}").contains("canary"), "{host:?}");
        assert!(
            matches!(host, ManagedIdentityHost::AppService { endpoint, .. } if endpoint.path() == "/msi/token")
        );
    }

    #[test]
    fn another_host_is_named() {
        let endpoint =
            ("IDENTITY_ENDPOINT", "http://localhost:40342/metadata/identity/oauth2/token");
        for (more, expected) in [
            (&[("IMDS_ENDPOINT", "http://localhost:40342")][..], "Azure Arc"),
            (&[("IDENTITY_HEADER", "h"), ("IDENTITY_SERVER_THUMBPRINT", "t")], "Service Fabric"),
            (&[], "IDENTITY_HEADER is not"),
        ] {
            let error = detect(&[&[endpoint], more].concat()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn tokens_stay_on_the_link_or_encrypted() {
        for good in ["http://127.0.0.1:1/a", "http://169.254.169.254", "https://id.example.com"] {
            assert!(local_url(good).is_ok(), "{good}");
        }
        for bad in ["http://id.example.com", "http://10.0.0.1", "http://u:canary@169.254.1.1/", "x"]
        {
            let error = local_url(bad).unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
