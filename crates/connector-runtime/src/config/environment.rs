//! `STOCKTAKE_*` environment variables as configuration.

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

/// What every variable starts with.
pub(super) const PREFIX: &str = "STOCKTAKE_";

/// Variables with the prefix that are not keys of the configuration.
const RESERVED: [&str; 1] = [CONFIG_VARIABLE];

/// Names the configuration file.
pub(crate) const CONFIG_VARIABLE: &str = "STOCKTAKE_CONFIG";

/// Endings of keys whose values are always text, even if they look like a number.
const TEXTS: [&str; 11] = [
    "secret",
    "key",
    "id",
    "uuid",
    "file",
    "path",
    "url",
    "scope",
    "password",
    "proxy",
    "credential",
];

/// Keys that hold a list; a variable separates its items by commas.
pub(super) const LISTS: [&str; 6] =
    ["volatile_fields", "sinks", "health_status", "rbac_groups", "os_platforms", "tags"];

/// Reads variables: `STOCKTAKE_TENANTS__CONTOSO__APP_SECRET` sets `tenants.contoso.app_secret`.
///
/// figment's own provider guesses a type for every value, which would turn a secret such as `0123` or
/// `1e9` into a number. Here a value is a number or a boolean only where its key can be one.
#[derive(Debug)]
pub(super) struct Environment(Vec<(String, String)>);

impl Environment {
    /// Takes the variables that concern us.
    pub(super) fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(
            variables
                .into_iter()
                .filter(|(name, _)| name.starts_with(PREFIX) && !RESERVED.contains(&name.as_str()))
                .collect(),
        )
    }
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment variable")
            .interpolater(|_, keys| format!("{PREFIX}{}", keys.join("__").to_uppercase()))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut root = Dict::new();
        for (name, text) in &self.0 {
            let Some(key) = name.strip_prefix(PREFIX) else { continue };
            let path: Vec<String> = key.split("__").map(str::to_lowercase).collect();
            let value = match path.as_slice() {
                // The registry of sinks knows what each of its keys holds.
                [first, ..] if first == "sinks" => Value::from(text.as_str()),
                [.., leaf] => value(leaf, text),
                [] => continue,
            };
            insert(&mut root, &path, value);
        }
        Ok(Profile::Default.collect(root))
    }
}

fn insert(dict: &mut Dict, path: &[String], value: Value) {
    match path {
        [] => {}
        [leaf] => {
            dict.insert(leaf.clone(), value);
        }
        [first, rest @ ..] => {
            let entry = dict.entry(first.clone()).or_insert_with(|| Value::from(Dict::new()));
            if !matches!(entry, Value::Dict(..)) {
                *entry = Value::from(Dict::new());
            }
            if let Value::Dict(_, inner) = entry {
                insert(inner, rest, value);
            }
        }
    }
}

fn value(leaf: &str, text: &str) -> Value {
    if TEXTS.iter().any(|ending| leaf.ends_with(ending)) {
        return Value::from(text);
    }
    if LISTS.contains(&leaf) {
        let items: Vec<_> =
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
        return Value::from(items);
    }
    if let Ok(flag) = text.parse::<bool>() {
        return Value::from(flag);
    }
    if let Ok(number) = text.parse::<u64>() {
        return Value::from(number);
    }
    if let Ok(number) = text.parse::<f64>() {
        return Value::from(number);
    }
    Value::from(text)
}

/// The environment, as configuration reads it.
pub(crate) fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| {
        // A variable that is not valid Unicode cannot be ours.
        Some((name.into_string().ok()?, value.into_string().ok()?))
    })
}
