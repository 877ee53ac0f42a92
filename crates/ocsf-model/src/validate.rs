//! The validator: whether an event is strict OCSF.
//!
//! It checks what the JSON Schema made from the official schema says (required attributes, types,
//! patterns, enum members, constraints between attributes, unknown attributes) and two rules that a
//! JSON Schema cannot say: a caption agrees with its id, and `type_uid` with class and activity.
//!
//! Violations name places and rules, never the text found there, so they may be logged.

use std::fmt;

use serde_json::{Map, Number, Value};

use crate::Version;
use crate::schema::{Attribute, Kind, Members, Object, Primitive, ScalarType, Schema};

/// Objects nested deeper than this are not looked at. No event is a tenth as deep.
const MAX_DEPTH: usize = 100;
/// More violations than this are not collected.
const MAX_VIOLATIONS: usize = 1000;
/// The id of `Other`, whose caption is the source's own word.
pub(crate) const OTHER: i64 = 99;

/// A rule that an event can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// A required attribute is missing.
    Required,
    /// None of a group of attributes is there.
    AtLeastOne,
    /// Not exactly one of a group of attributes is there.
    JustOne,
    /// The schema has no such attribute here, or only under a profile that the event does not list.
    Unknown,
    /// A value has the wrong JSON type, or is an array where none belongs, or the reverse.
    Type,
    /// A text does not look as its type demands.
    Pattern,
    /// A text is too long.
    Length,
    /// A number is outside the range of its type.
    Range,
    /// A value is no member of its enum.
    Enum,
    /// A caption does not agree with its id.
    Sibling,
    /// `type_uid` is not `class_uid` * 100 + `activity_id`.
    TypeUid,
    /// `metadata.version` is no version that is known here.
    Version,
    /// Objects are nested too deeply to look at.
    Depth,
    /// There are more violations than are listed.
    Truncated,
}

impl Rule {
    /// Whether the official JSON Schema has this rule too. The others are OCSF's, in words.
    pub const fn in_json_schema(self) -> bool {
        !matches!(
            self,
            Self::Sibling | Self::TypeUid | Self::Version | Self::Depth | Self::Truncated
        )
    }
}

/// A rule that an event breaks, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The place, as in `device.network_interfaces[1].mac`; empty for the event itself.
    pub path: String,
    /// The rule.
    pub rule: Rule,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "event" } else { &self.path };
        write!(f, "{path}: {}", self.message)
    }
}

/// Every rule of strict OCSF in `version` that `event` breaks; none when it is valid.
///
/// Attributes of a profile are valid only in an event that lists the profile in
/// `metadata.profiles`. At most 1,000 violations are listed, and a last one says so if there are
/// more. Never panics.
pub fn validate(event: &Value, version: Version) -> Vec<Violation> {
    let schema = Schema::of(version);
    let mut validator = Validator {
        schema,
        profiles: profiles(event, schema),
        path: String::new(),
        violations: Vec::new(),
        truncated: false,
    };
    if let Some(class) = schema.class() {
        validator.object(event, class, 0);
    }
    validator.type_uid(event);
    let mut violations = validator.violations;
    if validator.truncated {
        violations.push(Violation {
            path: String::new(),
            rule: Rule::Truncated,
            message: format!("breaks more rules than the {MAX_VIOLATIONS} listed"),
        });
    }
    violations
}

/// Every rule that `event` breaks in the version that its own `metadata.version` names.
///
/// Another version than those of [`Version::ALL`] is the one violation that is listed. An event without
/// a version is validated by the default one, in which that is a violation, too.
pub fn validate_as_declared(event: &Value) -> Vec<Violation> {
    let declared = event.pointer("/metadata/version").and_then(Value::as_str);
    match declared.map(str::parse::<Version>) {
        None => validate(event, Version::default()),
        Some(Ok(version)) => validate(event, version),
        Some(Err(unknown)) => vec![Violation {
            path: "metadata.version".to_owned(),
            rule: Rule::Version,
            message: unknown.to_string(),
        }],
    }
}

/// The profiles of the class that the event lists.
fn profiles(event: &Value, schema: &Schema) -> Vec<&'static str> {
    let listed = event.pointer("/metadata/profiles").and_then(Value::as_array);
    let lists = |profile: &&str| listed.is_some_and(|listed| listed.iter().any(|l| l == profile));
    schema.profiles.iter().copied().filter(lists).collect()
}

struct Validator {
    schema: &'static Schema,
    profiles: Vec<&'static str>,
    path: String,
    violations: Vec<Violation>,
    truncated: bool,
}

impl Validator {
    fn object(&mut self, value: &Value, object: &Object, depth: usize) {
        let Value::Object(map) = value else {
            return self.report(Rule::Type, || format!("must be an object ({})", object.name));
        };
        if depth >= MAX_DEPTH {
            return self
                .report(Rule::Depth, || format!("is nested deeper than {MAX_DEPTH} objects"));
        }
        // An object without attributes takes any.
        if !object.attributes.values().any(|attribute| self.applies(attribute)) {
            return;
        }
        for (name, attribute) in &object.attributes {
            if attribute.is_required && self.applies(attribute) && !map.contains_key(*name) {
                self.within(name, |this| {
                    this.report(Rule::Required, || "is required".to_owned());
                });
            }
        }
        self.constraints(map, object);
        for (name, value) in map {
            self.within(name, |this| match object.attributes.get(name.as_str()) {
                None => {
                    this.report(Rule::Unknown, || format!("{} has no such attribute", object.name))
                }
                Some(attribute) if !this.applies(attribute) => this.report(Rule::Unknown, || {
                    let profiles = attribute.profiles.join("` or `");
                    format!("is valid only under profile `{profiles}`")
                }),
                Some(attribute) => {
                    this.attribute(value, attribute, depth);
                    this.sibling(value, attribute, map);
                }
            });
        }
    }

    fn applies(&self, attribute: &Attribute) -> bool {
        let listed = |profile: &&str| self.profiles.contains(profile);
        attribute.profiles.is_empty() || attribute.profiles.iter().any(listed)
    }

    fn constraints(&mut self, map: &Map<String, Value>, object: &Object) {
        let present = |names: &[&str]| names.iter().filter(|name| map.contains_key(**name)).count();
        if !object.at_least_one.is_empty() && present(&object.at_least_one) == 0 {
            self.report(Rule::AtLeastOne, || {
                format!("must have at least one of {}", object.at_least_one.join(", "))
            });
        }
        if !object.just_one.is_empty() && present(&object.just_one) != 1 {
            self.report(Rule::JustOne, || {
                format!("must have exactly one of {}", object.just_one.join(", "))
            });
        }
    }

    fn attribute(&mut self, value: &Value, attribute: &Attribute, depth: usize) {
        if !attribute.is_array {
            return self.one(value, attribute, depth);
        }
        let Value::Array(items) = value else {
            return self.report(Rule::Type, || "must be an array".to_owned());
        };
        for (at, item) in items.iter().enumerate() {
            let before = self.path.len();
            self.path.push_str(&format!("[{at}]"));
            self.one(item, attribute, depth);
            self.path.truncate(before);
        }
    }

    fn one(&mut self, value: &Value, attribute: &Attribute, depth: usize) {
        // Whatever the table names is in it.
        match attribute.kind {
            Kind::Object(name) => {
                if let Some(object) = self.schema.object(name) {
                    self.object(value, object, depth + 1);
                }
            }
            Kind::Scalar(name) => {
                if let Some(scalar) = self.schema.scalar(name) {
                    self.scalar(value, scalar, attribute.members.as_ref());
                }
            }
        }
    }

    fn scalar(&mut self, value: &Value, scalar: &ScalarType, members: Option<&Members>) {
        match (scalar.primitive, value) {
            (Primitive::Json, _) | (Primitive::Boolean, Value::Bool(_)) => {}
            (Primitive::String, Value::String(text)) => self.text(text, scalar, members),
            (Primitive::Float, Value::Number(number)) => self.number(number, scalar, members),
            (Primitive::Integer, Value::Number(number)) if whole(number) => {
                self.number(number, scalar, members);
            }
            (primitive, _) => {
                let wanted = match primitive {
                    Primitive::Boolean => "true or false",
                    Primitive::Float => "a number",
                    Primitive::Integer => "an integer",
                    Primitive::String => "a string",
                    Primitive::Json => "JSON",
                };
                self.report(Rule::Type, || format!("must be {wanted} ({})", scalar.name));
            }
        }
    }

    fn text(&mut self, text: &str, scalar: &ScalarType, members: Option<&Members>) {
        if let Some(max_len) = scalar.max_len
            && !scalar.is_short_enough(text)
        {
            self.report(Rule::Length, || format!("is longer than {max_len} characters"));
        }
        if !scalar.matches(text) {
            self.report(Rule::Pattern, || format!("is not a valid {}", scalar.name));
        }
        if let Some(Members::Texts(members)) = members
            && !members.contains(&text)
        {
            self.report(Rule::Enum, || format!("must be one of {}", members.join(", ")));
        }
    }

    fn number(&mut self, number: &Number, scalar: &ScalarType, members: Option<&Members>) {
        if let Some((low, high)) = scalar.range
            && !number.as_f64().is_some_and(|n| n >= low as f64 && n <= high as f64)
        {
            self.report(Rule::Range, || format!("must be from {low} to {high}"));
        }
        if let Some(members) = members
            && caption(members, number).is_none()
        {
            self.report(Rule::Enum, || format!("{number} is not a member of this enum"));
        }
    }

    /// Compares the caption that the event gives with the one of the id, where it gives both.
    fn sibling(&mut self, value: &Value, attribute: &Attribute, map: &Map<String, Value>) {
        let (Some(sibling), Some(members)) = (attribute.sibling, &attribute.members) else {
            return;
        };
        let Some(captions) = map.get(sibling) else { return };
        let pairs = match (value, captions) {
            (Value::Array(ids), Value::Array(captions)) => ids.iter().zip(captions).collect(),
            pair => vec![pair],
        };
        for (id, found) in pairs {
            let (Value::Number(id), Value::String(found)) = (id, found) else { continue };
            match caption(members, id) {
                Some((id, caption)) if id != OTHER && caption != found => {
                    self.report(Rule::Sibling, || {
                        format!("is {id}, so `{sibling}` must be `{caption}`")
                    });
                }
                _ => {}
            }
        }
    }

    fn type_uid(&mut self, event: &Value) {
        let id = |name: &str| event.get(name).and_then(Value::as_i64);
        let (Some(class), Some(activity), Some(found)) =
            (id("class_uid"), id("activity_id"), id("type_uid"))
        else {
            return;
        };
        let wanted = class.checked_mul(100).and_then(|class| class.checked_add(activity));
        if wanted != Some(found) {
            self.within("type_uid", |this| {
                this.report(Rule::TypeUid, || "must be class_uid * 100 + activity_id".to_owned());
            });
        }
    }

    /// Runs `check` with the path of the attribute `name`.
    fn within(&mut self, name: &str, check: impl FnOnce(&mut Self)) {
        const MAX_NAME: usize = 64;
        let before = self.path.len();
        if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            if before > 0 {
                self.path.push('.');
            }
            self.path.extend(name.chars().take(MAX_NAME));
        } else {
            // Names from outside: quoted, so that one line stays one line.
            let name: String = name.chars().take(MAX_NAME).collect();
            self.path.push_str(&format!("[{name:?}]"));
        }
        check(self);
        self.path.truncate(before);
    }

    fn report(&mut self, rule: Rule, message: impl FnOnce() -> String) {
        if self.violations.len() >= MAX_VIOLATIONS {
            self.truncated = true;
            return;
        }
        let path = self.path.clone();
        self.violations.push(Violation { path, rule, message: message() });
    }
}

/// JSON Schema counts `1.0` as an integer, too.
fn whole(number: &Number) -> bool {
    !number.is_f64() || number.as_f64().is_some_and(|n| n.fract() == 0.0)
}

/// The member that `number` names, and its caption.
pub(crate) fn caption(members: &Members, number: &Number) -> Option<(i64, &'static str)> {
    let Members::Numbers(members) = members else { return None };
    // Ids are small, so the comparison as floats is exact.
    let number = number.as_f64()?;
    members.iter().copied().find(|(id, _)| *id as f64 == number)
}
