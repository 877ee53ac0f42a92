//! Values of records, each read with the tolerance that its kind needs.

use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

use crate::parse_time;

/// Longest text that a record's field may hold, in bytes. The longest real ones have a few hundred.
pub const LONGEST_TEXT: usize = 64 * 1024;

/// Reads one kind of value.
pub trait ReadValue {
    /// What it becomes. The default stands for "absent".
    type Value: Default + PartialEq;

    /// Reads it.
    ///
    /// # Errors
    /// When the value has a type that this kind does not know. The record is malformed then.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self::Value, D::Error>;
}

/// Adapts a [`ReadValue`] to serde.
#[derive(Debug)]
pub struct ValueSeed<R>(PhantomData<R>);

impl<R> ValueSeed<R> {
    /// A reader of `R`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<R> Default for ValueSeed<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'de, R: ReadValue> DeserializeSeed<'de> for ValueSeed<R> {
    type Value = R::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R::Value, D::Error> {
        R::read(deserializer)
    }
}

/// Adds the name of the field to an error, so that the reason of a dead letter locates it.
pub fn in_field<E: Error>(field: &str, error: E) -> E {
    E::custom(format_args!("{field}: {error}"))
}

fn bounded<E: Error>(text: &str) -> Result<Option<&str>, E> {
    if text.len() > LONGEST_TEXT {
        return Err(E::custom(format_args!(
            "text of {} bytes is longer than the bound of {LONGEST_TEXT}",
            text.len()
        )));
    }
    // Both APIs send empty text and null for the same meaning, even within one record.
    Ok((!is_blank(text)).then_some(text))
}

/// Whether a text has nothing but white space. Ends at the first character that is something else.
fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

macro_rules! absent_is_default {
    () => {
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(Default::default())
        }

        fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
            Ok(Default::default())
        }
    };
}

/// Text. Empty text, blanks and null are absent.
#[derive(Debug)]
pub struct Text;

impl ReadValue for Text {
    type Value = Option<String>;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self::Value, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Option<String>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(bounded(text)?.map(str::to_owned))
            }
            absent_is_default!();
        }
        deserializer.deserialize_any(V)
    }
}

/// Text that some responses send as an integer: its digits are kept as text.
#[derive(Debug)]
pub struct TextOrInteger;

impl ReadValue for TextOrInteger {
    type Value = Option<String>;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self::Value, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Option<String>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or an integer")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(bounded(text)?.map(str::to_owned))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Some(number.to_string()))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Some(number.to_string()))
            }
            absent_is_default!();
        }
        deserializer.deserialize_any(V)
    }
}

/// An integer, also written as text or as a float without fraction.
#[derive(Debug)]
pub struct Integer;

impl ReadValue for Integer {
    type Value = Option<i64>;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self::Value, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Option<i64>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer")
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Some(number))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                i64::try_from(number).map(Some).map_err(|_| {
                    E::custom(format_args!("integer {number} does not fit into 64 bits"))
                })
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
                // Exact below 2^53; above, one float stands for several integers.
                #[allow(clippy::cast_possible_truncation)]
                if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
                    Ok(Some(number as i64))
                } else {
                    Err(E::invalid_type(serde::de::Unexpected::Float(number), &self))
                }
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                match bounded(text)? {
                    None => Ok(None),
                    Some(text) => text
                        .trim()
                        .parse()
                        .map(Some)
                        .map_err(|_| E::invalid_type(serde::de::Unexpected::Str(text), &self)),
                }
            }
            absent_is_default!();
        }
        deserializer.deserialize_any(V)
    }
}

/// A yes or no, also written as text.
#[derive(Debug)]
pub struct Flag;

impl ReadValue for Flag {
    type Value = Option<bool>;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self::Value, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Option<bool>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }
            fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
                Ok(Some(flag))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                match text.trim() {
                    "" => Ok(None),
                    text if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
                    text if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
                    text => Err(E::invalid_type(serde::de::Unexpected::Str(text), &self)),
                }
            }
            absent_is_default!();
        }
        deserializer.deserialize_any(V)
    }
}

/// An instant, see [`parse_time`]. Whatever is not one is absent: a record is worth more than its
/// times, and clients in the field have met non-strings here.
#[derive(Debug)]
pub struct Time;

impl ReadValue for Time {
    type Value = Option<DateTime<Utc>>;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self::Value, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Option<DateTime<Utc>>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(parse_time(text))
            }
            fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
                Ok(None)
            }
            fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
                Ok(None)
            }
            fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
                Ok(None)
            }
            fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
                Ok(None)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(None)
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(None)
            }
            absent_is_default!();
        }
        deserializer.deserialize_any(V)
    }
}

/// An object of its own, or null.
#[derive(Debug)]
pub struct Nested<T>(PhantomData<T>);

impl<T: for<'a> serde::Deserialize<'a> + PartialEq> ReadValue for Nested<T> {
    type Value = Option<T>;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self::Value, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }
}

/// A list of objects, or null. Elements that are null are left out.
#[derive(Debug)]
pub struct List<T>(PhantomData<T>);

impl<T: for<'a> serde::Deserialize<'a> + PartialEq> ReadValue for List<T> {
    type Value = Vec<T>;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(Elements::<Nested<T>>(PhantomData))
    }
}

/// A list of text, or null. Elements that are empty or null are left out.
#[derive(Debug)]
pub struct Texts;

impl ReadValue for Texts {
    type Value = Vec<String>;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(Elements::<Text>(PhantomData))
    }
}

struct Elements<R>(PhantomData<R>);

impl<'de, T, R: ReadValue<Value = Option<T>>> Visitor<'de> for Elements<R> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        let mut index = 0_usize;
        while let Some(element) = seq
            .next_element_seed(ValueSeed::<R>::new())
            .map_err(|error| in_field(&format!("[{index}]"), error))?
        {
            elements.extend(element);
            index += 1;
        }
        Ok(elements)
    }

    absent_is_default!();
}

/// Sets `slot` to `value`, unless it is absent.
pub fn set_if_present<T: Default + PartialEq>(slot: &mut T, value: T) {
    if value != T::default() {
        *slot = value;
    }
}

/// Implements `Deserialize` for a struct that has a `Default` and whose fields are each read by a
/// [`ReadValue`](crate::ReadValue).
///
/// The names are also the type's `WIRE_NAMES`.
///
/// Unknown fields are skipped. A field that comes twice, or under two spellings, keeps the last
/// value that is not absent. Errors name the field.
///
/// ```
/// use stocktake_odata::{Integer, Text};
///
/// #[derive(Debug, Default, PartialEq)]
/// struct Build {
///     platform: Option<String>,
///     number: Option<i64>,
/// }
/// stocktake_odata::wire_record! {
///     Build {
///         "osPlatform" | "os_platform" => platform: Text,
///         "osBuild" => number: Integer,
///     }
/// }
///
/// let build: Build = serde_json::from_str(r#"{"osBuild":"18209","os_platform":"macOS"}"#).unwrap();
/// assert_eq!(build, Build { platform: Some("macOS".into()), number: Some(18209) });
///
/// let error = serde_json::from_str::<Build>(r#"{"osBuild":[]}"#).unwrap_err();
/// assert!(error.to_string().starts_with("osBuild: invalid type: sequence, expected an integer"));
/// ```
#[macro_export]
macro_rules! wire_record {
    ($type:ident { $($name:literal $(| $other:literal)* => $field:ident : $reader:ty),+ $(,)? }) => {
        #[allow(dead_code, unreachable_pub)] // Not every record is public or read from files.
        impl $type {
            /// The names of its fields on the wire, other spellings included.
            pub const WIRE_NAMES: &'static [&'static str] = &[$($name $(, $other)*),+];
        }

        const _: () = {
            use $crate::__serde as serde;

            #[allow(non_camel_case_types)]
            enum Field { $($field,)+ Unknown }

            impl<'de> serde::Deserialize<'de> for Field {
                fn deserialize<D: serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<Self, D::Error> {
                    struct Name;
                    impl serde::de::Visitor<'_> for Name {
                        type Value = Field;
                        fn expecting(
                            &self,
                            f: &mut std::fmt::Formatter<'_>,
                        ) -> std::fmt::Result {
                            f.write_str("the name of a field")
                        }
                        fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Field, E> {
                            Ok(match name {
                                $($name $(| $other)* => Field::$field,)+
                                _ => Field::Unknown,
                            })
                        }
                    }
                    deserializer.deserialize_identifier(Name)
                }
            }

            impl<'de> serde::Deserialize<'de> for $type {
                fn deserialize<D: serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<Self, D::Error> {
                    struct Record;
                    impl<'de> serde::de::Visitor<'de> for Record {
                        type Value = $type;
                        fn expecting(
                            &self,
                            f: &mut std::fmt::Formatter<'_>,
                        ) -> std::fmt::Result {
                            f.write_str("an object")
                        }
                        fn visit_map<A: serde::de::MapAccess<'de>>(
                            self,
                            mut map: A,
                        ) -> Result<$type, A::Error> {
                            let mut record = <$type>::default();
                            while let Some(field) = map.next_key()? {
                                match field {
                                    $(Field::$field => {
                                        let value = map
                                            .next_value_seed($crate::ValueSeed::<$reader>::new())
                                            .map_err(|e| $crate::in_field($name, e))?;
                                        $crate::set_if_present(&mut record.$field, value);
                                    })+
                                    Field::Unknown => {
                                        map.next_value::<serde::de::IgnoredAny>()?;
                                    }
                                }
                            }
                            Ok(record)
                        }
                    }
                    deserializer.deserialize_map(Record)
                }
            }
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Odd {
        text: Option<String>,
        either: Option<String>,
        number: Option<i64>,
        flag: Option<bool>,
        time: Option<DateTime<Utc>>,
        texts: Vec<String>,
        inner: Option<Inner>,
        inners: Vec<Inner>,
    }

    #[derive(Debug, Default, PartialEq)]
    struct Inner {
        text: Option<String>,
    }

    crate::wire_record! { Inner { "text" => text: Text } }
    crate::wire_record! {
        Odd {
            "text" | "TEXT" => text: Text,
            "either" => either: TextOrInteger,
            "number" => number: Integer,
            "flag" => flag: Flag,
            "time" => time: Time,
            "texts" => texts: Texts,
            "inner" => inner: Nested<Inner>,
            "inners" => inners: List<Inner>,
        }
    }

    fn read(body: &str) -> Odd {
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn null_and_empty_mean_absent_for_every_kind() {
        let nulls = "text either number flag time texts inner inners"
            .split(' ')
            .map(|name| format!("\"{name}\":null"))
            .collect::<Vec<_>>();
        assert_eq!(read(&format!("{{{}}}", nulls.join(","))), Odd::default());
        let empty = r#"{"text":"","either":" ","number":"","flag":"","time":"","texts":["",null],
            "inners":[null]}"#;
        assert_eq!(read(empty), Odd::default());
    }

    #[test]
    fn a_number_may_be_written_as_text_and_text_as_a_number() {
        let odd = read(r#"{"either":140,"number":" 6 ","flag":"True"}"#);
        assert_eq!(
            (odd.either.as_deref(), odd.number, odd.flag),
            (Some("140"), Some(6), Some(true))
        );
        assert_eq!(read(r#"{"number":6.0}"#).number, Some(6));
        assert_eq!(read(r#"{"either":-1}"#).either.as_deref(), Some("-1"));
    }

    #[test]
    fn a_time_of_any_other_type_never_costs_the_record() {
        for value in ["5", "-5", "1.5", "true", "[1,{}]", r#"{"a":[]}"#, r#""soon""#] {
            let odd = read(&format!(r#"{{"time":{value},"text":"kept"}}"#));
            assert_eq!((odd.time, odd.text.as_deref()), (None, Some("kept")), "{value}");
        }
    }

    #[test]
    fn a_second_spelling_that_is_absent_does_not_erase_the_first() {
        assert_eq!(read(r#"{"TEXT":"a","text":null}"#).text.as_deref(), Some("a"));
        assert_eq!(read(r#"{"TEXT":"a","text":"b"}"#).text.as_deref(), Some("b"));
    }

    #[test]
    fn unknown_fields_are_skipped_whatever_they_hold() {
        assert_eq!(read(r#"{"new":{"a":[1,"}"]},"text":"a"}"#).text.as_deref(), Some("a"));
    }

    #[test]
    fn an_error_names_the_path_to_the_value() {
        for (body, path) in [
            (r#"{"text":5}"#, "text: invalid type: integer `5`"),
            (r#"{"number":1.5}"#, "number: invalid type: floating point `1.5`"),
            (r#"{"number":18446744073709551615}"#, "number: integer 18446744073709551615 does not"),
            (r#"{"flag":"maybe"}"#, "flag: invalid type: string \"maybe\""),
            (r#"{"inner":{"text":[]}}"#, "inner: text: invalid type: sequence"),
            (r#"{"inners":[{},{"text":{}}]}"#, "inners: [1]: text: invalid type: map"),
        ] {
            let error = serde_json::from_str::<Odd>(body).unwrap_err().to_string();
            assert!(error.starts_with(path), "{error}");
        }
    }
}
