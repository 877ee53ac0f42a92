//! Text from outside, made fit for an error message or a log line.

use stocktake_telemetry::is_unprintable;

/// Longest text that an error repeats from a response, in characters.
const LONGEST: usize = 500;

/// Cuts `text` to 500 characters and replaces each run of white space and control characters by one
/// space, so that it cannot forge or break a log line.
///
/// ```
/// assert_eq!(stocktake_http_stack::clean_text("too\r\n many\u{1b}[31m calls "), "too many [31m calls");
/// ```
pub fn clean_text(text: &str) -> String {
    let mut clean = String::new();
    let mut length = 0;
    let mut gap = false;
    for character in text.chars() {
        if character.is_whitespace() || is_unprintable(character) {
            gap = true;
            continue;
        }
        if length >= LONGEST {
            clean.push('…');
            break;
        }
        if gap && !clean.is_empty() {
            clean.push(' ');
            length += 1;
        }
        gap = false;
        clean.push(character);
        length += 1;
    }
    clean
}

/// The text of a body that is not the JSON it should be.
pub(super) fn plain_message(body: &[u8]) -> String {
    if looks_like_html(body) {
        return "an HTML page instead of JSON".to_owned();
    }
    let shown = body.get(..4096).unwrap_or(body);
    clean_text(&String::from_utf8_lossy(shown))
}

/// Whether a body starts like markup: the page of a proxy, a gateway or a sign-in.
pub(super) fn looks_like_html(body: &[u8]) -> bool {
    // A byte order mark may come first.
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start().starts_with(b"<")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let clean = clean_text(&"é".repeat(2000));
        assert_eq!(clean.chars().count(), LONGEST + 1);
        assert!(clean.ends_with('…'));
    }

    #[test]
    fn a_page_of_a_proxy_is_named_and_not_repeated() {
        let message = plain_message(b"\xef\xbb\xbf \n<!DOCTYPE html><title>Sign in, Jane</title>");
        assert_eq!(message, "an HTML page instead of JSON");
    }

    proptest! {
        #[test]
        fn clean_text_is_one_bounded_line(text in any::<String>()) {
            let clean = clean_text(&text);
            prop_assert!(clean.chars().count() <= LONGEST + 2);
            prop_assert!(!clean.chars().any(|c| c.is_control()));
            prop_assert_eq!(clean.trim(), &clean);
        }
    }
}
