//! The walk over a value: what each kind of value looks like in JSON.

use serde::ser::{
    Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple,
    SerializeTupleStruct, Serializer,
};
use serde_json::Error;

use super::{Field, Open, Text};

/// Whether JSON writes the text otherwise than as it is. Hardly any text is.
fn is_escaped(text: &str) -> bool {
    let is_escaped = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    // Without an early end the compiler looks at the bytes of a block all at once.
    let (blocks, rest) = text.as_bytes().as_chunks::<16>();
    let in_block = |block: &[u8; 16]| block.iter().fold(false, |any, byte| any | is_escaped(byte));
    blocks.iter().any(in_block) || rest.iter().any(is_escaped)
}

impl Text<'_> {
    fn text(&mut self, text: &str) -> Result<(), Error> {
        if is_escaped(text) {
            return serde_json::to_writer(&mut *self.out, text);
        }
        self.quoted(text);
        Ok(())
    }

    fn quoted(&mut self, text: &str) {
        self.out.reserve(text.len() + 2);
        self.out.push(b'"');
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'"');
    }

    /// A value that `serde_json` writes just as well.
    fn plain(&mut self, value: impl Serialize) -> Result<(), Error> {
        serde_json::to_writer(&mut *self.out, &value)
    }

    fn literal(&mut self, literal: &str) -> Result<(), Error> {
        self.out.extend_from_slice(literal.as_bytes());
        Ok(())
    }
}

/// An object or a list that is being written.
pub(super) struct Inside<'t, 'a> {
    text: &'t mut Text<'a>,
    open: Open,
    /// The field whose key was written and whose value is to come.
    field: Option<Field<'a>>,
}

impl<'t, 'a> Inside<'t, 'a> {
    fn begin(text: &'t mut Text<'a>, bracket: u8) -> Self {
        text.out.push(bracket);
        Self { text, open: Open::default(), field: None }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        if std::mem::replace(&mut self.open.any, true) {
            self.text.out.push(b',');
        }
        value.serialize(&mut *self.text)
    }

    fn finish(self, bracket: u8) -> Result<(), Error> {
        self.text.out.push(bracket);
        Ok(())
    }
}

macro_rules! plain {
    ($($method:ident: $type:ty,)+) => {
        $(fn $method(self, value: $type) -> Result<(), Error> {
            self.plain(value)
        })+
    };
}

fn no_enum<T>() -> Result<T, Error> {
    Err(Error::custom("an event holds an enum with data, which has no JSON form here"))
}

impl<'t, 'a> Serializer for &'t mut Text<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Inside<'t, 'a>;
    type SerializeTuple = Inside<'t, 'a>;
    type SerializeTupleStruct = Inside<'t, 'a>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Inside<'t, 'a>;
    type SerializeStruct = Inside<'t, 'a>;
    type SerializeStructVariant = Impossible<(), Error>;

    plain! {
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_char: char,
        serialize_bytes: &[u8],
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.literal(if value { "true" } else { "false" })
    }

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        self.text(text)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.literal("null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.literal("null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.literal("null")
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        no_enum()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Inside<'t, 'a>, Error> {
        Ok(Inside::begin(self, b'['))
    }

    fn serialize_tuple(self, _: usize) -> Result<Inside<'t, 'a>, Error> {
        Ok(Inside::begin(self, b'['))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Inside<'t, 'a>, Error> {
        Ok(Inside::begin(self, b'['))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Error>, Error> {
        no_enum()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Inside<'t, 'a>, Error> {
        Ok(Inside::begin(self, b'{'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Inside<'t, 'a>, Error> {
        Ok(Inside::begin(self, b'{'))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Error>, Error> {
        no_enum()
    }
}

macro_rules! list {
    ($($trait:ident: $method:ident,)+) => {
        $(impl $trait for Inside<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish(b']')
            }
        })+
    };
}

list! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
}

impl SerializeStruct for Inside<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        // The names of our own types' fields have nothing that is escaped.
        debug_assert!(!is_escaped(key), "{key}");
        let begun = self.text.begin_key(&mut self.open);
        self.text.quoted(key);
        let within = self.text.within.and_then(|paths| paths.below(key.as_bytes()));
        let field = self.text.end_key(&mut self.open, begun, within);
        value.serialize(&mut *self.text)?;
        self.text.end_field(&field);
        Ok(())
    }

    fn end(self) -> Result<(), Error> {
        self.finish(b'}')
    }
}

impl SerializeMap for Inside<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let begun = self.text.begin_key(&mut self.open);
        let start = self.text.out.len();
        key.serialize(&mut *self.text)?;
        let written = self.text.out.get(start..).unwrap_or_default();
        let name = written.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\""));
        let name = name.ok_or_else(|| Error::custom("a key is no text"))?;
        let within = self.text.within.and_then(|paths| paths.below(name));
        self.field = Some(self.text.end_key(&mut self.open, begun, within));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self.text)?;
        if let Some(field) = self.field.take() {
            self.text.end_field(&field);
        }
        Ok(())
    }

    fn end(self) -> Result<(), Error> {
        self.finish(b'}')
    }
}
