//! Tokens of the person who is signed in to the Azure CLI, to try things on a laptop.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use secrecy::zeroize::Zeroizing;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use stocktake_connector_core::{
    AccessToken, Clock, DirectoryId, ErrorCode, Failure, Recovery, TokenProvider, TokenScope,
};
use stocktake_http_stack::clean_text;

use crate::error::code_of;
use crate::renewal::{RENEWAL_TIMEOUT, Renewal, TokenEndpoint};
use crate::token_response::read_token;

/// More output is not read; a token has one or two kilobytes.
const LARGEST_OUTPUT: u64 = 1024 * 1024;

/// How the Azure CLI is run.
#[derive(Debug, Clone)]
pub struct AzureCliOptions {
    /// The directory that the tokens are for.
    pub directory_id: DirectoryId,
    /// The program. Default: `az`, found on the path.
    pub program: PathBuf,
    /// The path that the program is found on. Default: the process's own.
    pub path: Option<OsString>,
    /// How long the program may take. Default: 60 s; it is slow to start.
    pub timeout: Duration,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
}

impl AzureCliOptions {
    /// The `az` on the path, for one directory.
    pub fn new(directory_id: DirectoryId, clock: Arc<dyn Clock>) -> Self {
        Self {
            directory_id,
            program: if cfg!(windows) { "az.cmd" } else { "az" }.into(),
            path: None,
            timeout: Duration::from_secs(60),
            clock,
        }
    }
}

/// Why the Azure CLI gave no token.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AzureCliError {
    /// It is not installed.
    #[error("the Azure CLI is not installed: no program `{program}` on the path")]
    Missing {
        /// The name of the program.
        program: String,
    },
    /// It could not be run.
    #[error("the Azure CLI cannot be run")]
    Run(#[source] Arc<io::Error>),
    /// Nobody is signed in, or not to this directory, or the sign-in has expired.
    #[error("the Azure CLI has no login for tenant {directory_id}: {message}")]
    NotLoggedIn {
        /// The directory.
        directory_id: DirectoryId,
        /// The output of the program, cut to a line.
        message: String,
    },
    /// It failed otherwise.
    #[error("the Azure CLI failed ({status}): {message}")]
    Failed {
        /// How it ended.
        status: ExitStatus,
        /// The output of the program, cut to a line.
        message: String,
    },
    /// It did not finish in time and was stopped.
    #[error("the Azure CLI gave no token within {} s", timeout.as_secs_f32())]
    TimedOut {
        /// How long it had.
        timeout: Duration,
    },
    /// It printed something else.
    #[error("the Azure CLI printed no token: {problem}")]
    InvalidOutput {
        /// What is wrong with its output.
        problem: &'static str,
    },
}

impl AzureCliError {
    /// What the error is looked up by.
    pub fn code(&self) -> ErrorCode {
        code_of(self.recovery())
    }

    /// What the caller should do.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Missing { .. }
            | Self::NotLoggedIn { .. }
            | Self::Run(_)
            | Self::Failed { .. }
            | Self::InvalidOutput { .. } => Recovery::Operator,
            Self::TimedOut { .. } => Recovery::Retry,
        }
    }

    fn into_failure(self) -> Failure {
        let advice = match &self {
            Self::Missing { .. } => "Install the Azure CLI, or configure another credential; a \
                                     service needs an app registration of its own."
                .to_owned(),
            Self::NotLoggedIn { directory_id, .. } => {
                format!("Run `az login --tenant {directory_id}`, then try again.")
            }
            Self::Run(_)
            | Self::Failed { .. }
            | Self::TimedOut { .. }
            | Self::InvalidOutput { .. } => {
                "Run `az account get-access-token --output none` by hand and read its output."
                    .to_owned()
            }
        };
        Failure::new(self.code(), self.recovery(), self.to_string())
            .with_advice(advice)
            .because(self)
    }
}

/// Gives tokens of the person who is signed in to the Azure CLI, and keeps them by scope.
///
/// They have that person's permissions, not an application's: an API that requires application
/// permissions refuses them.
pub struct AzureCli {
    tokens: Renewal<Program>,
}

impl AzureCli {
    /// Nothing runs before the first token is requested.
    pub fn new(options: AzureCliOptions) -> Self {
        let clock = Arc::clone(&options.clock);
        Self { tokens: Renewal::new(Program(options), clock) }
    }

    /// A token for `scope`, with the typed error.
    ///
    /// # Errors
    /// [`AzureCliError`]; [`AzureCliError::recovery`] says what to do.
    ///
    /// # Cancellation
    /// Dropping the future stops the program.
    pub async fn get(&self, scope: &TokenScope) -> Result<AccessToken, AzureCliError> {
        self.tokens.get(scope).await
    }
}

impl fmt::Debug for AzureCli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureCli").field("options", &self.tokens.endpoint.0).finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for AzureCli {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken, Failure> {
        self.get(scope).await.map_err(AzureCliError::into_failure)
    }

    fn invalidate(&self, scope: &TokenScope, token: &AccessToken) {
        self.tokens.drop_token(scope, token);
    }
}

/// The program.
struct Program(AzureCliOptions);

#[async_trait]
impl TokenEndpoint for Program {
    type Error = AzureCliError;

    async fn request_token(&self, scope: &TokenScope) -> Result<AccessToken, AzureCliError> {
        let timeout = self.0.timeout;
        let requested_at = self.0.clock.now();
        let outcome = tokio::time::timeout(timeout, self.run(scope)).await;
        let (status, output, complaint) =
            outcome.map_err(|_| AzureCliError::TimedOut { timeout })??;
        if status.success() {
            read_output(&output, requested_at)
                .map_err(|problem| AzureCliError::InvalidOutput { problem })
        } else {
            Err(self.failed(status, &String::from_utf8_lossy(&complaint)))
        }
    }

    fn timed_out(_: &TokenScope) -> AzureCliError {
        AzureCliError::TimedOut { timeout: RENEWAL_TIMEOUT }
    }
}

type Output = (ExitStatus, Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>);

impl Program {
    async fn run(&self, scope: &TokenScope) -> Result<Output, AzureCliError> {
        let options = &self.0;
        let mut command = Command::new(&options.program);
        command
            .args(["account", "get-access-token", "--output", "json", "--scope", scope.as_str()])
            .args(["--tenant", options.directory_id.as_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(path) = &options.path {
            command.env("PATH", path);
        }
        let run = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => {
                AzureCliError::Missing { program: options.program.display().to_string() }
            }
            _ => AzureCliError::Run(Arc::new(error)),
        };
        let mut child = command.spawn().map_err(run)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (status, output, complaint) =
            tokio::try_join!(child.wait(), read(stdout), read(stderr)).map_err(run)?;
        Ok((status, output, complaint))
    }

    fn failed(&self, status: ExitStatus, complaint: &str) -> AzureCliError {
        let reason = complaint
            .lines()
            .find_map(|line| line.trim().strip_prefix("ERROR:"))
            .or_else(|| complaint.lines().find(|line| !line.trim().is_empty()));
        let message = clean_text(reason.unwrap_or("it printed no reason"));
        // The CLI names the command in all these cases, or repeats a code of Entra.
        if ["az login", "AADSTS", "az account set"].iter().any(|sign| complaint.contains(sign)) {
            AzureCliError::NotLoggedIn { directory_id: self.0.directory_id.clone(), message }
        } else {
            AzureCliError::Failed { status, message }
        }
    }
}

async fn read(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    if let Some(pipe) = pipe {
        pipe.take(LARGEST_OUTPUT).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// Renames the CLI's fields to those of a token endpoint. `expiresOn` is left out: it is local time
/// without its zone.
fn read_output(output: &[u8], requested_at: DateTime<Utc>) -> Result<AccessToken, &'static str> {
    let printed: Map<String, Value> =
        serde_json::from_slice(output).map_err(|_| "it is not the documented JSON")?;
    let response = json!({
        "access_token": printed.get("accessToken"),
        "token_type": printed.get("tokenType"),
        "expires_on": printed.get("expires_on"),
    });
    let response = Zeroizing::new(response.to_string());
    read_token(&Bytes::copy_from_slice(response.as_bytes()), requested_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_old_and_new_versions_is_read() {
        let life = |output: &str| {
            let token = read_output(output.as_bytes(), DateTime::UNIX_EPOCH)?;
            Ok::<_, &str>(token.expires_at().unwrap().timestamp())
        };
        let new = r#"{"accessToken": "t", "expiresOn": "1970-01-01 02:00:00.000000",
                      "expires_on": 3600, "subscription": "s", "tenant": "x", "tokenType": "Bearer"}"#;
        assert_eq!(life(new), Ok(3600));
        assert_eq!(life(r#"{"accessToken": "t", "expiresOn": "1970-01-01 02:00:00"}"#), Ok(300));
        assert!(life("WARNING: x").is_err());
        assert!(life("[]").is_err());
    }
}
