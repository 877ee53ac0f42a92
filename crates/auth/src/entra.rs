//! Tokens from Microsoft Entra ID by the client credentials grant.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

use stocktake_connector_core::{
    AccessToken, Clock, DirectoryId, Failure, TenantName, TokenProvider, TokenScope,
};
use stocktake_http_stack::{
    ApiStack, Backoff, CallCounts, ErrorCodes, Idempotent, Limits, Origin, SentSecrets,
    StackOptions, Transport, UrlError, UrlTemplate, base_url,
};

use crate::aadsts::EXPIRED_ASSERTION;
use crate::error::Names;
use crate::renewal::{Renewal, TokenEndpoint};
use crate::responses::EntraResponses;
use crate::token_response::read_token;
use crate::{AuthenticationContext, Credential, EntraError};

/// The login host of Microsoft's global cloud.
pub const GLOBAL_LOGIN_URL: &str = "https://login.microsoftonline.com";

/// The default bounds of a call for a token. The response is small, and the call that waits for the
/// token has a deadline of its own.
pub const ENTRA_LIMITS: Limits = Limits {
    call_deadline: Duration::from_secs(2 * 60),
    attempt_timeout: Duration::from_secs(30),
    max_retries: 6,
    backoff: Backoff { base: Duration::from_millis(500), cap: Duration::from_secs(60) },
    max_body_bytes: 1024 * 1024,
};

/// Which application asks for tokens, and where.
#[derive(Debug, Clone)]
pub struct EntraOptions {
    /// The login host of the tenant's cloud, as in [`GLOBAL_LOGIN_URL`].
    pub login_url: Url,
    /// The directory.
    pub directory_id: DirectoryId,
    /// The application (client) id.
    pub client_id: String,
    /// The name that the configuration gives the tenant, for errors and spans.
    pub tenant: TenantName,
    /// Authenticates the application.
    pub credential: Arc<dyn Credential>,
    /// Bounds of a call, with its retries and their waits: usually [`ENTRA_LIMITS`].
    pub limits: Limits,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
}

/// Why the options cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEntraOptions {
    /// The login URL is insecure or not the base of an API.
    #[error("the login URL cannot be used")]
    LoginUrl(#[from] UrlError),
    /// The directory is neither a GUID nor a domain.
    #[error(
        "tenant id `{0}` is neither a GUID nor a domain; it is the directory's id on the overview \
         page of Microsoft Entra"
    )]
    DirectoryId(String),
    /// The names that stand for any directory do not work for an application.
    #[error("tenant id `{0}` stands for any directory; name the one that is collected")]
    AnyDirectory(String),
    /// The application id is empty, or has characters that an id cannot have.
    #[error("app id `{0}` is not an application (client) id")]
    ClientId(String),
}

/// Gives Entra's tokens for one application in one tenant, and keeps them by scope.
///
/// A token is renewed five minutes before it expires, or at half its lifetime when that is short. One
/// request per scope is in flight at a time. A renewal that fails leaves the old token in use for
/// as long as it is valid.
pub struct EntraTokens {
    tokens: Renewal<Entra>,
}

/// The token endpoint.
struct Entra {
    stack: ApiStack,
    endpoint: Url,
    client_id: String,
    credential: Arc<dyn Credential>,
    clock: Arc<dyn Clock>,
    names: Names,
}

impl EntraTokens {
    /// Nothing is requested before the first token is.
    ///
    /// # Errors
    /// When an option cannot be right.
    pub fn new(transport: &Transport, options: EntraOptions) -> Result<Self, InvalidEntraOptions> {
        let login = base_url(options.login_url.as_str())?;
        let endpoint = endpoint(&login, options.directory_id.as_str())?;
        if options.client_id.is_empty() || !options.client_id.chars().all(is_id_character) {
            return Err(InvalidEntraOptions::ClientId(shown(&options.client_id)));
        }
        let origin = Origin::of(&login);
        let names = Names {
            app: options.client_id.clone(),
            directory: options.directory_id,
            login: origin.to_string(),
        };
        let mut stack = StackOptions::new("entra", origin);
        stack.tenant = Some(options.tenant);
        stack.error_codes = ErrorCodes::IDENTITY;
        stack.responses = Arc::new(EntraResponses);
        stack.clock = Arc::clone(&options.clock);
        stack.limits = options.limits;
        let clock = Arc::clone(&options.clock);
        let entra = Entra {
            stack: ApiStack::new(transport, stack),
            endpoint,
            client_id: options.client_id,
            credential: options.credential,
            clock: options.clock,
            names,
        };
        Ok(Self { tokens: Renewal::new(entra, clock) })
    }

    /// The calls to Entra so far.
    pub fn calls(&self) -> CallCounts {
        self.tokens.endpoint.stack.calls()
    }

    /// The stamp of the credential's files: see [`Credential::stamp`].
    pub fn stamp(&self) -> u64 {
        self.tokens.endpoint.credential.stamp()
    }

    /// A token for `scope`, with the typed error.
    ///
    /// # Errors
    /// [`EntraError`]; [`EntraError::recovery`] says what to do.
    ///
    /// # Cancellation
    /// Dropping the future leaves the cache as it was; another caller requests instead.
    pub async fn get(&self, scope: &TokenScope) -> Result<AccessToken, EntraError> {
        self.tokens.get(scope).await
    }
}

impl fmt::Debug for EntraTokens {
    // By hand, because a third party's credential may derive a `Debug` that shows its secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntraTokens")
            .field("endpoint", &self.tokens.endpoint.endpoint.as_str())
            .field("client_id", &self.tokens.endpoint.client_id)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for EntraTokens {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken, Failure> {
        let names = &self.tokens.endpoint.names;
        self.get(scope).await.map_err(|error| error.into_failure(names))
    }

    fn invalidate(&self, scope: &TokenScope, token: &AccessToken) {
        self.tokens.drop_token(scope, token);
    }
}

#[async_trait]
impl TokenEndpoint for Entra {
    type Error = EntraError;

    async fn request_token(&self, scope: &TokenScope) -> Result<AccessToken, EntraError> {
        match self.request(scope).await {
            // Not a retry of the same request: the credential signs another assertion.
            Err(error) if error.aadsts() == Some(EXPIRED_ASSERTION) => self.request(scope).await,
            outcome => outcome,
        }
    }

    fn timed_out(scope: &TokenScope) -> EntraError {
        EntraError::TimedOut { scope: scope.clone() }
    }
}

impl Entra {
    async fn request(&self, scope: &TokenScope) -> Result<AccessToken, EntraError> {
        let requested_at = self.clock.now();
        let context = AuthenticationContext {
            token_endpoint: &self.endpoint,
            client_id: &self.client_id,
            now: requested_at,
        };
        let authentication = self.credential.authenticate(&context).await.map_err(|error| {
            EntraError::Credential { scope: scope.clone(), source: Arc::new(error) }
        })?;
        let request = Request::post(self.endpoint.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .extension(UrlTemplate("/{tenant}/oauth2/v2.0/token"))
            .extension(Idempotent) // A second token does no harm.
            .extension(SentSecrets::new(authentication.secrets()))
            .body(self.form(scope, &authentication.form))
            .map_err(|_| EntraError::InvalidResponse {
                scope: scope.clone(),
                problem: "the login URL cannot be requested",
            })?;
        match self.stack.call("get an access token", request).await {
            Ok(response) => read_token(response.body(), requested_at)
                .map_err(|problem| EntraError::InvalidResponse { scope: scope.clone(), problem }),
            Err(error) => {
                let now = self.clock.now();
                Err(EntraError::call(scope.clone(), authentication.sent, error, now))
            }
        }
    }

    fn form(&self, scope: &TokenScope, authentication: &[(&'static str, SecretString)]) -> Bytes {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.client_id)
            .append_pair("scope", scope.as_str());
        for (name, value) in authentication {
            form.append_pair(name, value.expose_secret());
        }
        Bytes::from(form.finish())
    }
}

fn endpoint(login: &Url, directory_id: &str) -> Result<Url, InvalidEntraOptions> {
    match directory_id {
        "common" | "organizations" | "consumers" => {
            return Err(InvalidEntraOptions::AnyDirectory(directory_id.to_owned()));
        }
        // What is left cannot change the path: there is no slash, and no lone dots.
        id if !id.chars().all(is_id_character) || !id.chars().any(char::is_alphanumeric) => {
            return Err(InvalidEntraOptions::DirectoryId(shown(id)));
        }
        _ => {}
    }
    let mut endpoint = login.clone();
    let base = login.path().trim_end_matches('/');
    endpoint.set_path(&format!("{base}/{directory_id}/oauth2/v2.0/token"));
    endpoint.set_query(None);
    endpoint.set_fragment(None);
    Ok(endpoint)
}

fn is_id_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_')
}

/// A setting as an error repeats it: short, in case it is a misplaced secret.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(8).filter(|c| !c.is_control()).collect();
    if text.chars().count() > 8 { format!("{start}…") } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_made_of_login_host_and_directory() {
        let login = |text: &str| Url::parse(text).unwrap();
        let made = endpoint(&login("https://login.example.com"), "contoso.example.com").unwrap();
        assert_eq!(
            made.as_str(),
            "https://login.example.com/contoso.example.com/oauth2/v2.0/token"
        );
        let made = endpoint(&login("http://127.0.0.1:8/login/?a#b"), "t").unwrap();
        assert_eq!(made.as_str(), "http://127.0.0.1:8/login/t/oauth2/v2.0/token");
        for bad in ["", "..", "a/b", "a?b", "a b", "common", "é"] {
            assert!(endpoint(&login("https://login.example.com"), bad).is_err(), "{bad}");
        }
    }
}
