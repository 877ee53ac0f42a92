//! JSON values that may borrow their text.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};

/// Any JSON value: what an attribute holds that the schema leaves open, and every object that has no
/// struct here.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Json<'a> {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(Cow<'a, str>),
    /// Values in their order.
    Array(Vec<Json<'a>>),
    /// Names and values in their order.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl Json<'static> {
    /// An object of one field, without a map.
    pub fn field<'a>(name: &'static str, text: impl Into<Cow<'a, str>>) -> Json<'a> {
        Json::Object(vec![(Cow::Borrowed(name), Json::Text(text.into()))])
    }
}

impl From<Value> for Json<'_> {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::Text(text.into()),
            Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Value::Object(fields) => Self::Object(
                fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            ),
        }
    }
}

impl<'de> Deserialize<'de> for Json<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}
