//! Records: objects whose fields are read one by one.

pub(crate) mod value;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use stocktake_connector_core::UnreadableValue;

use self::value::{ReadValue, ValueSeed};
use crate::reading::{Example, Reading};

/// An object of optional fields. Implemented by [`wire_object!`](crate::wire_object).
pub trait WireObject: Default {
    /// The names of all fields, every spelling of each.
    const WIRE_NAMES: &[&str];

    /// Reads the value of the field `name`.
    ///
    /// # Errors
    /// When the value is not JSON, or a required one cannot be read.
    fn read_field<'de, V: FieldValue<'de>>(
        &mut self,
        name: &str,
        value: V,
        reading: &mut Reading,
    ) -> Result<(), V::Error>;
}

/// An object that comes as an element of a page. Implemented by [`wire_record!`](crate::wire_record).
pub trait WireRecord: WireObject {
    /// Takes the values that could not be read.
    fn set_unreadable(&mut self, unreadable: Vec<UnreadableValue>);
}

/// A value that is to be read.
pub trait FieldValue<'de> {
    /// Why it cannot be.
    type Error;

    /// Reads it as a value of the field `field`.
    ///
    /// # Errors
    /// As for [`WireObject::read_field`].
    fn read<R: ReadValue>(
        self,
        field: &'static str,
        reading: &mut Reading,
    ) -> Result<R::Value, Self::Error>;

    /// Passes over it.
    ///
    /// # Errors
    /// When it is not JSON.
    fn skip(self) -> Result<(), Self::Error>;
}

/// The value of an entry of a map.
struct Entry<'m, A>(&'m mut A);

impl<'de, A: MapAccess<'de>> FieldValue<'de> for Entry<'_, A> {
    type Error = A::Error;

    fn read<R: ReadValue>(
        self,
        field: &'static str,
        reading: &mut Reading,
    ) -> Result<R::Value, A::Error> {
        self.0.next_value_seed(ValueSeed::<R>::new(field, reading))
    }

    fn skip(self) -> Result<(), A::Error> {
        self.0.next_value::<IgnoredAny>().map(drop)
    }
}

/// The text of a value, which may not be JSON. Then it costs its field, unless that is required.
pub(crate) struct RawValue<'de>(pub(crate) &'de [u8]);

impl<'de> FieldValue<'de> for RawValue<'de> {
    type Error = serde_json::Error;

    fn read<R: ReadValue>(
        self,
        field: &'static str,
        reading: &mut Reading,
    ) -> Result<R::Value, serde_json::Error> {
        let before = reading.clone();
        let mut deserializer = serde_json::Deserializer::from_slice(self.0);
        let value = ValueSeed::<R>::new(field, reading).deserialize(&mut deserializer);
        match value.and_then(|value| deserializer.end().map(|()| value)) {
            Err(error) if R::REQUIRED => Err(error),
            Err(_) => {
                // What was noted of its parts is part of this.
                *reading = before;
                reading.note(field, &Example::Raw(self.0));
                Ok(R::Value::default())
            }
            value => value,
        }
    }

    fn skip(self) -> Result<(), serde_json::Error> {
        Ok(())
    }
}

/// Reads the fields of an object. Unknown ones are skipped. A name that differs from a known one only
/// in case is that one: PowerShell's modules write names of their own.
pub(crate) fn read_fields<'de, T: WireObject, A: MapAccess<'de>>(
    mut object: A,
    reading: &mut Reading,
) -> Result<T, A::Error> {
    let mut read = T::default();
    while let Some(name) = object.next_key_seed(Name)? {
        read.read_field(&name, Entry(&mut object), reading)?;
    }
    Ok(read)
}

/// The known spelling of a name that is not known as it is.
pub fn known_name<T: WireObject>(name: &str) -> Option<&'static str> {
    T::WIRE_NAMES.iter().copied().find(|known| known.eq_ignore_ascii_case(name))
}

/// The name of a field; borrowed where it has no escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(name.into())
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(name.to_owned().into())
    }
}

/// Reads a record within a page.
pub(crate) struct RecordSeed<'r, R>(&'r mut Reading, PhantomData<R>);

impl<'r, R> RecordSeed<'r, R> {
    pub(crate) fn new(reading: &'r mut Reading) -> Self {
        Self(reading, PhantomData)
    }
}

impl<'de, R: WireRecord> DeserializeSeed<'de> for RecordSeed<'_, R> {
    type Value = R;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, R: WireRecord> Visitor<'de> for RecordSeed<'_, R> {
    type Value = R;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<R, A::Error> {
        let record = read_fields(object, self.0);
        let unreadable = self.0.take_unreadable();
        let mut record: R = record?;
        record.set_unreadable(unreadable);
        Ok(record)
    }
}

/// Reads a record on its own.
///
/// # Errors
/// When it is not an object, or a required field cannot be read.
pub fn read_record<'de, R: WireRecord, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<R, D::Error> {
    RecordSeed::new(&mut Reading::default()).deserialize(deserializer)
}

/// Sets `slot` to `value`, unless it is absent.
pub fn set_if_present<T: Default + PartialEq>(slot: &mut T, value: T) {
    if value != T::default() {
        *slot = value;
    }
}

/// Implements [`WireObject`] for a struct that has a `Default` and whose fields are each read by a
/// [`ReadValue`](crate::ReadValue). The text behind the type is the path of the object, which precedes
/// the names of fields that cannot be read.
///
/// Unknown fields are skipped. A field that comes twice, or under two spellings, keeps the last value
/// that is not absent.
#[macro_export]
macro_rules! wire_object {
    ($type:ident($path:literal) {
        $($name:literal $(| $other:literal)* => $field:ident : $reader:ty),+ $(,)?
    }) => {
        impl $crate::WireObject for $type {
            const WIRE_NAMES: &[&str] = &[$($name $(, $other)*),+];

            fn read_field<'de, V: $crate::FieldValue<'de>>(
                &mut self,
                name: &str,
                value: V,
                reading: &mut $crate::Reading,
            ) -> Result<(), V::Error> {
                match name {
                    $($name $(| $other)* => {
                        let value =
                            value.read::<$reader>(concat!($path, ".", $name), reading)?;
                        $crate::set_if_present(&mut self.$field, value);
                        Ok(())
                    })+
                    other => match $crate::known_name::<Self>(other) {
                        Some(known) => self.read_field(known, value, reading),
                        None => value.skip(),
                    },
                }
            }
        }
    };
}

/// Implements [`WireRecord`] and `Deserialize` for a struct as [`wire_object!`](crate::wire_object)
/// does, which also has a field `unreadable` for the values that could not be read.
///
/// ```
/// use stocktake_connector_core::UnreadableValue;
/// use stocktake_odata::{Integer, Text};
///
/// #[derive(Debug, Default)]
/// struct Build {
///     platform: Option<String>,
///     number: Option<i64>,
///     unreadable: Vec<UnreadableValue>,
/// }
/// stocktake_odata::wire_record! {
///     Build("build") {
///         "osPlatform" | "os_platform" => platform: Text,
///         "osBuild" => number: Integer,
///     }
/// }
///
/// let build: Build = serde_json::from_str(r#"{"osBuild":"18209","os_platform":"macOS"}"#).unwrap();
/// assert_eq!((build.platform.as_deref(), build.number), (Some("macOS"), Some(18209)));
///
/// let build: Build = serde_json::from_str(r#"{"osBuild":[18209],"osPlatform":"macOS"}"#).unwrap();
/// assert_eq!((build.platform.as_deref(), build.number), (Some("macOS"), None));
/// assert_eq!((build.unreadable[0].field, &*build.unreadable[0].example), ("build.osBuild", "a list"));
/// ```
#[macro_export]
macro_rules! wire_record {
    ($type:ident($path:literal) { $($fields:tt)+ }) => {
        $crate::wire_object! { $type($path) { $($fields)+ } }

        impl $crate::WireRecord for $type {
            fn set_unreadable(
                &mut self,
                unreadable: Vec<$crate::__connector_core::UnreadableValue>,
            ) {
                self.unreadable = unreadable;
            }
        }

        impl<'de> $crate::__serde::Deserialize<'de> for $type {
            fn deserialize<D: $crate::__serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::read_record(deserializer)
            }
        }
    };
}
