//! The schema facts: what each version of the OCSF schema says about the one class that we write.
//!
//! The compiled schema comes from a wheel on PyPI, pinned by version and hash. Only facts are kept
//! (names, types, requirements, enum ids and captions, constraints); texts stay where they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The class whose attributes, and every object reachable from them, are kept.
const CLASS: &str = "inventory_info";
const PACKAGE: &str = "ocsf-json-schema";
const PACKAGE_VERSION: &str = "1.2.0";
const WHEEL: &str = "ocsf_json_schema-1.2.0-py3-none-any.whl";
const WHEEL_SHA256: &str = "64d819042d20c3c04bc0d024c7c47c41006ebbe0209ce768ba6efa1240106708";
/// Where the facts files are; each is named after its OCSF version.
const FOLDER: &str = "crates/ocsf-model/schema";
/// The versions that events can be written in and validated by. Those before 1.3.0 have no objects
/// for much of what an inventory knows.
pub(crate) const VERSIONS: [&str; 6] = ["1.3.0", "1.4.0", "1.5.0", "1.6.0", "1.7.0", "1.8.0"];
/// The version that the types are generated from, and that events are written in by default.
pub(crate) const BASE: &str = "1.5.0";

/// Schema.
#[derive(Debug, clap::Args)]
pub(crate) struct Schema {
    /// The OCSF version to read; without it, every version that is offered.
    #[arg(long)]
    version: Option<String>,
    /// Compares instead of writing.
    #[arg(long)]
    check: bool,
}

impl Schema {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let root = root();
        let versions = match &self.version {
            Some(version) => vec![version.as_str()],
            None => VERSIONS.to_vec(),
        };
        for version in versions {
            self.keep(&root, version)?;
        }
        Ok(())
    }

    fn keep(&self, root: &Path, version: &str) -> anyhow::Result<()> {
        let compiled = download(root, version)?;
        let text = print(&serde_json::to_value(Facts::extract(&compiled, version)?)?);
        let path = root.join(path(version));
        if self.check {
            let committed = fs::read_to_string(&path).unwrap_or_default();
            ensure!(
                committed == text,
                "{} is stale; run `cargo xtask schema --version {version}`",
                path.display(),
            );
        } else {
            fs::create_dir_all(root.join(FOLDER))?;
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            println!("wrote {}", path.display());
        }
        Ok(())
    }
}

/// Where the facts of an OCSF version are kept, from the root of the repository.
fn path(version: &str) -> PathBuf {
    Path::new(FOLDER).join(format!("ocsf-{version}.json"))
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

/// The facts file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub(crate) origin: Origin,
    pub(crate) class: Class,
    pub(crate) objects: BTreeMap<String, Object>,
    pub(crate) types: BTreeMap<String, ScalarType>,
}

/// Where the facts come from.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Origin {
    pub(crate) ocsf_version: String,
    pub(crate) package: String,
    pub(crate) package_version: String,
    pub(crate) file: String,
    pub(crate) sha256: String,
}

/// The class.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Class {
    pub(crate) name: String,
    pub(crate) uid: i64,
    pub(crate) category_uid: i64,
    /// The profiles that an event may list in `metadata.profiles`.
    pub(crate) profiles: Vec<String>,
    #[serde(flatten)]
    pub(crate) object: Object,
}

/// An object, or the attributes of the class.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Object {
    pub(crate) caption: String,
    #[serde(default, skip_serializing_if = "Constraints::is_empty")]
    pub(crate) constraints: Constraints,
    pub(crate) attributes: BTreeMap<String, Attribute>,
}

/// What must hold between attributes of one object.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Constraints {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) at_least_one: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) just_one: Vec<String>,
}

impl Constraints {
    fn is_empty(&self) -> bool {
        self.at_least_one.is_empty() && self.just_one.is_empty()
    }
}

/// An attribute.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Attribute {
    pub(crate) r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) object: Option<String>,
    pub(crate) requirement: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) array: bool,
    /// The attribute exists only in events that list one of these profiles; without any, in all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) profiles: Vec<String>,
    /// The attribute that carries the caption of this one's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sibling: Option<String>,
    /// The OCSF version that deprecated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deprecated: Option<String>,
    #[serde(default, rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub(crate) members: Vec<Member>,
}

/// One value that an enum attribute may have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) id: Id,
    pub(crate) caption: String,
}

/// The value itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Id {
    Number(i64),
    Text(String),
}

/// A scalar type and what its values must look like.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ScalarType {
    /// The type that it narrows; a primitive type has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) r#type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_len: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) range: Option<[i64; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) regex: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) values: Option<Vec<Value>>,
}

impl Facts {
    /// Reads the facts file of a version.
    pub(crate) fn load(root: &Path, version: &str) -> anyhow::Result<Self> {
        let path = root.join(path(version));
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}; run `cargo xtask schema`", path.display()))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} is not as expected", path.display()))
    }

    #[allow(clippy::indexing_slicing)] // Reading a key that a `Value` lacks gives null.
    fn extract(compiled: &Value, version: &str) -> anyhow::Result<Self> {
        ensure!(
            compiled["version"] == version,
            "the file for OCSF {version} says it is version {}",
            compiled["version"]
        );
        // Version 1.8.0 is compiled in another layout, in which the types are a part of the dictionary
        // and an attribute may belong to several profiles.
        let of_dictionary = &compiled["dictionary"]["types"]["attributes"];
        let scalars = if of_dictionary.is_object() { of_dictionary } else { &compiled["types"] };
        ensure!(scalars.is_object(), "OCSF {version} is compiled in a layout that is not known");
        let class = &compiled["classes"][CLASS];
        let mut objects = BTreeMap::new();
        let mut types = BTreeSet::new();
        let class_object = Object::extract(class)?;
        let mut waiting = class_object.references(&mut types);
        while let Some(name) = waiting.pop() {
            if objects.contains_key(&name) {
                continue;
            }
            let object = Object::extract(&compiled["objects"][&name])
                .with_context(|| format!("object `{name}`"))?;
            waiting.extend(object.references(&mut types));
            objects.insert(name, object);
        }
        let types = types
            .into_iter()
            .map(|name| Ok((name.clone(), ScalarType::extract(&scalars[&name], &name)?)))
            .collect::<anyhow::Result<_>>()?;
        let mut profiles = Vec::<String>::deserialize(&class["profiles"])?;
        profiles.sort();
        Ok(Self {
            origin: Origin {
                ocsf_version: version.to_owned(),
                package: PACKAGE.to_owned(),
                package_version: PACKAGE_VERSION.to_owned(),
                file: member(version),
                sha256: WHEEL_SHA256.to_owned(),
            },
            class: Class {
                name: CLASS.to_owned(),
                uid: i64::deserialize(&class["uid"])?,
                category_uid: i64::deserialize(&class["category_uid"])?,
                profiles,
                object: class_object,
            },
            objects,
            types,
        })
    }
}

impl Object {
    fn extract(value: &Value) -> anyhow::Result<Self> {
        let attributes = value["attributes"].as_object().context("it has no attributes")?;
        let constraints = match &value["constraints"] {
            Value::Null => Constraints::default(),
            constraints => Constraints::deserialize(constraints)
                .context("it has a constraint that the validator does not know")?,
        };
        let attributes = attributes
            .iter()
            .map(|(name, attribute)| {
                let attribute =
                    Attribute::extract(attribute).with_context(|| format!("attribute `{name}`"))?;
                Ok((name.clone(), attribute))
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { caption: text(value, "caption")?, constraints, attributes })
    }

    /// The objects that the attributes name; scalar types go to `types`.
    fn references(&self, types: &mut BTreeSet<String>) -> Vec<String> {
        for attribute in self.attributes.values().filter(|attribute| attribute.object.is_none()) {
            types.insert(attribute.r#type.clone());
        }
        self.attributes.values().filter_map(|attribute| attribute.object.clone()).collect()
    }
}

impl Attribute {
    fn extract(value: &Value) -> anyhow::Result<Self> {
        let r#type = text(value, "type")?;
        let object = optional(value, "object_type");
        ensure!((r#type == "object_t") == object.is_some(), "it is no object and no scalar");
        let mut members = Vec::new();
        for (id, member) in value["enum"].as_object().into_iter().flatten() {
            let id = id.parse().map_or_else(|_| Id::Text(id.clone()), Id::Number);
            members.push(Member { id, caption: text(member, "caption")? });
        }
        members.sort();
        let mut profiles = Option::<Vec<_>>::deserialize(&value["profiles"])?.unwrap_or_default();
        profiles.extend(optional(value, "profile"));
        profiles.sort();
        Ok(Self {
            r#type,
            object,
            requirement: text(value, "requirement")?,
            array: value["is_array"] == true,
            profiles,
            sibling: optional(value, "sibling"),
            deprecated: optional(&value["@deprecated"], "since"),
            members,
        })
    }
}

impl ScalarType {
    fn extract(value: &Value, name: &str) -> anyhow::Result<Self> {
        ensure!(value.is_object(), "type `{name}` is not defined");
        Ok(Self {
            r#type: optional(value, "type"),
            max_len: value["max_len"].as_u64(),
            range: Option::deserialize(&value["range"])?,
            regex: optional(value, "regex"),
            values: Option::deserialize(&value["values"])?,
        })
    }
}

fn text(value: &Value, key: &str) -> anyhow::Result<String> {
    optional(value, key).with_context(|| format!("it has no {key}"))
}

fn optional(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().map(str::to_owned)
}

/// The compiled schema's path inside the wheel.
fn member(version: &str) -> String {
    format!("ocsf_json_schema/ocsf/{version}.json")
}

/// Fetches the wheel, unless it is there already, and reads the compiled schema out of it.
fn download(root: &Path, version: &str) -> anyhow::Result<Value> {
    ensure!(
        version.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c)),
        "`{version}` is no OCSF version"
    );
    let folder = root.join("target/schema");
    fs::create_dir_all(&folder)?;
    // pip checks the hash of a file that is already there, too.
    let requirements = folder.join("requirements.txt");
    fs::write(
        &requirements,
        format!("{PACKAGE}=={PACKAGE_VERSION} --hash=sha256:{WHEEL_SHA256}\n"),
    )?;
    let pip = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"];
    let output = Command::new("python3")
        .args(pip)
        .args(["--require-hashes", "--only-binary", ":all:", "--requirement"])
        .arg(&requirements)
        .arg("--dest")
        .arg(&folder)
        .output()
        .context("python3 is needed to fetch the OCSF schema and could not be started")?;
    if !output.status.success() {
        bail!(
            "python3 -m pip could not download {PACKAGE} {PACKAGE_VERSION}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let unzip = "import sys, zipfile\n\
                 sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))";
    let output = Command::new("python3")
        .args(["-c", unzip])
        .arg(folder.join(WHEEL))
        .arg(member(version))
        .output()
        .context("python3 could not be started")?;
    ensure!(output.status.success(), "{PACKAGE} {PACKAGE_VERSION} has no OCSF version {version}");
    serde_json::from_slice(&output.stdout).context("the compiled schema is not JSON")
}

/// JSON with each small value on one line, so that a change of one attribute is a change of one line.
fn print(value: &Value) -> String {
    let mut out = String::new();
    print_value(value, 0, &mut out);
    out.push('\n');
    out
}

fn print_value(value: &Value, depth: usize, out: &mut String) {
    const LINE: usize = 160;
    let compact = compact(value);
    let indent = "  ".repeat(depth + 1);
    match value {
        // The first levels are always open, whatever their length.
        _ if depth > 2 && compact.len() <= LINE => out.push_str(&compact),
        Value::Object(map) if !map.is_empty() => {
            out.push('{');
            for (at, (key, value)) in map.iter().enumerate() {
                let comma = if at == 0 { "" } else { "," };
                let _ = write!(out, "{comma}\n{indent}{}: ", Value::from(key.as_str()));
                print_value(value, depth + 1, out);
            }
            let _ = write!(out, "\n{}}}", "  ".repeat(depth));
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (at, value) in items.iter().enumerate() {
                let comma = if at == 0 { "" } else { "," };
                let _ = write!(out, "{comma}\n{indent}");
                print_value(value, depth + 1, out);
            }
            let _ = write!(out, "\n{}]", "  ".repeat(depth));
        }
        _ => out.push_str(&compact),
    }
}

/// One line, with spaces as a person would set them.
fn compact(value: &Value) -> String {
    let join = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Object(map) if !map.is_empty() => {
            let parts =
                map.iter().map(|(k, v)| format!("{}: {}", Value::from(k.as_str()), compact(v)));
            format!("{{ {} }}", join(parts.collect()))
        }
        Value::Array(items) => format!("[{}]", join(items.iter().map(compact).collect())),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compiled() -> Value {
        json!({
            "version": "1.5.0",
            "types": { "string_t": { "description": "a text" } },
            "classes": { CLASS: {
                "caption": "Class", "uid": 5001, "category_uid": 5, "profiles": ["b", "a"],
                "description": "a text",
                "attributes": {
                    "thing": { "type": "object_t", "object_type": "thing", "requirement": "required" },
                    "kind_id": {
                        "type": "string_t", "requirement": "optional", "sibling": "kind",
                        "enum": { "10": { "caption": "Ten", "description": "a text" },
                                  "9": { "caption": "Nine" } },
                    },
                },
            } },
            "objects": {
                "thing": { "caption": "Thing", "attributes": {
                    "inner": { "type": "object_t", "object_type": "thing", "requirement": "optional" },
                } },
                "unreached": { "caption": "Unreached", "attributes": {} },
            },
        })
    }

    #[test]
    fn only_facts_of_what_the_class_reaches_are_kept() {
        let text =
            print(&serde_json::to_value(Facts::extract(&compiled(), "1.5.0").unwrap()).unwrap());
        assert!(!text.contains("a text") && !text.contains("unreached"), "{text}");
        assert!(text.contains(r#"{ "caption": "Nine", "id": 9 }, { "caption": "Ten", "id": 10 }"#));
        let read: Facts = serde_json::from_str(&text).unwrap();
        assert_eq!(read.class.profiles, ["a", "b"]);
        assert_eq!(print(&serde_json::to_value(read).unwrap()), text);
    }

    #[test]
    fn a_constraint_that_the_validator_does_not_know_is_refused() {
        let mut compiled = compiled();
        compiled["objects"]["thing"]["constraints"] = json!({ "at_most_one": ["inner"] });
        let error = format!("{:#}", Facts::extract(&compiled, "1.5.0").unwrap_err());
        assert!(error.contains("object `thing`") && error.contains("at_most_one"), "{error}");
    }

    #[test]
    fn another_version_than_the_one_asked_for_is_refused() {
        assert!(Facts::extract(&compiled(), "1.6.0").is_err());
    }
}
