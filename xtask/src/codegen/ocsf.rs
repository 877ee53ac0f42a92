//! The Rust types of the OCSF class, and the table that the validator reads.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};

use super::enums::{Enums, type_name};
use super::{Generated, rustfmt};
use crate::schema::{Attribute, Facts, Object};

const FOLDER: &str = "crates/ocsf-model/src/generated";

pub(super) fn generate(root: &Path) -> anyhow::Result<Vec<Generated>> {
    let facts = Facts::load(root)?;
    let enums = Enums::collect(&facts)?;
    for name in enums.names() {
        ensure!(
            !objects(&facts).any(|(object, _)| type_name(object) == name),
            "{name} would be an enum and a struct"
        );
    }
    for (name, object) in objects(&facts) {
        ensure_finite(&facts, object, &mut vec![name])?;
    }
    let file = |name: &str, about: &str, source: String| {
        let origin = &facts.origin;
        let text = format!(
            "// Written by `cargo xtask codegen`; do not edit.\n\
             //! {about}, OCSF {}.\n\n{source}",
            origin.ocsf_version
        );
        let text = rustfmt(root, &text).with_context(|| format!("generating {name}"))?;
        anyhow::Ok(Generated { path: Path::new(FOLDER).join(name), text })
    };
    let modules = "pub(crate) mod enums;\npub(crate) mod structs;\npub(crate) mod table;\n";
    Ok(vec![
        file("mod.rs", "What the schema says", modules.to_owned())?,
        file("enums.rs", "The enums of the schema", enums.source()?)?,
        file("structs.rs", "The class and its objects", structs(&facts, &enums)?)?,
        file("table.rs", "What the validator checks", table(&facts, &enums)?)?,
    ])
}

/// The class and then every object, by name.
fn objects(facts: &Facts) -> impl Iterator<Item = (&str, &Object)> {
    let class = (facts.class.name.as_str(), &facts.class.object);
    let objects = facts.objects.iter().map(|(name, object)| (name.as_str(), object));
    std::iter::once(class).chain(objects)
}

/// An object that requires itself could have no default and no value.
fn ensure_finite<'a>(
    facts: &'a Facts,
    object: &'a Object,
    within: &mut Vec<&'a str>,
) -> anyhow::Result<()> {
    for attribute in object.attributes.values() {
        let (Some(name), true) = (&attribute.object, plain(attribute)) else { continue };
        ensure!(!within.contains(&name.as_str()), "`{name}` requires itself");
        if let Some(object) = facts.objects.get(name) {
            within.push(name);
            ensure_finite(facts, object, within)?;
            within.pop();
        }
    }
    Ok(())
}

/// Whether the attribute is one value that is always there.
fn plain(attribute: &Attribute) -> bool {
    !attribute.array && always(attribute)
}

/// Whether the attribute is required without a profile.
fn always(attribute: &Attribute) -> bool {
    attribute.requirement == "required" && attribute.profile.is_none()
}

fn structs(facts: &Facts, enums: &Enums<'_>) -> anyhow::Result<String> {
    let mut out = String::from(
        "use serde::{Deserialize, Serialize};\nuse serde_json::{Map, Value};\n\n\
         use super::enums::*;\nuse crate::Timestamp;\n",
    );
    for (name, object) in objects(facts) {
        // An object without attributes takes any; it is a map, not a struct.
        if object.attributes.is_empty() {
            continue;
        }
        write!(
            out,
            "\n/// {}: `{name}`.\n\
             #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]\n\
             pub struct {} {{\n",
            object.caption,
            type_name(name)
        )?;
        for (attribute_name, attribute) in &object.attributes {
            let value = value_type(facts, enums, name, attribute_name, attribute)?;
            writeln!(out, "/// {}", doc(attribute))?;
            let (serde, value) = match (attribute.array, always(attribute)) {
                (true, true) => ("", format!("Vec<{value}>")),
                (true, false) => {
                    let serde = "#[serde(default, skip_serializing_if = \"Vec::is_empty\")]\n";
                    (serde, format!("Vec<{value}>"))
                }
                (false, true) => ("", value),
                (false, false) => {
                    let serde = "#[serde(skip_serializing_if = \"Option::is_none\")]\n";
                    (serde, format!("Option<{value}>"))
                }
            };
            writeln!(out, "{serde}pub {}: {value},", field_name(attribute_name))?;
        }
        out.push_str("}\n");
    }
    Ok(out)
}

/// What one value of the attribute is in Rust.
fn value_type(
    facts: &Facts,
    enums: &Enums<'_>,
    owner: &str,
    name: &str,
    attribute: &Attribute,
) -> anyhow::Result<String> {
    if let Some(object) = &attribute.object {
        let empty = facts.objects.get(object).is_some_and(|object| object.attributes.is_empty());
        return Ok(match (empty, attribute.array) {
            (true, _) => "Map<String, Value>".to_owned(),
            (false, true) => type_name(object),
            // Boxed, because objects contain themselves and most of them are absent.
            (false, false) => format!("Box<{}>", type_name(object)),
        });
    }
    if let Some(name) = enums.of(owner, name, attribute) {
        return Ok(name.to_owned());
    }
    let value = match (attribute.r#type.as_str(), primitive(facts, &attribute.r#type)?) {
        ("timestamp_t", _) => "Timestamp",
        (_, "boolean_t") => "bool",
        (_, "integer_t" | "long_t") => "i64",
        (_, "float_t") => "f64",
        (_, "string_t") => "String",
        (_, "json_t") => "Value",
        (name, _) => bail!("type `{name}` has no Rust type"),
    };
    Ok(value.to_owned())
}

fn primitive<'a>(facts: &'a Facts, name: &'a str) -> anyhow::Result<&'a str> {
    let definition = facts.types.get(name).with_context(|| format!("no type `{name}`"))?;
    Ok(definition.r#type.as_deref().unwrap_or(name))
}

fn doc(attribute: &Attribute) -> String {
    let mut out = format!("`{}`", attribute.object.as_ref().unwrap_or(&attribute.r#type));
    if attribute.array {
        out.push_str(" array");
    }
    let _ = write!(out, ", {}", attribute.requirement);
    if let Some(profile) = &attribute.profile {
        let _ = write!(out, " under profile `{profile}`");
    }
    if let Some(sibling) = &attribute.sibling {
        let _ = write!(out, "; its caption is in `{sibling}`");
    }
    if let Some(since) = &attribute.deprecated {
        let _ = write!(out, "; deprecated since {since}");
    }
    out.push('.');
    out
}

/// Keywords keep their name as raw identifiers, so that JSON and Rust agree.
fn field_name(name: &str) -> String {
    const KEYWORDS: [&str; 8] = ["as", "final", "in", "match", "ref", "type", "use", "where"];
    if KEYWORDS.contains(&name) { format!("r#{name}") } else { name.to_owned() }
}

fn table(facts: &Facts, enums: &Enums<'_>) -> anyhow::Result<String> {
    let mut out = String::from(
        "use std::sync::LazyLock;\n\nuse super::enums::*;\n\
         use crate::schema::{Attribute, Object, Primitive, ScalarType, pattern};\n",
    );
    write!(
        out,
        "\n/// The OCSF version of the types: `metadata.version`.\n\
         pub const VERSION: &str = {:?};\n\
         pub(crate) static PROFILES: &[&str] = &{:?};\n",
        facts.origin.ocsf_version, facts.class.profiles
    )?;
    for (name, definition) in &facts.types {
        let primitive = primitive(facts, name)?;
        let primitive = type_name(primitive.trim_end_matches("_t"));
        write!(
            out,
            "\nstatic {}: ScalarType = ScalarType {{ name: {name:?}, primitive: Primitive::{primitive}, \
             max_len: {:?}, range: {:?}, pattern: ",
            constant(name),
            definition.max_len,
            definition.range.map(|[low, high]| (low, high))
        )?;
        match &definition.regex {
            None => out.push_str("None };\n"),
            Some(regex) => {
                writeln!(out, "Some(LazyLock::new(|| pattern(r#\"{regex}\"#))) }};")?;
            }
        }
    }
    for (name, object) in objects(facts) {
        write!(
            out,
            "\npub(crate) static {}: Object = Object {{ name: {name:?}, attributes: &[\n",
            constant(name)
        )?;
        for (attribute_name, attribute) in &object.attributes {
            let target = attribute.object.as_ref().unwrap_or(&attribute.r#type);
            let kind = if attribute.object.is_some() { "object" } else { "scalar" };
            write!(out, "Attribute::{kind}({attribute_name:?}, &{})", constant(target))?;
            if attribute.array {
                out.push_str(".array()");
            }
            if attribute.requirement == "required" {
                out.push_str(".required()");
            }
            if let Some(profile) = &attribute.profile {
                write!(out, ".profile({profile:?})")?;
            }
            if let Some(sibling) = attribute.sibling.as_ref() {
                write!(out, ".sibling({sibling:?})")?;
            }
            if let Some(name) = enums.of(name, attribute_name, attribute) {
                write!(out, ".members({name}::MEMBERS)")?;
            }
            out.push_str(",\n");
        }
        writeln!(
            out,
            "], at_least_one: &{:?}, just_one: &{:?} }};",
            object.constraints.at_least_one, object.constraints.just_one
        )?;
    }
    Ok(out)
}

fn constant(name: &str) -> String {
    name.to_ascii_uppercase()
}
