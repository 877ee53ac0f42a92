//! The schema as data: what the generated table is made of, and how a path is looked up in it.

use std::sync::LazyLock;

use regex_lite::Regex;

use crate::generated::table;

/// The values that an enum attribute may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Members {
    /// Ids with their captions.
    Numbers(&'static [(i64, &'static str)]),
    /// Texts, which are their own captions.
    Texts(&'static [&'static str]),
}

/// An object of the schema, or the class.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) name: &'static str,
    /// In the order of their names.
    pub(crate) attributes: &'static [Attribute],
    pub(crate) at_least_one: &'static [&'static str],
    pub(crate) just_one: &'static [&'static str],
}

impl Object {
    pub(crate) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        let at = self.attributes.binary_search_by(|attribute| attribute.name.cmp(name)).ok()?;
        self.attributes.get(at)
    }
}

/// An attribute of an object.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) array: bool,
    pub(crate) required: bool,
    /// The attribute exists only in events that list this profile.
    pub(crate) profile: Option<&'static str>,
    /// The attribute that carries the caption of this one's id.
    pub(crate) sibling: Option<&'static str>,
    pub(crate) members: Option<Members>,
}

impl Attribute {
    pub(crate) const fn object(name: &'static str, object: &'static Object) -> Self {
        Self::new(name, Kind::Object(object))
    }

    pub(crate) const fn scalar(name: &'static str, scalar: &'static ScalarType) -> Self {
        Self::new(name, Kind::Scalar(scalar))
    }

    const fn new(name: &'static str, kind: Kind) -> Self {
        let (array, required) = (false, false);
        Self { name, kind, array, required, profile: None, sibling: None, members: None }
    }

    pub(crate) const fn array(mut self) -> Self {
        self.array = true;
        self
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) const fn profile(mut self, profile: &'static str) -> Self {
        self.profile = Some(profile);
        self
    }

    pub(crate) const fn sibling(mut self, sibling: &'static str) -> Self {
        self.sibling = Some(sibling);
        self
    }

    pub(crate) const fn members(mut self, members: Members) -> Self {
        self.members = Some(members);
        self
    }
}

/// What a value of an attribute is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Object(&'static Object),
    Scalar(&'static ScalarType),
}

/// A scalar type and what its values must look like.
#[derive(Debug)]
pub(crate) struct ScalarType {
    pub(crate) name: &'static str,
    pub(crate) primitive: Primitive,
    /// In characters.
    pub(crate) max_len: Option<usize>,
    pub(crate) range: Option<(i64, i64)>,
    pub(crate) pattern: Option<LazyLock<Option<Regex>>>,
}

/// The JSON type under a scalar type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Primitive {
    Boolean,
    Float,
    Integer,
    Json,
    Long,
    String,
}

/// A pattern of the schema. A test proves that every one of them compiles.
pub(crate) fn pattern(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

/// Whether the class has an attribute at `path`, such as `device.last_seen_time`.
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
    let mut place = Some(&table::INVENTORY_INFO);
    for segment in path.split('.') {
        let Some(object) = place else { return false };
        let (name, indexed) = match segment.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (segment, false),
        };
        // An object without attributes takes any.
        if object.attributes.is_empty() {
            return !name.is_empty();
        }
        let Some(attribute) = object.attribute(name) else { return false };
        if indexed && !attribute.array {
            return false;
        }
        place = match attribute.kind {
            Kind::Object(object) => Some(object),
            Kind::Scalar(scalar) if scalar.primitive == Primitive::Json => Some(&table::OBJECT),
            Kind::Scalar(_) => None,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every object that the class reaches, itself included.
    fn objects() -> Vec<&'static Object> {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![&table::INVENTORY_INFO];
        let mut out = Vec::new();
        while let Some(object) = waiting.pop() {
            if seen.insert(object.name) {
                out.push(object);
                waiting.extend(object.attributes.iter().filter_map(
                    |attribute| match attribute.kind {
                        Kind::Object(object) => Some(object),
                        Kind::Scalar(_) => None,
                    },
                ));
            }
        }
        out
    }

    #[test]
    fn every_pattern_of_the_schema_compiles() {
        let mut patterns = BTreeSet::new();
        for attribute in objects().iter().flat_map(|object| object.attributes) {
            if let Kind::Scalar(ScalarType { name, pattern: Some(pattern), .. }) = attribute.kind {
                assert!(pattern.is_some(), "{name}");
                patterns.insert(name);
            }
        }
        assert!(patterns.contains(&"ip_t") && patterns.contains(&"mac_t"));
    }

    #[test]
    fn attributes_are_in_the_order_that_the_look_up_needs() {
        for object in objects() {
            assert!(object.attributes.is_sorted_by_key(|attribute| attribute.name));
        }
    }

    #[test]
    fn siblings_and_constraints_name_attributes_that_exist() {
        for object in objects() {
            let siblings = object.attributes.iter().filter_map(|attribute| attribute.sibling);
            let constraints = object.at_least_one.iter().chain(object.just_one).copied();
            for name in constraints {
                assert!(object.attribute(name).is_some(), "{}.{name}", object.name);
            }
            // `user.type_id` and the like always have theirs; a missing one would never be compared.
            for name in siblings {
                assert!(object.attribute(name).is_some(), "{}.{name}", object.name);
            }
        }
    }
}
