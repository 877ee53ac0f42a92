//! The configuration before it is typed: a tree of keys, each with the place that set it.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};
use stocktake_sinks::settings::key;

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

    /// Puts `over` on top; a key without a value sets nothing. Notes the values that count no more.
    pub(super) fn merge(&mut self, over: Self, overridden: &mut Vec<Overridden>) {
        self.merge_at("", over, overridden);
    }

    fn merge_at(&mut self, path: &str, over: Self, overridden: &mut Vec<Overridden>) {
        match (&mut self.content, over.content) {
            (_, Content::Value(Value::Null)) => {}
            (Content::Table(entries), Content::Table(others)) => {
                for (name, other) in others {
                    match entries.get_mut(&name) {
                        Some(entry) => entry.merge_at(&key(path, &name), other, overridden),
                        None => {
                            entries.insert(name, other);
                        }
                    }
                }
            }
            (content, other) => {
                if !matches!(content, Content::Value(Value::Null)) && *content != other {
                    let (of, by) = (self.origin.clone(), over.origin.clone());
                    overridden.push(Overridden { key: path.to_owned(), of, by });
                }
                *content = other;
                self.origin = over.origin;
            }
        }
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
