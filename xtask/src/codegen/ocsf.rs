//! The Rust types of an inventory event, and the table that the validator reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};

use super::enums::{Enums, type_name};
use super::{Generated, rustfmt};
use crate::schema::{Attribute, BASE, Constraints, Facts, Id, Object, VERSIONS};

const FOLDER: &str = "crates/ocsf-model/src/generated";

/// The objects that inventory events are made of; each becomes a struct. The class reaches ten times as
/// many, which would cost more to compile than anything else here: they are kept as free JSON.
const STRUCTS: [&str; 10] = [
    "device",
    "device_hw_info",
    "enrichment",
    "group",
    "metadata",
    "network_interface",
    "observable",
    "os",
    "product",
    "user",
];

pub(super) fn generate(root: &Path) -> anyhow::Result<Vec<Generated>> {
    let all = VERSIONS.iter().map(|version| Facts::load(root, version));
    let all = all.collect::<anyhow::Result<Vec<_>>>()?;
    let base = VERSIONS.iter().position(|version| *version == BASE).context("no base")?;
    let facts = all.get(base).context("no base")?;
    let enums = Enums::collect(facts, |owner| structs_of(facts).any(|(name, _)| name == owner))?;
    for name in enums.names() {
        ensure!(
            !structs_of(facts).any(|(object, _)| type_name(object) == name),
            "{name} would be an enum and a struct"
        );
    }
    for (name, object) in structs_of(facts) {
        ensure_finite(facts, object, &mut vec![name])?;
    }
    let file = |name: &str, about: &str, source: String| {
        let text = format!(
            "// Written by `cargo xtask codegen`; do not edit.\n//! {about}, OCSF {BASE}.\n\n{source}"
        );
        let text = rustfmt(root, &text).with_context(|| format!("generating {name}"))?;
        anyhow::Ok(Generated { path: Path::new(FOLDER).join(name), text })
    };
    let modules = format!(
        "pub(crate) mod enums;\npub(crate) mod structs;\n\n\
         /// Every version of the table, in their order.\n\
         pub(crate) const VERSIONS: [&str; {}] = {VERSIONS:?};\n\
         /// The place of the version that the types are made from.\n\
         pub(crate) const BASE: usize = {base};\n",
        VERSIONS.len()
    );
    Ok(vec![
        file("mod.rs", "What the schema says", modules)?,
        file("enums.rs", "The enums of the structs", enums.source()?)?,
        file("structs.rs", "The class and its objects", structs(facts, &enums)?)?,
        Generated { path: Path::new(FOLDER).join("table.txt"), text: table(&all)? },
    ])
}

/// The class and then every object, by name.
fn objects(facts: &Facts) -> impl Iterator<Item = (&str, &Object)> {
    let class = (facts.class.name.as_str(), &facts.class.object);
    let objects = facts.objects.iter().map(|(name, object)| (name.as_str(), object));
    std::iter::once(class).chain(objects)
}

/// Those of them that become structs.
fn structs_of(facts: &Facts) -> impl Iterator<Item = (&str, &Object)> {
    let class = facts.class.name.as_str();
    objects(facts).filter(move |(name, _)| *name == class || STRUCTS.contains(name))
}

/// A struct that requires itself could have no default and no value.
fn ensure_finite<'a>(
    facts: &'a Facts,
    object: &'a Object,
    within: &mut Vec<&'a str>,
) -> anyhow::Result<()> {
    for attribute in object.attributes.values() {
        let (Some(name), true) = (&attribute.object, plain(attribute)) else { continue };
        ensure!(!within.contains(&name.as_str()), "`{name}` requires itself");
        if let Some((_, object)) = structs_of(facts).find(|(known, _)| known == name) {
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
    attribute.requirement == "required" && attribute.profiles.is_empty()
}

fn structs(facts: &Facts, enums: &Enums<'_>) -> anyhow::Result<String> {
    let mut out = String::from(
        "use std::borrow::Cow;\n\nuse serde::Deserialize;\n\n\
         use super::enums::*;\nuse crate::{Json, JsonWriter, Timestamp, WriteJson};\n",
    );
    for (name, object) in structs_of(facts) {
        let mut writes = String::new();
        write!(
            out,
            "\n/// {}: `{name}`.\n\
             #[derive(Debug, Clone, PartialEq, Default, Deserialize)]\n\
             pub struct {}<'a> {{\n",
            object.caption,
            type_name(name)
        )?;
        for (attribute_name, attribute) in &object.attributes {
            let value = value_type(facts, enums, name, attribute_name, attribute)?;
            writeln!(out, "/// {}", doc(attribute))?;
            let (method, serde, value) = match (attribute.array, always(attribute)) {
                (true, true) => ("field", "", format!("Vec<{value}>")),
                (true, false) => ("list", "#[serde(default)]\n", format!("Vec<{value}>")),
                (false, true) => ("field", "", value),
                (false, false) => ("optional", "", format!("Option<{value}>")),
            };
            let field = field_name(attribute_name);
            writeln!(out, "{serde}pub {field}: {value},")?;
            writeln!(writes, "writer.{method}({attribute_name:?}, &self.{field});")?;
        }
        write!(
            out,
            "}}\n\nimpl WriteJson for {}<'_> {{\n\
             fn write_json(&self, writer: &mut JsonWriter<'_>) {{\n\
             writer.object(|writer| {{\n{writes}}});\n}}\n}}\n",
            type_name(name)
        )?;
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
        return Ok(match (STRUCTS.contains(&object.as_str()), attribute.array) {
            (false, _) => "Json<'a>".to_owned(),
            (true, true) => format!("{}<'a>", type_name(object)),
            // Boxed, because objects contain themselves and most of them are absent.
            (true, false) => format!("Box<{}<'a>>", type_name(object)),
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
        (_, "string_t") => "Cow<'a, str>",
        (_, "json_t") => "Json<'a>",
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
    for profile in &attribute.profiles {
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

/// The table of every version: a line for each fact, and the versions that have it.
///
/// Lines are `profile`, `type`, `object` and, behind their object, `attribute`.
fn table(all: &[Facts]) -> anyhow::Result<String> {
    let mut lines = BTreeMap::<[String; 3], String>::new();
    for (at, facts) in all.iter().enumerate() {
        for (order, line) in facts_of(facts)? {
            let versions = lines.entry([order, line.0, line.1]).or_insert("0".repeat(all.len()));
            versions.replace_range(at..=at, "1");
        }
    }
    let mut out = String::new();
    for ([_, kind, rest], versions) in lines {
        writeln!(out, "{kind}\t{versions}\t{rest}")?;
    }
    Ok(out)
}

/// The lines of one version: where each belongs, its kind and what it says.
fn facts_of(facts: &Facts) -> anyhow::Result<Vec<(String, (String, String))>> {
    let mut out = Vec::new();
    let mut add = |order: String, kind: &str, fields: &[&str]| -> anyhow::Result<()> {
        let clean = |field: &&str| !field.contains(['\t', '\n']);
        ensure!(fields.iter().all(clean), "{fields:?} has a separator in it");
        out.push((order, (kind.to_owned(), fields.join("\t"))));
        Ok(())
    };
    for profile in &facts.class.profiles {
        add("0".to_owned(), "profile", &[profile])?;
    }
    for (name, scalar) in &facts.types {
        let range = scalar.range.map(|[low, high]| format!("{low},{high}")).unwrap_or_default();
        let max_len = scalar.max_len.map(|length| length.to_string()).unwrap_or_default();
        let regex = scalar.regex.as_deref().unwrap_or_default();
        add("1".to_owned(), "type", &[name, primitive(facts, name)?, &max_len, &range, regex])?;
    }
    for (name, object) in objects(facts) {
        let Constraints { at_least_one, just_one } = &object.constraints;
        let constraints = [at_least_one.join(","), just_one.join(",")];
        add(format!("2 {name}"), "object", &[name, &constraints[0], &constraints[1]])?;
        for (attribute_name, attribute) in &object.attributes {
            let mut flags = String::new();
            flags.extend(attribute.object.is_some().then_some('o'));
            flags.extend(attribute.array.then_some('a'));
            flags.extend((attribute.requirement == "required").then_some('r'));
            let target = attribute.object.as_ref().unwrap_or(&attribute.r#type);
            // Some siblings are attributes of other objects alone.
            let sibling = attribute.sibling.as_deref();
            let sibling = sibling.filter(|sibling| object.attributes.contains_key(*sibling));
            let fields = [
                attribute_name,
                target,
                &flags,
                &attribute.profiles.join(","),
                sibling.unwrap_or_default(),
                &members(attribute)?,
            ];
            add(format!("2 {name} attribute"), "attribute", &fields)?;
        }
    }
    Ok(out)
}

/// `0=Unknown|99=Other`, or the texts alone.
fn members(attribute: &Attribute) -> anyhow::Result<String> {
    let members = attribute.members.iter().map(|member| match &member.id {
        Id::Number(id) => format!("{id}={}", member.caption),
        Id::Text(id) => id.clone(),
    });
    let members: Vec<_> = members.collect();
    ensure!(
        members.iter().all(|member| !member.contains('|')),
        "{members:?} has a separator in it"
    );
    Ok(members.join("|"))
}
