//! The schema as data: what every version says of the class, read from one generated text.
//!
//! Most attributes are the same in every version, so the text has one line for each attribute and the
//! versions that have it so: a tenth of the size of a table in Rust for each version, and nothing to
//! compile. A version is read when it is first asked for, which takes less than a millisecond.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex_lite::Regex;

use crate::Version;
use crate::generated::VERSIONS;

/// Lines of fields with tabs between. The second field has a `1` for each version that the line is of.
const TABLE: &str = include_str!("generated/table.txt");

/// One version of the schema, as far as the class reaches.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    /// The profiles that an event may list.
    pub(crate) profiles: Vec<&'static str>,
    types: BTreeMap<&'static str, ScalarType>,
    objects: BTreeMap<&'static str, Object>,
}

/// An object of the schema, or the class.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) name: &'static str,
    pub(crate) attributes: BTreeMap<&'static str, Attribute>,
    pub(crate) at_least_one: Vec<&'static str>,
    pub(crate) just_one: Vec<&'static str>,
}

/// An attribute of an object.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) kind: Kind,
    pub(crate) is_array: bool,
    pub(crate) is_required: bool,
    /// The attribute exists only in events that list one of these profiles; without any, in all.
    pub(crate) profiles: Vec<&'static str>,
    /// The attribute that carries the caption of this one's id.
    pub(crate) sibling: Option<&'static str>,
    pub(crate) members: Option<Members>,
}

/// What a value of an attribute is, by the name of the object or type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object(&'static str),
    Scalar(&'static str),
}

/// The values that an enum attribute may have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Members {
    /// Ids with their captions.
    Numbers(Vec<(i64, &'static str)>),
    /// Texts, which are their own captions.
    Texts(Vec<&'static str>),
}

/// A scalar type and what its values must look like.
#[derive(Debug)]
pub(crate) struct ScalarType {
    pub(crate) name: &'static str,
    pub(crate) primitive: Primitive,
    /// In characters.
    pub(crate) max_len: Option<usize>,
    pub(crate) range: Option<(i64, i64)>,
    regex: Option<&'static str>,
    /// The regex, compiled when it is first needed. A test proves that every one compiles.
    pattern: OnceLock<Option<Regex>>,
}

/// The JSON type under a scalar type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Primitive {
    Boolean,
    Float,
    Integer,
    Json,
    String,
}

impl Schema {
    /// What `version` says.
    pub(crate) fn of(version: Version) -> &'static Self {
        static SCHEMAS: [OnceLock<Schema>; VERSIONS.len()] = [const { OnceLock::new() }; _];
        static NONE: OnceLock<Schema> = OnceLock::new();
        let place = version.index();
        SCHEMAS.get(place).unwrap_or(&NONE).get_or_init(|| Self::read(place))
    }

    fn read(version: usize) -> Self {
        let mut schema = Self::default();
        let mut object = "";
        for line in TABLE.lines() {
            let mut fields = line.split('\t');
            let (kind, versions) = (fields.next(), fields.next().unwrap_or_default());
            if versions.as_bytes().get(version) == Some(&b'1') {
                // A test proves that every line is read.
                let _ = schema.read_line(kind, fields, &mut object);
            }
        }
        schema
    }

    fn read_line(
        &mut self,
        kind: Option<&str>,
        mut fields: std::str::Split<'static, char>,
        object: &mut &'static str,
    ) -> Option<()> {
        let name = fields.next()?;
        match kind? {
            "profile" => self.profiles.push(name),
            "type" => {
                self.types.insert(name, ScalarType::read(name, fields)?);
            }
            "object" => {
                *object = name;
                let attributes = BTreeMap::new();
                let (at_least_one, just_one) = (list(fields.next()?), list(fields.next()?));
                self.objects.insert(name, Object { name, attributes, at_least_one, just_one });
            }
            "attribute" => {
                let attribute = Attribute::read(fields)?;
                self.objects.get_mut(object)?.attributes.insert(name, attribute);
            }
            _ => return None,
        }
        Some(())
    }

    /// The class.
    pub(crate) fn class(&self) -> Option<&Object> {
        self.object("inventory_info")
    }

    pub(crate) fn object(&self, name: &str) -> Option<&Object> {
        self.objects.get(name)
    }

    pub(crate) fn scalar(&self, name: &str) -> Option<&ScalarType> {
        self.types.get(name)
    }

    /// Whether everything that is valid in `other` is valid here, too, as far as names and members go.
    pub(crate) fn has_all_of(&self, other: &Self) -> bool {
        other.objects.values().all(|object| {
            let Some(here) = self.object(object.name) else { return false };
            object.attributes.iter().all(|(name, attribute)| {
                here.attributes.get(name).is_some_and(|here| {
                    match (&attribute.members, &here.members) {
                        (Some(Members::Numbers(theirs)), Some(Members::Numbers(ours))) => {
                            theirs.iter().all(|(id, _)| ours.iter().any(|(known, _)| known == id))
                        }
                        (theirs, ours) => theirs == ours,
                    }
                })
            })
        })
    }
}

impl ScalarType {
    fn read(name: &'static str, mut fields: std::str::Split<'static, char>) -> Option<Self> {
        let primitive = match fields.next()? {
            "boolean_t" => Primitive::Boolean,
            "float_t" => Primitive::Float,
            "integer_t" | "long_t" => Primitive::Integer,
            "json_t" => Primitive::Json,
            "string_t" => Primitive::String,
            _ => return None,
        };
        let max_len = fields.next()?.parse().ok();
        let range = fields.next()?.split_once(',');
        let range = range.and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
        let regex = Some(fields.next()?).filter(|regex| !regex.is_empty());
        Some(Self { name, primitive, max_len, range, regex, pattern: OnceLock::new() })
    }
}

impl ScalarType {
    pub(crate) fn is_short_enough(&self, text: &str) -> bool {
        self.max_len.is_none_or(|max_len| text.chars().count() <= max_len)
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some(regex) = self.regex else { return true };
        let pattern = self.pattern.get_or_init(|| Regex::new(regex).ok());
        pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
    }
}

impl Attribute {
    fn read(mut fields: std::str::Split<'static, char>) -> Option<Self> {
        let (target, flags) = (fields.next()?, fields.next()?);
        let kind = if flags.contains('o') { Kind::Object(target) } else { Kind::Scalar(target) };
        let profiles = list(fields.next()?);
        let sibling = Some(fields.next()?).filter(|sibling| !sibling.is_empty());
        let members = Some(fields.next()?).filter(|members| !members.is_empty());
        Some(Self {
            kind,
            is_array: flags.contains('a'),
            is_required: flags.contains('r'),
            profiles,
            sibling,
            members: members.map(Members::read),
        })
    }
}

impl Members {
    fn read(text: &'static str) -> Self {
        let numbers = text.split('|').map(|member| {
            let (id, caption) = member.split_once('=')?;
            Some((id.parse().ok()?, caption))
        });
        match numbers.collect() {
            Some(numbers) => Self::Numbers(numbers),
            None => Self::Texts(text.split('|').collect()),
        }
    }
}

fn list(text: &'static str) -> Vec<&'static str> {
    text.split(',').filter(|name| !name.is_empty()).collect()
}

/// Whether an event may have an attribute at `path`, such as `device.last_seen_time`, by the version
/// that the types are made from.
///
/// Segments are attribute names with a dot between. An array may be followed by `[]`, as in
/// `device.network_interfaces[].mac`, and need not be. Inside free-form JSON every path exists.
///
/// ```
/// use stocktake_ocsf_model::attribute_exists;
///
/// assert!(attribute_exists("device.network_interfaces.mac"));
/// assert!(!attribute_exists("device.last_seen"));
/// ```
pub fn attribute_exists(path: &str) -> bool {
    let schema = Schema::of(Version::default());
    let mut place = schema.class();
    let mut is_free = false;
    for segment in path.split('.') {
        let (name, indexed) = match segment.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (segment, false),
        };
        // An object without attributes takes any.
        if is_free || place.is_some_and(|object| object.attributes.is_empty()) {
            return !name.is_empty();
        }
        let Some(attribute) = place.and_then(|object| object.attributes.get(name)) else {
            return false;
        };
        if indexed && !attribute.is_array {
            return false;
        }
        place = None;
        match attribute.kind {
            Kind::Object(object) => place = schema.object(object),
            Kind::Scalar(scalar) => {
                is_free = schema.scalar(scalar).is_some_and(|s| s.primitive == Primitive::Json);
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        for version in Version::ALL {
            let place = version.index();
            let is_of = |line: &&str| line.split('\t').nth(1).unwrap().as_bytes()[place] == b'1';
            let schema = Schema::of(version);
            let attributes = schema.objects.values().map(|object| object.attributes.len());
            let read = schema.profiles.len()
                + schema.types.len()
                + schema.objects.len()
                + attributes.sum::<usize>();
            assert_eq!(read, TABLE.lines().filter(is_of).count(), "{version}");
        }
    }

    #[test]
    fn every_pattern_of_the_schema_compiles() {
        for version in Version::ALL {
            let schema = Schema::of(version);
            for scalar in schema.types.values() {
                assert!(
                    scalar.regex.is_none_or(|regex| Regex::new(regex).is_ok()),
                    "{}",
                    scalar.name
                );
            }
            assert!(schema.scalar("ip_t").is_some_and(|ip| ip.regex.is_some()));
        }
    }

    #[test]
    fn whatever_an_object_names_exists() {
        for schema in Version::ALL.map(Schema::of) {
            assert!(schema.class().is_some());
            for object in schema.objects.values() {
                for name in object.at_least_one.iter().chain(&object.just_one) {
                    assert!(object.attributes.contains_key(name), "{}.{name}", object.name);
                }
                for (name, attribute) in &object.attributes {
                    // A sibling that is missing would never be compared.
                    if let Some(sibling) = attribute.sibling {
                        assert!(object.attributes.contains_key(sibling), "{}.{name}", object.name);
                    }
                    assert!(match attribute.kind {
                        Kind::Object(object) => schema.object(object).is_some(),
                        Kind::Scalar(scalar) => schema.scalar(scalar).is_some(),
                    });
                }
            }
        }
    }

    #[test]
    fn a_later_version_has_all_of_an_earlier_one_and_not_the_other_way_round() {
        let base = Schema::of(Version::default());
        for version in Version::ALL {
            let has_all = Schema::of(version).has_all_of(base);
            assert_eq!(has_all, version >= Version::default(), "{version}");
        }
    }
}
