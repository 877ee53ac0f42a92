//! What is wrong with a configuration: every fault at once, each naming what, where and what to do.

use std::fmt;

use stocktake_connector_core::ErrorCode;

/// Characters of a key that are shown.
const MAX_KEY_CHARS: usize = 200;

/// One thing that is wrong.
///
/// A fault names the key, what set it and what to do. It never repeats the value: a secret may be in the
/// place of anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigFault {
    /// The key, `tenants.contoso.app_id`; empty when it is the whole file.
    pub(crate) key: String,
    /// What is wrong with it, and what to do.
    pub(crate) problem: String,
    /// What set it: a line of a file, an environment variable, a flag.
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
            match self.key.char_indices().nth(MAX_KEY_CHARS) {
                Some((end, _)) => write!(f, "`{}…`", self.key.get(..end).unwrap_or_default())?,
                None => write!(f, "`{}`", self.key)?,
            }
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

/// Names the nearest of `known`, or all of them when none is near. `name` itself is not repeated: where a
/// name belongs, a secret may be.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), *known))
        .min()
        .filter(|(distance, known)| *distance <= 2.max(known.len() / 3));
    match nearest {
        Some((_, nearest)) => format!("unknown {what}; did you mean `{nearest}`?"),
        None if known.is_empty() => format!("unknown {what}; there is none"),
        None => format!("unknown {what}; known are {}", known.join(", ")),
    }
}
