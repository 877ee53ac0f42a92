//! The state of reading: what could not be read so far, and the bounds of what may still be.

use std::fmt;

use stocktake_connector_core::UnreadableValue;

/// Most elements that one list of a record may have. The longest real ones have a few dozen.
pub const MOST_ELEMENTS: usize = 1_000;

/// Most elements that all lists of a page may have together: ten times what a full page of 10,000
/// records with ten elements each has. A short element takes many times its bytes in memory.
pub const MOST_ELEMENTS_IN_A_PAGE: usize = 1_000_000;

/// Longest text that a record's field may hold, in bytes. The longest real ones have a few hundred.
pub const LONGEST_TEXT: usize = 64 * 1024;

/// Examples of unreadable values that are kept of a page; the others are only counted.
const MOST_EXAMPLES: usize = 1_000;

/// Longest example, in characters.
const LONGEST_EXAMPLE: usize = 60;

/// The state of reading a page, or a record on its own.
#[derive(Debug, Clone)]
pub struct Reading {
    elements_left: usize,
    examples_left: usize,
    /// Of the record that is being read.
    unreadable: Vec<UnreadableValue>,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            elements_left: MOST_ELEMENTS_IN_A_PAGE,
            examples_left: MOST_EXAMPLES,
            unreadable: Vec::new(),
        }
    }
}

impl Reading {
    /// Notes a value that could not be read.
    pub(crate) fn note(&mut self, field: &'static str, example: &Example<'_>) {
        match self.unreadable.iter_mut().find(|noted| noted.field == field) {
            Some(noted) => noted.count += 1,
            None => {
                let example =
                    if self.examples_left > 0 { example.to_string() } else { String::new() };
                self.examples_left = self.examples_left.saturating_sub(1);
                let value = UnreadableValue { field, count: 1, example: example.into() };
                self.unreadable.push(value);
            }
        }
    }

    /// What could not be read of the record; the next one starts without.
    pub(crate) fn take_unreadable(&mut self) -> Vec<UnreadableValue> {
        std::mem::take(&mut self.unreadable)
    }

    /// Counts an element of a list; whether it may be kept.
    pub(crate) fn take_element(&mut self) -> bool {
        let is_left = self.elements_left > 0;
        self.elements_left = self.elements_left.saturating_sub(1);
        is_left
    }
}

/// A value that could not be read, for people: escaped and shortened.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Example<'a> {
    Scalar(Scalar<'a>),
    LongText(usize),
    List,
    LongList,
    ManyElements,
    Object,
    /// A value that is not JSON.
    Raw(&'a [u8]),
}

/// A value that is neither list nor object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'a> {
    /// True or false.
    Flag(bool),
    /// A number without a fraction or an exponent, of up to 64 bits.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// Text. Neither blank nor longer than [`LONGEST_TEXT`].
    Text(&'a str),
}

impl fmt::Display for Example<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(Scalar::Flag(flag)) => write!(f, "{flag}"),
            Self::Scalar(Scalar::Integer(number)) => write!(f, "{number}"),
            Self::Scalar(Scalar::Float(number)) => write!(f, "{number:e}"),
            Self::Scalar(Scalar::Text(text)) => write_short(f, text),
            Self::LongText(bytes) => {
                write!(f, "a text of {bytes} bytes, more than the {LONGEST_TEXT} allowed")
            }
            Self::List => f.write_str("a list"),
            Self::LongList => write!(f, "a list of more than {MOST_ELEMENTS} elements"),
            Self::ManyElements => {
                write!(f, "a list in a page with more than {MOST_ELEMENTS_IN_A_PAGE} elements")
            }
            Self::Object => f.write_str("an object"),
            Self::Raw(bytes) => write_raw(f, bytes),
        }
    }
}

/// Quoted, with control characters and marks of direction escaped.
fn write_short(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    match text.char_indices().nth(LONGEST_EXAMPLE) {
        Some((end, _)) => write!(f, "{:?}…", text.get(..end).unwrap_or_default()),
        None => write!(f, "{text:?}"),
    }
}

/// As it came, but for control characters and marks of direction.
fn write_raw(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    let kept = bytes.get(..4 * LONGEST_EXAMPLE).unwrap_or(bytes);
    let text = String::from_utf8_lossy(kept);
    for char in text.chars().take(LONGEST_EXAMPLE) {
        match char {
            '"' | '\'' | '\\' => write!(f, "{char}")?,
            char => write!(f, "{}", char.escape_debug())?,
        }
    }
    let is_whole = kept.len() == bytes.len() && text.chars().count() <= LONGEST_EXAMPLE;
    if is_whole { Ok(()) } else { f.write_str("…") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_escaped_and_short() {
        let text = |text: &'static str| Example::Scalar(Scalar::Text(text)).to_string();
        assert_eq!(text("a\n\u{202e}\"b\""), r#""a\n\u{202e}\"b\"""#);
        let long: &'static str = "ü".repeat(1_000).leak();
        assert_eq!(text(long).chars().count(), LONGEST_EXAMPLE + 3);
        let raw = vec![0xff; 100_000];
        assert_eq!(Example::Raw(&raw).to_string().chars().count(), LONGEST_EXAMPLE + 1);
        let raw = Example::Raw("\"a\n\u{202e}\\ud83d\"".as_bytes()).to_string();
        assert_eq!(raw, r#""a\n\u{202e}\ud83d""#);
    }

    #[test]
    fn examples_of_a_page_are_bounded_and_values_are_counted_all_the_same() {
        let mut reading = Reading::default();
        for _ in 0..MOST_EXAMPLES {
            reading.note("machine.osBuild", &Example::List);
            assert_eq!(&*reading.take_unreadable()[0].example, "a list");
        }
        reading.note("machine.osBuild", &Example::List);
        reading.note("machine.osBuild", &Example::Object);
        let unreadable = reading.take_unreadable();
        assert_eq!((unreadable[0].count, &*unreadable[0].example), (2, ""));
    }
}
