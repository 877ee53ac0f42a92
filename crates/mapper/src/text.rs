//! Texts of the two APIs: when one says something.

/// The text, unless it is missing or blank. Both APIs use null and the empty string for the same.
pub(crate) fn said(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.chars().all(char::is_whitespace))
}

/// Like [`said`], for GUIDs: the all-zero one means none, however it is spelled. Intune sends it for
/// devices that were never registered in Entra.
pub(crate) fn said_guid(text: &Option<String>) -> Option<&str> {
    let names_something = |text: &&str| text.bytes().any(|b| !b"0-{}() ".contains(&b));
    said(text).filter(names_something)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_blank_say_nothing() {
        for text in [None, Some(""), Some(" \t")] {
            assert_eq!(said(&text.map(str::to_owned)), None);
        }
        assert_eq!(said(&Some(" x".to_owned())), Some(" x"));
    }

    #[test]
    fn the_zero_guid_says_nothing_in_any_spelling() {
        for text in [
            "00000000-0000-0000-0000-000000000000",
            "{00000000-0000-0000-0000-000000000000}",
            "00000000000000000000000000000000",
        ] {
            assert_eq!(said_guid(&Some(text.to_owned())), None, "{text}");
        }
        let real = "80FE8FF8-2624-418e-9591-41f0491218f9";
        assert_eq!(said_guid(&Some(real.to_owned())), Some(real));
    }
}
