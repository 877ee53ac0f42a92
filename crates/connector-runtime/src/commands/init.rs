//! `stocktake init`: from the four values that matter to a configuration that is checked.

use std::fs::OpenOptions;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::check;
use crate::command_error::{CommandError, ExitStatus};
use crate::config::{self, Cloud, ConfigError, Fault, Flags, TEMPLATE};
use crate::context::Context;

/// Asks for what it is not told, writes configuration and secret, and checks them.
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// Where to write the configuration; an existing file is left alone
    #[arg(default_value = "stocktake.toml")]
    path: PathBuf,
    /// The name that the tenant gets in configuration, logs and state
    #[arg(long, default_value = "main")]
    name: String,
    /// The directory (tenant) id, from the app registration's overview
    #[arg(long)]
    tenant_id: Option<String>,
    /// The application (client) id, from the same page
    #[arg(long)]
    app_id: Option<String>,
    /// A file that holds the app secret's value; without it the value is asked for
    #[arg(long, value_name = "FILE")]
    app_secret_file: Option<PathBuf>,
    /// The Defender API; its host tells the cloud
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// The cloud, where the base URL does not tell it
    #[arg(long, value_enum)]
    cloud: Option<Cloud>,
    /// The Entra login service, where it is not that of the cloud
    #[arg(long, value_name = "URL")]
    login_url: Option<String>,
    /// The Graph API, where it is not that of the cloud
    #[arg(long, value_name = "URL")]
    graph_url: Option<String>,
}

/// The four values, each given or asked for.
struct Answers {
    tenant_id: String,
    app_id: String,
    secret: Secret,
    base_url: Option<String>,
}

enum Secret {
    /// It stays where it is.
    File(PathBuf),
    /// It gets a file of its own.
    Value(SecretString),
}

impl Init {
    pub(crate) async fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        context.log_by_flags("warn")?;
        if self.path.exists() {
            return Err(CommandError::failed(format!(
                "{} exists and is left alone; name another file, or edit that one and run \
                 `stocktake check`",
                self.path.display()
            )));
        }
        let own_secret_file = self.path.with_file_name(format!("{}.secret", self.name));
        if self.app_secret_file.is_none() && own_secret_file.exists() {
            return Err(CommandError::failed(format!(
                "{own} exists and is left alone; use it by `--app-secret-file {own}`, or remove it",
                own = own_secret_file.display()
            )));
        }
        let answers = self.ask()?;
        let clouds = answers.base_url.as_deref().map(Cloud::of_defender).unwrap_or_default();
        let cloud = match (self.cloud, clouds.as_slice()) {
            (Some(cloud), _) => cloud,
            (None, []) => Cloud::default(),
            (None, [cloud]) => *cloud,
            (None, several) => {
                let names: Vec<_> = several.iter().map(|cloud| cloud.name()).collect();
                return Err(ConfigError(vec![Fault::new(
                    "--cloud",
                    format!("is needed: the base URL serves the clouds {}", names.join(" and ")),
                )])
                .into());
            }
        };
        let secret_file = match &answers.secret {
            Secret::File(path) => std::path::absolute(path)?,
            Secret::Value(_) => std::path::absolute(&own_secret_file)?,
        };
        let text = self.configuration(&answers, cloud, &secret_file);
        // A mistake is told before anything is written.
        config::check_text(&text, &context.flags.sinks)?;
        if let Secret::Value(value) = &answers.secret {
            write_private(&secret_file, &format!("{}\n", value.expose_secret()))?;
            context
                .output
                .note(format_args!("wrote {}, for your eyes only", secret_file.display()));
        }
        if let Err(error) = write_private(&self.path, &text) {
            if let Secret::Value(_) = &answers.secret {
                // Made a moment ago, and of no use alone. When this fails too, it stays.
                let _ = std::fs::remove_file(&secret_file);
            }
            return Err(error);
        }
        context.output.note(format_args!("wrote {}\n", self.path.display()));

        let flags = Flags { config: Some(self.path.clone()), ..context.flags.clone() };
        let written = config::load(&flags, config::variables())?;
        let ending = check::check(&written, &[], &context.output).await?;
        let shown = self.path.display();
        context.output.note(match ending {
            ExitStatus::Success => format!(
                "\nAll is well: `stocktake --config {shown} sync` runs the first cycle. Its events go \
                 to the folder `events`; {shown} says how to send them elsewhere."
            ),
            _ => format!(
                "\nBoth files are written. Do what is said above, then run `stocktake --config \
                 {shown} check` again."
            ),
        });
        Ok(ending)
    }

    fn ask(&self) -> Result<Answers, CommandError> {
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
        Ok(Answers { tenant_id, app_id, secret, base_url })
    }

    /// The template with the answers in place of its examples, and a folder as the sink.
    fn configuration(&self, answers: &Answers, cloud: Cloud, secret_file: &Path) -> String {
        let set = |key: &str, value: &str| format!("{key} = {}", toml::Value::from(value));
        // What is not the cloud's own comes behind the secret.
        let by_hand = [
            ("cloud", (cloud != Cloud::default()).then(|| cloud.name())),
            ("base_url", answers.base_url.as_deref()),
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
                ("[tenants.contoso]", "tenant_id") => lines.push(set(key, &answers.tenant_id)),
                ("[tenants.contoso]", "app_id") => lines.push(set(key, &answers.app_id)),
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

/// Asks a person, or whoever is at the other end of standard input.
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
            None => Err(ConfigError(vec![Fault::new(
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
            "" => Err(ConfigError(vec![Fault::new(
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
