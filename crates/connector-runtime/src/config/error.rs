//! What is wrong with a configuration: every fault at once, each naming what, where and what to do.

use std::fmt;

use figment::error::{Actual, Kind};

use stocktake_connector_core::ErrorCode;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigFault {
    /// The key, `tenants.contoso.app_id`; empty when it is the whole file.
    pub(crate) key: String,
    /// What is wrong with it, and what to do.
    pub(crate) problem: String,
    /// Where the value came from: a file or an environment variable.
    pub(crate) origin: Option<String>,
}

impl ConfigFault {
    /// A fault of `key`.
    pub(crate) fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into(), origin: None }
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "`{}`", self.key)?;
            if let Some(origin) = &self.origin {
                write!(f, " ({origin})")?;
            }
            f.write_str(": ")?;
        } else if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        f.write_str(&self.problem)
    }
}

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigError(pub(crate) Vec<ConfigFault>);

impl std::error::Error for ConfigError {}

const CODE: ErrorCode = ErrorCode::Configuration;

impl ConfigError {
    /// The faults without the code, for a report that has it in a field of its own.
    pub(crate) fn without_code(&self) -> String {
        match self.0.as_slice() {
            [fault] => format!("configuration: {fault}"),
            faults => {
                let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
                format!("configuration: {} faults: {}", faults.len(), faults.join("; "))
            }
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [fault] => write!(f, "configuration: {fault} [{CODE}]"),
            faults => {
                write!(f, "configuration: {} faults [{CODE}]", faults.len())?;
                faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
            }
        }
    }
}

impl From<figment::Error> for ConfigError {
    fn from(errors: figment::Error) -> Self {
        Self(errors.into_iter().map(fault).collect())
    }
}

fn fault(error: figment::Error) -> ConfigFault {
    let mut path = error.path.clone();
    let problem = match &error.kind {
        Kind::UnknownField(name, expected) => {
            path.push(name.clone());
            unknown("key", name, expected)
        }
        Kind::UnknownVariant(name, expected) => unknown("value", name, expected),
        Kind::MissingField(name) => {
            path.push(name.to_string());
            "is missing; set it in the file or by the environment".to_owned()
        }
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
            format!("found {}, expected {expected}", without_value(actual))
        }
        Kind::Message(message) => without_snippet(message),
        other => other.to_string(),
    };
    let key = path.join(".");
    let origin = error.metadata.as_ref().map(|metadata| origin(metadata, &path));
    ConfigFault { key, problem, origin }
}

/// Where a value comes from: a file or an environment variable.
pub(super) fn origin(metadata: &figment::Metadata, path: &[String]) -> String {
    match &metadata.source {
        Some(source) => source.to_string(),
        None if metadata.name == "environment variable" => {
            let variable = metadata.interpolate(&figment::Profile::Default, path);
            format!("environment variable {variable}")
        }
        None => metadata.name.to_string(),
    }
}

/// A value as a fault repeats it: its start, in case a secret was put in its place.
pub(crate) fn abridged(text: &str) -> String {
    let start: String = text.chars().take(8).filter(|char| !char.is_control()).collect();
    if text.chars().count() > 8 { format!("{start}…") } else { start }
}

/// Names the nearest known word, or all of them when none is near.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), *known))
        .min()
        .filter(|(distance, known)| *distance <= 2.max(known.len() / 3));
    match nearest {
        Some((_, nearest)) => format!("unknown {what} `{name}`; did you mean `{nearest}`?"),
        None => format!("unknown {what} `{name}`; known are {}", known.join(", ")),
    }
}

/// The type of a value without the value, which may be a secret in the wrong place.
fn without_value(actual: &Actual) -> &'static str {
    match actual {
        Actual::Bool(_) => "a boolean",
        Actual::Unsigned(_) | Actual::Signed(_) => "a whole number",
        Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) => "a string",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "something else",
    }
}

/// Parsers quote the line at fault, which may hold a secret: only their first and last lines stay.
fn without_snippet(message: &str) -> String {
    let mut lines = message.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    match lines.next_back() {
        Some(last) if !last.contains('|') => format!("{first}: {}", last.trim()),
        _ => first.to_owned(),
    }
}
