//! Writing: events as JSON, in one pass that also notes where fields stand.
//!
//! The text is the one that `serde_json` writes; numbers and unusual text come from it. The names of
//! fields are constants here, so they are copied and not examined, and a form can ask for the places
//! of fields, which a serializer does not know.

use std::borrow::Cow;
use std::ops::Range;

use crate::{Json, Timestamp};

/// A value that has a JSON form.
pub trait WriteJson {
    /// Writes the value.
    fn write_json(&self, writer: &mut JsonWriter<'_>);
}

/// What a form wants of fields, by their paths: names with dots between. An array has the path of its
/// name, so `enrichments.name` is the name of every enrichment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    is_left_out: bool,
    instead: Option<&'static str>,
    /// Whether a field of this object has `instead`, so that absent ones matter.
    any_instead: bool,
    below: Vec<(String, Paths)>,
}

impl Paths {
    /// The field at `path` does not count: [`Places::content`] is as if it were not there.
    #[must_use]
    pub fn leave_out(mut self, path: &str) -> Self {
        self.at(path).is_left_out = true;
        self
    }

    /// `text` is written at `path` instead of what the event has there, also when it has nothing,
    /// and [`Places::instead`] tells where. Only for fields that hold text.
    #[must_use]
    pub fn write_instead(mut self, path: &str, text: &'static str) -> Self {
        self.at(path).instead = Some(text);
        match path.rsplit_once('.') {
            Some((object, _)) => self.at(object).any_instead = true,
            None => self.any_instead = true,
        }
        self
    }

    #[allow(clippy::indexing_slicing)] // The name was found or added there.
    fn at(&mut self, path: &str) -> &mut Self {
        let (name, rest) = path.split_once('.').map_or((path, None), |(n, rest)| (n, Some(rest)));
        let known = self.below.iter().position(|(known, _)| known == name);
        let index = known.unwrap_or(self.below.len());
        if known.is_none() {
            self.below.push((name.to_owned(), Self::default()));
        }
        let (_, below) = &mut self.below[index];
        match rest {
            Some(rest) => below.at(rest),
            None => below,
        }
    }

    fn below(&self, name: &str) -> Option<&Self> {
        self.below.iter().find(|(known, _)| known == name).map(|(_, below)| below)
    }
}

/// Where fields stand in the text of one value, counted from its first byte.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Names and values that are left out, without commas, by where they start.
    left_out: Vec<Range<usize>>,
    /// Where text was written instead, behind its quote, in the order of the event.
    instead: Vec<(&'static str, usize)>,
}

impl Places {
    /// The text without what is left out: byte for byte what the value without those fields gives.
    pub fn content(&self, text: &[u8]) -> Vec<u8> {
        let mut content = Vec::with_capacity(text.len());
        let mut start = 0;
        for range in &self.left_out {
            // A field inside one that is left out already.
            if range.start < start {
                continue;
            }
            content.extend_from_slice(text.get(start..range.start).unwrap_or_default());
            start = range.end;
            // Either the comma behind the field goes with it, or it was the last one and the comma
            // before it goes.
            if text.get(start) == Some(&b',') {
                start += 1;
            } else if content.last() == Some(&b',') {
                content.pop();
            }
        }
        content.extend_from_slice(text.get(start..).unwrap_or_default());
        content
    }

    /// Where `text` was written instead of the event's own.
    pub fn instead(&self, text: &str) -> Option<usize> {
        self.instead.iter().find(|(known, _)| *known == text).map(|(_, at)| *at)
    }
}

/// Appends JSON to a buffer.
#[derive(Debug)]
pub struct JsonWriter<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    /// What is wanted below the value that is being written.
    within: Option<&'a Paths>,
    places: Places,
}

/// Appends `value` to `out`, and notes where the fields of `paths` stand.
pub fn write<T: WriteJson + ?Sized>(value: &T, paths: &Paths, out: &mut Vec<u8>) -> Places {
    let start = out.len();
    let within = Some(paths).filter(|paths| !paths.below.is_empty());
    let mut writer = JsonWriter { out, start, within, places: Places::default() };
    value.write_json(&mut writer);
    writer.places
}

impl<'a> JsonWriter<'a> {
    /// Writes an object; `fields` writes what is in it.
    pub fn object(&mut self, fields: impl FnOnce(&mut Self)) {
        self.out.push(b'{');
        fields(self);
        self.out.push(b'}');
    }

    /// Writes a field of an object. The name needs no escaping: it is an attribute of a schema.
    pub fn field<T: WriteJson + ?Sized>(&mut self, name: &str, value: &T) {
        self.field_of(name, |writer| value.write_json(writer));
    }

    /// Writes a field that is an object.
    pub fn object_field(&mut self, name: &str, fields: impl FnOnce(&mut Self)) {
        self.field_of(name, |writer| writer.object(fields));
    }

    /// Writes a field, unless it is absent.
    pub fn optional<T: WriteJson>(&mut self, name: &str, value: &Option<T>) {
        match value {
            Some(value) => self.field(name, value),
            None if self.within.is_some_and(|within| within.any_instead) => self.absent(name),
            None => {}
        }
    }

    /// Writes a field that is an array, unless it is empty.
    pub fn list<T: WriteJson>(&mut self, name: &str, items: &[T]) {
        if !items.is_empty() {
            self.field(name, items);
        }
    }

    /// Writes an array.
    pub fn array<T: WriteJson>(&mut self, items: impl IntoIterator<Item = T>) {
        self.out.push(b'[');
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            item.write_json(self);
        }
        self.out.push(b']');
    }

    /// Writes a number of seconds as a float whose fraction is zero.
    pub fn seconds(&mut self, seconds: i64) {
        seconds.write_json(self);
        self.out.extend_from_slice(b".0");
    }

    /// Writes a field whose value `value` writes.
    pub fn field_of(&mut self, name: &str, value: impl FnOnce(&mut Self)) {
        let start = self.begin_field();
        self.quoted(name);
        self.end_field(name, start, value);
    }

    /// Writes a field of free JSON, whose name may hold anything.
    fn any_field(&mut self, name: &str, value: &Json<'_>) {
        let start = self.begin_field();
        self.text(name);
        self.end_field(name, start, |writer| value.write_json(writer));
    }

    /// Where the field starts, once it is parted from the one before.
    fn begin_field(&mut self) -> usize {
        // Behind an opening brace it is the first field; no value ends with one.
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        self.here()
    }

    fn end_field(&mut self, name: &str, start: usize, value: impl FnOnce(&mut Self)) {
        self.out.push(b':');
        let wanted = self.within.and_then(|within| within.below(name));
        let Some(wanted) = wanted else {
            let around = self.within.take();
            value(self);
            self.within = around;
            return;
        };
        let place = self.places.left_out.len();
        if wanted.is_left_out {
            self.places.left_out.push(start..start);
        }
        if let Some(text) = wanted.instead {
            self.places.instead.push((text, self.here() + 1));
            text.write_json(self);
        } else {
            let around = self.within.replace(wanted);
            value(self);
            self.within = around;
        }
        let end = self.here();
        if let Some(range) = self.places.left_out.get_mut(place).filter(|_| wanted.is_left_out) {
            range.end = end;
        }
    }

    /// Writes a field that the event lacks, where something is written instead.
    #[cold]
    fn absent(&mut self, name: &str) {
        let wanted = self.within.and_then(|within| within.below(name));
        if wanted.is_some_and(|wanted| wanted.instead.is_some()) {
            self.field(name, "");
        }
    }

    /// The place of the next byte, counted from the value's first one.
    fn here(&self) -> usize {
        self.out.len() - self.start
    }

    fn text(&mut self, text: &str) {
        if is_plain(text.as_bytes()) {
            self.quoted(text);
        } else {
            self.value_of_serde(text);
        }
    }

    fn quoted(&mut self, text: &str) {
        self.out.reserve(text.len() + 2);
        self.out.push(b'"');
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'"');
    }

    fn value_of_serde<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        // Text and numbers always have a JSON form, and a `Vec` takes every byte.
        let _ = serde_json::to_writer(&mut *self.out, value);
    }
}

/// Whether a text is written as it is: no quote, no backslash, no control character. Eight bytes at once.
fn is_plain(text: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH_BITS: u64 = ONES * 0x80;
    // A byte that is zero, or below `limit`, sets its high bit.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let is_plain = |word: &[u8; 8]| {
        let word = u64::from_ne_bytes(*word);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        (below(word, 0x20) | quote | backslash) & HIGH_BITS == 0
    };
    let (words, rest) = text.as_chunks();
    let mut last = [b' '; 8];
    last.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
    words.iter().all(is_plain) && is_plain(&last)
}

impl<T: WriteJson + ?Sized> WriteJson for &T {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        (**self).write_json(writer);
    }
}

impl<T: WriteJson> WriteJson for Box<T> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        (**self).write_json(writer);
    }
}

impl<T: WriteJson> WriteJson for [T] {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.array(self);
    }
}

impl WriteJson for str {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.text(self);
    }
}

impl WriteJson for Cow<'_, str> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.text(self);
    }
}

impl WriteJson for bool {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl WriteJson for i64 {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.value_of_serde(self);
    }
}

impl WriteJson for f64 {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.value_of_serde(self);
    }
}

impl WriteJson for Timestamp {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        self.as_millis().write_json(writer);
    }
}

impl WriteJson for Json<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        match self {
            Self::Null => writer.out.extend_from_slice(b"null"),
            Self::Bool(value) => value.write_json(writer),
            Self::Number(number) => writer.value_of_serde(number),
            Self::Text(text) => writer.text(text),
            Self::Array(items) => writer.array(items),
            Self::Object(fields) => writer.object(|writer| {
                for (name, value) in fields {
                    writer.any_field(name, value);
                }
            }),
        }
    }
}
