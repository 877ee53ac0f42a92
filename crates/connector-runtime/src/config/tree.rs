//! The configuration before it is typed: a tree of keys, each with the place that set it.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use figment::value::Dict;
use figment::{Figment, Metadata, Profile, Provider};
use serde_json::{Map, Value};
use stocktake_sinks::settings::key;

use super::{ConfigError, ConfigFault};

/// What set a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum KeyOrigin {
    /// A line of a file, counted from 1.
    File(Arc<Path>, usize),
    /// An environment variable.
    Variable(String),
    /// A flag of the command line.
    Flag(&'static str),
    /// The program itself.
    Program,
}

impl fmt::Display for KeyOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, line) => write!(f, "{}, line {line}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Program => f.write_str("the program"),
        }
    }
}

/// A table or a value of the configuration, and what set it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) content: Content,
    pub(super) origin: KeyOrigin,
}

#[derive(Clone, PartialEq)]
pub(super) enum Content {
    Table(BTreeMap<String, Node>),
    /// A text, a number, a boolean, a list, or nothing.
    Value(Value),
}

impl fmt::Debug for Content {
    // By hand, because a value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(entries) => f.debug_map().entries(entries).finish(),
            Self::Value(_) => f.write_str("(value)"),
        }
    }
}

/// A key that a place sets although another one, which counts more, sets it too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Overridden {
    pub(crate) key: String,
    /// The place whose value does not count.
    pub(crate) of: KeyOrigin,
    /// The place whose value counts.
    pub(crate) by: KeyOrigin,
}

impl Node {
    pub(super) fn table(origin: KeyOrigin) -> Self {
        Self { content: Content::Table(BTreeMap::new()), origin }
    }

    pub(super) fn value(value: impl Into<Value>, origin: KeyOrigin) -> Self {
        Self { content: Content::Value(value.into()), origin }
    }

    /// The tree of a value that the program made.
    pub(super) fn of_program(value: &Value) -> Self {
        let content = match value {
            Value::Object(table) => Content::Table(
                table.iter().map(|(name, value)| (name.clone(), Self::of_program(value))).collect(),
            ),
            other => Content::Value(other.clone()),
        };
        Self { content, origin: KeyOrigin::Program }
    }

    /// The entries of a table; none of anything else.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&String, &Self)> {
        match &self.content {
            Content::Table(entries) => Some(entries.iter()),
            Content::Value(_) => None,
        }
        .into_iter()
        .flatten()
    }

    fn is_table(&self) -> bool {
        matches!(self.content, Content::Table(_))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match &self.content {
            Content::Table(entries) => entries.get(name),
            Content::Value(_) => None,
        }
    }

    /// Sets the value at a path of names, over what is there.
    pub(super) fn set(&mut self, path: &[String], value: Self) {
        let [first, rest @ ..] = path else {
            *self = value;
            return;
        };
        if let Content::Value(_) = self.content {
            *self = Self::table(value.origin.clone());
        }
        if let Content::Table(entries) = &mut self.content {
            let origin = value.origin.clone();
            entries.entry(first.clone()).or_insert_with(|| Self::table(origin)).set(rest, value);
        }
    }

    /// The values that do not count under `over`, because it sets the same keys to something else.
    pub(super) fn overridden_by(&self, over: &Self) -> Vec<Overridden> {
        let mut found = Vec::new();
        self.collect_overridden("", over, &mut found);
        found
    }

    fn collect_overridden(&self, path: &str, over: &Self, found: &mut Vec<Overridden>) {
        match (&self.content, &over.content) {
            (Content::Table(entries), Content::Table(others)) => {
                for (name, other) in others {
                    if let Some(entry) = entries.get(name) {
                        entry.collect_overridden(&key(path, name), other, found);
                    }
                }
            }
            (Content::Value(Value::Null), _) | (_, Content::Value(Value::Null)) => {}
            (own, other) if own == other => {}
            _ => found.push(Overridden {
                key: path.to_owned(),
                of: self.origin.clone(),
                by: over.origin.clone(),
            }),
        }
    }

    /// As figment merges it. A key without a value sets nothing.
    fn to_dict(&self) -> Result<Dict, figment::Error> {
        let mut dict = Dict::new();
        for (name, node) in self.entries() {
            let value = match &node.content {
                Content::Table(_) => node.to_dict()?.into(),
                Content::Value(Value::Null) => continue,
                Content::Value(value) => figment::value::Value::serialize(value)?,
            };
            dict.insert(name.clone(), value);
        }
        Ok(dict)
    }

    /// The tree without origins.
    pub(super) fn to_json(&self) -> Value {
        match &self.content {
            Content::Value(value) => value.clone(),
            Content::Table(entries) => {
                let entries = entries.iter().map(|(name, node)| (name.clone(), node.to_json()));
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }

    /// What set each key, tables included.
    pub(super) fn origins(&self) -> Origins {
        let mut origins = BTreeMap::new();
        self.collect_origins("", &mut origins);
        Origins(origins)
    }

    fn collect_origins(&self, path: &str, origins: &mut BTreeMap<String, KeyOrigin>) {
        for (name, node) in self.entries() {
            let key = key(path, name);
            node.collect_origins(&key, origins);
            origins.insert(key, node.origin.clone());
        }
    }

    /// What the tree has, wherever it stands, as a number. Two trees of one number are the same.
    pub(super) fn digest(&self) -> u64 {
        // The text is not kept: it has secrets.
        let mut hasher = DefaultHasher::new();
        self.to_json().to_string().hash(&mut hasher);
        hasher.finish()
    }
}

/// figment takes a tree as one place of the configuration.
impl Provider for &Node {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.to_string())
    }

    fn data(&self) -> Result<figment::value::Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.to_dict()?))
    }
}

/// The places of a configuration. figment merges them; a later one counts more.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<Node>);

impl Places {
    pub(super) fn add(&mut self, place: Node) {
        self.0.push(place);
    }

    /// The configuration of all places.
    ///
    /// # Errors
    /// When a value is none that a configuration can have.
    pub(super) fn merged(&self) -> Result<Node, ConfigError> {
        let figment = self.0.iter().fold(Figment::new(), Figment::merge::<&Node>);
        // figment's own error would repeat the value.
        let merged: Value = figment.extract().map_err(|error| {
            ConfigError(vec![ConfigFault::new(error.path.join("."), "cannot be read")])
        })?;
        Ok(placed(merged, &self.0.iter().collect::<Vec<_>>()))
    }
}

/// Gives each part of what was merged the origin that it has in `places`: a value that of the last
/// place that sets it, a table that of the first one that has it.
fn placed(merged: Value, places: &[&Node]) -> Node {
    match merged {
        Value::Object(entries) => {
            let tables = || places.iter().copied().filter(|place| place.is_table());
            let entries = entries.into_iter().map(|(name, value)| {
                let within: Vec<_> = tables().filter_map(|table| table.get(&name)).collect();
                let node = placed(value, &within);
                (name, node)
            });
            let mut entries: BTreeMap<_, _> = entries.collect();
            for (name, node) in tables().flat_map(Node::entries) {
                // A key that has no value anywhere. Of a table, its name may be at fault.
                if let Content::Value(Value::Null) = node.content {
                    entries.entry(name.clone()).or_insert_with(|| node.clone());
                }
            }
            let content = Content::Table(entries);
            Node { content, origin: origin(tables().next()) }
        }
        value => {
            let sets = |place: &&&Node| !matches!(place.content, Content::Value(Value::Null));
            Node::value(value, origin(places.iter().rev().find(sets).copied()))
        }
    }
}

fn origin(place: Option<&Node>) -> KeyOrigin {
    place.map_or(KeyOrigin::Program, |place| place.origin.clone())
}

/// What set each key of a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origins(BTreeMap<String, KeyOrigin>);

impl Origins {
    /// What set `key`; `None` for one that has its default.
    pub(crate) fn get(&self, key: &str) -> Option<&KeyOrigin> {
        self.0.get(key)
    }

    /// What set `key`; for one that is not set, what made the table that lacks it.
    pub(super) fn nearest(&self, key: &str) -> Option<&KeyOrigin> {
        let mut key = key;
        loop {
            if let Some(origin) = self.0.get(key) {
                return Some(origin);
            }
            (key, _) = key.rsplit_once('.')?;
        }
    }
}
