//! Removes secrets that a response repeats from the error about it.

use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded;

use stocktake_http_stack::ApiError;

/// A start of a secret with this many bytes is redacted too: a message is cut before it gets here, and
/// an assertion is longer than the longest message.
const SHORTEST_START: usize = 16;

/// Removes `secrets` from every text of a response, plain and form-encoded.
pub(crate) fn redact<'a>(
    error: &mut ApiError,
    secrets: impl IntoIterator<Item = &'a SecretString>,
) {
    for secret in secrets {
        let secret = secret.expose_secret();
        let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for spelling in [secret, &encoded] {
            error.message = without(&error.message, spelling);
            error.code = error.code.as_deref().map(|code| without(code, spelling));
            error.request_id = error.request_id.as_deref().map(|id| without(id, spelling));
        }
    }
}

/// `text` with every start of `secret` in it replaced.
fn without(text: &str, secret: &str) -> String {
    let start_bytes: usize = secret
        .chars()
        .scan(0, |taken, character| {
            let before = *taken;
            *taken += character.len_utf8();
            (before < SHORTEST_START).then_some(character.len_utf8())
        })
        .sum();
    let Some(head) = secret.get(..start_bytes).filter(|head| !head.is_empty()) else {
        return text.to_owned();
    };
    let mut clear = String::new();
    let mut rest = text;
    while let Some((before, from)) = rest.find(head).and_then(|at| rest.split_at_checked(at)) {
        clear.push_str(before);
        clear.push_str("[secret]");
        let same = from.chars().zip(secret.chars()).take_while(|(one, other)| one == other);
        let length = same.map(|(character, _)| character.len_utf8()).sum();
        rest = from.get(length..).unwrap_or_default();
    }
    clear.push_str(rest);
    clear
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_redacted_even_where_it_is_cut() {
        let secret = "abcdefghijklmnopqrstuvwxyz";
        for (text, expected) in [
            ("nothing", "nothing"),
            ("a abcdefghijklmnopqrstuvwxyz b", "a [secret] b"),
            ("cut abcdefghijklmnopqrs…", "cut [secret]…"),
            ("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "[secret][secret]"),
            ("abcdefghijklmno too short", "abcdefghijklmno too short"),
        ] {
            assert_eq!(without(text, secret), expected);
        }
        assert_eq!(without("short: pwd.", "pwd"), "short: [secret].");
        assert_eq!(without("é", ""), "é");
        assert_eq!(without("ééééééééééé", "éééééééééé"), "[secret]é");
    }
}
