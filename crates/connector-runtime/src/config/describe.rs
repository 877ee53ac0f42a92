//! What is wrong with a value, in words, and what to do.

use stocktake_sinks::SettingsProblem;

use super::environment::{NAMED, slug, variable};
use super::tree::Node;
use super::unknown;

/// What is wrong with the value of `key`, and what to do.
pub(super) fn problem(key: &str, problem: SettingsProblem, tree: &Node) -> String {
    let names = names(key);
    let name = names.last().map_or("", String::as_str);
    match problem {
        SettingsProblem::UnknownKey { known } => {
            unknown("key", name, &known.iter().map(String::as_str).collect::<Vec<_>>())
        }
        SettingsProblem::UnknownValue { value, known } => {
            unknown("value", value.expose(), &known.iter().map(String::as_str).collect::<Vec<_>>())
        }
        SettingsProblem::Missing => "is missing; set it in the file or by the environment".into(),
        SettingsProblem::SecretMissing => match own_variable(&names, tree) {
            Some(variable) => {
                format!("is missing; set `{name}_file`, or the environment variable {variable}")
            }
            None => format!("is missing; set `{name}_file`"),
        },
        SettingsProblem::SecretEmpty => format!("is empty; set it, or `{name}_file`"),
        other => other.to_string(),
    }
}

/// The variable that sets the key at a path; `None` when it would be for several tables.
fn own_variable(names: &[String], tree: &Node) -> Option<String> {
    if let [table, name, ..] = names
        && NAMED.contains(&table.as_str())
    {
        let tables = tree.get(table).into_iter().flat_map(Node::entries);
        if tables.filter(|(other, _)| slug(other) == slug(name)).count() > 1 {
            return None;
        }
    }
    Some(variable(names.iter().map(String::as_str)))
}

/// The names that a key is made of: `tenants."Contoso EU".app_id` has three.
fn names(key: &str) -> Vec<String> {
    let (mut names, mut name, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut chars = key.chars();
    while let Some(char) = chars.next() {
        match char {
            '"' => is_quoted = !is_quoted,
            '\\' if is_quoted => name.extend(chars.next()),
            '.' if !is_quoted => names.push(std::mem::take(&mut name)),
            char => name.push(char),
        }
    }
    names.push(name);
    names
}
