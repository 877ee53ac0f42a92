//! Tokens from Microsoft Entra ID by the client credentials grant.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::TimeDelta;
use http::Request;
use http::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use url::{Url, form_urlencoded};

use stocktake_connector_core::{
    AccessToken, Clock, TenantId, TokenError, TokenProvider, TokenScope,
};
use stocktake_http_stack::{
    ApiStack, CallCounts, Origin, StackOptions, Transport, UrlError, base_url,
};

use crate::answers::EntraAnswers;
use crate::cache::{Cache, Lookup, Slot};
use crate::error::Names;
use crate::{Credential, EntraError};

/// The login host of Microsoft's global cloud.
pub const GLOBAL_LOGIN_URL: &str = "https://login.microsoftonline.com";

/// The life of a token that does not say how long it lives: short, so that it is soon renewed.
const UNTOLD_LIFE: u64 = 300;
/// The longest life that is believed. Tokens with continuous access evaluation live 28 hours.
const LONGEST_LIFE: u64 = 48 * 60 * 60;
/// How long a caller who has a valid token waits for its renewal.
const PATIENCE_WITH_RENEWAL: Duration = Duration::from_secs(10);

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
    pub tenant: TenantId,
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
    TenantId(String),
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
    stack: ApiStack,
    endpoint: Url,
    app_id: String,
    credential: Arc<dyn Credential>,
    clock: Arc<dyn Clock>,
    names: Names,
    cache: Cache<EntraError>,
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
        Ok(Self {
            stack: ApiStack::new(transport, stack),
            endpoint,
            app_id: options.app_id,
            credential: options.credential,
            clock: options.clock,
            names,
            cache: Cache::new(),
        })
    }

    /// What was asked of Entra so far.
    pub fn calls(&self) -> CallCounts {
        self.stack.calls()
    }

    /// A token for `scope`, with the typed error.
    ///
    /// # Errors
    /// [`EntraError`]; [`EntraError::recovery`] says what to do.
    ///
    /// # Cancellation
    /// Dropping the future leaves the cache as it was; another caller asks instead.
    pub async fn get(&self, scope: &TokenScope) -> Result<AccessToken, EntraError> {
        let slot = self.cache.slot(scope);
        match slot.look_up(self.clock.now()) {
            Lookup::Fresh(token) => Ok(token),
            Lookup::Ageing(token) => Ok(self.renew(&slot, scope, token).await),
            Lookup::Missing => self.acquire(&slot, scope).await,
        }
    }

    /// Tries to replace a token that is still valid.
    async fn renew(
        &self,
        slot: &Slot<EntraError>,
        scope: &TokenScope,
        old: AccessToken,
    ) -> AccessToken {
        let Ok(_flight) = slot.flight.try_lock() else { return old };
        let error = match tokio::time::timeout(PATIENCE_WITH_RENEWAL, self.ask(slot, scope)).await {
            Ok(Ok(token)) => return token,
            Ok(Err(error)) => error,
            Err(_) => {
                let problem = "it did not come in time";
                let error = EntraError::Answer { scope: scope.clone(), problem };
                slot.failed(error.clone(), self.clock.now());
                error
            }
        };
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "an access token could not be renewed; the old one is used while it is valid"
        );
        old
    }

    /// Asks for a token, or waits for the caller who does.
    async fn acquire(
        &self,
        slot: &Slot<EntraError>,
        scope: &TokenScope,
    ) -> Result<AccessToken, EntraError> {
        let mark = slot.mark();
        let _flight = slot.flight.lock().await;
        if let Lookup::Fresh(token) | Lookup::Ageing(token) = slot.look_up(self.clock.now()) {
            return Ok(token);
        }
        if let Some(failure) = slot.failure_since(mark) {
            return Err(failure);
        }
        self.ask(slot, scope).await
    }

    /// Asks Entra, and keeps what becomes of it.
    async fn ask(
        &self,
        slot: &Slot<EntraError>,
        scope: &TokenScope,
    ) -> Result<AccessToken, EntraError> {
        let outcome = self.request(scope).await;
        match &outcome {
            Ok(token) => slot.renewed(token, self.clock.now()),
            Err(error) => slot.failed(error.clone(), self.clock.now()),
        }
        outcome
    }

    async fn request(&self, scope: &TokenScope) -> Result<AccessToken, EntraError> {
        let proof = self.credential.form().await.map_err(|error| EntraError::Credential {
            scope: scope.clone(),
            source: Arc::new(error),
        })?;
        let request = Request::post(self.endpoint.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(self.form(scope, &proof))
            .map_err(|_| EntraError::Answer {
                scope: scope.clone(),
                problem: "the login URL cannot be asked",
            })?;
        let asked_at = self.clock.now();
        match self.stack.call("get an access token", request).await {
            Ok(answer) => read_token(answer.body(), asked_at)
                .map_err(|problem| EntraError::Answer { scope: scope.clone(), problem }),
            Err(mut error) => {
                // Entra does not repeat secrets, but a proxy's page on the way may.
                for (_, secret) in &proof {
                    error.message = without(&error.message, secret);
                    error.code = error.code.map(|code| without(&code, secret));
                    error.request_id = error.request_id.map(|id| without(&id, secret));
                }
                Err(EntraError::call(scope.clone(), error))
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

impl fmt::Debug for EntraTokens {
    // By hand, because a third party's credential may derive a `Debug` that shows its secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntraTokens")
            .field("endpoint", &self.endpoint.as_str())
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for EntraTokens {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken, TokenError> {
        self.get(scope).await.map_err(|error| error.into_token_error(&self.names))
    }

    fn invalidate(&self, scope: &TokenScope, token: &AccessToken) {
        self.cache.slot(scope).drop_token(token);
    }
}

fn endpoint(login: &Url, tenant_id: &str) -> Result<Url, InvalidEntraOptions> {
    match tenant_id {
        "common" | "organizations" | "consumers" => {
            return Err(InvalidEntraOptions::AnyTenant(tenant_id.to_owned()));
        }
        // What is left cannot change the path: there is no slash, and no lone dots.
        id if !id.chars().all(is_id_character) || !id.chars().any(char::is_alphanumeric) => {
            return Err(InvalidEntraOptions::TenantId(shown(id)));
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

/// `text` without `secret`, as it is and as a form spells it.
fn without(text: &str, secret: &SecretString) -> String {
    let secret = secret.expose_secret();
    if secret.is_empty() {
        return text.to_owned();
    }
    let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    text.replace(secret, "[secret]").replace(&encoded, "[secret]")
}

/// The answer with a token. Managed-identity endpoints write its numbers as strings, so both do.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<SecretString>,
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Value,
}

fn read_token(
    body: &Bytes,
    asked_at: chrono::DateTime<chrono::Utc>,
) -> Result<AccessToken, &'static str> {
    let answer: TokenAnswer =
        serde_json::from_slice(body).map_err(|_| "it is not the documented JSON")?;
    let secret = answer
        .access_token
        .filter(|token| !token.expose_secret().is_empty())
        .ok_or("`access_token` is missing")?;
    // RFC 6749 §5.1: the type is compared without case.
    if !answer.token_type.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err("`token_type` is not `Bearer`");
    }
    let life = match &answer.expires_in {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let life = life.unwrap_or(UNTOLD_LIFE).min(LONGEST_LIFE);
    let expires_at = asked_at + TimeDelta::seconds(i64::try_from(life).unwrap_or_default());
    Ok(AccessToken::new(secret, Some(expires_at)))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn life(body: &str) -> Result<i64, &'static str> {
        let token = read_token(&Bytes::copy_from_slice(body.as_bytes()), DateTime::UNIX_EPOCH)?;
        Ok(token.expires_at().unwrap().timestamp())
    }

    #[test]
    fn a_life_may_be_a_number_a_string_or_missing() {
        for (body, expected) in [
            (r#"{"access_token": "t", "token_type": "Bearer", "expires_in": 3599}"#, 3599),
            (r#"{"access_token": "t", "token_type": "bearer", "expires_in": "3599"}"#, 3599),
            (r#"{"access_token": "t"}"#, 300),
            (r#"{"access_token": "t", "expires_in": -1}"#, 300),
            (r#"{"access_token": "t", "expires_in": 0}"#, 0),
            (r#"{"access_token": "t", "expires_in": 1e18}"#, 300),
            (r#"{"access_token": "t", "expires_in": 999999999}"#, 172_800),
        ] {
            assert_eq!(life(body), Ok(expected), "{body}");
        }
    }

    #[test]
    fn an_answer_without_a_bearer_token_is_refused() {
        for body in [
            "[]",
            "{}",
            r#"{"access_token": ""}"#,
            r#"{"access_token": 7}"#,
            r#"{"access_token": "t", "token_type": "pop"}"#,
        ] {
            assert!(life(body).is_err(), "{body}");
        }
    }

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
