//! YAML files.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::{Location, Spanned};

use super::fault;
use crate::config::ConfigError;
use crate::config::tree::{Content, KeyOrigin, Node};

/// Reads a file's text.
///
/// `on`, `off`, `yes` and `no` are texts: the settings know which of them are booleans.
///
/// # Errors
/// When it is not YAML. The text is not repeated: it may hold a secret.
pub(super) fn parse(text: &str, path: &Path) -> Result<Node, ConfigError> {
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    let root: Spanned<Yaml> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let problem = match &error {
                serde_saphyr::Error::DuplicateMappingKey { .. } => "has a key twice",
                serde_saphyr::Error::MultipleDocuments { .. } => "holds more than one document",
                _ => "is not valid YAML; a value with a special character such as * & ! % @ # at its \
                      start needs quotes",
            };
            fault(path, error.location().map(|location| location.line()), problem)
        })?;
    let path = Arc::from(path);
    let node = node(root.value, root.referenced, &path);
    match node.content {
        Content::Table(_) => Ok(node),
        // An empty file sets nothing.
        Content::Value(Value::Null) => Ok(Node::table(node.origin)),
        Content::Value(_) => Err(fault(&path, None, "holds no keys; write it like `log:`")),
    }
}

fn node(yaml: Yaml, location: Location, path: &Arc<Path>) -> Node {
    let line = usize::try_from(location.line()).unwrap_or_default().max(1);
    let origin = KeyOrigin::File(Arc::clone(path), line);
    let content = match yaml {
        Yaml::Table(entries) => {
            let entries = entries
                .into_iter()
                .map(|(name, (location, value))| (name, node(value, location, path)));
            Content::Table(entries.collect())
        }
        other => Content::Value(json(other)),
    };
    Node { content, origin }
}

fn json(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Value(value) => value,
        Yaml::List(items) => items.into_iter().map(json).collect(),
        Yaml::Table(entries) => Value::Object(
            entries.into_iter().map(|(name, (_, value))| (name, json(value))).collect(),
        ),
    }
}

/// YAML with the places of its keys.
enum Yaml {
    Value(Value),
    List(Vec<Yaml>),
    Table(BTreeMap<String, (Location, Yaml)>),
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyYaml)
    }
}

struct AnyYaml;

impl<'de> Visitor<'de> for AnyYaml {
    type Value = Yaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or a table")
    }

    fn visit_unit<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Value(Value::Null))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Yaml, E> {
        Ok(Yaml::Value(flag.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Yaml, E> {
        Ok(Yaml::Value(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Yaml, E> {
        Ok(Yaml::Value(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Yaml, E> {
        Ok(Yaml::Value(number.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Yaml, E> {
        Ok(Yaml::Value(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Yaml, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Yaml::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Yaml, A::Error> {
        let mut table = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry::<Spanned<String>, Yaml>()? {
            table.insert(key.value, (key.referenced, value));
        }
        Ok(Yaml::Table(table))
    }
}
