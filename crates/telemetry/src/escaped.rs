//! Text from outside, made fit for a line of output or of the log.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// Whether a character could forge a line, steer a terminal, turn the direction of writing, or hide:
/// control characters, line and paragraph separators, direction marks, and characters without width.
///
/// ```
/// use stocktake_telemetry::is_unprintable;
///
/// assert!(['\n', '\u{1b}', '\u{9b}', '\u{202e}', '\u{200b}'].into_iter().all(is_unprintable));
/// assert!(['a', ' ', 'é', '日'].into_iter().all(|character| !is_unprintable(character)));
/// ```
pub fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Text from outside as part of one line: every unprintable character is escaped as in JSON.
///
/// ```
/// use stocktake_telemetry::Escaped;
///
/// assert_eq!(Escaped("a\r\nerror: \u{202e}b").to_string(), r"a\r\nerror: \u202eb");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&escape(self.0, |_| false))
    }
}

/// Escapes every unprintable character, except those that the caller wants to keep.
///
/// The escapes are those of JSON, so that JSON text with its line ends kept stays the same JSON.
pub fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_escaped = |character: char| is_unprintable(character) && !keep(character);
    // Most text is plain ASCII.
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            kept if !is_escaped(kept) => escaped.push(kept),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    // Writing to a string does not fail.
                    let _ = write!(escaped, "\\u{unit:04x}");
                }
            }
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_printable_is_not_copied() {
        assert!(matches!(escape("plain", |_| false), Cow::Borrowed(_)));
        assert!(matches!(escape("prägnant 日本", |_| false), Cow::Borrowed(_)));
        assert!(matches!(escape("a\nb", |character| character == '\n'), Cow::Borrowed(_)));
        assert_eq!(format!("{:<4}|", Escaped("\t")), "\\t  |", "padded as it is shown");
    }

    proptest! {
        #[test]
        fn escaped_text_is_one_printable_line(text: String) {
            prop_assert!(!Escaped(&text).to_string().contains(is_unprintable));
        }
    }
}
