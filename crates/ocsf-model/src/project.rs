//! Projecting: an event in a version that has less.
//!
//! What a version cannot have where the event has it moves to `unmapped`, an object of the event that
//! takes anything, under its path: `"unmapped": {"device.model": "Surface Pro 9"}`. One that was
//! unmapped before stays there.

use serde_json::{Map, Value};

use crate::Version;
use crate::schema::{Attribute, Kind, Members, Object, Primitive, Schema};
use crate::validate::{OTHER, caption};

/// The attribute for what has no other.
const UNMAPPED: &str = "unmapped";

impl Version {
    /// Whether an event of the types needs nothing but another `metadata.version` to be one of this
    /// version.
    pub fn has_all_of_the_types(self) -> bool {
        self == Self::default() || Schema::of(self).has_all_of(Schema::of(Self::default()))
    }

    /// Makes an event of the types one of this version.
    ///
    /// Attributes and text that the version does not take move to `unmapped`. An id that it does not
    /// list becomes 99, `Other`, and its caption stays beside it.
    pub fn project(self, event: &mut Value) {
        let schema = Schema::of(self);
        let mut projection = Projection { schema, path: String::new(), unmapped: Map::new() };
        if let (Some(class), Some(fields)) = (schema.class(), event.as_object_mut()) {
            projection.object(fields, class);
            if !projection.unmapped.is_empty() {
                let before = fields.insert(UNMAPPED.to_owned(), Value::Null);
                if let Some(Value::Object(before)) = before {
                    projection.unmapped.extend(before);
                }
                fields.insert(UNMAPPED.to_owned(), Value::Object(projection.unmapped));
            }
        }
        if let Some(version) = event.pointer_mut("/metadata/version") {
            *version = self.as_str().into();
        }
    }
}

struct Projection {
    schema: &'static Schema,
    path: String,
    unmapped: Map<String, Value>,
}

impl Projection {
    fn object(&mut self, fields: &mut Map<String, Value>, object: &Object) {
        // An object without attributes takes any.
        if object.attributes.is_empty() {
            return;
        }
        let before = self.path.len();
        for (name, mut value) in std::mem::take(fields) {
            if before > 0 {
                self.path.push('.');
            }
            self.path.push_str(&name);
            match object.attributes.get(name.as_str()) {
                Some(attribute) if self.takes(attribute, &mut value, fields) => {
                    fields.insert(name, value);
                }
                _ => {
                    self.unmapped.insert(self.path.clone(), value);
                }
            }
            self.path.truncate(before);
        }
    }

    /// Whether the value may stay, once what is in it is as the version has it.
    fn takes(
        &mut self,
        attribute: &Attribute,
        value: &mut Value,
        beside: &mut Map<String, Value>,
    ) -> bool {
        match (attribute.kind, value) {
            (kind, Value::Array(items)) => {
                let before = self.path.len();
                let mut takes_all = true;
                for (at, item) in items.iter_mut().enumerate() {
                    self.path.push_str(&format!("[{at}]"));
                    match (kind, item) {
                        (Kind::Object(name), Value::Object(fields)) => self.named(fields, name),
                        (Kind::Scalar(name), Value::String(text)) => {
                            takes_all &= self.takes_text(name, text, attribute);
                        }
                        (Kind::Scalar(_), id) => takes_all &= takes_id(attribute, id, None),
                        _ => {}
                    }
                    self.path.truncate(before);
                }
                takes_all
            }
            (Kind::Object(name), Value::Object(fields)) => {
                self.named(fields, name);
                true
            }
            (Kind::Scalar(name), Value::String(text)) => self.takes_text(name, text, attribute),
            (Kind::Scalar(_), value) => takes_id(attribute, value, Some(beside)),
            _ => true,
        }
    }

    fn named(&mut self, fields: &mut Map<String, Value>, name: &str) {
        if let Some(object) = self.schema.object(name) {
            self.object(fields, object);
        }
    }

    fn takes_text(&self, scalar: &str, text: &str, attribute: &Attribute) -> bool {
        let is_listed = match &attribute.members {
            Some(Members::Texts(texts)) => texts.contains(&text),
            _ => true,
        };
        let fits = |scalar: &crate::schema::ScalarType| {
            scalar.primitive != Primitive::String
                || (scalar.is_short_enough(text) && scalar.matches(text))
        };
        is_listed && self.schema.scalar(scalar).is_none_or(fits)
    }
}

/// Puts `Other` in the place of an id that the version does not list. An enum without `Other` takes none.
fn takes_id(
    attribute: &Attribute,
    value: &mut Value,
    beside: Option<&mut Map<String, Value>>,
) -> bool {
    let (Some(members), Value::Number(number)) = (&attribute.members, &*value) else { return true };
    if caption(members, number).is_some() {
        return true;
    }
    let id = number.clone();
    *value = OTHER.into();
    let has_other = caption(members, &OTHER.into()).is_some();
    if let (true, Some(sibling), Some(beside)) = (has_other, attribute.sibling, beside) {
        // The event has the caption; where it does not, the id itself says more than `Other`.
        beside.entry(sibling).or_insert_with(|| id.to_string().into());
    }
    has_other
}
