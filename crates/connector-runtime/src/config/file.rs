//! The text of a configuration file as a tree.

mod yaml;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Number, Value};
use toml_edit::{ImDocument, Item, Table, TableLike, TomlError};

use super::tree::{Content, KeyOrigin, Node};
use super::{ConfigError, ConfigFault};

/// The largest file. A file that is named by mistake may have no end.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// A file is read once, because a pipe has its content once.
///
/// # Errors
/// When the file cannot be read, or is neither TOML nor YAML.
pub(super) fn read(path: &Path) -> Result<Node, ConfigError> {
    let text = text(path).map_err(|problem| fault(path, None, problem))?;
    parse(&text, path)
}

fn text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = File::open(path)
        .and_then(|file| file.take(MAX_BYTES.saturating_add(1)).read_to_end(&mut bytes));
    read.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            format!("cannot be read: {error}; `stocktake config init` writes one")
        }
        _ => format!("cannot be read: {error}"),
    })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("is larger than {MAX_BYTES} bytes"));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("is UTF-16; save it as UTF-8".to_owned());
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = good.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
        format!("is not UTF-8 (line {line}); save it as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Reads text by the ending of the file's name. A name without one, such as that of a pipe, may hold
/// either format.
///
/// # Errors
/// When it is in no such format.
pub(super) fn parse(text: &str, path: &Path) -> Result<Node, ConfigError> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("yaml" | "yml") => yaml::parse(text, path),
        Some("toml") => toml(text, path),
        _ => toml(text, path).or_else(|error| yaml::parse(text, path).map_err(|_| error)),
    }
}

/// A fault of the file itself.
pub(super) fn fault(path: &Path, line: Option<u64>, problem: impl Into<String>) -> ConfigError {
    let path = path.display();
    let origin = line.map_or_else(|| path.to_string(), |line| format!("{path}, line {line}"));
    ConfigError(vec![ConfigFault {
        key: String::new(),
        problem: problem.into(),
        origin: Some(origin),
    }])
}

fn toml(text: &str, path: &Path) -> Result<Node, ConfigError> {
    let document = ImDocument::parse(text).map_err(|error: TomlError| {
        let line = error.span().map(|span| line_of(text, span.start) as u64);
        // The line itself is not repeated: it may hold a secret.
        let problem = error.message().lines().collect::<Vec<_>>().join(", ");
        fault(path, line, format!("is not valid TOML: {problem}"))
    })?;
    let lines = Lines { text, path: path.into() };
    Ok(lines.table(document.as_table(), 0))
}

/// Finds the lines of the parts of a document.
struct Lines<'a> {
    text: &'a str,
    path: Arc<Path>,
}

impl Lines<'_> {
    fn origin(&self, start: usize) -> KeyOrigin {
        KeyOrigin::File(Arc::clone(&self.path), line_of(self.text, start))
    }

    fn table(&self, table: &dyn TableLike, start: usize) -> Node {
        let entries = table.iter().filter(|(_, item)| !item.is_none()).map(|(name, item)| {
            // A table that only its children's headers name has no place of its own.
            let key = table.get_key_value(name).and_then(|(key, _)| key.span());
            let own = if let Item::Table(table) = item { Table::span(table) } else { None };
            let start = own.or(key).map_or(start, |span| span.start);
            (name.to_owned(), self.item(item, start))
        });
        Node { content: Content::Table(entries.collect()), origin: self.origin(start) }
    }

    fn item(&self, item: &Item, start: usize) -> Node {
        match item.as_table_like() {
            Some(table) => self.table(table, start),
            None => Node::value(json(item), self.origin(start)),
        }
    }
}

fn line_of(text: &str, start: usize) -> usize {
    let before = text.as_bytes().get(..start).unwrap_or_default();
    before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1)
}

/// A value of TOML as one of JSON. What JSON lacks is text.
fn json(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(value) => json_value(value),
        Item::Table(table) => json_table(table),
        Item::ArrayOfTables(tables) => tables.iter().map(|table| json_table(table)).collect(),
    }
}

fn json_value(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => Value::from(text.value().as_str()),
        toml_edit::Value::Integer(number) => Value::from(*number.value()),
        toml_edit::Value::Float(number) => Number::from_f64(*number.value())
            .map_or_else(|| number.value().to_string().into(), Value::Number),
        toml_edit::Value::Boolean(flag) => Value::from(*flag.value()),
        toml_edit::Value::Datetime(time) => time.value().to_string().into(),
        toml_edit::Value::Array(items) => items.iter().map(json_value).collect(),
        toml_edit::Value::InlineTable(table) => json_table(table),
    }
}

fn json_table(table: &dyn TableLike) -> Value {
    let entries = table.iter().map(|(name, item)| (name.to_owned(), json(item)));
    Value::Object(entries.collect::<Map<_, _>>())
}
