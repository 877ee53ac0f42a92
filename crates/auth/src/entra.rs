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
    AccessToken, Clock, TenantName, TokenError, TokenProvider, TokenScope,
};
use stocktake_http_stack::{
    ApiStack, CallCounts, Origin, StackOptions, Transport, UrlError, UrlTemplate, base_url,
};

use crate::answers::EntraAnswers;
use crate::concealment::conceal;
use crate::error::Names;
use crate::renewal::{Issuer, Renewal};
use crate::token_answer::read_token;
use crate::{Credential, EntraError, ProofContext};

/// The login host of Microsoft's global cloud.
pub const GLOBAL_LOGIN_URL: &str = "https://login.microsoftonline.com";

/// Entra's code for an assertion that is no longer valid.
const EXPIRED_ASSERTION: u32 = 500_133;

/// Who asks whom for tokens.
#[derive(Debug, Clone)]
pub struct EntraOptions {
    /// The login host of the tenant's cloud, as in [`GLOBAL_LOGIN_URL`].
    pub login_url: Url,
    /// The directory: its GUID, or one of its verified domains.
    pub tenant_id: String,
    /// The application (client) id.
    pub app_id: String,
    /// The name that the configuration gives the tenant, for errors and spans.
    pub tenant: TenantName,
    /// Proves that the application is itself.
    pub credential: Arc<dyn Credential>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Why the options cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEntraOptions {
    /// The login URL is insecure or no base of an API.
    #[error("the login URL cannot be used")]
    LoginUrl(#[from] UrlError),
    /// The directory is neither a GUID nor a domain.
    #[error(
        "tenant id `{0}` is neither a GUID nor a domain; it is the directory's id on the overview \
         page of Microsoft Entra"
    )]
    TenantName(String),
    /// The names that stand for any directory do not work for an application.
    #[error("tenant id `{0}` stands for any directory; name the one that is collected")]
    AnyTenant(String),
    /// The application id is empty or holds what no id holds.
    #[error("app id `{0}` is no application (client) id")]
    AppId(String),
}

/// Gives Entra's tokens for one application in one tenant, and keeps them by scope.
///
/// A token is renewed five minutes before its end, or at half its life when it lives shortly. One
/// request per scope is under way at a time. A renewal that fails leaves the old token in use for
/// as long as it is valid.
pub struct EntraTokens {
    tokens: Renewal<Entra>,
}

/// Asks the token endpoint, each time.
struct Entra {
    stack: ApiStack,
    endpoint: Url,
    app_id: String,
    credential: Arc<dyn Credential>,
    clock: Arc<dyn Clock>,
    names: Names,
}

impl EntraTokens {
    /// Nothing is asked before the first token is.
    ///
    /// # Errors
    /// When an option cannot be right.
    pub fn new(transport: &Transport, options: EntraOptions) -> Result<Self, InvalidEntraOptions> {
        let login = base_url(options.login_url.as_str())?;
        let endpoint = endpoint(&login, &options.tenant_id)?;
        if options.app_id.is_empty() || !options.app_id.chars().all(is_id_character) {
            return Err(InvalidEntraOptions::AppId(shown(&options.app_id)));
        }
        let origin = Origin::of(&login);
        let names = Names {
            app: options.app_id.clone(),
            tenant: options.tenant_id,
            login: origin.to_string(),
        };
        let mut stack = StackOptions::new("entra", origin);
        stack.tenant = Some(options.tenant);
        stack.answers = Arc::new(EntraAnswers);
        stack.clock = Arc::clone(&options.clock);
        // A token is one small answer; whoever waits for it has a deadline of its own.
        stack.limits.attempt_timeout = Duration::from_secs(30);
        stack.limits.call_deadline = Duration::from_secs(2 * 60);
        stack.limits.max_body_bytes = 1024 * 1024;
        let clock = Arc::clone(&options.clock);
        let entra = Entra {
            stack: ApiStack::new(transport, stack),
            endpoint,
            app_id: options.app_id,
            credential: options.credential,
            clock: options.clock,
            names,
        };
        Ok(Self { tokens: Renewal::new(entra, clock) })
    }

    /// What was asked of Entra so far.
    pub fn calls(&self) -> CallCounts {
        self.tokens.issuer.stack.calls()
    }

    /// A token for `scope`, with the typed error.
    ///
    /// # Errors
    /// [`EntraError`]; [`EntraError::recovery`] says what to do.
    ///
    /// # Cancellation
    /// Dropping the future leaves the cache as it was; another caller asks instead.
    pub async fn get(&self, scope: &TokenScope) -> Result<AccessToken, EntraError> {
        self.tokens.get(scope).await
    }
}

impl fmt::Debug for EntraTokens {
    // By hand, because a third party's credential may derive a `Debug` that shows its secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntraTokens")
            .field("endpoint", &self.tokens.issuer.endpoint.as_str())
            .field("app_id", &self.tokens.issuer.app_id)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for EntraTokens {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken, TokenError> {
        let names = &self.tokens.issuer.names;
        self.get(scope).await.map_err(|error| error.into_token_error(names))
    }

    fn invalidate(&self, scope: &TokenScope, token: &AccessToken) {
        self.tokens.drop_token(scope, token);
    }
}

#[async_trait]
impl Issuer for Entra {
    type Error = EntraError;

    async fn issue(&self, scope: &TokenScope) -> Result<AccessToken, EntraError> {
        match self.ask(scope).await {
            // What has expired on the way is made anew, once.
            Err(error) if error.aadsts() == Some(EXPIRED_ASSERTION) => self.ask(scope).await,
            outcome => outcome,
        }
    }

    fn late(scope: &TokenScope) -> EntraError {
        EntraError::Answer { scope: scope.clone(), problem: "it did not come in time" }
    }
}

impl Entra {
    async fn ask(&self, scope: &TokenScope) -> Result<AccessToken, EntraError> {
        let asked_at = self.clock.now();
        let context =
            ProofContext { token_endpoint: &self.endpoint, app_id: &self.app_id, now: asked_at };
        let proof = self.credential.proof(&context).await.map_err(|error| {
            EntraError::Credential { scope: scope.clone(), source: Arc::new(error) }
        })?;
        let request = Request::post(self.endpoint.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .extension(UrlTemplate("/{tenant}/oauth2/v2.0/token"))
            .body(self.form(scope, &proof.form))
            .map_err(|_| EntraError::Answer {
                scope: scope.clone(),
                problem: "the login URL cannot be asked",
            })?;
        match self.stack.call("get an access token", request).await {
            Ok(answer) => read_token(answer.body(), asked_at)
                .map_err(|problem| EntraError::Answer { scope: scope.clone(), problem }),
            Err(mut error) => {
                // Entra does not repeat secrets, but a proxy's page on the way may.
                conceal(&mut error, proof.form.iter().map(|(_, secret)| secret));
                Err(EntraError::call(scope.clone(), proof.mark, error))
            }
        }
    }

    fn form(&self, scope: &TokenScope, proof: &[(&'static str, SecretString)]) -> Bytes {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.app_id)
            .append_pair("scope", scope.as_str());
        for (name, value) in proof {
            form.append_pair(name, value.expose_secret());
        }
        Bytes::from(form.finish())
    }
}

fn endpoint(login: &Url, tenant_id: &str) -> Result<Url, InvalidEntraOptions> {
    match tenant_id {
        "common" | "organizations" | "consumers" => {
            return Err(InvalidEntraOptions::AnyTenant(tenant_id.to_owned()));
        }
        // What is left cannot change the path: there is no slash, and no lone dots.
        id if !id.chars().all(is_id_character) || !id.chars().any(char::is_alphanumeric) => {
            return Err(InvalidEntraOptions::TenantName(shown(id)));
        }
        _ => {}
    }
    let mut endpoint = login.clone();
    let base = login.path().trim_end_matches('/');
    endpoint.set_path(&format!("{base}/{tenant_id}/oauth2/v2.0/token"));
    endpoint.set_query(None);
    endpoint.set_fragment(None);
    Ok(endpoint)
}

fn is_id_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_')
}

/// A setting as an error repeats it: short, in case a secret was put in its place.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(8).filter(|c| !c.is_control()).collect();
    if text.chars().count() > 8 { format!("{start}…") } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_made_of_login_host_and_tenant() {
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
