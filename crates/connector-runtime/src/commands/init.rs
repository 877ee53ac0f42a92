//! `stocktake init`: writes a configuration from the four required values, and checks it.

use std::fs::OpenOptions;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::check;
use crate::command_error::{CommandError, ExitStatus};
use crate::config::{self, Cloud, ConfigError, ConfigFault, Flags, TEMPLATE, Variables};
use crate::context::Context;

/// Asks for the values that no flag gives, writes configuration and secret, and checks them.
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// Where to write the configuration; an existing file is not replaced
    #[arg(default_value = "stocktake.toml")]
    path: PathBuf,
    /// The name of the tenant in configuration, logs and state
    #[arg(long, default_value = "main")]
    name: String,
    /// The directory (tenant) id, from the app registration's overview
    #[arg(long)]
    tenant_id: Option<String>,
    /// The application (client) id, from the same page
    #[arg(long)]
    app_id: Option<String>,
    /// A file that holds the app secret's value; without it, the command asks for the value
    #[arg(long, value_name = "FILE")]
    app_secret_file: Option<PathBuf>,
    /// The Defender API; its host determines the cloud
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// The cloud, if the base URL does not determine it
    #[arg(long, value_enum)]
    cloud: Option<Cloud>,
    /// The Entra login service, if it is not that of the cloud
    #[arg(long, value_name = "URL")]
    login_url: Option<String>,
    /// The Graph API, if it is not that of the cloud
    #[arg(long, value_name = "URL")]
    graph_url: Option<String>,
}

/// The four values, each given or asked for.
struct Values {
    tenant_id: String,
    app_id: String,
    secret: Secret,
    base_url: Option<String>,
}

enum Secret {
    /// It is in this file already.
    File(PathBuf),
    /// It is written to a new file.
    Value(SecretString),
}

impl Init {
    pub(crate) async fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        context.log_by_flags("warn")?;
        if self.path.exists() {
            return Err(CommandError::failed(format!(
                "{} exists and is not replaced; name another file, or edit that one and run \
                 `stocktake check`",
                self.path.display()
            )));
        }
        let own_secret_file = self.path.with_file_name(format!("{}.secret", self.name));
        if self.app_secret_file.is_none() && own_secret_file.exists() {
            return Err(CommandError::failed(format!(
                "{own} exists and is not replaced; use it by `--app-secret-file {own}`, or remove it",
                own = own_secret_file.display()
            )));
        }
        let values = self.ask()?;
        let clouds = values.base_url.as_deref().map(Cloud::serving_defender).unwrap_or_default();
        let cloud = match (self.cloud, clouds.as_slice()) {
            (Some(cloud), _) => cloud,
            (None, []) => Cloud::default(),
            (None, [cloud]) => *cloud,
            (None, several) => {
                let names: Vec<_> = several.iter().map(|cloud| cloud.name()).collect();
                return Err(ConfigError(vec![ConfigFault::new(
                    "--cloud",
                    format!("is needed: the base URL serves the clouds {}", names.join(" and ")),
                )])
                .into());
            }
        };
        let secret_file = match &values.secret {
            Secret::File(path) => std::path::absolute(path)?,
            Secret::Value(_) => std::path::absolute(&own_secret_file)?,
        };
        let text = self.configuration(&values, cloud, &secret_file);
        // Report a mistake before anything is written.
        config::check_text(&text, &context.flags.sinks)?;
        if let Secret::Value(value) = &values.secret {
            write_private(&secret_file, &format!("{}\n", value.expose_secret()))?;
            context
                .output
                .note(format_args!("wrote {}; only you can read it", secret_file.display()));
        }
        if let Err(error) = write_private(&self.path, &text) {
            if let Secret::Value(_) = &values.secret {
                // Written a moment ago and useless on its own. If removing it fails, it stays.
                let _ = std::fs::remove_file(&secret_file);
            }
            return Err(error);
        }
        context.output.note(format_args!("wrote {}\n", self.path.display()));

        let flags = Flags { config: Some(self.path.clone()), ..context.flags.clone() };
        let written = config::load(&flags, &Variables::of_process())?;
        let ending = check::check(&written.config, &[], &context.output).await?;
        let shown = self.path.display();
        context.output.note(match ending {
            ExitStatus::Success => format!(
                "\nEverything works: `stocktake --config {shown} sync` runs the first cycle. Its events go \
                 to the folder `events`; {shown} says how to send them elsewhere."
            ),
            _ => format!(
                "\nBoth files are written. Fix what is reported above, then run `stocktake --config \
                 {shown} check` again."
            ),
        });
        Ok(ending)
    }

    fn ask(&self) -> Result<Values, CommandError> {
        let mut asker = Asker { input: io::stdin().lock() };
        let tenant_id =
            asker.value(self.tenant_id.as_ref(), "Directory (tenant) id", "--tenant-id")?;
        let app_id = asker.value(self.app_id.as_ref(), "Application (client) id", "--app-id")?;
        let secret = match &self.app_secret_file {
            Some(path) => Secret::File(path.clone()),
            None => asker.secret()?,
        };
        let base_url = match &self.base_url {
            Some(url) => Some(url.clone()),
            None => asker.optional("Defender base URL [that of the public cloud]")?,
        };
        Ok(Values { tenant_id, app_id, secret, base_url })
    }

    /// The template with the values instead of its examples, and a folder as the sink.
    fn configuration(&self, values: &Values, cloud: Cloud, secret_file: &Path) -> String {
        let set = |key: &str, value: &str| format!("{key} = {}", toml::Value::from(value));
        // Settings that differ from the cloud's follow the secret.
        let by_hand = [
            ("cloud", (cloud != Cloud::default()).then(|| cloud.name())),
            ("base_url", values.base_url.as_deref()),
            ("login_url", self.login_url.as_deref()),
            ("graph_url", self.graph_url.as_deref()),
        ];
        let by_hand = by_hand.iter().filter_map(|(key, value)| Some(set(key, (*value)?)));
        let upper = self.name.to_uppercase();
        let mut lines = Vec::new();
        let mut table = "";
        for line in TEMPLATE.lines() {
            if line.starts_with('[') {
                table = line;
            }
            let key = line.split_once(" = ").map_or("", |(key, _)| key);
            match (table, key) {
                ("[tenants.contoso]", "tenant_id") => lines.push(set(key, &values.tenant_id)),
                ("[tenants.contoso]", "app_id") => lines.push(set(key, &values.app_id)),
                ("[tenants.contoso]", "app_secret_file") => {
                    lines.push(set(key, &secret_file.display().to_string()));
                    lines.extend(by_hand.clone());
                }
                ("[sinks.soc]", _) if line == table => {
                    lines.extend([
                        "[sinks.events]".to_owned(),
                        set("type", "file"),
                        set("path", "events"),
                        "#".to_owned(),
                        "# Sekoia.io:".to_owned(),
                        format!("# {line}"),
                    ]);
                }
                ("[sinks.soc]", _) if !line.starts_with('#') && !line.is_empty() => {
                    lines.push(format!("# {line}"));
                }
                _ => lines.push(line.replace("contoso", &self.name).replace("CONTOSO", &upper)),
            }
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

/// Asks for values on standard input.
struct Asker<R> {
    input: R,
}

impl<R: BufRead> Asker<R> {
    fn value(
        &mut self,
        given: Option<&String>,
        what: &str,
        flag: &str,
    ) -> Result<String, CommandError> {
        if let Some(value) = given {
            return Ok(value.clone());
        }
        match self.optional(what)? {
            Some(value) => Ok(value),
            None => Err(ConfigError(vec![ConfigFault::new(
                flag,
                format!("is missing, and nothing was typed for: {what}"),
            )])
            .into()),
        }
    }

    fn optional(&mut self, what: &str) -> Result<Option<String>, CommandError> {
        prompt(what)?;
        let mut line = String::new();
        self.input.read_line(&mut line)?;
        let line = line.trim();
        Ok((!line.is_empty()).then(|| line.to_owned()))
    }

    /// The secret's value, not shown while it is typed; or `@FILE`.
    fn secret(&mut self) -> Result<Secret, CommandError> {
        const WHAT: &str = "App secret (its value; or @FILE that holds it)";
        let typed = if io::stdin().is_terminal() {
            rpassword::prompt_password(format!("{WHAT}: "))?
        } else {
            self.optional(WHAT)?.unwrap_or_default()
        };
        match typed.trim() {
            "" => Err(ConfigError(vec![ConfigFault::new(
                "--app-secret-file",
                "is missing, and no secret was typed",
            )])
            .into()),
            typed => Ok(match typed.strip_prefix('@') {
                Some(path) => Secret::File(path.into()),
                None => Secret::Value(typed.into()),
            }),
        }
    }
}

/// Questions go to standard error, so that standard output can be kept.
fn prompt(what: &str) -> io::Result<()> {
    let mut out = io::stderr().lock();
    write!(out, "{what}: ")?;
    out.flush()
}

/// Writes a new file that only its owner may read.
pub(super) fn write_private(path: &Path, text: &str) -> Result<(), CommandError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|error| CommandError::failed(format!("cannot write {}: {error}", path.display())))
}
