//! Values of records, each read with the tolerance that its kind needs.
//!
//! A value that a kind does not know is consumed, noted and absent: it costs its field and not its
//! record. Null and empty text are absent without a note; both APIs send them for the same meaning,
//! even within one record.

use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use uuid::Uuid;

use crate::reading::{Example, LONGEST_TEXT, MOST_ELEMENTS, Reading, Scalar};
use crate::record::{WireObject, read_fields};
use crate::scalar::{ReadTime, read_time};

/// Reads one kind of value.
pub trait ReadValue {
    /// What it becomes. The default stands for "absent".
    type Value: Default + PartialEq;

    /// Whether a record whose value cannot be read is malformed as a whole.
    const REQUIRED: bool = false;

    /// Reads a value that is neither list nor object; `None` when this kind does not know it.
    fn from_scalar(scalar: Scalar<'_>) -> Option<Self::Value>;

    /// Reads a list to its end; `None` when this kind does not know lists.
    ///
    /// # Errors
    /// When the list is not JSON.
    fn from_list<'de, A: SeqAccess<'de>>(
        mut list: A,
        field: &'static str,
        reading: &mut Reading,
    ) -> Result<Option<Self::Value>, A::Error> {
        let _ = (field, reading);
        skip_rest(&mut list).map(|()| None)
    }

    /// Reads an object to its end; `None` when this kind does not know objects.
    ///
    /// # Errors
    /// When the object is not JSON.
    fn from_object<'de, A: MapAccess<'de>>(
        mut object: A,
        reading: &mut Reading,
    ) -> Result<Option<Self::Value>, A::Error> {
        let _ = reading;
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

fn skip_rest<'de, A: SeqAccess<'de>>(list: &mut A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Adapts a [`ReadValue`] to serde.
#[derive(Debug)]
pub(crate) struct ValueSeed<'r, R> {
    field: &'static str,
    reading: &'r mut Reading,
    kind: PhantomData<R>,
}

impl<'r, R> ValueSeed<'r, R> {
    /// A reader of `R` for the field of this name.
    pub(crate) fn new(field: &'static str, reading: &'r mut Reading) -> Self {
        Self { field, reading, kind: PhantomData }
    }
}

impl<'de, R: ReadValue> DeserializeSeed<'de> for ValueSeed<'_, R> {
    type Value = R::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<R: ReadValue> ValueSeed<'_, R> {
    fn unreadable<E: Error>(self, example: Example<'_>) -> Result<R::Value, E> {
        if R::REQUIRED {
            return Err(E::custom(format_args!("{} cannot be read: {example}", self.field)));
        }
        self.reading.note(self.field, &example);
        Ok(R::Value::default())
    }

    fn scalar<E: Error>(self, scalar: Scalar<'_>) -> Result<R::Value, E> {
        match R::from_scalar(scalar) {
            Some(value) => Ok(value),
            None => self.unreadable(Example::Scalar(scalar)),
        }
    }
}

impl<'de, R: ReadValue> Visitor<'de> for ValueSeed<'_, R> {
    type Value = R::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<R::Value, E> {
        Ok(R::Value::default())
    }

    fn visit_none<E: Error>(self) -> Result<R::Value, E> {
        Ok(R::Value::default())
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<R::Value, E> {
        self.scalar(Scalar::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<R::Value, E> {
        self.scalar(Scalar::Integer(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<R::Value, E> {
        self.scalar(Scalar::Integer(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<R::Value, E> {
        self.scalar(Scalar::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<R::Value, E> {
        if text.len() > LONGEST_TEXT {
            return self.unreadable(Example::LongText(text.len()));
        }
        // Ends at the first character that is not white space.
        if text.chars().all(char::is_whitespace) {
            return Ok(R::Value::default());
        }
        self.scalar(Scalar::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<R::Value, A::Error> {
        match R::from_list(list, self.field, self.reading)? {
            Some(value) => Ok(value),
            None => self.unreadable(Example::List),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<R::Value, A::Error> {
        match R::from_object(object, self.reading)? {
            Some(value) => Ok(value),
            None => self.unreadable(Example::Object),
        }
    }
}

/// Reads a value outside a record; one that cannot be read is absent.
///
/// # Errors
/// When it is not JSON.
pub fn read_value<'de, R: ReadValue, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<R::Value, D::Error> {
    ValueSeed::<R>::new("value", &mut Reading::default()).deserialize(deserializer)
}

/// Text. An integer is read as its digits; other numbers could be written in several ways.
#[derive(Debug)]
pub struct Text;

impl ReadValue for Text {
    type Value = Option<String>;

    fn from_scalar(scalar: Scalar<'_>) -> Option<Self::Value> {
        match scalar {
            Scalar::Text(text) => Some(Some(text.to_owned())),
            Scalar::Integer(number) => Some(Some(number.to_string())),
            Scalar::Flag(_) | Scalar::Float(_) => None,
        }
    }
}

/// Text that a record is useless without: any other value makes the record malformed.
#[derive(Debug)]
pub struct Id;

impl ReadValue for Id {
    type Value = Option<String>;

    const REQUIRED: bool = true;

    fn from_scalar(scalar: Scalar<'_>) -> Option<Self::Value> {
        match scalar {
            Scalar::Text(text) => Some(Some(text.to_owned())),
            _ => None,
        }
    }
}

/// A GUID in any of its written forms, kept as it was sent.
#[derive(Debug)]
pub struct Guid;

impl ReadValue for Guid {
    type Value = Option<String>;

    fn from_scalar(scalar: Scalar<'_>) -> Option<Self::Value> {
        match scalar {
            Scalar::Text(text) => Uuid::try_parse(text.trim()).ok().map(|_| Some(text.to_owned())),
            _ => None,
        }
    }
}

/// An IPv4 or IPv6 address, the latter with or without a zone; kept as it was sent.
#[derive(Debug)]
pub struct Address;

impl ReadValue for Address {
    type Value = Option<String>;

    fn from_scalar(scalar: Scalar<'_>) -> Option<Self::Value> {
        let Scalar::Text(text) = scalar else { return None };
        let (address, zone) = text.trim().split_once('%').unwrap_or((text.trim(), "0"));
        let is_address = !zone.is_empty() && address.parse::<IpAddr>().is_ok();
        is_address.then(|| Some(text.to_owned()))
    }
}

/// An integer, also written as text or as a float without fraction.
#[derive(Debug)]
pub struct Integer;

impl ReadValue for Integer {
    type Value = Option<i64>;

    fn from_scalar(scalar: Scalar<'_>) -> Option<Self::Value> {
        let number = match scalar {
            Scalar::Integer(number) => i64::try_from(number).ok()?,
            Scalar::Text(text) => text.trim().parse().ok()?,
            // Exact below 2^53; above, one float stands for several integers.
            #[allow(clippy::cast_possible_truncation)]
            Scalar::Float(number)
                if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 =>
            {
                number as i64
            }
            Scalar::Float(_) | Scalar::Flag(_) => return None,
        };
        Some(Some(number))
    }
}

/// A yes or no, also written as text.
#[derive(Debug)]
pub struct Flag;

impl ReadValue for Flag {
    type Value = Option<bool>;

    fn from_scalar(scalar: Scalar<'_>) -> Option<Self::Value> {
        match scalar {
            Scalar::Flag(flag) => Some(Some(flag)),
            Scalar::Text(text) => match text.trim() {
                text if text.eq_ignore_ascii_case("true") => Some(Some(true)),
                text if text.eq_ignore_ascii_case("false") => Some(Some(false)),
                _ => None,
            },
            Scalar::Integer(_) | Scalar::Float(_) => None,
        }
    }
}

/// An instant, see [`parse_time`](crate::parse_time). The years 1 and 9999 are absent. A number is not
/// read: it could count seconds or milliseconds.
#[derive(Debug)]
pub struct Time;

impl ReadValue for Time {
    type Value = Option<DateTime<Utc>>;

    fn from_scalar(scalar: Scalar<'_>) -> Option<Self::Value> {
        match scalar {
            Scalar::Text(text) => read_time(text).map(|ReadTime(time)| time),
            _ => None,
        }
    }
}

/// An object of its own.
#[derive(Debug)]
pub struct Nested<T>(PhantomData<T>);

impl<T: WireObject + PartialEq> ReadValue for Nested<T> {
    type Value = Option<T>;

    fn from_scalar(_: Scalar<'_>) -> Option<Self::Value> {
        None
    }

    fn from_object<'de, A: MapAccess<'de>>(
        object: A,
        reading: &mut Reading,
    ) -> Result<Option<Self::Value>, A::Error> {
        read_fields(object, reading).map(|object| Some(Some(object)))
    }
}

/// A list of objects. Elements that are null or say nothing are left out.
#[derive(Debug)]
pub struct List<T>(PhantomData<T>);

impl<T: WireObject + PartialEq> ReadValue for List<T> {
    type Value = Vec<T>;

    fn from_scalar(_: Scalar<'_>) -> Option<Self::Value> {
        None
    }

    fn from_list<'de, A: SeqAccess<'de>>(
        list: A,
        field: &'static str,
        reading: &mut Reading,
    ) -> Result<Option<Self::Value>, A::Error> {
        let says_something = |element: &T| *element != T::default();
        read_elements::<Nested<T>, _, _>(list, field, reading, says_something)
    }
}

/// A list of text. Elements that are empty or null are left out.
#[derive(Debug)]
pub struct Texts;

impl ReadValue for Texts {
    type Value = Vec<String>;

    fn from_scalar(_: Scalar<'_>) -> Option<Self::Value> {
        None
    }

    fn from_list<'de, A: SeqAccess<'de>>(
        list: A,
        field: &'static str,
        reading: &mut Reading,
    ) -> Result<Option<Self::Value>, A::Error> {
        read_elements::<Text, _, _>(list, field, reading, |_| true)
    }
}

/// Reads a list whose elements `R` reads. One that exceeds a bound is noted and absent.
fn read_elements<'de, R, T, A>(
    mut list: A,
    field: &'static str,
    reading: &mut Reading,
    keep: impl Fn(&T) -> bool,
) -> Result<Option<Vec<T>>, A::Error>
where
    R: ReadValue<Value = Option<T>>,
    A: SeqAccess<'de>,
{
    let mut elements = Vec::new();
    let mut read = 0;
    while let Some(element) = list.next_element_seed(ValueSeed::<R>::new(field, reading))? {
        read += 1;
        let exceeded = match (read > MOST_ELEMENTS, reading.take_element()) {
            (true, _) => Some(Example::LongList),
            (false, false) => Some(Example::ManyElements),
            (false, true) => None,
        };
        if let Some(example) = exceeded {
            reading.note(field, &example);
            skip_rest(&mut list)?;
            return Ok(Some(Vec::new()));
        }
        elements.extend(element.filter(&keep));
    }
    // A list that grew by doubling would keep up to twice its memory until its record is mapped.
    elements.shrink_to_fit();
    Ok(Some(elements))
}

#[cfg(test)]
mod tests;
